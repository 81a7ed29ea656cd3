"""The inbox as its reader may see it: what being told means, and the event itself only through disclosure."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from services.actions.acknowledge_notification import acknowledge_notification
from services.actions.read.inbox import DO_NOT_RAISE, NO_CASE, SOMETHING, inbox, inbox_item, unacknowledged
from services.channels.rehearsal import RehearsalChannel
from services.clock import StoryClock
from services.domain.roles import Role
from services.domain.urgency import Urgency
from services.system import System
from tests.telling import THREATENED, VIOLATED, Telling, telling


@pytest.fixture
def county(system: System, clock: StoryClock) -> Telling:
    return telling(system, clock, RehearsalChannel())


def _violate(county: Telling) -> UUID:
    county.clock.move_to(county.clock() + timedelta(minutes=1))
    event = county.violate()
    county.alder.work()
    return event


def test_a_person_reads_their_own_entries_and_those_of_their_desk_the_latest_first(county: Telling) -> None:
    event = _violate(county)
    items = inbox(county.web, county.person("officer", "probation"))
    [mine, desk] = [item for item in items if item.event_id == event]
    assert {mine.desk, desk.desk} == {None, "Duty desk"}
    for item in (mine, desk):
        assert item.heading == "Protective order violated"
        assert item.urgency is Urgency.U0
        assert (item.case_number, item.role) == ("C-1", "PROB")
        assert item.acknowledged_at is None
    assert [item.received_at for item in items] == sorted((item.received_at for item in items), reverse=True)


def test_pages_follow_each_other_without_gap_or_repetition(county: Telling) -> None:
    for _ in range(3):
        _violate(county)
    worker = county.person("worker", "cps")
    everything = inbox(county.web, worker, limit=100)
    paged: list[UUID] = []
    before = None
    while page := inbox(county.web, worker, limit=2, before=before):
        paged += [item.id for item in page]
        before = (page[-1].received_at, page[-1].id)
    assert paged == [item.id for item in everything]
    assert len(set(paged)) == len(paged) > 3


def test_who_may_not_see_that_kind_of_event_reads_fixed_words(county: Telling) -> None:
    event = county.alder.accept("programme", "provider.new_violence_or_threat", THREATENED)
    county.alder.work()
    sergeant = county.person("sergeant", "police")
    mine = county.notice(event, "sergeant")
    [item] = [item for item in inbox(county.web, sergeant) if item.id == mine]
    assert item.heading == SOMETHING
    assert item.event_id is None
    assert item.urgency is Urgency.U0
    detail = inbox_item(county.web, sergeant, mine)
    assert detail is not None
    assert (detail.data, detail.time) == ({}, None)


def test_an_entry_opens_with_what_its_reader_may_see_and_the_reading_is_audited(county: Telling) -> None:
    event = _violate(county)
    detail = inbox_item(county.web, county.person("worker", "cps"), county.notice(event, "worker"))
    assert detail is not None
    assert dict(detail.data) == dict(VIOLATED)
    assert detail.time == county.clock()
    [entry] = county.rows("SELECT actor, outcome, detail FROM audit_log WHERE act = 'read_notification'")
    assert (entry.actor, entry.outcome) == ("staff:worker", "done")
    assert "CPS_WORKER/INC" in entry.detail["rules"]
    assert VIOLATED["facts"] not in str(entry.detail)


def test_what_is_not_yours_is_not_there(county: Telling) -> None:
    event = _violate(county)
    theirs = county.notice(event, "worker")
    facilitator = county.person("facilitator", "programme")
    assert inbox_item(county.web, facilitator, theirs) is None
    assert inbox_item(county.web, facilitator, uuid4()) is None
    assert all(item.event_id != event for item in inbox(county.web, facilitator))


def test_the_id_of_a_webhook_or_of_a_colleagues_entry_opens_ones_own(county: Telling) -> None:
    county.hook("probation", "https://receiver.example/hook")
    event = _violate(county)
    [hooked] = county.told(event, "webhook")
    officer = county.person("officer", "probation")
    detail = inbox_item(county.web, officer, hooked.id)
    assert detail is not None
    assert detail.item.event_id == event
    assert detail.item.id in {county.notice(event, "officer"), county.notice(event, "duty")}


def test_who_has_left_the_case_reads_fixed_words_and_no_number(county: Telling) -> None:
    event = _violate(county)
    mine = county.notice(event, "officer")
    county.take_off(Role.PROB, "probation", "officer", date(2025, 1, 17))
    [item] = [item for item in inbox(county.web, county.person("officer", "probation")) if item.id == mine]
    assert (item.heading, item.event_id, item.case_id, item.case_number) == (SOMETHING, None, None, None)


def test_the_caution_stands_until_contact_with_her_is_recorded(county: Telling) -> None:
    event = _violate(county)
    officer, mine = county.person("officer", "probation"), county.notice(event, "officer")

    def caution() -> str | None:
        return next(item.caution for item in inbox(county.web, officer) if item.id == mine)

    assert caution() == DO_NOT_RAISE
    assert all(item.caution is None for item in inbox(county.web, county.person("worker", "cps")))
    county.clock.move_to(county.clock() + timedelta(hours=1))
    county.alder.accept("cps", "safety.contact_recorded", {"outcome": "done", "may_be_raised": True})
    county.alder.work()
    assert caution() is None


def test_a_client_reads_what_was_put_to_its_agency_with_the_scope_for_it(county: Telling) -> None:
    event = _violate(county)
    items = [item for item in inbox(county.web, county.client("probation", "inbox")) if item.event_id == event]
    assert {item.desk for item in items} == {None, "Duty desk"}
    assert inbox(county.web, county.client("probation", "tasks")) == []
    assert inbox_item(county.web, county.client("probation"), county.notice(event, "officer")) is None


def test_an_acknowledged_entry_says_by_whom_and_waits_no_more(county: Telling) -> None:
    event = _violate(county)
    officer = county.person("officer", "probation")
    assert unacknowledged(county.web, officer) >= 2
    waiting = unacknowledged(county.web, officer)
    acknowledge_notification(county.web, officer, county.notice(event, "officer"))
    items = [item for item in inbox(county.web, officer) if item.event_id == event]
    assert {item.acknowledged_by for item in items} == {"staff:officer"}
    assert unacknowledged(county.web, officer) == waiting - 2


def test_an_event_without_a_case_is_read_by_whoever_is_asked_about_it_for_as_long_as_they_are(county: Telling) -> None:
    event = county.alder.accept("police", "order.violated", VIOLATED, subject="C-999")
    county.alder.work()
    supervisor = county.person("supervisor", "cps")
    desk = county.notice(event, "on-call")
    detail = inbox_item(county.web, supervisor, desk)
    assert detail is not None
    assert detail.item.heading == "Protective order violated"
    assert dict(detail.data) == dict(VIOLATED)
    assert (detail.item.event_id, detail.item.case_id, detail.item.case_number) == (event, None, None)
    assert detail.sent is not None
    assert (detail.sent.sender, detail.sent.number, detail.sent.receipt) == ("Police", "C-999", event)
    assert detail.task_id is not None
    county.do("UPDATE tasks SET state = 'declined' WHERE kind = 'link_event'")
    detail = inbox_item(county.web, supervisor, desk)
    assert detail is not None
    assert (detail.item.heading, detail.item.event_id, detail.sent, detail.data) == (NO_CASE, None, None, {})


def test_whoever_was_told_on_a_rung_reads_what_it_is(county: Telling) -> None:
    event = _violate(county)
    county.pass_time(county.clock() + timedelta(minutes=10))
    items = inbox(county.web, county.person("supervisor", "cps"))
    escalated = [item for item in items if item.event_id == event and item.reason == "escalated"]
    assert {item.heading for item in escalated} == {"Protective order violated"}
    assert escalated != []
