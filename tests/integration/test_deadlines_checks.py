"""Looking at deadlines on a real database: once each, in sets, whenever it comes, and only where it is still due."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event as engine_events
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from services.actions.check_deadlines import check_deadlines
from services.actions.move_deadlines import move_deadlines
from services.actions.play_story import let_time_pass
from services.actions.run_jobs import run_jobs
from services.clock import StoryClock
from services.domain.actors import Actor, system_actor
from services.domain.calendars import Venue
from services.domain.deadlines import State
from services.domain.events import Event
from services.domain.tasks import TaskState
from services.domain.urgency import Lane
from services.local.machine import LocalStores
from services.policy.calendars import CalendarPolicy
from services.storage import deadlines, event_log, jobs, rosters
from services.storage import tasks as task_rows
from services.storage.database import DatabaseRole
from services.storage.jobs import Job, LeaseLostError
from services.system import System
from tests.alder import Alder
from tests.integration.test_ledger import behind_its_back
from tests.payloads import minimal_payload

ZONE = ZoneInfo("America/New_York")
READER = system_actor("test")
REFERRED = datetime(2025, 1, 19, 3, 45, tzinfo=UTC)
OVERDUE = datetime(2025, 2, 18, 5, 0, tzinfo=UTC)
"""The first instant after the 30 days of D02 that count from ``REFERRED``."""


def refer(county: Alder, clock: StoryClock, *references: str, subject: str = "C-1") -> None:
    """Investigations begin (D02), one for each reference, and are routed."""
    clock.move_to(REFERRED)
    for reference in references:
        data = {**minimal_payload("intake.referral_received"), "referral_ref": reference}
        county.accept("cps", "intake.referral_received", data, subject=subject)
    county.work()


def rows(system: System, query: str, **values: object) -> list[Any]:
    """What a query answers."""
    with system.database.begin(READER) as connection:
        return list(connection.execute(text(query), values).all())


def states(system: System, rule_id: str) -> list[tuple[str, date | None]]:
    """The states of the deadlines of a rule, with the day since when each is overdue."""
    found = rows(
        system,
        "SELECT state, overdue_since FROM deadlines WHERE rule_id = :rule ORDER BY rolled_due, key",
        rule=rule_id,
    )
    return [(row.state, row.overdue_since) for row in found]


def lease_deadlines(system: System, rule_id: str) -> list[Job]:
    """The jobs of deadlines of a rule that are due now, as a worker would lease them."""
    of_rule = {row.id for row in rows(system, "SELECT id FROM deadlines WHERE rule_id = :rule", rule=rule_id)}
    with system.database.begin(READER) as connection:
        leased = jobs.lease(connection, Lane.ROUTINE, ["deadline"], system.clock(), 1_000)
    return [job for job in leased if job.ref in of_rule]


def written(system: System) -> Mapping[str, int]:
    """How many rows there are of everything that a check may write."""
    tables = ("event_log", "notifications", "tasks", "deadlines", "jobs")
    return {table: rows(system, f"SELECT count(*) FROM {table}")[0][0] for table in tables}


@contextmanager
def statements(system: System) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    sent: list[str] = []

    def note(*args: Any) -> None:
        sent.append(args[2])

    engine_events.listen(system.database.engine, "before_cursor_execute", note)
    yield sent
    engine_events.remove(system.database.engine, "before_cursor_execute", note)


def test_a_check_that_comes_after_a_long_stop_says_each_thing_once(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    refer(county, clock, "r-1")
    clock.move_to(OVERDUE + timedelta(days=20))
    county.work()
    told = rows(
        county.system,
        "SELECT role, urgency, reason FROM notifications WHERE rule_id LIKE 'deadline.D02.%' ORDER BY rule_id",
    )
    assert [tuple(row) for row in told] == [
        ("CPS_WORKER", "U2", "rule"),
        ("CPS_SUP", "U1", "rule"),
        ("CPS_SUP", "U1", "role_unfilled"),
    ]
    said = rows(county.system, "SELECT time FROM event_log WHERE type = 'deadline.missed'")
    assert [row.time for row in said] == [OVERDUE]
    assert states(county.system, "D02") == [("open", date(2025, 2, 18))]


def test_a_check_whose_commit_fails_has_done_nothing_and_is_done_once_afterwards(
    county: Alder, clock: StoryClock
) -> None:
    county.open_case()
    refer(county, clock, "r-1")
    clock.move_to(OVERDUE)
    before = written(county.system)
    batch = lease_deadlines(county.system, "D02")

    def power_cut(_: Any) -> None:
        raise RuntimeError("power cut")

    engine_events.listen(county.system.database.engine, "commit", power_cut)
    with pytest.raises(RuntimeError, match="power cut"):
        check_deadlines(county.system, batch)
    engine_events.remove(county.system.database.engine, "commit", power_cut)
    assert written(county.system) == before

    check_deadlines(county.system, batch)
    once = written(county.system)
    assert once["event_log"] == before["event_log"] + 1
    with pytest.raises(LeaseLostError):
        check_deadlines(county.system, batch)
    assert written(county.system) == once


def test_a_deadline_that_is_met_by_now_is_only_let_go(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    refer(county, clock, "r-1")
    county.accept("cps", "inv.disposition", minimal_payload("inv.disposition"))
    county.work()
    clock.move_to(OVERDUE)
    before = written(county.system)
    batch = lease_deadlines(county.system, "D02")
    assert batch
    check_deadlines(county.system, batch)
    assert written(county.system) == {**before, "jobs": before["jobs"] - len(batch)}


def test_two_hundred_deadlines_take_as_many_statements_as_four(county: Alder, clock: StoryClock) -> None:
    few, many = (cases_with_referrals(county, clock, number) for number in ("few", "many"))
    clock.move_to(OVERDUE)
    batch = lease_deadlines(county.system, "D02")
    refs = {case: [job for job in batch if job.case_id in ids] for case, ids in (("few", few), ("many", many))}
    assert {case: len(found) for case, found in refs.items()} == {"few": 4, "many": 200}
    with statements(county.system) as of_few:
        check_deadlines(county.system, refs["few"])
    with statements(county.system) as of_many:
        check_deadlines(county.system, refs["many"])
    assert len(of_many) == len(of_few)
    assert {row.state for row in rows(county.system, "SELECT DISTINCT state FROM deadlines WHERE rule_id = 'D02'")} == {
        "open"
    }
    assert len(rows(county.system, "SELECT id FROM event_log WHERE type = 'deadline.missed'")) == 204


def cases_with_referrals(county: Alder, clock: StoryClock, how_many: str) -> set[UUID]:
    """Four cases with one referral each, or with fifty, routed. Returns their ids."""
    numbers = [f"{how_many}-{number}" for number in range(4)]
    for number in numbers:
        opening = {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": "2025-01-18"}
        county.accept("cps", "case.opened", opening, subject=number)
        seat = {"role": "CPS_WORKER", "agency": "cps", "person": "worker", "since": "2025-01-18"}
        county.accept("cps", "case.role_given", seat, subject=number)
    for number in numbers:
        refer(county, clock, *(f"r-{one}" for one in range(50 if how_many == "many" else 1)), subject=number)
    found = rows(county.system, "SELECT case_id FROM case_identifiers WHERE value = ANY(:numbers)", numbers=numbers)
    return {row.case_id for row in found}


def test_a_batch_of_events_is_moved_with_a_constant_number_of_statements(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    few = send_referrals(county, clock, day=0, number=2)
    with statements(county.system) as of_few:
        moved(county.system, few)
    many = send_referrals(county, clock, day=1, number=40)
    with statements(county.system) as of_many:
        moved(county.system, many)
    assert len(of_many) == len(of_few)
    assert len(states(county.system, "D02")) == 42


def send_referrals(county: Alder, clock: StoryClock, day: int, number: int) -> list[UUID]:
    """So many referrals, not routed."""
    clock.move_to(REFERRED + timedelta(days=day))
    data = minimal_payload("intake.referral_received")
    return [
        county.accept("cps", "intake.referral_received", {**data, "referral_ref": f"r-{day}-{one}"})
        for one in range(number)
    ]


def moved(system: System, event_ids: Sequence[UUID]) -> None:
    """Move deadlines by these events, as routing does."""
    with system.database.begin(READER) as connection:
        loaded: dict[UUID, Event] = event_log.load(connection, system.keys, event_ids)
        events = [loaded[event_id] for event_id in event_ids]
        facts = rosters.case_facts(connection, {event.case_id for event in events if event.case_id}, (), system.clock())
        move_deadlines(system, connection, events, facts, system.clock())


def test_an_event_that_is_routed_again_changes_nothing(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    clock.move_to(REFERRED)
    data = {**minimal_payload("intake.referral_received"), "referral_ref": "r-1"}
    receipt = county.accept("cps", "intake.referral_received", data)
    county.work()
    before = written(county.system)
    moved(county.system, [receipt])
    assert written(county.system) == before


def test_what_was_done_before_its_deadline_was_known_meets_it_at_once(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    clock.move_to(REFERRED + timedelta(days=5))
    county.accept("cps", "inv.disposition", minimal_payload("inv.disposition"))
    county.work()
    data = {**minimal_payload("intake.referral_received"), "referral_ref": "r-1"}
    county.accept("cps", "intake.referral_received", data, time=REFERRED)
    county.work()
    assert states(county.system, "D02") == [("met", None)]


def test_a_linked_event_opens_and_meets_deadlines_until_its_link_is_taken_back(
    county: Alder, clock: StoryClock
) -> None:
    county.open_case()
    clock.move_to(REFERRED + timedelta(days=5))
    done = county.accept("cps", "inv.disposition", minimal_payload("inv.disposition"), subject="elsewhere")
    county.work()
    county.accept("cps", "event.linked", {"linked_event": str(done)})
    county.work()
    data = {**minimal_payload("intake.referral_received"), "referral_ref": "r-1"}
    county.accept("cps", "intake.referral_received", data, time=REFERRED)
    county.work()
    assert states(county.system, "D02") == [("met", None)]
    later = county.accept("cps", "intake.referral_received", {**data, "referral_ref": "r-2"}, subject="elsewhere")
    county.work()
    county.accept("cps", "event.linked", {"linked_event": str(later)})
    county.work()
    assert states(county.system, "D02") == [("met", None), ("open", None)]
    county.accept("cps", "event.unlinked", {"linked_event": str(later), "why": "another family"})
    county.work()
    assert states(county.system, "D02") == [("met", None), ("cancelled", None)]


def test_a_visit_in_time_that_is_told_late_takes_back_that_it_was_missed(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    removed = {"child_ref": "cody", "removal_at": "2025-01-20T12:00:00-05:00"}
    clock.move_to(datetime(2025, 1, 20, 18, 0, tzinfo=UTC))
    county.accept("cps", "child.removed", removed)
    let_time_pass(county.system, clock, datetime(2025, 3, 3, 18, 0, tzinfo=UTC))
    assert states(county.system, "D14") == [("missed", date(2025, 3, 1)), ("open", None)]
    visit = {**minimal_payload("visit.caseworker_made"), "child_ref": "cody", "visited_on": "2025-02-27"}
    county.accept("cps", "visit.caseworker_made", visit)
    county.work()
    assert states(county.system, "D14") == [("met", None), ("open", None)]


def test_a_role_that_nobody_holds_goes_to_the_supervisor_with_a_task_to_fill_it(
    county: Alder, clock: StoryClock
) -> None:
    county.open_case()
    clock.move_to(datetime(2025, 1, 19, 4, 30, tzinfo=UTC))
    screened = {**minimal_payload("intake.screening_decided"), "decision": "in", "priority": "P1"}
    county.accept("cps", "intake.screening_decided", screened)
    let_time_pass(county.system, clock, datetime(2025, 1, 22, 0, 0, tzinfo=UTC))
    [told] = rows(
        county.system,
        "SELECT s.username, n.role, n.reason FROM notifications AS n JOIN staff AS s ON s.id = n.recipient_id "
        "WHERE n.rule_id LIKE 'deadline.D01.P1.%' AND n.reason = 'role_unfilled'",
    )
    assert tuple(told) == ("supervisor", "CPS_SUP", "role_unfilled")
    assert [row.key for row in rows(county.system, "SELECT key FROM tasks WHERE kind = 'fill_role'")] == [
        "role=CPS_MGR"
    ]


def with_closure(system: System, day: date) -> System:
    """The same system after its courts and agencies were closed on one more day."""
    venue = system.policy.calendars.venues["alder"]
    closed = {office: calendar.with_closures([day]) for office, calendar in venue.calendars.items()}
    venues = {"alder": Venue(venue.county, venue.zone, closed)}
    policy = replace(system.policy, calendars=CalendarPolicy(system.policy.calendars.calendars, venues))
    return replace(system, policy=policy)


def test_a_closure_moves_a_due_date_at_its_next_check_and_back_again(county: Alder, clock: StoryClock) -> None:
    county.open_case("programme")
    clock.move_to(datetime(2025, 1, 27, 17, 0, tzinfo=UTC))
    sent = {**minimal_payload("provider.referral_sent"), "programme": "BIP", "provider": "programme"}
    county.accept("cps", "provider.referral_sent", sent)
    county.work()
    system = county.system
    clock.move_to(datetime(2025, 3, 11, 4, 0, tzinfo=UTC))
    closed = with_closure(system, date(2025, 3, 10))
    check_deadlines(closed, lease_deadlines(closed, "D18"))
    assert [row.state for row in reports(system)] == ["recomputed", "open"]
    assert [row.due_on for row in reports(system)] == [date(2025, 3, 10), date(2025, 3, 11)]
    assert states(system, "D18") == [("recomputed", None), ("open", None)]

    clock.move_to(datetime(2025, 3, 12, 4, 0, tzinfo=UTC))
    check_deadlines(system, lease_deadlines(system, "D18"))
    assert [row.state for row in reports(system)] == ["open", "recomputed"]
    said = rows(system, "SELECT id FROM event_log WHERE type = 'deadline.recomputed'")
    assert len(said) == 2
    county.work()
    march, *following = reports(system)
    assert (march.state, march.overdue_since) == ("open", date(2025, 3, 11))
    assert following[-1].due_on == date(2025, 4, 10)


def reports(system: System) -> list[Any]:
    """The deadlines of the programme's reports, the first due first."""
    return rows(system, "SELECT * FROM deadlines WHERE rule_id = 'D18' ORDER BY rolled_due")


def test_a_task_that_is_not_done_in_time_is_overdue_and_its_assignee_s_supervisor_hears_of_it(
    county: Alder, clock: StoryClock
) -> None:
    county.open_case()
    refer(county, clock, "r-1")
    [task] = rows(county.system, "SELECT t.id, t.kind, t.assignee_id FROM tasks AS t WHERE kind = 'screen_referral'")
    [due] = rows(county.system, "SELECT * FROM deadlines WHERE task_id = :task", task=task.id)
    assert (due.rule_id, due.key, due.rolled_due) == (
        "task.screen_referral",
        str(task.id),
        REFERRED + timedelta(hours=4),
    )
    let_time_pass(county.system, clock, REFERRED + timedelta(hours=5))
    assert states(county.system, "task.screen_referral") == [("open", date(2025, 1, 19))]
    told = rows(
        county.system,
        "SELECT s.username, n.role, n.urgency FROM notifications AS n JOIN staff AS s ON s.id = n.recipient_id "
        "WHERE n.rule_id = 'deadline.task.screen_referral.overdue'",
    )
    assert [tuple(row) for row in told] == [("supervisor", "CPS_SUP", "U1")]


@pytest.mark.parametrize(
    ("answer", "state"),
    [(TaskState.DONE, State.MET), (TaskState.DECLINED, State.CANCELLED), (TaskState.WITHDRAWN, State.CANCELLED)],
)
def test_nobody_hears_of_a_task_that_is_answered_for_good(
    county: Alder, clock: StoryClock, answer: TaskState, state: State
) -> None:
    county.open_case()
    refer(county, clock, "r-1")
    [task] = rows(county.system, "SELECT id FROM tasks WHERE kind = 'screen_referral'")
    with county.system.database.begin(READER) as connection:
        task_rows.move(connection, task.id, answer, None, clock())
    let_time_pass(county.system, clock, REFERRED + timedelta(hours=5))
    assert states(county.system, "task.screen_referral") == [(state.value, None)]
    assert rows(county.system, "SELECT id FROM notifications WHERE rule_id LIKE 'deadline.task.screen_referral%'") == []


def test_a_task_about_an_event_of_no_case_is_looked_at_too(county: Alder, clock: StoryClock) -> None:
    clock.move_to(REFERRED)
    county.accept("police", "le.arrest", minimal_payload("le.arrest"), subject="nobody-s")
    county.work()
    [due] = rows(county.system, "SELECT case_id, rule_id, rolled_due FROM deadlines")
    assert (due.case_id, due.rule_id) == (None, "task.link_event")
    let_time_pass(county.system, clock, due.rolled_due)
    assert (
        len(rows(county.system, "SELECT id FROM notifications WHERE rule_id = 'deadline.task.link_event.overdue'")) == 1
    )
    assert rows(county.system, "SELECT id FROM jobs WHERE error_code IS NOT NULL") == []


def test_only_one_at_a_time_moves_the_deadlines_of_a_case(county: Alder, someone: Actor) -> None:
    county.open_case()
    [case] = rows(county.system, "SELECT id FROM cases")
    with county.system.database.begin(someone) as first:
        deadlines.lock_cases(first, [case.id])
        with county.system.database.engine.begin() as second:
            second.execute(text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                deadlines.lock_cases(second, [case.id])


def test_an_agency_sees_the_deadlines_of_its_cases_and_of_its_own_tasks_alone(
    county: Alder, clock: StoryClock, stores: LocalStores
) -> None:
    county.open_case("police")
    refer(county, clock, "r-1")
    [case] = rows(county.system, "SELECT id FROM cases")
    web = county.system.database.as_role(DatabaseRole.WEB)
    with web.begin(county.senders["police"]) as connection:
        assert deadlines.open_of_case(connection, case.id)
    with web.begin(county.senders["clinic"]) as connection:
        assert deadlines.open_of_case(connection, case.id) == []
    [task] = rows(county.system, "SELECT id FROM tasks WHERE kind = 'screen_referral'")
    clinics = (
        "UPDATE tasks SET agency_id = (SELECT id FROM agencies WHERE slug = 'clinic') WHERE kind = 'screen_referral'"
    )
    behind_its_back(stores, county, clinics)
    with web.begin(county.senders["clinic"]) as connection:
        assert list(deadlines.of_tasks(connection, [task.id])) == [task.id]
        assert len(deadlines.open_of_case(connection, case.id)) == 1


def test_what_cannot_be_done_of_one_deadline_does_not_hold_up_the_others(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    refer(county, clock, "r-1", "r-2")
    with county.system.database.begin(READER) as connection:
        connection.execute(text("UPDATE deadlines SET zone = 'Nowhere/Land' WHERE key = 'r-1'"))
    clock.move_to(OVERDUE)
    while run_jobs(county.system, Lane.ROUTINE):
        pass
    assert states(county.system, "D02") == [("open", None), ("open", date(2025, 2, 18))]
    assert len(rows(county.system, "SELECT id FROM jobs WHERE kind = 'deadline' AND error_code IS NOT NULL")) == 1
