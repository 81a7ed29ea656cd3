"""Requests of one sender that come at the same moment share a commit, and each gets its own answer."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event as on
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError

from services.actions.receive_events import Accepted, Conflict, Forbidden, Invalid, Outcome
from services.actions.receive_together import Gathering
from services.domain.actors import Actor
from services.domain.events import Envelope
from services.system import System
from services.telemetry.traces import NoTraces
from tests.alder import Alder
from tests.payloads import minimal_payload

MISSED = "prob.checkin_missed"
LEAST_SHARED = 3
POISON = "https://example.org/poison"


@pytest.fixture
def alder(county: Alder) -> Alder:
    county.open_case("probation")
    county.work()
    return county


class Breaking(NoTraces):
    """Breaks over the poison, in the middle of the transaction."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def link(self, attributes: Mapping[str, object]) -> None:
        if attributes.get("dataschema") == POISON:
            raise self._error


def missed(county: Alder, **said: Any) -> Envelope:
    return county.envelope("probation", MISSED, minimal_payload(MISSED), **said)


@contextmanager
def first_commit_held(system: System) -> Iterator[tuple[threading.Event, list[int]]]:
    """The first commit waits until it is let go; all are counted."""
    go_on, commits = threading.Event(), [0]

    def hold(_connection: object) -> None:
        commits[0] += 1
        if commits[0] == 1:
            assert go_on.wait(10)

    on.listen(system.database.engine, "commit", hold)
    try:
        yield go_on, commits
    finally:
        go_on.set()
        on.remove(system.database.engine, "commit", hold)


def together(system: System, sender: Actor, envelopes: Sequence[Envelope]) -> tuple[list[Any], int]:
    """The first goes and is held at its commit; the others come meanwhile. What each got, and the commits."""
    gathering = Gathering()

    def receive(one: Envelope) -> Outcome | Exception:
        try:
            return gathering.receive(system, sender, one)
        except Exception as error:  # noqa: BLE001 (what is raised is what is looked at)
            return error

    with first_commit_held(system) as (go_on, commits), ThreadPoolExecutor(len(envelopes)) as threads:
        first = threads.submit(receive, envelopes[0])
        while not commits[0] and not first.done():
            threading.Event().wait(0.01)
        others = [threads.submit(receive, one) for one in envelopes[1:]]
        while not first.done() and _waiting(gathering) < len(others):
            threading.Event().wait(0.01)
        go_on.set()
        return [first.result(), *(other.result() for other in others)], commits[0]


def _waiting(gathering: Gathering) -> int:
    return sum(len(sender.waiting) for sender in gathering._under_way.values())


def test_those_that_come_while_one_is_under_way_share_a_commit_and_keep_their_order(alder: Alder) -> None:
    sender = alder.senders["probation"]
    events = [missed(alder) for _ in range(8)]
    outcomes, commits = together(alder.system, sender, events)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes), outcomes
    assert len({outcome.receipt for outcome in outcomes}) == len(events)
    assert commits <= len(events) - LEAST_SHARED
    alder.work()
    with alder.system.database.begin(sender) as connection:
        processed = connection.execute(text("SELECT count(*) FROM event_outcomes WHERE state = 'processed'")).scalar()
    assert processed is not None
    assert processed >= len(events)


def test_each_gets_the_answer_to_its_own_event(alder: Alder) -> None:
    sender = alder.senders["probation"]
    said = missed(alder, event_id="same")
    other = replace(said, data=minimal_payload(MISSED) | {"excused": True})
    events = [
        missed(alder),
        said,
        said,
        other,
        replace(missed(alder), data={}),
        alder.envelope("probation", "le.arrest", minimal_payload("le.arrest")),
    ]
    outcomes, _ = together(alder.system, sender, events)
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds[0] is Accepted
    assert kinds[4:] == [Invalid, Forbidden]
    same = outcomes[1:4]
    # Who of the three came first is chance; what agrees with it has its receipt, what does not is a conflict.
    assert {type(one) for one in same} == {Accepted, Conflict}
    assert len({one.receipt for one in same}) == 1


def test_what_cannot_be_kept_fails_alone_and_a_fault_of_ours_is_told_to_one_more_at_most(alder: Alder) -> None:
    sender = alder.senders["probation"]
    poison = replace(missed(alder), dataschema=POISON)
    for planted, leading in (
        (DataError("planted", {}, Exception("planted")), Accepted),
        (RuntimeError(), RuntimeError),
    ):
        system = replace(alder.system, traces=Breaking(planted))
        outcomes, _ = together(system, sender, [missed(alder), missed(alder), poison, missed(alder)])
        found = [type(outcome) for outcome in outcomes]
        assert found in ([Accepted, leading, type(planted), Accepted], [Accepted, Accepted, type(planted), leading])


def test_with_the_database_away_each_is_told_so_and_the_next_goes_on(alder: Alder) -> None:
    sender = alder.senders["probation"]
    away = True

    def fail(_: object) -> None:
        if away:
            raise OperationalError("planted", {}, Exception("planted"))

    gathering = Gathering()
    on.listen(alder.system.database.engine, "begin", fail)
    try:
        with ThreadPoolExecutor(4) as threads:
            tries = [threads.submit(gathering.receive, alder.system, sender, missed(alder)) for _ in range(4)]
            errors = [one.exception() for one in tries]
        away = False
        assert all(isinstance(error, OperationalError) for error in errors), errors
        assert isinstance(gathering.receive(alder.system, sender, missed(alder)), Accepted)
    finally:
        on.remove(alder.system.database.engine, "begin", fail)
    assert gathering._under_way == {}
