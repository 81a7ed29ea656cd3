"""Requests that come at the same moment share a commit, whoever they are from, and each gets its own answer."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event as on
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError

from services.actions.receive_events import Accepted, Conflict, Forbidden, Invalid, Outcome, StandingChangedError
from services.actions.receive_plainly import Post, receive_plainly
from services.actions.receive_together import Gathering
from services.domain.actors import Actor
from services.domain.events import Envelope
from services.storage.access_tokens import Claims
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
    return together_of(system, [Post(sender, None, one) for one in envelopes])


def together_of(system: System, posts: Sequence[Post]) -> tuple[list[Any], int]:
    """As `together`, for posts of several senders."""
    gathering = Gathering()

    def receive(one: Post) -> Outcome | Exception:
        try:
            return gathering.receive(system, one.actor, one.envelope, one.claims)
        except Exception as error:  # noqa: BLE001 (what is raised is what is looked at)
            return error

    with first_commit_held(system) as (go_on, commits), ThreadPoolExecutor(len(posts)) as threads:
        first = threads.submit(receive, posts[0])
        while not commits[0] and not first.done():
            threading.Event().wait(0.01)
        others = [threads.submit(receive, one) for one in posts[1:]]
        while not first.done() and _waiting(gathering) < len(others):
            threading.Event().wait(0.01)
        go_on.set()
        return [first.result(), *(other.result() for other in others)], commits[0]


def _waiting(gathering: Gathering) -> int:
    return len(gathering._waiting)


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
    assert not gathering._under_way


def test_those_of_several_senders_share_a_commit_and_each_lies_where_its_sender_may_put_it(county: Alder) -> None:
    county.open_case("probation", "police")
    county.work()
    arrest = minimal_payload("le.arrest")
    mine = [missed(county) for _ in range(3)]
    theirs = [county.envelope("police", "le.arrest", arrest) for _ in range(3)]
    strangers = [county.envelope("programme", "provider.absence", minimal_payload("provider.absence"))]
    sent = {"probation": mine, "police": theirs, "programme": strangers}
    posts = [Post(county.senders[agency], None, one) for agency, events in sent.items() for one in events]
    outcomes, commits = together_of(county.system, posts)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes), outcomes
    assert commits <= len(posts) - LEAST_SHARED
    with county.system.database.begin(county.senders["cps"]) as connection:
        rows = connection.execute(_WHERE_IT_LIES, {"ids": [outcome.receipt for outcome in outcomes]}).all()
    assert [(row.slug, row.matched, row.actor) for row in sorted(rows, key=lambda row: (row.slug, row.matched))] == [
        *[("police", True, county.senders["police"].name)] * 3,
        *[("probation", True, county.senders["probation"].name)] * 3,
        ("programme", False, county.senders["programme"].name),
    ]


_WHERE_IT_LIES = text(
    "SELECT a.slug, e.case_id IS NOT NULL AS matched, e.actor FROM event_log AS e "
    "JOIN agencies AS a ON a.id = e.agency_id JOIN streams AS s ON s.id = e.stream_id "
    "WHERE e.id = ANY(:ids) AND (s.case_id IS NOT DISTINCT FROM e.case_id) "
    "AND (s.case_id IS NOT NULL OR s.agency_id = e.agency_id)"
)


def test_the_same_source_and_id_of_two_agencies_are_two_events(county: Alder) -> None:
    county.open_case("probation", "police")
    envelope = replace(missed(county), source="urn:shared")
    other = replace(county.envelope("police", "le.arrest", minimal_payload("le.arrest")), source="urn:shared")
    posts = [
        Post(county.senders["probation"], None, replace(envelope, id="one")),
        Post(county.senders["police"], None, replace(other, id="one")),
        Post(county.senders["probation"], None, replace(envelope, id="one")),
    ]
    outcomes, _ = together_of(county.system, posts)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes), outcomes
    assert outcomes[0].receipt == outcomes[2].receipt != outcomes[1].receipt


def test_a_client_that_no_longer_stands_as_it_did_is_not_felt_by_the_others(county: Alder) -> None:
    county.open_case("probation", "police")
    gone = Claims("no-such-client", agency_of(county, "police"), frozenset(), "t", county.system.clock(), 60)
    arrest = county.envelope("police", "le.arrest", minimal_payload("le.arrest"))
    posts = [Post(county.senders["probation"], None, missed(county)) for _ in range(3)]
    outcomes, _ = together_of(county.system, [posts[0], Post(county.senders["police"], gone, arrest), *posts[1:]])
    assert [type(outcome) for outcome in outcomes] == [Accepted, StandingChangedError, Accepted, Accepted]


def agency_of(county: Alder, slug: str) -> UUID:
    agency_id = county.senders[slug].agency_id
    assert agency_id is not None
    return agency_id


def test_a_case_that_somebody_holds_holds_up_nobody_else(county: Alder) -> None:
    county.open_case("probation", "police")
    county.work()
    free = county.envelope("programme", "provider.absence", minimal_payload("provider.absence"))
    county.accept("programme", "provider.absence", minimal_payload("provider.absence"))
    posts = [Post(county.senders["probation"], None, missed(county)), Post(county.senders["programme"], None, free)]
    with county.system.database.begin(county.senders["cps"]) as connection:
        connection.execute(text("SELECT FROM streams WHERE case_id IS NOT NULL FOR UPDATE"))
        held, kept = receive_plainly(county.system, posts)
    assert held is None
    assert isinstance(kept, Accepted)


def test_what_is_not_plain_is_left_alone(county: Alder) -> None:
    county.open_case("probation")
    first = missed(county)
    assert isinstance(receive_plainly(county.system, [Post(county.senders["probation"], None, first)])[0], Accepted)
    opening = county.envelope("cps", "case.identifier_linked", {"agency": "police", "value": "C-1"})
    unheard = county.envelope("clinic", "provider.referral_declined", minimal_payload("provider.referral_declined"))
    posts = [
        Post(county.senders["probation"], None, replace(first, data=minimal_payload(MISSED) | {"excused": True})),
        Post(county.senders["cps"], None, opening),
        # The first that the clinic ever sends: its intake is yet to be begun.
        Post(county.senders["clinic"], None, unheard),
    ]
    before = len_of_log(county)
    assert receive_plainly(county.system, posts) == [None, None, None]
    assert len_of_log(county) == before


def len_of_log(county: Alder) -> int:
    with county.system.database.begin(county.senders["cps"]) as connection:
        return int(connection.execute(text("SELECT count(*) FROM event_log")).scalar_one())
