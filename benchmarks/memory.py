"""How much memory each of our processes has after 20,000 and after 100,000 events through the running system."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx2
import orjson

from benchmarks.chaotic.senders import ADMINISTRATOR
from benchmarks.chaotic.whole import Whole, whole
from benchmarks.county import TRAFFIC, by_agency, case_numbers, found_county, open_cases, today, traffic
from benchmarks.figures import AtMost, Figure, Report
from benchmarks.options import Options
from benchmarks.processes import ours, share_of_memory
from services.actions.register_client import register_client
from services.domain.actors import Actor
from services.domain.registry import NewClient, Registered
from services.domain.scopes import Scope
from services.storage import jobs
from services.system import System

FIRST, LAST = 20_000, 100_000
CASES = 500
BATCH = 500
_EVENTS_PER_MINUTE = 10_000_000
_PATIENCE = 1_800.0
_MOST = 200.0
_MOST_GROWTH = 5.0


def run(options: Options) -> Report:
    """Send events by HTTP in batches, wait until all of them are worked, and look at the processes twice."""
    first, last = options.scaled(FIRST, BATCH), options.scaled(LAST, 5 * BATCH)
    with (
        tempfile.TemporaryDirectory(prefix="tallystick-memory-") as folder,
        whole(Path(folder) / "home") as running,
        running.system() as system,
    ):
        feed = _feed(running, system, options)
        feed.send(first)
        feed.wait_until_worked()
        after_first = _measure(running)
        feed.send(last - first)
        feed.wait_until_worked()
        after_last = _measure(running)
    return Report(
        "memory",
        "How much memory does each of our processes take, and does it grow?",
        options.seed,
        figures=[
            *(
                Figure(f"{name}, largest process", max(sizes), "MiB", AtMost(_MOST))
                for name, sizes in after_last.items()
            ),
            Figure("growth of the process that grew most", _growth(after_first, after_last), "%", AtMost(_MOST_GROWTH)),
            Figure("all of our processes together", sum(sum(sizes) for sizes in after_last.values()), "MiB"),
        ],
        setting={"events": f"{first:,} and {last:,}", "measure": "PSS", "batches of": BATCH},
    )


def _growth(before: Mapping[str, Sequence[float]], after: Mapping[str, Sequence[float]]) -> float:
    """By how much the largest process of a service grew, in hundredths; the most of all services."""
    return max(100 * (max(sizes) / max(before[name]) - 1) for name, sizes in after.items())


def _measure(running: Whole) -> dict[str, list[float]]:
    found = ours(running.home, running.process.pid)
    return {name: [share_of_memory(pid) for pid in pids] for name, pids in found.items()}


@dataclass(slots=True)
class _Feed:
    """The agencies of a county, each with a client (its name and secret), sending about its cases."""

    http: httpx2.Client
    system: System
    clients: Mapping[str, tuple[str, str]]
    numbers: Sequence[str]
    random: Random
    sent: int = 0

    def send(self, count: int) -> None:
        """Send so many events, as batches of each agency. Raises TypeError for one that is not accepted."""
        # A token lasts ten minutes, and what lies between two calls may last longer.
        tokens = {slug: token_of(self.http, client) for slug, client in self.clients.items()}
        for _ in range(0, count, BATCH):
            self.sent += 1
            events = traffic(self.random, self.numbers, BATCH, today(), f"memory-{self.sent}")
            wires = {agency: [one.wire() for one in events if one.agency == agency] for agency in by_agency(events)}
            for agency, documents in wires.items():
                answer = self.http.post(
                    "/v1/events",
                    content=orjson.dumps(documents),
                    headers={
                        "Authorization": f"Bearer {tokens[agency]}",
                        "Content-Type": "application/cloudevents-batch+json",
                    },
                )
                if not answer.is_success or any(one["status"] != 202 for one in answer.json()):
                    raise TypeError(f"a batch was not accepted: {answer.status_code} {answer.text[:500]}")

    def wait_until_worked(self) -> None:
        """Return when nothing is due any more. Raises TimeoutError."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with self.system.database.begin(ADMINISTRATOR) as connection:
                if not jobs.lanes_with_work(connection, self.system.clock()):
                    return
            time.sleep(0.5)
        raise TimeoutError("the system does not catch up")


def _feed(running: Whole, system: System, options: Options) -> _Feed:
    senders = found_county(system)
    numbers = case_numbers(options.scaled(CASES, 20))
    open_cases(system, senders, numbers, today() - timedelta(hours=1))
    http = httpx2.Client(base_url=running.url, timeout=60.0)
    clients = {slug: client_of(system, slug, senders[slug]) for slug in sorted({kind.agency for kind in TRAFFIC})}
    return _Feed(http, system, clients, numbers, options.random())


def client_of(system: System, slug: str, agency: Actor) -> tuple[str, str]:
    """Name and secret of a new client of an agency, which may send as fast as it can. Raises TypeError."""
    new = NewClient(
        slug, f"{slug}-feed", f"Feed of {slug}", frozenset({Scope.EVENTS_WRITE}), agency.roles, _EVENTS_PER_MINUTE
    )
    done = register_client(system, ADMINISTRATOR, new)
    if not isinstance(done, Registered) or done.secret is None:
        raise TypeError(f"{slug}: no client could be registered: {done}")
    return new.client_id, done.secret


def token_of(http: httpx2.Client, client: tuple[str, str]) -> str:
    """An access token of a client. Raises HTTPStatusError."""
    answer = http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=client)
    return str(answer.raise_for_status().json()["access_token"])
