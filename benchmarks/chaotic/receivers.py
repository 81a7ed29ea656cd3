"""A process that takes webhooks on this machine and journals each before it answers: ``python -m`` this module.

``POST /steady`` takes everything. ``POST /moody`` fails, hangs, or breaks off at times, until ``POST /calm`` was asked
for. What is heard is on disk before the answer goes out, so that what a sender believes taken is in the journal.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Lock

import httpx2

from benchmarks.chaotic.journal import Journal

_HANGS = 10.0
"""Seconds; longer than any call of ours."""
_GOOD_SECONDS, _BAD_SECONDS = 8.0, 4.0
_BREAKS = ("fails", "hangs", "breaks off")


@dataclass(slots=True)
class Moods:
    """How the moody receiver feels: good for a while, then in one of its bad moods, until it is calmed for good."""

    random: Random
    until: float = 0.0
    mood: str = "good"
    calm: bool = False

    def at(self, now: float) -> str:
        """Its mood at an instant of the monotonic clock."""
        if self.calm:
            return "good"
        if now >= self.until:
            self.mood = self.random.choice(_BREAKS) if self.mood == "good" else "good"
            self.until = now + (_GOOD_SECONDS if self.mood == "good" else _BAD_SECONDS) * self.random.uniform(0.5, 1.5)
        return self.mood


def _handler(journal: Journal, moods: Moods) -> type[BaseHTTPRequestHandler]:
    lock = Lock()

    class Handler(BaseHTTPRequestHandler):
        timeout = 15

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", "0")))
            endpoint = self.path.strip("/")
            if endpoint == "calm":
                moods.calm = True
                self._answer(204)
                return
            with lock:
                mood = moods.at(time.monotonic()) if endpoint == "moody" else "good"
            took = mood in {"good", "breaks off"}
            journal.write({"endpoint": endpoint, "message": self.headers["webhook-id"], "took": took})
            match mood:
                case "fails":
                    self._answer(503)
                case "hangs":
                    time.sleep(_HANGS)
                case "breaks off":
                    self.close_connection = True
                case _:
                    self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name in the base class)
            """Say nothing."""

    return Handler


def serve(path: Path, seed: int) -> None:
    """Listen on a free port of this machine, say which on standard output, and go on until killed."""
    with Journal(path) as journal:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(journal, Moods(Random(seed))))
        server.daemon_threads = True
        sys.stdout.write(f"{json.dumps({'port': server.server_address[1]})}\n")
        sys.stdout.flush()
        server.serve_forever()


@dataclass(frozen=True, slots=True)
class Receivers:
    """The running process: its address and its journal."""

    url: str
    journal: Path

    def calm(self) -> None:
        """From now on the moody one takes everything too."""
        httpx2.post(f"{self.url}/calm").raise_for_status()


@contextmanager
def receivers(journal: Path, seed: int) -> Iterator[Receivers]:
    """The process, for as long as the block lasts."""
    words = [sys.executable, "-m", "benchmarks.chaotic.receivers", str(journal), str(seed)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the receivers have no standard output")
            port = json.loads(process.stdout.readline())["port"]
            yield Receivers(f"http://127.0.0.1:{port}", journal)
        finally:
            process.kill()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
