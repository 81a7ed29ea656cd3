"""From a batch of events to every notification written: the textbook form of Celery beside this system.

(a) sends a Celery message an event and one a notification, four an event, and commits each. (b) takes batches in with
real validation, permission, sealing and hash chain, and the product's own workers route them by the real policy. Both
have the same PostgreSQL and Valkey and the same two cores. The clock of both runs from the first event handed over to
the last notification committed; for (b) that includes taking the events in.
"""

import itertools
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random

from sqlalchemy import func, select, text

from benchmarks import county
from benchmarks.engines import engines
from benchmarks.figures import AtLeast, Figure, Report, median_ratio
from benchmarks.options import Options
from benchmarks.stage import stores, system_on
from benchmarks.textbook.side import textbook_form
from services.actions.receive_events import Accepted, receive_events
from services.actions.run_jobs import run_jobs
from services.domain.actors import Actor, system_actor
from services.domain.urgency import Lane
from services.storage.tables import notifications
from services.system import System
from workers import bells

CASES = 500
EVENTS = 10_000
TEXTBOOK_EVENTS = 400
ROUNDS = 5
BATCH = 500
_PATIENCE = 300.0
_POLL = 0.1


_ROUTING = text(
    "SELECT EXISTS (SELECT FROM jobs WHERE lane = 'routine' AND state = 'queued' AND kind = 'route') "
    "OR EXISTS (SELECT FROM jobs WHERE lane = 'bulk' AND state = 'queued' AND kind = 'route')"
)
"""Whether an event is not routed yet: by the index alone, since it is asked while others work."""


@dataclass(slots=True)
class Ours:
    """This system, with workers on its lanes and one sender that hands batches over."""

    system: System
    senders: Mapping[str, Actor]
    numbers: Sequence[str]
    random: Random
    names: Iterator[int] = field(default_factory=itertools.count)
    written: list[float] = field(default_factory=list)

    def rate(self, count: int) -> float:
        """Take in and route so many events. Returns events a second."""
        sent = county.traffic(self.random, self.numbers, count, county.today(), f"run-{next(self.names)}")
        before = self._notifications()
        started = time.monotonic()
        for agency, envelopes in county.by_agency(sent).items():
            for start in range(0, len(envelopes), BATCH):
                outcomes = receive_events(self.system, self.senders[agency], envelopes[start : start + BATCH])
                if not all(isinstance(outcome, Accepted) for outcome in outcomes):
                    raise RuntimeError("an event of the traffic was not accepted")
        while self._open():
            if time.monotonic() - started > _PATIENCE:
                raise TimeoutError("the events were not all routed")
            time.sleep(_POLL)
        took = time.monotonic() - started
        self.written.append((self._notifications() - before) / count)
        return count / took

    def settle(self) -> None:
        """Route what is open."""
        while any(run_jobs(self.system, lane) for lane in Lane):
            pass

    def _open(self) -> bool:
        with self.system.database.begin(system_actor("benchmark")) as connection:
            return connection.execute(_ROUTING).scalar() is True

    def _notifications(self) -> int:
        with self.system.database.begin(system_actor("benchmark")) as connection:
            return int(connection.execute(select(func.count()).select_from(notifications)).scalar_one())


@contextmanager
def this_system(options: Options, cases: int = CASES) -> Iterator[Ours]:
    """This system on stores of its own, with its county's cases open and its workers running."""
    with stores() as running, system_on(running) as bare:
        system = replace(bare, bells=bells.connect(running.broker_url))
        senders = county.found_county(system)
        numbers = county.case_numbers(cases)
        county.open_cases(system, senders, numbers, county.today())
        ours = Ours(system, senders, numbers, options.random())
        ours.settle()
        with engines(running, {"worker-routine", "worker-bulk"}):
            ours.rate(2 * BATCH)
            ours.written.clear()
            yield ours


def run(options: Options) -> Report:
    """Compare both, in turn."""
    cases, events = options.scaled(CASES, 20), options.scaled(EVENTS, BATCH)
    few = options.scaled(TEXTBOOK_EVENTS, 50)
    random = options.random()
    with this_system(options, cases) as ours, stores() as others, textbook_form(others) as textbook:
        names = itertools.count()

        def theirs() -> float:
            sent = county.traffic(random, ours.numbers, few, county.today(), f"textbook-{next(names)}")
            return textbook.rate(sent)

        theirs()
        ratio, mine, textbooks = median_ratio(lambda: ours.rate(events), theirs, ROUNDS)
        each = statistics.mean(ours.written)
    return Report(
        "pipeline",
        "From accepted batch to notifications written: how much faster than the textbook form of Celery?",
        options.seed,
        [
            Figure("this system", statistics.median(mine), "events/s", AtLeast(1_500)),
            Figure("textbook form", statistics.median(textbooks), "events/s"),
            Figure("ratio (median of the rounds)", ratio, "×", AtLeast(20)),
            Figure("notifications an event", each, "", AtLeast(4)),
        ],
        {"rounds": ROUNDS, "events a round": events, "of the textbook form": few, "cases": cases, "batch": BATCH},
    )
