"""`python -m benchmarks crash_points`: at every named crash point processes die, again and again, and nothing is lost.

Short-lived processes do the intake (over HTTP), the routing, the calls to receivers, the looks at deadlines and
unacknowledged alerts, and the acknowledgements, on real stores. One after another is told, by `TALLYSTICK_CRASH_AT`,
to kill itself at a point; the next one finds what it left. Each point is hit twenty times. Then all that is owed is
done by processes that live, and the checker holds everything against journals and expectations, as after `chaos`.

What must come of each kind of event is seen beforehand, on a second database where nobody dies. Alerts and deadlines
are looked at by processes whose clock is five hours ahead.
"""

import signal
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from uuid import UUID

from sqlalchemy import text

import workers.bells
from benchmarks.chaotic import county, evidence
from benchmarks.chaotic.checker import Expected, Step, check, learn
from benchmarks.chaotic.children import Child, Ground, acknowledged, pause, served, worked
from benchmarks.chaotic.journal import Journal
from benchmarks.chaotic.promises import examples_of, figures_of
from benchmarks.chaotic.receivers import receivers
from benchmarks.chaotic.senders import Senders, clients_of
from benchmarks.county import URGENT, Sent
from benchmarks.figures import AtLeast, AtMost, Figure, Report
from benchmarks.options import Options
from benchmarks.stage import POLICY, stores
from services.actions.play_story import agency_actors
from services.actions.run_jobs import HANDLERS, run_jobs
from services.actions.verify_ledger import verify_ledger
from services.channels.rehearsal import RehearsalChannel
from services.crash_points import POINTS
from services.domain.actors import Actor
from services.domain.urgency import Lane
from services.local.machine import LocalStores
from services.policy.book import load_policy_book
from services.storage.database import DatabaseRole
from services.storage.migrating import migrate
from services.system import NoBells, System

HITS = 20
CASES = 20
AHEAD = timedelta(hours=5)
_CALM = "calm"
_TRIES_A_HIT = 60
_PATIENCE = 60.0
_SEEN_LATER = "prob.checkin_missed"
"""What people acknowledge here: no alert, so that no ladder depends on when they do."""

_KINDS: Mapping[str, tuple[str, ...]] = {
    "claim": ("route",),
    "route": ("route",),
    "attempt": ("route", "deliver"),
    "call": ("route", "deliver"),
    "settle": ("route", "deliver"),
    "deadline": ("deadline",),
    "escalate": ("escalate",),
}
"""Which jobs the processes do that die at the points of a step."""

_UNSEEN = text(
    """
    SELECT n.id, n.agency_id, n.recipient_id, s.username FROM notifications n
    JOIN staff s ON s.id = n.recipient_id JOIN event_log e ON e.id = n.event_id
    WHERE n.channel = 'inbox' AND n.acknowledged_at IS NULL AND e.type = :kind
    """
)
_UNDER_WAY = text("SELECT count(*) FROM jobs WHERE state = 'queued' AND (kind = 'deliver' OR due_at <= :now)")


def run(options: Options, points: Sequence[str] = POINTS) -> Report:
    """Hit each of these points, do what is owed, and report what the checker found."""
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="tallystick-crashes-") as folder,
        receivers(Path(folder) / "receivers.ndjson", options.seed) as hearing,
        stores() as running,
        Journal(Path(folder) / "clients.ndjson") as journal,
    ):
        hearing.calm()
        here = _Run(running, journal, options.random(), options.scaled(HITS), hearing.url, points)
        expected = here.learn()
        here.found(options.scaled(CASES, least=4))
        before = {kept.id for kept in evidence.kept_events(here.system)}
        here.die_everywhere()
        verdict = check(
            evidence.gather(here.system, before, Path(folder) / "clients.ndjson", hearing.journal), expected
        )
        ledger = verify_ledger(here.system, evidence.READER)
    least = AtLeast(here.wanted)
    return Report(
        name="crash_points",
        question="Is anything lost, made up or done twice when a process dies at the worst moments?",
        seed=options.seed,
        figures=[
            *figures_of(verdict),
            Figure("breaks in the ledger", len(ledger.breaks), "", AtMost(0)),
            *(Figure(f"died at {point}", here.hits[point], "", least) for point in points),
        ],
        setting={"seconds": round(time.monotonic() - started), **examples_of(verdict)},
    )


@dataclass(slots=True)
class _Run:
    """One run on its stores: what was sent, and how often processes died where."""

    running: LocalStores
    journal: Journal
    random: Random
    wanted: int
    receivers: str
    points: Sequence[str]
    hits: Counter[str] = field(default_factory=Counter)
    _names: Iterator[int] = field(default_factory=count)
    _numbers: Sequence[str] = ()
    _clients: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ground: Ground = field(init=False)
    system: System = field(init=False)

    def __post_init__(self) -> None:
        self.ground = Ground(
            self.running.dsn_app(),
            load_policy_book(POLICY),
            bells=lambda: workers.bells.connect(self.running.broker_url),
        )
        self.system = replace(self.ground, bells=NoBells).system(DatabaseRole.WORKER)

    def learn(self) -> Expected:
        """What comes of each kind of event, all ladders climbed and deadlines looked at, where nobody dies."""
        self.running.postgres.ensure_database(_CALM)
        migrate(self.running.dsn_owner(_CALM))
        calm = replace(self.ground, database_url=self.running.dsn_app(_CALM), bells=NoBells)
        system = replace(calm.system(DatabaseRole.WORKER), channels={"webhook": RehearsalChannel()})
        senders, _ = county.found(system, 0, self.receivers)
        county.accept(system, senders, county.undisturbed())
        for ahead in (timedelta(), AHEAD):
            later = replace(system, clock=replace(calm, ahead=ahead).system(DatabaseRole.WORKER).clock)
            while sum(run_jobs(later, lane) for lane in Lane):
                pass
        learned = learn(county.of_calm(evidence.kept_events(system)), evidence.done_things(system))
        system.database.close()
        return learned

    def found(self, cases: int) -> None:
        """Set the county up with so many cases, and let all that follows from that be done."""
        senders, self._numbers = county.found(self.system, cases, self.receivers)
        self._clients = clients_of(self.system, senders)
        self._finish(self.ground)

    def die_everywhere(self) -> None:
        """Let processes die at every point, and then do what is left."""
        with self._web() as living:
            for point in self._at("accept", "ring"):
                self._die_in_intake(point, living)
            for point in self._at("claim", "route", "attempt", "call", "settle"):
                self._die_at_work(point, self.ground, living)
            self._send(living, county.of_kinds(self.random, self._numbers, 3 * self.wanted, "seen", {_SEEN_LATER}))
            self._send(living, county.of_kinds(self.random, self._numbers, 3 * self.wanted, "late", {URGENT.type}))
        self._finish(self.ground)
        for point in self._at("acknowledge"):
            self._die_acknowledging(point)
        later = replace(self.ground, ahead=AHEAD, jobs_a_lease=1)
        for point in self._at("deadline", "escalate"):
            self._die_at_work(point, later, None)
        self._finish(replace(later, jobs_a_lease=50))
        self.system = replace(self.system, clock=later.system(DatabaseRole.WORKER).clock)

    def _at(self, *steps: str) -> list[str]:
        """The points of these steps that are wanted."""
        return [point for point in self.points if point.partition(".")[0] in steps]

    def _die_in_intake(self, point: str, living: Senders) -> None:
        for _ in range(_TRIES_A_HIT * self.wanted):
            if self.hits[point] >= self.wanted:
                return
            listener = socket.create_server(("127.0.0.1", 0))
            with listener, self._sending(listener) as dying:
                url = dying.url
                child = Child(served(self.ground, listener, url), point, self.random.randint(1, 2))
                unknown = []
                for sent in self._drawn(4):
                    if dying.send_once(sent) is not Step.ACK:
                        unknown.append(sent)
                        break
                self._count(point, child.stop())
            self._send(living, unknown)

    def _die_at_work(self, point: str, ground: Ground, living: Senders | None) -> None:
        step = point.partition(".")[0]
        for _ in range(_TRIES_A_HIT * self.wanted):
            if self.hits[point] >= self.wanted:
                return
            if living is not None:
                self._send(living, self._drawn(2))
            child = Child(worked(ground, _KINDS[step]), point, self.random.randint(1, 2))
            if not self._count(point, child.wait()):
                pause()

    def _die_acknowledging(self, point: str) -> None:
        with self.system.database.begin(evidence.READER) as connection:
            unseen = connection.execute(_UNSEEN, {"kind": _SEEN_LATER}).all()
        roles = {actor.agency_id: actor.roles for actor in agency_actors(self.system).values()}
        for row in unseen:
            if self.hits[point] >= self.wanted:
                return
            person = Actor(f"staff:{row.username}", row.agency_id, roles[row.agency_id], party_id=row.recipient_id)
            self._note(row.id, Step.ATTEMPT)
            while self._count(point, Child(acknowledged(self.ground, person, row.id), point).wait()):
                self._note(row.id, Step.UNKNOWN)
                self._note(row.id, Step.ATTEMPT)
                if not Child(acknowledged(self.ground, person, row.id)).wait():
                    break
            self._note(row.id, Step.ACK)

    def _note(self, notification: UUID, step: Step) -> None:
        name = f"notification:{notification}"
        self.journal.write({"step": step, "name": name, "kind": "acknowledgement", "case": name})

    def _count(self, point: str, code: int) -> bool:
        """Whether a process died at its point; counts it."""
        if code not in {0, -signal.SIGKILL, -signal.SIGTERM}:
            raise RuntimeError(f"a process that was to die at {point} ended with {code}")
        self.hits[point] += code == -signal.SIGKILL
        return code == -signal.SIGKILL

    def _drawn(self, how_many: int) -> list[Sent]:
        return county.mixed(self.random, self._numbers, how_many, f"crash-{next(self._names)}")

    def _send(self, living: Senders, events: Sequence[Sent]) -> None:
        """Send until it is taken; it was written down as sent before, where it was."""
        for sent in events:
            if not living.send(sent, time.monotonic() + _PATIENCE):
                raise TimeoutError(f"{sent.envelope.id} was not taken")

    @contextmanager
    def _web(self) -> Iterator[Senders]:
        """A web process that lives."""
        with socket.create_server(("127.0.0.1", 0)) as listener, self._sending(listener) as senders:
            child = Child(served(self.ground, listener, senders.url))
            try:
                yield senders
            finally:
                child.stop()

    @contextmanager
    def _sending(self, listener: socket.socket) -> Iterator[Senders]:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        senders = Senders(url, self._clients, self.journal, self.random)
        with senders.http:
            yield senders

    def _finish(self, ground: Ground) -> None:
        """Let processes that live do all that is due, and what the dead still hold the leases of."""
        asked = {"now": ground.system(DatabaseRole.WORKER).clock()}
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            Child(worked(ground, tuple(HANDLERS))).wait()
            with self.system.database.begin(evidence.READER) as connection:
                if not connection.execute(_UNDER_WAY, asked).scalar():
                    return
            pause()
