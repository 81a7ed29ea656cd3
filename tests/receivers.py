"""Receivers of webhooks for tests: real HTTP servers on 127.0.0.1, friendly and hostile."""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass(frozen=True, slots=True)
class Received:
    """One request as the receiver saw it. Names of headers are in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """A running receiver: where it is, what it answers next, and what it was sent."""

    url: str
    port: int
    answers: list[tuple[int, Mapping[str, str], bytes]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    def answer(self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        """What to answer from now on."""
        self.answers[:] = [(status, headers or {}, body)]


@contextmanager
def receiver(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that takes everything with 204, until it is told otherwise."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    port = server.server_address[1]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    running = Receiver(f"{'https' if tls else 'http'}://127.0.0.1:{port}/hook", port)
    running.answer(204)
    server.RequestHandlerClass = _handler_of(running)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler_of(running: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            running.received.append(Received(self.path, headers, self.rfile.read(length)))
            status, more, body = running.answers[0]
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        def do_GET(self) -> None:
            running.received.append(Received(self.path, {}, b"GET"))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the base class)
            """Say nothing."""

    return Handler


@contextmanager
def raw_receiver(behave: Callable[[socket.socket, Event], None]) -> Iterator[str]:
    """A receiver that speaks no proper HTTP: ``behave`` gets each connection, and an event that is set at the end."""
    ended = Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def accept() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            Thread(target=_behave, args=(behave, connection, ended), daemon=True).start()

    thread = Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    finally:
        ended.set()
        thread.join()
        listener.close()


def _behave(behave: Callable[[socket.socket, Event], None], connection: socket.socket, ended: Event) -> None:
    with connection:
        try:
            behave(connection, ended)
        except OSError:
            return


def trickle(connection: socket.socket, ended: Event) -> None:
    """Answer with a head that never ends, a byte now and then: no time limit on a single read ever strikes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nx-more: ")
    while not ended.wait(0.02):
        connection.sendall(b".")


def silence(connection: socket.socket, ended: Event) -> None:
    """Take the connection and never say anything."""
    ended.wait()


def flood(connection: socket.socket, ended: Event) -> None:
    """Send headers without end, as fast as it goes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while not ended.is_set():
        connection.sendall(b"x-more: " + b"." * 8000 + b"\r\n")


def nonsense(connection: socket.socket, ended: Event) -> None:
    """Answer something that is not HTTP."""
    connection.recv(65536)
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def hang_up(connection: socket.socket, ended: Event) -> None:
    """Read the request and close without an answer."""
    connection.recv(65536)
