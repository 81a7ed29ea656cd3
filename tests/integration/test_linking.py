"""Links of unmatched events to cases: what they open, and what is left when they are taken back (Settled 7)."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row, text

from services.actions.put_on_case import put_on_case
from services.clock import StoryClock
from services.domain.actors import system_actor
from services.storage import rosters
from services.storage.database import DatabaseRole
from services.system import System
from tests.alder import Alder, alder
from tests.integration.test_receive_events import INCIDENT
from tests.payloads import minimal_payload

TEST = system_actor("test")
REFERRAL = "intake.referral_received"


@pytest.fixture
def county(system: System) -> Alder:
    """A county with case C-1 open, and a second case, C-2, of the same worker and supervisor."""
    made = alder(system)
    made.open_case("probation")
    made.accept(
        "cps",
        "case.opened",
        {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": "2025-01-18"},
        subject="C-2",
    )
    for role, person in (("CPS_WORKER", "worker"), ("CPS_SUP", "supervisor")):
        seat = {"role": role, "agency": "cps", "person": person, "since": "2025-01-18"}
        made.accept("cps", "case.role_given", seat, subject="C-2")
    made.work()
    return made


def rows(county: Alder, query: str, **values: object) -> Sequence[Row[Any]]:
    with county.system.database.begin(TEST) as connection:
        return connection.execute(text(query), values).all()


def case_of(county: Alder, number: str) -> UUID:
    query = (
        "SELECT i.case_id FROM case_identifiers i JOIN agencies a ON a.id = i.agency_id "
        "WHERE i.value = :number AND a.slug = 'cps'"
    )
    return UUID(str(rows(county, query, number=number)[0].case_id))


def stray(county: Alder, event_type: str = "le.dv_incident", agency: str = "police", **said: Any) -> UUID:
    """An event under a number that means nothing, put before people."""
    data = INCIDENT if event_type == "le.dv_incident" else minimal_payload(event_type)
    receipt = county.accept(agency, event_type, {**data, **said.pop("data", {})}, subject="nobody-s", **said)
    county.work()
    return receipt


def link(county: Alder, receipt: UUID, number: str = "C-1") -> UUID:
    by = county.accept("cps", "event.linked", {"linked_event": str(receipt)}, subject=number)
    county.work()
    return by


def unlink(county: Alder, receipt: UUID, number: str = "C-1") -> UUID:
    by = county.accept("cps", "event.unlinked", {"linked_event": str(receipt), "why": "other family"}, subject=number)
    county.work()
    return by


def outcome(county: Alder, event: UUID) -> tuple[str, str | None, UUID | None]:
    [row] = rows(county, "SELECT state, code, case_id FROM event_outcomes WHERE event_id = :event", event=event)
    return row.state, row.code, row.case_id


def tasks_of(county: Alder, event: UUID, case_id: UUID | None) -> dict[str, str]:
    """Where the tasks of an event on a case stand, by kind: those that stand, where others were withdrawn before."""
    query = """
        SELECT kind, state FROM tasks WHERE event_id = :event AND case_id IS NOT DISTINCT FROM :case_id
        ORDER BY state <> 'withdrawn'
    """
    return {row.kind: row.state for row in rows(county, query, event=event, case_id=case_id)}


def told_of(county: Alder, event: UUID, case_id: UUID | None) -> set[str]:
    query = """
        SELECT COALESCE(s.username, t.slug) AS who FROM notifications n LEFT JOIN staff s ON s.id = n.recipient_id
        LEFT JOIN teams t ON t.id = n.recipient_id WHERE n.event_id = :event AND n.case_id IS NOT DISTINCT FROM :case_id
    """
    return {row.who for row in rows(county, query, event=event, case_id=case_id)}


def test_a_link_is_the_work_that_the_desk_was_asked_to_do(county: Alder) -> None:
    receipt = stray(county)
    assert tasks_of(county, receipt, None) == {"link_event": "proposed"}
    by = link(county, receipt)
    [task] = rows(county, "SELECT state, done_by_event_id FROM tasks WHERE kind = 'link_event'")
    assert (task.state, task.done_by_event_id) == ("done", by)
    assert outcome(county, receipt) == ("processed", None, case_of(county, "C-1"))


def test_taking_a_link_back_withdraws_what_it_opened_and_looks_for_the_case_again(county: Alder) -> None:
    receipt = stray(county)
    link(county, receipt)
    here = case_of(county, "C-1")
    assert set(tasks_of(county, receipt, here).values()) == {"proposed"}
    unlink(county, receipt)
    assert set(tasks_of(county, receipt, here).values()) == {"withdrawn"}
    assert outcome(county, receipt) == ("unmatched", "unknown_case", None)
    open_tasks = "SELECT kind FROM tasks WHERE event_id = :event AND state = 'proposed'"
    assert [row.kind for row in rows(county, open_tasks, event=receipt)] == ["link_event"]
    assert len(rows(county, "SELECT 1 FROM notifications WHERE rule_id = 'standing.unmatched'")) == 2
    assert rows(county, "SELECT 1 FROM jobs WHERE error_code IS NOT NULL") == []


def test_the_due_dates_of_withdrawn_tasks_are_cancelled_with_them(county: Alder) -> None:
    receipt = stray(county)
    link(county, receipt)
    unlink(county, receipt)
    query = """
        SELECT d.state FROM deadlines d JOIN tasks t ON t.id = d.task_id
        WHERE t.event_id = :event AND t.state = 'withdrawn'
    """
    assert {row.state for row in rows(county, query, event=receipt)} == {"cancelled"}


def test_an_event_linked_to_the_right_case_is_told_and_asked_there_though_the_same_people_were_told_before(
    county: Alder,
) -> None:
    receipt = stray(county)
    link(county, receipt)
    opened = tasks_of(county, receipt, case_of(county, "C-1"))
    unlink(county, receipt)
    link(county, receipt, "C-2")
    assert tasks_of(county, receipt, case_of(county, "C-2")) == dict.fromkeys(opened, "proposed")
    assert "worker" in told_of(county, receipt, case_of(county, "C-2"))
    assert outcome(county, receipt) == ("processed", None, case_of(county, "C-2"))


def test_an_event_linked_again_to_the_same_case_opens_everything_again(county: Alder) -> None:
    receipt = stray(county, REFERRAL, "cps", data={"referral_ref": "r-1"})
    here = case_of(county, "C-1")
    link(county, receipt)
    unlink(county, receipt)
    states = "SELECT rule_id, state FROM deadlines WHERE trigger_event_id = :event AND task_id IS NULL"
    assert {row.state for row in rows(county, states, event=receipt)} == {"cancelled"}
    link(county, receipt)
    assert "proposed" in tasks_of(county, receipt, here).values()
    assert {row.state for row in rows(county, states, event=receipt)} == {"open"}


def test_deadlines_open_on_the_right_case_after_a_wrong_link(county: Alder) -> None:
    receipt = stray(county, REFERRAL, "cps", data={"referral_ref": "r-1"})
    link(county, receipt)
    unlink(county, receipt)
    link(county, receipt, "C-2")
    query = "SELECT state FROM deadlines WHERE trigger_event_id = :event AND task_id IS NULL AND case_id = :case"
    assert {row.state for row in rows(county, query, event=receipt, case=case_of(county, "C-1"))} == {"cancelled"}
    assert {row.state for row in rows(county, query, event=receipt, case=case_of(county, "C-2"))} == {"open"}


def test_what_a_wrongly_linked_event_had_met_is_due_again(county: Alder, clock: StoryClock) -> None:
    county.accept("cps", REFERRAL, {**minimal_payload(REFERRAL), "referral_ref": "r-1"})
    county.work()
    clock.move_to(clock() + timedelta(days=2))
    receipt = stray(county, "inv.disposition", "cps")
    met = "SELECT state, closed_by_event_id FROM deadlines WHERE rule_id = 'D02'"
    link(county, receipt)
    [deadline] = rows(county, met)
    assert (deadline.state, deadline.closed_by_event_id) == ("met", receipt)
    unlink(county, receipt)
    [deadline] = rows(county, met)
    assert (deadline.state, deadline.closed_by_event_id) == ("open", None)
    [job] = rows(county, "SELECT 1 FROM jobs j JOIN deadlines d ON d.id = j.ref WHERE d.rule_id = 'D02'")
    assert job


def test_what_was_done_rightly_as_well_stays_done(county: Alder, clock: StoryClock) -> None:
    county.accept("cps", REFERRAL, {**minimal_payload(REFERRAL), "referral_ref": "r-1"})
    county.work()
    clock.move_to(clock() + timedelta(days=2))
    receipt = stray(county, "inv.disposition", "cps")
    link(county, receipt)
    clock.move_to(clock() + timedelta(days=1))
    rightly = county.accept("cps", "inv.disposition", minimal_payload("inv.disposition"))
    county.work()
    unlink(county, receipt)
    [deadline] = rows(county, "SELECT state, closed_by_event_id FROM deadlines WHERE rule_id = 'D02'")
    assert (deadline.state, deadline.closed_by_event_id) == ("met", rightly)


def test_a_task_that_only_a_wrongly_linked_event_had_done_is_to_be_done_after_all(county: Alder) -> None:
    county.accept("probation", "order.violated", minimal_payload("order.violated"))
    county.work()
    asked = "SELECT state FROM tasks WHERE kind = 'find_safe_contact'"
    assert {row.state for row in rows(county, asked)} == {"proposed"}
    contact = stray(county, "safety.contact_recorded", "cps", data={"outcome": "done"})
    link(county, contact)
    assert {row.state for row in rows(county, asked)} == {"done"}
    unlink(county, contact)
    assert {row.state for row in rows(county, asked)} == {"proposed"}
    due = "SELECT d.state FROM deadlines d JOIN tasks t ON t.id = d.task_id WHERE t.kind = 'find_safe_contact'"
    assert {row.state for row in rows(county, due)} == {"open"}


def test_a_caution_goes_with_the_link_that_raised_it_and_comes_back_with_the_one_that_lifted_it(county: Alder) -> None:
    standing = "SELECT c.event_id FROM cautions c WHERE c.lifted_at IS NULL AND c.case_id = :case"
    here = case_of(county, "C-1")
    wrong = stray(county)
    link(county, wrong)
    assert [row.event_id for row in rows(county, standing, case=here)] == [wrong]
    unlink(county, wrong)
    assert rows(county, standing, case=here) == []
    link(county, wrong, "C-2")
    assert [row.event_id for row in rows(county, standing, case=case_of(county, "C-2"))] == [wrong]
    right = county.accept("probation", "order.violated", minimal_payload("order.violated"))
    county.work()
    contact = stray(county, "safety.contact_recorded", "cps", data={"outcome": "done", "may_be_raised": True})
    link(county, contact)
    assert rows(county, standing, case=here) == []
    unlink(county, contact)
    assert [row.event_id for row in rows(county, standing, case=here)] == [right]


def test_what_was_linked_and_taken_back_before_it_was_routed_leaves_nothing(county: Alder) -> None:
    receipt = stray(county)
    county.accept("cps", "event.linked", {"linked_event": str(receipt)})
    county.accept("cps", "event.unlinked", {"linked_event": str(receipt), "why": "other family"})
    county.work()
    here = case_of(county, "C-1")
    assert "proposed" not in tasks_of(county, receipt, here).values()
    assert outcome(county, receipt) == ("unmatched", "unknown_case", None)
    assert rows(county, "SELECT 1 FROM jobs WHERE error_code IS NOT NULL") == []


def test_of_two_links_the_first_counts_and_the_second_has_no_effect_and_says_so(county: Alder) -> None:
    receipt = stray(county)
    link(county, receipt)
    second = link(county, receipt, "C-2")
    assert outcome(county, second)[:2] == ("refused", "not_waiting")
    assert outcome(county, receipt)[2] == case_of(county, "C-1")
    assert told_of(county, receipt, case_of(county, "C-2")) == set()


def test_what_is_not_linked_to_a_case_is_not_taken_off_it(county: Alder) -> None:
    receipt = stray(county)
    link(county, receipt)
    for number, target in (("C-2", str(receipt)), ("C-1", "no-such-event")):
        said = {"linked_event": target, "why": "other family"}
        by = county.accept("cps", "event.unlinked", said, subject=number)
        county.work()
        assert outcome(county, by)[:2] == ("refused", "not_linked")
    assert outcome(county, receipt)[0] == "processed"


def test_a_number_that_is_linked_later_links_no_event_that_waits(county: Alder) -> None:
    receipt = stray(county)
    county.accept("cps", "case.identifier_linked", {"agency": "police", "value": "nobody-s"})
    county.work()
    assert outcome(county, receipt) == ("unmatched", "unknown_case", None)
    assert tasks_of(county, receipt, None) == {"link_event": "proposed"}


def test_the_desk_of_an_agency_stands_behind_nobody_on_a_case_that_it_is_not_on(county: Alder) -> None:
    with county.system.database.begin(TEST) as connection:
        cases = {case_of(county, number) for number in ("C-1", "C-2")}
        facts = rosters.case_facts(connection, cases, (), county.system.clock())
    desks = {number: len(facts[case_of(county, number)].desks) for number in ("C-1", "C-2")}
    assert desks == {"C-1": 2, "C-2": 1}


def test_an_alert_that_was_told_by_mistake_climbs_no_further(county: Alder, clock: StoryClock) -> None:
    receipt = stray(county)
    link(county, receipt)
    here = case_of(county, "C-1")
    unlink(county, receipt)
    clock.move_to(clock() + timedelta(minutes=20))
    county.work()
    climbed = "SELECT case_id FROM notifications WHERE event_id = :event AND reason = 'escalated'"
    found = {row.case_id for row in rows(county, climbed, event=receipt)}
    assert here not in found
    assert found == {None}, "nobody has acknowledged that the event waits for a case again"


def test_the_alert_for_a_desk_ends_when_somebody_has_found_the_case(county: Alder, clock: StoryClock) -> None:
    receipt = stray(county)
    link(county, receipt)
    clock.move_to(clock() + timedelta(minutes=20))
    county.work()
    climbed = "SELECT case_id FROM notifications WHERE event_id = :event AND reason = 'escalated'"
    assert {row.case_id for row in rows(county, climbed, event=receipt)} == {case_of(county, "C-1")}


def test_a_contradiction_of_an_event_that_was_linked_is_for_the_supervisor_of_its_case(county: Alder) -> None:
    receipt = stray(county, event_id="a")
    link(county, receipt)
    county.send("police", "le.dv_incident", {**INCIDENT, "weapons": True}, subject="nobody-s", event_id="a")
    county.work()
    [task] = rows(county, "SELECT case_id, role FROM tasks WHERE kind = 'compare_versions'")
    assert (task.case_id, task.role) == (case_of(county, "C-1"), "CPS_SUP")


def test_that_a_case_was_looked_for_too_long_is_told_each_time_that_it_is(county: Alder, clock: StoryClock) -> None:
    receipt = stray(county)
    told = "SELECT 1 FROM notifications WHERE rule_id = 'deadline.task.link_event.overdue'"
    clock.move_to(clock() + timedelta(hours=1))
    county.work()
    assert len(rows(county, told)) == 1
    link(county, receipt)
    unlink(county, receipt)
    clock.move_to(clock() + timedelta(hours=1))
    county.work()
    assert len(rows(county, told)) == 2


def test_what_came_of_missing_a_deadline_that_never_was_is_withdrawn_too(county: Alder, clock: StoryClock) -> None:
    receipt = stray(county, REFERRAL, "cps", data={"referral_ref": "r-1"})
    link(county, receipt)
    clock.move_to(clock() + timedelta(days=45))
    county.work()
    asked = """
        SELECT k.kind, k.state FROM tasks k JOIN event_log e ON e.id = k.event_id
        WHERE e.type = 'deadline.missed' AND k.case_id = :case
    """
    here = case_of(county, "C-1")
    assert {row.state for row in rows(county, asked, case=here)} == {"proposed"}
    unlink(county, receipt)
    assert {row.state for row in rows(county, asked, case=here)} == {"withdrawn"}
    due = "SELECT 1 FROM deadlines WHERE case_id = :case AND state IN ('open', 'missed') AND trigger_event_id = :event"
    assert rows(county, due, case=here, event=receipt) == []


def test_of_two_links_that_are_routed_together_the_first_counts(county: Alder) -> None:
    receipt = stray(county)
    first, second = (
        county.accept("cps", "event.linked", {"linked_event": str(receipt)}, subject=number)
        for number in ("C-2", "C-1")
    )
    county.work()
    assert outcome(county, first)[:2] == ("processed", None)
    assert outcome(county, second)[:2] == ("refused", "not_waiting")
    assert outcome(county, receipt)[2] == case_of(county, "C-2")


def test_of_two_people_who_put_it_on_a_case_at_once_one_does(county: Alder) -> None:
    stray(county)
    [task] = rows(county, "SELECT id FROM tasks WHERE kind = 'link_event'")
    web = replace(county.system, database=county.system.database.as_role(DatabaseRole.WEB))
    desk = replace(county.senders["cps"], scopes=frozenset({"tasks"}))
    with ThreadPoolExecutor(2) as two:
        both = [two.submit(put_on_case, web, desk, task.id, number) for number in ("C-1", "C-2")]
        outcomes = [one.result() for one in both]
    assert sorted(type(one).__name__ for one in outcomes) == ["NotPut", "PutOnCase"]
    county.work()
    assert len(rows(county, "SELECT 1 FROM event_log WHERE type = 'event.linked'")) == 1
    assert len(rows(county, "SELECT 1 FROM event_links")) == 1
