"""A load generator that costs little: it shares the machine with what it measures.

Requests are made beforehand, as bytes. One thread sends them over keep-alive connections and reads no more of an answer
than its status and its length.
"""

import re
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"
_ACCEPTED_IN_BATCH = b'"status":202'
_PATIENCE = 30.0


class PostingFailedError(Exception):
    """The server went away in the middle, or did not answer in time."""


@dataclass(slots=True)
class Posted:
    """What came of a run: the answers by status, the time that each took, how many events of batches were accepted,
    and how long all of it took. Seconds.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    accepted_in_batches: int = 0
    seconds: float = 0.0

    @property
    def a_second(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.seconds


def post_request(body: bytes, media_type: str, token: str, port: int) -> bytes:
    """A request to take events in, as it goes over the wire."""
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {media_type}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def post(requests: Sequence[bytes], port: int, connections: int, a_second: float | None = None) -> Posted:
    """Send requests over so many connections; raises PostingFailedError.

    Without ``a_second`` each is sent as soon as a connection is free. With it so many are due each second, whatever
    becomes of earlier ones, and times are counted from when each was due.
    """
    with selectors.DefaultSelector() as selector:
        run = _Run(requests, port, selector, a_second)
        try:
            for _ in range(min(connections, len(requests))):
                run.connect()
            return run.go()
        finally:
            for key in list(selector.get_map().values()):
                key.data.socket.close()


@dataclass(slots=True, eq=False)
class _Connection:
    """One keep-alive connection, with at most one request on its way."""

    socket: socket.socket
    busy: bool = False
    since: float = 0.0
    received: bytes = b""


class _Run:
    def __init__(
        self, requests: Sequence[bytes], port: int, selector: selectors.BaseSelector, a_second: float | None
    ) -> None:
        self._waiting = deque(requests)
        self._number = 0
        self._port = port
        self._selector = selector
        self._pause = 0.0 if a_second is None else 1 / a_second
        self._free: deque[_Connection] = deque()
        self._posted = Posted()

    def connect(self) -> None:
        made = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(made)
        self._selector.register(made, selectors.EVENT_READ, connection)
        self._free.append(connection)

    def go(self) -> Posted:
        began = time.perf_counter()
        total = len(self._waiting)
        while len(self._posted.latencies) < total:
            wait = self._send_due(began)
            ready = self._selector.select(_PATIENCE if wait is None else wait)
            if not ready and wait is None:
                raise PostingFailedError(f"no answer within {_PATIENCE:.0f} s")
            for key, _ in ready:
                self._read(key.data)
        self._posted.seconds = time.perf_counter() - began
        return self._posted

    def _send_due(self, began: float) -> float | None:
        """Send what is due while a connection is free. Returns the seconds until the next is due, where one could be
        sent then.
        """
        while self._waiting and self._free:
            now = time.perf_counter()
            due = began + self._number * self._pause if self._pause else now
            if due > now:
                return due - now
            connection = self._free.popleft()
            connection.busy, connection.since, connection.received = True, due, b""
            connection.socket.sendall(self._waiting.popleft())
            self._number += 1
        return None

    def _read(self, connection: _Connection) -> None:
        said = connection.socket.recv(1 << 20)
        if not said:
            self._lost(connection)
            return
        connection.received += said
        head, found, body = connection.received.partition(_HEAD_END)
        length = _LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]):
            return
        self._posted.latencies.append(time.perf_counter() - connection.since)
        self._posted.statuses[int(head[9:12])] += 1
        self._posted.accepted_in_batches += body.count(_ACCEPTED_IN_BATCH)
        connection.busy = False
        self._free.append(connection)

    def _lost(self, connection: _Connection) -> None:
        self._selector.unregister(connection.socket)
        connection.socket.close()
        if connection.busy:
            raise PostingFailedError("a connection was lost before its answer")
        self._free.remove(connection)
        self.connect()
