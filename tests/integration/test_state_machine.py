"""A state machine over the real database: whatever happens to its processes, what is owed is done, once, in order.

Hypothesis plays agencies that send, repeat and contradict, workers that are killed, overtaken or cut off anywhere,
receivers that hang or lie, people who acknowledge, and time. At the end everything is allowed to go well for a while,
and the audit (`tests.audit`) must find nothing missing, nothing twice and nothing out of order.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from services.actions.acknowledge_notification import acknowledge_notification
from services.actions.receive_events import Accepted, Conflict, Outcome
from services.actions.replay_jobs import replay_jobs
from services.actions.run_jobs import CALLING, DECIDING
from services.clock import StoryClock
from services.domain.actors import Actor, system_actor
from services.domain.events import Envelope
from services.domain.urgency import Lane
from services.local.machine import LocalStores
from services.policy.book import PolicyBook
from services.storage.database import DatabaseRole, connect
from services.storage.sealing import KeyRing
from services.system import System
from tests.audit import Audit, jobs_add_up
from tests.conftest import RELEASE, START, TEMPLATE
from tests.machine import (
    ALL_KINDS,
    CASES,
    ENDS,
    Answer,
    End,
    Fate,
    Place,
    World,
    add_witnesses,
    begin_again,
    keep_copy,
    make_county,
)
from tests.owed import KINDS, LINKS, NUMBERS, Books, Kind, Sent

Batch = tuple[str, list[tuple[str, str]]]
"""An agency, and what it sends: kinds of events, each under a number."""

Lanes = tuple[Lane, ...]
COUNTY = "state_machine"

EXAMPLES = settings(
    max_examples=2_000 if RELEASE else 30,
    stateful_step_count=50 if RELEASE else 25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

_numbers = count(1)


@dataclass(frozen=True)
class Ground:
    """What every example stands on: a database with the county, put back to where it was each time."""

    superuser: psycopg.Connection
    system: System

    def begin_again(self) -> World:
        """The county as it was made, at its first day."""
        begin_again(self.superuser)
        return World(self.system, StoryClock(START))


@pytest.fixture(scope="module")
def ground(stores: LocalStores, policy_book: PolicyBook) -> Iterator[Ground]:
    """The database with the county."""
    stores.postgres.create_from_template(COUNTY, TEMPLATE)
    database = connect(stores.dsn_app(COUNTY), DatabaseRole.WORKER)
    keys = KeyRing(payloads=b"p" * 32, vault=b"v" * 32)
    system = System(database=database, clock=StoryClock(START), keys=keys, policy=policy_book)
    with stores.postgres.connect_as_superuser(COUNTY) as superuser:
        add_witnesses(superuser)
        make_county(system)
        keep_copy(superuser)
        yield Ground(superuser, system)
    database.close()
    stores.postgres.drop_database(COUNTY)


EVERY_LANE = tuple(Lane)
lanes = st.sampled_from([EVERY_LANE, *((lane,) for lane in Lane)])
mishaps = st.builds(Fate, st.sampled_from(ENDS), st.just(Place.STATEMENT), st.integers(1, 45)) | st.builds(
    Fate, st.sampled_from(ENDS), st.sampled_from([Place.BEGIN, Place.COMMIT, Place.COMMITTED]), st.integers(1, 5)
)
overtaken = st.builds(Fate, st.just(End.OVERTAKEN), st.just(Place.BEGIN), st.integers(2, 4))
moves = st.sampled_from(
    [timedelta(seconds=4), timedelta(minutes=6), timedelta(minutes=20), timedelta(hours=5), timedelta(hours=26)]
)
events_of = {
    agency: st.tuples(
        st.sampled_from([name for name in KINDS if name.endswith(agency)]), st.sampled_from([*NUMBERS, *CASES])
    )
    for agency in ("police", "probation", "cps")
}
batches = st.sampled_from(sorted(events_of)).flatmap(
    lambda agency: st.tuples(st.just(agency), st.lists(events_of[agency], min_size=1, max_size=4))
)


class Road(RuleBasedStateMachine):
    """What can happen on the way of an event."""

    events: Bundle[Sent] = Bundle("events")
    ground: Ground

    def __init__(self) -> None:
        super().__init__()
        self.world = self.ground.begin_again()
        self.books = Books()

    # Senders

    @initialize(target=events, batch=batches)
    def begin(self, batch: Batch) -> Any:
        return self._send(batch, Fate())

    @rule(target=events, batch=batches)
    def send(self, batch: Batch) -> Any:
        return self._send(batch, Fate())

    @rule(target=events, batch=batches, fate=mishaps)
    def send_and_something_happens(self, batch: Batch, fate: Fate) -> Any:
        return self._send(batch, fate)

    @rule(event=events, fate=mishaps | st.builds(Fate))
    def send_again(self, event: Sent, fate: Fate) -> None:
        self._post(event.kind.agency, [event, event], fate)

    @rule(target=events, batch=batches)
    def send_twice_at_once(self, batch: Batch) -> Any:
        agency, new = batch[0], [self._new(*one) for one in batch[1]]
        with ThreadPoolExecutor(2) as two:
            both = [two.submit(self._post, agency, new, Fate()) for _ in range(2)]
            for one in both:
                one.result()
        return multiple(*new)

    @rule(event=events)
    def contradict(self, event: Sent) -> None:
        if event.receipt is None or event.receipt in self.books.linked:
            return
        event.contradictions += 1
        other = replace(event.envelope, recorded=event.envelope.recorded - timedelta(minutes=event.contradictions))
        answers = self.world.post(event.kind.agency, [other, event.envelope, other], Fate())
        assert answers == [Conflict(event.receipt), self._answer(event), Conflict(event.receipt)]

    @rule(event=events, number=st.sampled_from(sorted(CASES)))
    def link(self, event: Sent, number: str) -> None:
        """A person says to which case an event belongs that nobody else has said it of."""
        state = "SELECT state FROM event_outcomes WHERE event_id = :id"
        waiting = [row.state for row in self.world.rows(state, id=event.receipt)] == ["unmatched"]
        if waiting and not event.contradictions:
            self._say_of(event, number, made=True)

    @rule(event=events)
    def unlink(self, event: Sent) -> None:
        """A person takes that back."""
        where = (
            "SELECT i.value FROM event_links l JOIN case_identifiers i ON i.case_id = l.case_id "
            "WHERE l.event_id = :id AND l.unlinked_by_event_id IS NULL LIMIT 1"
        )
        for row in self.world.rows(where, id=event.receipt):
            self._say_of(event, row.value, made=False)

    # Workers

    @rule(lanes=lanes, kinds=st.sampled_from([ALL_KINDS, DECIDING, CALLING]))
    def work(self, lanes: Lanes, kinds: frozenset[str]) -> None:
        for lane in lanes:
            self.world.work(lane, kinds, Fate())

    @rule(lane=st.sampled_from(Lane), fate=mishaps | overtaken)
    def work_and_something_happens(self, lane: Lane, fate: Fate) -> None:
        self.world.work(lane, ALL_KINDS, fate)

    @rule(lanes=lanes, answer=st.sampled_from(Answer))
    def call(self, lanes: Lanes, answer: Answer) -> None:
        for lane in lanes:
            self.world.work(lane, ALL_KINDS, Fate(), answer)

    @rule(lanes=lanes)
    def take_leases_and_stop_for_ever(self, lanes: Lanes) -> None:
        for lane in lanes:
            self.world.work(lane, ALL_KINDS, Fate(End.KILLED, Place.COMMITTED, 1))

    @rule(lane=st.sampled_from(Lane), other=st.sampled_from(Lane))
    def work_at_once(self, lane: Lane, other: Lane) -> None:
        with ThreadPoolExecutor(2) as two:
            both = [two.submit(self.world.work, one, ALL_KINDS, Fate()) for one in (lane, other)]
            for one in both:
                one.result()

    @rule()
    def leases_run_out(self) -> None:
        self.world.disturbed = True
        self.world.run_out()

    @rule()
    def catch_up(self) -> None:
        self.world.work_all(ALL_KINDS)

    # Everybody else

    @rule(by=moves)
    def time_passes(self, by: timedelta) -> None:
        self.world.clock.move_to(self.world.clock() + by)

    @rule(event=events, who=st.sampled_from(["worker", "supervisor", "officer"]))
    def acknowledge(self, event: Sent, who: str) -> None:
        query = "SELECT n.id, s.id AS who, s.agency_id FROM notifications n JOIN staff s ON s.id = n.recipient_id "
        for row in self.world.rows(
            query + "WHERE n.event_id = :e AND s.username = :who LIMIT 1", e=event.receipt, who=who
        ):
            actor = Actor(name=f"staff:{who}", agency_id=row.agency_id, party_id=row.who)
            acknowledge_notification(self.world.process(DatabaseRole.WEB, Fate()), actor, row.id)

    @rule(event=events)
    def poison(self, event: Sent) -> None:
        if event.receipt is not None:
            self.books.poisoned.add(event.receipt)
            self.world.do("INSERT INTO poisonous VALUES (:id)", id=event.receipt)

    @rule()
    def see_to_what_was_set_aside(self) -> None:
        self.world.do("DELETE FROM poisonous")
        self._replay()

    @invariant()
    def jobs_add_up(self) -> None:
        assert jobs_add_up(self.world) == []

    def teardown(self) -> None:
        self._drain()
        complaints = Audit(self.world, self.books).complaints()
        assert complaints == [], "\n".join(complaints)

    # What it takes

    def _send(self, batch: Batch, fate: Fate) -> Any:
        new = [self._new(*one) for one in batch[1]]
        self._post(batch[0], new, fate)
        return multiple(*new)

    def _say_of(self, event: Sent, number: str, *, made: bool) -> None:
        said = self._add(LINKS[made], number, linked_event=str(event.receipt))
        said.about = event
        self._post("cps", [said], Fate())

    def _new(self, name: str, number: str) -> Sent:
        return self._add(KINDS[name], number)

    def _add(self, kind: Kind, number: str, **said: str) -> Sent:
        now = self.world.clock()
        source = f"urn:agency:{kind.agency}:test"
        new = Sent(kind, Envelope(f"m-{next(_numbers)}", source, kind.type, number, now, now, {**kind.data, **said}))
        self.books.sent.append(new)
        return new

    def _post(self, agency: str, events: list[Sent], fate: Fate) -> None:
        answers = self.world.post(agency, [event.envelope for event in events], fate)
        for event, answer in zip(events, answers or [], strict=answers is not None):
            assert isinstance(answer, Accepted), answer
            if event.receipt is None:
                event.receipt, event.accepted_at = answer.receipt, answer.accepted_at
            assert answer == self._answer(event)

    def _answer(self, event: Sent) -> Outcome:
        assert event.receipt is not None
        assert event.accepted_at is not None
        return Accepted(event.receipt, event.accepted_at)

    def _replay(self) -> None:
        replay_jobs(self.world.base, system_actor("test"), [row.id for row in self.world.rows(_SET_ASIDE)])

    def _drain(self) -> None:
        """Let everything go well until nothing is due, and what was put off is done."""
        for event in self.books.sent:
            self._post(event.kind.agency, [event], Fate())
        self.see_to_what_was_set_aside()
        self.world.run_out()
        self.world.work_all(ALL_KINDS)
        while late := self.world.rows(_PUT_OFF)[0].at:
            self.world.clock.move_to(late)
            self.world.work_all(ALL_KINDS)


_SET_ASIDE = "SELECT id FROM jobs WHERE state = 'set_aside'"
_PUT_OFF = "SELECT max(due_at) AS at FROM jobs WHERE kind IN ('route', 'deliver', 'conflict', 'set_aside')"


def test_whatever_happens_what_is_owed_is_done_once_and_in_order(ground: Ground) -> None:
    machine = type("Machine", (Road,), {"ground": ground})
    run_state_machine_as_test(machine, settings=EXAMPLES)


@pytest.fixture
def road(ground: Ground) -> Road:
    """A road on which an alert, a visit and a report were sent, decided and told."""
    machine: type[Road] = type("Machine", (Road,), {"ground": ground})
    made = machine()
    made.send(("police", [("order.violated by police", "C-1"), ("order.violated by police", "nobody-s")]))
    made.send(("cps", [("inv.first_contact_made by cps", "C-1"), ("intake.screening_decided by cps", "C-1")]))
    made.teardown()
    return made


@pytest.mark.parametrize(
    ("check", "statement"),
    [
        ("kept once", "DELETE FROM public.event_log WHERE type = 'order.violated' AND case_id IS NULL"),
        ("kept once", "UPDATE event_log SET source_id = 'another' WHERE type = 'intake.screening_decided'"),
        ("decided once", "DELETE FROM seen_outcomes WHERE number = (SELECT max(number) FROM seen_outcomes)"),
        ("decided once", "INSERT INTO seen_outcomes (event_id, state) SELECT event_id, state FROM event_outcomes"),
        ("in order", "UPDATE event_log SET sequence = 900 - sequence"),
        ("told", "DELETE FROM notifications WHERE rule_id = 'inv.first_contact_made/supervisor'"),
        ("told", "UPDATE notifications SET rule_id = 'other' WHERE rule_id = 'intake.screening_decided/investigator'"),
        ("webhooks", "UPDATE notifications SET state = 'pending' WHERE channel = 'webhook'"),
        ("webhooks", "DELETE FROM notifications WHERE channel = 'webhook' AND rule_id = 'standing.unmatched'"),
        ("tasks", "DELETE FROM deadlines WHERE task_id IS NOT NULL; DELETE FROM tasks WHERE kind = 'first_contact'"),
        ("due dates", "DELETE FROM deadlines WHERE rule_id = 'task.report_violation'"),
        ("due dates", "DELETE FROM jobs WHERE kind = 'deadline'"),
        ("deadlines", "DELETE FROM jobs WHERE kind = 'deadline'"),
        ("ladders", "DELETE FROM jobs WHERE kind = 'escalate'"),
        ("jobs", "INSERT INTO job_tally VALUES ('nobody', 'bulk', 'route', 1)"),
        ("ledger", "UPDATE event_log SET subject = 'C-2' WHERE type = 'intake.screening_decided'"),
    ],
)
def test_the_audit_finds_what_is_planted(road: Road, check: str, statement: str) -> None:
    with road.ground.superuser.transaction():
        road.ground.superuser.execute("SET LOCAL session_replication_role = replica")
        road.ground.superuser.execute(statement.encode())
    found = Audit(road.world, road.books).complaints()
    assert check in {complaint.partition(":")[0] for complaint in found}
