"""How soon an urgent event is in its inboxes while 100,000 other jobs wait and a receiver hangs."""

import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from uuid import UUID

import httpx2
from sqlalchemy import text

from benchmarks.chaotic.senders import ADMINISTRATOR
from benchmarks.chaotic.whole import Whole, wait_for, whole
from benchmarks.county import TRAFFIC as WEEK
from benchmarks.county import URGENT, by_agency, case_numbers, found_county, open_cases, today, traffic
from benchmarks.figures import AtMost, Figure, Report, percentile
from benchmarks.memory import client_of, token_of
from benchmarks.options import Options
from benchmarks.processes import cpu_seconds, ours
from services.actions.receive_events import Accepted, receive_events
from services.actions.register_endpoint import register_endpoint
from services.domain.actors import Actor
from services.domain.registry import NewEndpoint, Registered
from services.domain.routing import urgency_of
from services.domain.urgency import Lane, lane_of
from services.system import System

SAMPLES = 1_000
A_SECOND = 5
QUEUED = 100_000
CASES = 500
_BATCH = 500
_LOOK_EVERY = 0.01
_IDLE_SECONDS = 20
_PATIENCE = 60.0
_FILLINGS = 50

_TOP_UP = text(
    """
    INSERT INTO jobs (key, lane, kind, ref, case_id, agency_id, due_at)
    SELECT 'benchmark:' || gen_random_uuid(), 'bulk', 'route', e.id, e.case_id, e.agency_id, clock_timestamp()
    FROM event_log AS e, generate_series(1, :copies)
    WHERE e.urgency = 'U3' AND e.case_id IS NOT NULL
    LIMIT greatest(0, :level - (SELECT count(*) FROM jobs WHERE lane = 'bulk' AND state = 'queued'
        AND due_at <= clock_timestamp()))
    """
)
_QUEUED = text("SELECT count(*) FROM jobs WHERE lane = 'bulk' AND state = 'queued' AND due_at <= clock_timestamp()")
_HANGING = text("SELECT count(*) FROM notifications WHERE channel = 'webhook' AND state = 'pending'")
_THERE = text("SELECT DISTINCT event_id FROM notifications WHERE event_id = ANY(:events) AND channel = 'inbox'")
_DONE = text("SELECT done_by, sum(done) AS done FROM job_tally WHERE lane = 'urgent' GROUP BY done_by")


def run(options: Options) -> Report:
    """Fill the bulk lane, let a receiver hang, and send urgent events at a steady rate."""
    samples, level = options.scaled(SAMPLES, 20), options.scaled(QUEUED, 1_000)
    with (
        tempfile.TemporaryDirectory(prefix="tallystick-urgent-") as folder,
        _hanging() as receiver,
        whole(Path(folder) / "home") as running,
        running.system() as system,
    ):
        senders, numbers = _county(system, options, receiver)
        idle = _idle(running, max(2.0, _IDLE_SECONDS * options.share))
        _fill(system, senders, numbers, level, options)
        with httpx2.Client(base_url=running.url, timeout=30.0) as http:
            client = client_of(system, URGENT.agency, senders[URGENT.agency])
            run = _Run(http, system, token_of(http, client), level)
            run.fill_up()
            run.sample(numbers, samples, options)
        done = _counted(system)
    seen = run.seconds()
    return Report(
        "urgent",
        "How long after its 202 is an urgent event in an inbox, while the bulk lane is full and a receiver hangs?",
        options.seed,
        figures=[
            Figure("from the 202 to the inbox, p99", percentile(seen, 0.99) * 1000, "ms", AtMost(500)),
            Figure("p50", percentile(seen, 0.50) * 1000, "ms"),
            Figure("largest", max(seen) * 1000, "ms"),
            Figure("never in an inbox", samples - len(seen), "", AtMost(0)),
            Figure("bulk jobs due at the least", min(run.levels)),
            Figure("webhooks pending to the receiver that hangs, at the end", run.pending),
            Figure("urgent jobs done by Celery", 100 * done["celery"] / max(1, done.total()), "%"),
            *(Figure(f"{name}, idle, of one core", share, "%", AtMost(3)) for name, share in idle.items()),
        ],
        setting={"samples": samples, "a second": A_SECOND, "cases": len(numbers)},
    )


@dataclass(slots=True)
class _Run:
    """Urgent events on their way: when each was answered, and when somebody else could read of it."""

    http: httpx2.Client
    system: System
    token: str
    level: int
    answered: dict[UUID, float] = field(default_factory=dict)
    seen: dict[UUID, float] = field(default_factory=dict)
    levels: list[int] = field(default_factory=list)
    pending: int = 0

    def seconds(self) -> list[float]:
        """For each event that came to an inbox, how long after its 202; 0 where it was there before."""
        return [max(0.0, at - self.answered[event]) for event, at in self.seen.items() if event in self.answered]

    def sample(self, numbers: Sequence[str], count: int, options: Options) -> None:
        """Send so many at the rate, and wait for the last to be seen."""
        ended = Flag()
        helpers = [Thread(target=_again, args=(act, pause, ended)) for act, pause in self._beside()]
        for helper in helpers:
            helper.start()
        try:
            began = time.monotonic()
            for number, sent in enumerate(traffic(options.random(), numbers, count, today(), "urgent", (URGENT,))):
                time.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
                self._send(sent.wire())
            wait_for(lambda: len(self.seen) >= len(self.answered), _PATIENCE)
            with self.system.database.begin(ADMINISTRATOR) as connection:
                self.pending = int(connection.execute(_HANGING).scalar_one())
        finally:
            ended.set()
            for helper in helpers:
                helper.join()

    def fill_up(self) -> None:
        """Have as many bulk jobs due as are asked for: some were done while they were made. Raises TimeoutError."""
        for _ in range(_FILLINGS):
            self._top_up()
            if self.levels[-1] >= 0.95 * self.level:
                self.levels.clear()
                return
        raise TimeoutError(f"the bulk lane does not fill: {self.levels}")

    def _beside(self) -> list[tuple[Callable[[], None], float]]:
        return [(self._look, _LOOK_EVERY), (self._top_up, 1.0)]

    def _send(self, wire: Mapping[str, object]) -> None:
        answer = self.http.post(
            "/v1/events",
            json=wire,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/cloudevents+json"},
        )
        at = time.monotonic()
        self.answered[UUID(answer.raise_for_status().json()["receipt"])] = at

    def _look(self) -> None:
        """What is on its way, and can be read by now. An instant is that after the answer of the database."""
        waiting = [event for event in list(self.answered) if event not in self.seen]
        if waiting:
            with self.system.database.begin(ADMINISTRATOR) as connection:
                there = list(connection.execute(_THERE, {"events": waiting}).scalars())
            self.seen |= dict.fromkeys(there, time.monotonic())

    def _top_up(self) -> None:
        """Keep the bulk lane as full: what was routed is to be routed again, which writes nothing new."""
        with self.system.database.begin(ADMINISTRATOR) as connection:
            self.levels.append(int(connection.execute(_QUEUED).scalar_one()))
            connection.execute(_TOP_UP, {"level": self.level, "copies": 20})


def _again(act: Callable[[], None], pause: float, ended: Flag) -> None:
    while not ended.wait(pause):
        act()


def _county(system: System, options: Options, receiver: str) -> tuple[Mapping[str, Actor], list[str]]:
    senders = found_county(system)
    numbers = case_numbers(options.scaled(CASES, 20))
    open_cases(system, senders, numbers, today() - timedelta(hours=1))
    done = register_endpoint(system, ADMINISTRATOR, NewEndpoint("probation", f"{receiver}/hook"), allow_private=True)
    if not isinstance(done, Registered):
        raise TypeError(f"no endpoint could be registered: {done}")
    return senders, numbers


def _fill(system: System, senders: Mapping[str, Actor], numbers: Sequence[str], count: int, options: Options) -> None:
    """Take in events whose routing is bulk work, while the system works on them already. Raises TypeError."""
    policy = system.policy.routing
    kinds = [kind for kind in WEEK if lane_of(urgency_of(kind.type, kind.data, policy)) is Lane.BULK]
    random = options.random()
    for start in range(0, count, _BATCH):
        sent = traffic(random, numbers, min(_BATCH, count - start), today(), f"fill-{start}", kinds)
        for agency, envelopes in by_agency(sent).items():
            outcomes = receive_events(system, senders[agency], envelopes)
            if not all(isinstance(outcome, Accepted) for outcome in outcomes):
                raise TypeError("an event of the filling was not accepted")


def _idle(running: Whole, seconds: float) -> dict[str, float]:
    """How much of one core each service takes with nothing to do, in hundredths."""
    wait_for(running.is_up, _PATIENCE)
    time.sleep(5)
    processes = ours(running.home, running.process.pid)
    before = {name: sum(map(cpu_seconds, pids)) for name, pids in processes.items()}
    time.sleep(seconds)
    return {name: 100 * (sum(map(cpu_seconds, pids)) - before[name]) / seconds for name, pids in processes.items()}


def _counted(system: System) -> Counter[str]:
    with system.database.begin(ADMINISTRATOR) as connection:
        return Counter({row.done_by: int(row.done) for row in connection.execute(_DONE)})


@contextmanager
def _hanging() -> Iterator[str]:
    """A receiver that takes connections, and never answers. Gives its address."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:

        def take() -> None:
            while True:
                try:
                    held.append(listening.accept()[0])
                except OSError:
                    return

        Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        for one in held:
            one.close()
