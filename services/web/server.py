"""The worker of the web server: gunicorn's threads, with a bound on slow senders and problem documents for what is no
HTTP.

``gunicorn --worker-class services.web.server.Worker``
"""

import json
import socket
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Any, ClassVar

import structlog
from gunicorn.http.errors import ConfigurationProblem, LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from services import wiring
from services.web.kinds import KINDS

log = structlog.get_logger("tallystick.web")

_STATUSES = {
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}
_COURTEOUS_TO = 10


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker. A thread reads from one connection at a time, and gunicorn puts no end to that: a
    few connections that trickle would hold them all, for ever. Here reading ends after ``arrival_seconds``.
    """

    arrival_seconds: ClassVar[float] = 30.0
    """How long a request may take to arrive, head and body: the largest body at some 170 kilobytes a second."""
    courtesy_seconds: ClassVar[float] = 0.0002
    """How long a worker leaves a new connection to others, for each that it has itself."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._arriving: dict[TConn, float] = {}
        self._lock = threading.Lock()

    def init_process(self) -> None:
        """Begin, after the fork."""
        wiring.spare_the_collector()
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """Take a connection, after a moment in which a worker that has fewer can take it: connections stay with their
        worker, and whoever happens to be awake would take all that come at once.
        """
        time.sleep(min(self.nr_conns, _COURTEOUS_TO) * self.courtesy_seconds)
        super().accept(listener)

    def handle(self, conn: TConn) -> Any:
        """Serve what comes on a connection. Runs in a thread."""
        with self._lock:
            self._arriving[conn] = time.monotonic() + self.arrival_seconds
        try:
            return super().handle(conn)
        finally:
            with self._lock:
                self._arriving.pop(conn, None)

    def notify(self) -> None:
        """Say that this worker lives, as it does every second, and stop reading from senders that are late.

        A request that has arrived is not touched by that: it is answered however long the answer takes.
        """
        super().notify()
        now = time.monotonic()
        with self._lock:
            late = [conn for conn, until in self._arriving.items() if until < now]
            for conn in late:
                del self._arriving[conn]
        for conn in late:
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RD)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:  # noqa: ARG002
        """Answer what never reached the application: bytes that are no HTTP, or too much of it. Says and logs nothing
        of what was sent. A transfer coding that is not known is the sender's fault too (400, not 501).
        """
        unreadable = isinstance(exc, ParseException) and not isinstance(exc, ConfigurationProblem)
        kind = KINDS["malformed" if unreadable else "internal"]
        status = HTTPStatus(_STATUSES.get(type(exc), kind.status))
        if unreadable:
            log.info("not_http", error=type(exc).__name__)
        else:
            log.error("server_failed", error=type(exc).__name__)
        body = json.dumps({"type": "about:blank", "title": kind.title, "status": status, "detail": kind.advice})
        head = (
            f"HTTP/1.1 {status} {status.phrase}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
            f"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with suppress(OSError):
            client.settimeout(1.0)
            client.sendall(head.encode() + body.encode())
