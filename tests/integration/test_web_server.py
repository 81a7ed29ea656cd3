"""The worker of the web server: what never reaches the application, and senders that take their time."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from services.web.server import Worker
from tests.running import free_port, wait_for

THREADS = 2
PATIENCE = 60.0


class Hasty(Worker):
    """The worker, with less patience than a test has."""

    arrival_seconds = 1.0


def measuring(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """An application that answers with the length of the body that it was sent."""
    length = str(len(environ["wsgi.input"].read())).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(length)))])
    return [length]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server with two threads that run `measuring`."""
    found = free_port()
    log = tmp_path_factory.mktemp("server") / "log"
    words = ["--worker-class", f"{__name__}.Hasty", "--threads", str(THREADS), "--no-control-socket"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *words, "--bind", f"127.0.0.1:{found}", f"{__name__}:measuring"],
            cwd=Path(__file__).parents[2],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        assert wait_for(lambda: "Booting worker" in log.read_text(), PATIENCE), log.read_text()
        yield found
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def ask(port: int, sent: bytes) -> bytes:
    """All that is answered to these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while more := connection.recv(65_536):
            received += more
    return received


def test_a_request_is_served(port: int) -> None:
    answer = ask(port, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n3")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"NO REQUEST\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: minus one\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: nobody-knows\r\n\r\n", 400),
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nX-More: " + b"x" * 9_000 + b"\r\n\r\n", 431),
    ],
)
def test_what_is_no_http_is_answered_with_a_problem_document_that_repeats_nothing(
    port: int, sent: bytes, status: int
) -> None:
    head, _, body = ask(port, sent).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Content-Type: application/problem+json" in head
    assert json.loads(body).keys() == {"type", "title", "status", "detail"}
    assert json.loads(body)["status"] == status


@pytest.mark.parametrize(
    "begun",
    [b"POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n", b"GET / HTTP/1.1\r\nX-More: "],
    ids=["body", "head"],
)
def test_senders_that_trickle_hold_no_thread_for_longer_than_a_request_may_take_to_arrive(
    port: int, begun: bytes
) -> None:
    with ExitStack() as open_ones:
        slow = [open_ones.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(THREADS)]
        for connection in slow:
            connection.sendall(begun)
        until = time.monotonic() + PATIENCE
        with socket.create_connection(("127.0.0.1", port), timeout=0.1) as other:
            other.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b""
            while not answer and time.monotonic() < until:
                _trickle(slow)
                try:
                    answer = other.recv(1024)
                except TimeoutError:
                    continue
    assert answer.startswith(b"HTTP/1.1 200 ")


def _trickle(connections: list[socket.socket]) -> None:
    for connection in connections:
        try:
            connection.send(b".")
        except OSError:
            connections.remove(connection)
            return
