"""No 202 is sent before its commit is on disk: strace watches PostgreSQL and the web server take events in."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path

from benchmarks.county import case_numbers
from benchmarks.figures import AtLeast, AtMost, Figure, Report
from benchmarks.flushes import CALLS, Verdict, judge
from benchmarks.intake import NotAcceptedError, Traffic, populate
from benchmarks.options import Options
from benchmarks.posting import post
from benchmarks.served import Served, served
from benchmarks.stage import stores, system_on
from services.local.machine import LocalStores
from services.local.processes import wait_until

POSTS = 200
"""One after the other; as many again over several connections at once."""
CASES = 20
CONNECTIONS = 8
_SHOWN = 1_000_000
"""Bytes that strace writes of each call: the ids of events stand anywhere in what is handed to the database."""
STRACE = shutil.which("strace")


class NotTracedError(Exception):
    """strace is not at hand, or may not trace here."""


def run(options: Options) -> Report:
    """Look at the flushes between commits and answers. Raises NotTracedError."""
    posts = options.scaled(POSTS, least=10)
    alone, together, sync_method = traces(options, posts)
    verdicts = {"one at a time": judge(alone, sync_method), "at once": judge(together, sync_method)}
    return Report(
        name="durability",
        question="Is any 202 sent before the flush of the write-ahead log that holds its commit?",
        seed=options.seed,
        figures=[figure for how, verdict in verdicts.items() for figure in _figures(how, verdict, posts)],
        setting={"posts": f"2 × {posts}", "connections at once": CONNECTIONS, "wal_sync_method": sync_method},
    )


def _figures(how: str, verdict: Verdict, posts: int) -> list[Figure]:
    return [
        Figure(f"answers 202, {how}", verdict.answers, "", AtLeast(posts)),
        Figure(f"sent before their flush, {how}", len(verdict.early), "", AtMost(0)),
        Figure(f"flushes, {how}", verdict.flushes),
    ]


def traces(options: Options, posts: int) -> tuple[list[str], list[str], str]:
    """The traces of so many posts one after the other, and of as many at once; and PostgreSQL's ``wal_sync_method``."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tallystick-trace-")))
        running = stack.enter_context(stores())
        system = stack.enter_context(system_on(running))
        numbers = case_numbers(options.scaled(CASES, least=2))
        secrets = populate(system, numbers)
        product = stack.enter_context(served(running))
        made = Traffic(options.random(), numbers, product, secrets)
        found = []
        for name, connections in (("alone", 1), ("together", CONNECTIONS)):
            requests = made.single(product, posts)
            with traced(running, product, folder / name):
                statuses = post(requests, product.port, connections).statuses
            if set(statuses) != {HTTPStatus.ACCEPTED}:
                raise NotAcceptedError(f"answers to single posts: {dict(statuses)}")
            found.append((folder / name).read_text(encoding="utf-8", errors="replace").splitlines())
        with running.postgres.connect_as_superuser() as connection:
            [sync_method] = connection.execute("SHOW wal_sync_method").fetchone() or ("",)
        return found[0], found[1], str(sync_method)


@contextmanager
def traced(running: LocalStores, web: Served, log: Path) -> Iterator[None]:
    """Trace PostgreSQL and a web server, with all that they start, into a file for the length of the block."""
    if STRACE is None:
        raise NotTracedError("strace is not at hand")
    watched = [pid for root in (running.postgres.pid, web.pid) if root for pid in (root, *_children(root))]
    said = log.with_suffix(".said")
    with said.open("wb") as output:
        tracer = subprocess.Popen(
            [
                *(STRACE, "-f", "-yy", "-s", str(_SHOWN), "-o", str(log), "-e", f"trace={','.join(CALLS)}"),
                *(word for pid in watched for word in ("-p", str(pid))),
            ],
            stdin=subprocess.DEVNULL,
            stderr=output,
        )
    try:
        attached = wait_until(lambda: tracer.poll() is not None or _attached(said) >= len(watched), 30.0)
        if not attached or tracer.poll() is not None:
            raise NotTracedError(said.read_text(errors="replace"))
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait(timeout=30)


def _attached(said: Path) -> int:
    return sum(line.endswith(b" attached") or b" attached with" in line for line in said.read_bytes().splitlines())


def _children(pid: int) -> list[int]:
    """The direct children of a process, whichever of its threads started them."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(word) for word in children.read_text().split()]
    return found
