"""The computation rules of practice.md §4.2, one by one, and what must hold for every rule, event and order."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.calendars import BusinessCalendar, Venue, end_of_day, local_date
from services.domain.deadline_changes import Changes, changes_by, next_opened, recompute
from services.domain.deadline_rules import (
    Again,
    Closing,
    DeadlineRule,
    Ending,
    Extension,
    Recurrence,
    Trigger,
    rule_book,
)
from services.domain.deadline_steps import Snoozed, SnoozeRefused, next_check, snooze, steps_due, steps_of
from services.domain.deadlines import Basis, State, compute_deadline, deadlines_opened_by, is_overdue, overdue_since
from services.domain.due_dates import (
    BusinessDays,
    CalendarDays,
    DayOfNextMonth,
    DaysBefore,
    DaySpan,
    Elapsed,
    Internal,
    Limit,
    MonthEnd,
    Months,
    Roll,
    compute_due,
    limit_from_text,
    task_due,
)
from services.domain.events import Event
from services.domain.ladders import (
    BecomeOverdue,
    CloseMissed,
    DayOffset,
    OpenNext,
    OpenTask,
    Rung,
    Step,
    Tell,
    plan_steps,
)
from services.domain.roles import Role
from services.domain.urgency import Urgency
from tests.unit.deadline_cases import CASE, ZONE, CaseFile, at, event, local_days

COURT = BusinessCalendar("court", closed=frozenset({date(2025, 1, 20), date(2025, 2, 17), date(2025, 7, 4)}))

instants = st.integers(0, 3 * 366 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
zones = st.sampled_from(["America/New_York", "America/Chicago", "America/Havana", "Pacific/Apia", "UTC"]).map(ZoneInfo)
counts = st.integers(0, 400)
day_limits: st.SearchStrategy[DaySpan] = st.one_of(
    st.builds(CalendarDays, counts, st.integers(0, 10)),
    st.builds(BusinessDays, st.integers(0, 60)),
    st.builds(Months, st.integers(0, 30)),
    st.builds(DayOfNextMonth, st.integers(1, 31)),
    st.just(MonthEnd()),
    st.builds(DaysBefore, counts),
)
hour_limits = st.builds(Elapsed, st.integers(0, 400).map(lambda hours: timedelta(hours=hours)), st.booleans())
limits: st.SearchStrategy[Limit] = st.one_of(day_limits, hour_limits)
calendars = st.builds(
    BusinessCalendar,
    st.just("court"),
    st.frozensets(st.integers(0, 6), max_size=5),
    st.frozensets(st.dates(date(2024, 1, 1), date(2026, 12, 31)), max_size=80),
)


# --- due dates ------------------------------------------------------------------------------------------------------


def due_on(text: str, anchor: str, roll: Roll = Roll.NONE, internal: Internal = Internal.SAME) -> tuple[str, ...]:
    """Raw, rolled and internal day of a limit in words."""
    limit = limit_from_text(text)
    assert limit is not None
    due = compute_due(limit, at(anchor), ZONE, COURT, roll, internal)
    return due.raw_on.isoformat(), due.due_on.isoformat(), due.internal_on.isoformat()


def test_day_0_is_excluded_and_the_last_day_included() -> None:
    due = compute_due(CalendarDays(30), at("2025-01-18 22:45"), ZONE, COURT)
    assert due.due_on == date(2025, 2, 17)
    assert due.rolled == at("2025-02-18 00:00")


def test_hours_run_through_weekend_and_holiday() -> None:
    due = compute_due(Elapsed(timedelta(hours=24)), at("2025-01-18 23:30"), ZONE, COURT)
    assert due.rolled == at("2025-01-19 23:30")


def test_hours_of_open_days_only_begin_again_on_the_next_open_day() -> None:
    limit = Elapsed(timedelta(hours=72), open_days_only=True)
    due = compute_due(limit, at("2025-01-20 10:00"), ZONE, COURT)  # a holiday
    assert due.rolled == at("2025-01-24 00:00")
    assert due.due_on == date(2025, 1, 24)


def test_hours_are_elapsed_hours_when_clocks_change() -> None:
    due = compute_due(Elapsed(timedelta(hours=24)), at("2025-03-08 12:00"), ZONE, COURT)
    assert due.rolled == at("2025-03-09 13:00")


def test_a_due_day_has_its_true_end_when_clocks_change() -> None:
    due = compute_due(CalendarDays(1), at("2025-03-08 12:00"), ZONE, COURT)
    assert due.rolled - at("2025-03-09 00:00") == timedelta(hours=23)


def test_a_federal_due_day_does_not_roll_and_its_internal_day_moves_back() -> None:
    assert due_on("30 CD", "2025-01-18", internal=Internal.BACK) == ("2025-02-17", "2025-02-17", "2025-02-14")


def test_a_filing_counted_forward_rolls_forward() -> None:
    assert due_on("30 CD", "2025-01-18", roll=Roll.FORWARD) == ("2025-02-17", "2025-02-18", "2025-02-18")


def test_days_before_a_hearing_count_back_and_roll_back() -> None:
    due = compute_due(DaysBefore(10), at("2025-07-14 09:00"), ZONE, COURT, Roll.BACK)
    assert (due.raw_on, due.due_on) == (date(2025, 7, 4), date(2025, 7, 3))


def test_the_day_before_is_the_last_open_day_before() -> None:
    assert due_on("same day", "2025-02-18", internal=Internal.BEFORE)[2] == "2025-02-14"


def test_a_short_period_may_count_open_days_only() -> None:
    limit = CalendarDays(5, open_days_under=7)
    assert compute_due(limit, at("2025-02-13"), ZONE, COURT).due_on == date(2025, 2, 21)
    assert compute_due(CalendarDays(7, open_days_under=7), at("2025-02-13"), ZONE, COURT).due_on == date(2025, 2, 20)


@pytest.mark.parametrize(
    ("text", "accepted", "due"),
    [
        ("30 min", "2025-01-18 23:50", "2025-01-19 00:20"),
        ("4 h", "2025-01-18 22:00", "2025-01-19 02:00"),
        ("same day", "2025-01-18 23:50", "2025-01-19 00:00"),
        ("next business day", "2025-01-17 10:00", "2025-01-22 00:00"),
        ("2 BD", "2025-02-14 16:00", "2025-02-20 00:00"),
        ("5 BD", "2025-01-17 10:00", "2025-01-28 00:00"),
        ("30 CD", "2025-01-20 09:00", "2025-02-20 00:00"),
        ("month end", "2025-07-25 07:00", "2025-08-01 00:00"),
        ("6 months", "2025-08-31 07:00", "2026-03-01 00:00"),
    ],
)
def test_a_task_is_due_when_its_words_say(text: str, accepted: str, due: str) -> None:
    limit = limit_from_text(text)
    assert limit is not None
    assert task_due(limit, at(accepted), ZONE, COURT).rolled == at(due)


@pytest.mark.parametrize("text", ["", "soon", "0 h", "-1 BD", "5 bd", "5BD", "1.5 h", "10000 CD", "5 BD ", "month"])
def test_words_that_say_no_limit_are_none(text: str) -> None:
    assert limit_from_text(text) is None


@given(limits, instants, zones, calendars, st.sampled_from(Roll), st.sampled_from(Internal))
def test_the_internal_date_is_never_later_and_rolling_goes_its_way(
    limit: Limit, anchor: datetime, zone: ZoneInfo, calendar: BusinessCalendar, roll: Roll, internal: Internal
) -> None:
    due = compute_due(limit, anchor, zone, calendar, roll, internal)
    assert due.internal <= due.rolled
    assert due.internal_on <= due.due_on
    if isinstance(limit, Elapsed):
        assert due.raw == due.rolled == due.internal
        return
    match roll:
        case Roll.NONE:
            assert due.due_on == due.raw_on
        case Roll.FORWARD:
            assert due.due_on >= due.raw_on
        case Roll.BACK:
            assert due.due_on <= due.raw_on
    if roll is not Roll.NONE:
        assert calendar.is_open(due.due_on)
        assert calendar.is_open(due.raw_on) == (due.due_on == due.raw_on)
    if internal is Internal.BACK:
        assert due.internal_on <= due.raw_on
        assert calendar.is_open(due.internal_on)
    if internal is Internal.BEFORE:
        assert due.internal_on < due.raw_on
    assert due.rolled == end_of_day(due.due_on, zone)


@given(limits, instants, instants, zones, calendars, st.sampled_from(Roll))
def test_a_later_anchor_is_never_due_earlier(
    limit: Limit, one: datetime, other: datetime, zone: ZoneInfo, calendar: BusinessCalendar, roll: Roll
) -> None:
    first, last = sorted((one, other))
    sooner = compute_due(limit, first, zone, calendar, roll)
    later = compute_due(limit, last, zone, calendar, roll)
    assert sooner.rolled <= later.rolled
    assert sooner.raw <= later.raw


@given(st.integers(1, 60), instants, zones, calendars)
def test_business_days_end_on_an_open_day(
    count: int, anchor: datetime, zone: ZoneInfo, calendar: BusinessCalendar
) -> None:
    due = compute_due(BusinessDays(count), anchor, zone, calendar)
    assert calendar.is_open(due.due_on)
    assert calendar.business_days_between(local_date(anchor, zone), due.due_on) == count


@given(hour_limits, instants, zones, calendars)
def test_hours_of_open_days_are_at_least_as_long(
    limit: Elapsed, anchor: datetime, zone: ZoneInfo, calendar: BusinessCalendar
) -> None:
    due = compute_due(limit, anchor, zone, calendar)
    assert due.rolled >= anchor + limit.length
    if not limit.open_days_only:
        assert due.rolled == anchor + limit.length


# --- ladders --------------------------------------------------------------------------------------------------------

MORNING = time(7)


def remind(days: int, *roles: Role, business: bool = False) -> Rung:
    return Rung(DayOffset(days, business), Tell(roles or (Role.CPS_WORKER,), Urgency.U2), MORNING)


LADDER = (
    *(remind(-days) for days in (30, 14, 7, 3, 1, 0)),
    remind(1, business=True),
    remind(3, Role.CPS_SUP, business=True),
    remind(7, Role.CPS_MGR, business=True),
)


def planned(limit: Limit, opened: str, now: str | None = None, rungs: tuple[Rung, ...] = LADDER) -> tuple[Step, ...]:
    due = compute_due(limit, at(opened), ZONE, COURT)
    return plan_steps(rungs, due, at(now or opened), ZONE, COURT)


def test_the_ladder_stands_on_its_days_in_the_morning() -> None:
    steps = planned(CalendarDays(60), "2025-01-20 10:00")
    assert local_days([step.at for step in steps]) == [
        *("2025-02-19", "2025-03-07", "2025-03-14", "2025-03-18", "2025-03-20", "2025-03-21"),
        *("2025-03-24", "2025-03-26", "2025-04-01"),
    ]
    assert {step.at.astimezone(ZONE).time() for step in steps} == {MORNING}


def test_a_short_period_has_a_short_ladder() -> None:
    steps = planned(CalendarDays(10), "2025-01-21 10:00")
    assert local_days([step.at for step in steps])[:4] == ["2025-01-24", "2025-01-28", "2025-01-30", "2025-01-31"]


def test_a_reminder_in_the_first_tenth_of_the_period_is_left_out() -> None:
    assert local_days([step.at for step in planned(CalendarDays(15), "2025-03-03 09:00")])[0] == "2025-03-11"


def test_what_was_over_at_the_opening_is_said_at_once_and_to_each_role_once() -> None:
    opened = at("2025-06-02 12:00")
    steps = planned(CalendarDays(30), "2025-01-21 10:00", "2025-06-02 12:00")
    assert [step.at for step in steps] == [opened] * 3
    told = [step.action.roles for step in steps if isinstance(step.action, Tell)]
    assert told == [(Role.CPS_WORKER,), (Role.CPS_SUP,), (Role.CPS_MGR,)]


@given(day_limits, instants, st.integers(-400, 400), zones, calendars, st.booleans())
def test_steps_come_in_order_and_never_before_the_opening(
    limit: DaySpan, anchor: datetime, moved: int, zone: ZoneInfo, calendar: BusinessCalendar, internal: bool
) -> None:
    due = compute_due(limit, anchor, zone, calendar, internal=Internal.BACK)
    opened = anchor + timedelta(days=moved)
    steps = plan_steps(LADDER, due, opened, zone, calendar, remind_of_internal=internal)
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert all(step.at >= opened for step in steps)
    told = {role for step in steps if isinstance(step.action, Tell) for role in step.action.roles}
    assert {Role.CPS_SUP, Role.CPS_MGR} <= told, "what comes after the due date is never lost"


# --- one deadline: overdue, steps, snooze -----------------------------------------------------------------------------

RULE = DeadlineRule(
    id="T1",
    version="v",
    title="A report",
    source="test",
    owner=Role.CPS_WORKER,
    triggers=(Trigger("opened", key=("thing",)),),
    limit=CalendarDays(30),
    calendar="court",
    rungs=LADDER,
    met_by=(Closing("done", key=("thing",)),),
    cancelled_by=(Closing("dropped", key=("thing",)),),
)
VENUE = Venue("test", ZONE, {"court": COURT})


def with_rule(**changes: object) -> DeadlineRule:
    return replace(RULE, **changes)  # type: ignore[arg-type]


def basis(anchor: str = "2025-01-18 22:45") -> Basis:
    opener = event("opened", anchor)
    return Basis(CASE, opener.id, opener.time, "", opener.time)


def test_overdue_begins_on_the_day_after_the_last_day() -> None:
    deadline = compute_deadline(basis(), RULE, VENUE, at("2025-01-18 22:45"))
    assert not is_overdue(deadline, at("2025-02-17 23:59"))
    assert is_overdue(deadline, at("2025-02-18 00:00"))
    assert overdue_since(deadline) == date(2025, 2, 18)


def test_a_limit_of_hours_is_overdue_when_its_hours_are_over() -> None:
    deadline = compute_deadline(
        basis("2025-01-18 23:30"), with_rule(limit=Elapsed(timedelta(hours=24))), VENUE, at("2025-01-18 23:30")
    )
    assert not is_overdue(deadline, at("2025-01-19 23:29"))
    assert is_overdue(deadline, at("2025-01-19 23:31"))
    assert overdue_since(deadline) == date(2025, 1, 19)


def test_each_deadline_always_has_one_next_check_until_its_ladder_ends() -> None:
    deadline = compute_deadline(basis(), RULE, VENUE, at("2025-01-18 22:45"))
    seen: list[Step] = []
    after: datetime | None = None
    while (check := next_check(deadline, RULE, VENUE, after)) is not None:
        due = steps_due(deadline, RULE, VENUE, after, check)
        assert due
        assert after is None or check > after
        seen.extend(due)
        after = check
    assert tuple(seen) == steps_of(deadline, RULE, VENUE)
    assert sum(isinstance(step.action, BecomeOverdue) for step in seen) == 1


@given(st.lists(st.integers(0, 90 * 24), min_size=1, max_size=12))
def test_nothing_is_lost_or_said_twice_whenever_it_is_looked_at(hours: list[int]) -> None:
    deadline = compute_deadline(basis(), RULE, VENUE, at("2025-01-18 22:45"))
    done: list[Step] = []
    after: datetime | None = None
    for moment in sorted(at("2025-01-18 22:45") + timedelta(hours=offset) for offset in hours):
        done.extend(steps_due(deadline, RULE, VENUE, after, moment))
        after = moment
    assert after is not None
    passed = [step for step in steps_of(deadline, RULE, VENUE) if step.at <= after]
    assert len({step.at for step in done}) == len(done)
    assert set(done) <= set(passed)
    for role in Role:
        last = [step for step in passed if isinstance(step.action, Tell) and role in step.action.roles][-1:]
        assert set(last) <= set(done), "the last word to each role is always said"
    assert [step for step in passed if isinstance(step.action, BecomeOverdue)] == [
        step for step in done if isinstance(step.action, BecomeOverdue)
    ]


def test_a_deadline_that_is_not_open_asks_for_nothing() -> None:
    deadline = compute_deadline(basis(), RULE, VENUE, at("2025-01-18 22:45"))
    for state in set(State) - {State.OPEN}:
        closed = replace(deadline, state=state)
        assert steps_due(closed, RULE, VENUE, None, at("2026-01-01")) == ()
        assert next_check(closed, RULE, VENUE, None) is None
        assert not is_overdue(closed, at("2026-01-01"))


def test_reminders_are_snoozed_with_a_reason_and_never_past_the_due_date() -> None:
    deadline = compute_deadline(basis(), RULE, VENUE, at("2025-01-18 22:45"))
    assert snooze(deadline, at("2025-02-10"), "with counsel") == Snoozed(at("2025-02-10"))
    assert snooze(deadline, at("2025-02-10"), " ") == SnoozeRefused("no_reason")
    assert snooze(deadline, at("2025-02-18"), "with counsel") == SnoozeRefused("past_due_date")
    assert snooze(replace(deadline, state=State.MET), at("2025-02-10"), "x") == SnoozeRefused("not_open")


# --- what events do ---------------------------------------------------------------------------------------------------


def file_with(*rules: DeadlineRule, track: str = "investigation") -> CaseFile:
    return CaseFile(rule_book(rules), VENUE, track)


def test_a_trigger_opens_one_deadline_for_each_thing_that_it_names() -> None:
    case = file_with(RULE)
    case.arrive(event("opened", "2025-03-03 10:00", {"thing": ["a", "b", "a"]}))
    assert [one.basis.key for one in case.of("T1")] == ["a", "b"]


def test_the_same_event_again_changes_nothing() -> None:
    case = file_with(RULE)
    opener = event("opened", "2025-03-03 10:00", {"thing": "a"})
    closer = event("done", "2025-03-05 10:00", {"thing": "a"})
    for one in (opener, opener, closer, closer, opener):
        case.arrive(one)
    assert len(case.deadlines) == 1
    assert case.only("T1", State.MET)


def test_an_event_of_another_thing_or_of_earlier_meets_nothing() -> None:
    case = file_with(RULE)
    case.arrive(
        event("opened", "2025-03-03 10:00", {"thing": "a"}),
        event("done", "2025-03-05 10:00", {"thing": "b"}),
        event("done", "2025-03-05 11:00"),
        event("done", "2025-03-03 09:59", {"thing": "a"}),
    )
    assert case.only("T1")


def test_an_event_of_another_case_or_of_none_does_nothing() -> None:
    case = file_with(RULE)
    case.arrive(event("opened", "2025-03-03 10:00", {"thing": "a"}))
    case.arrive(replace(event("done", "2025-03-05 10:00", {"thing": "a"}), case_id=None))
    assert case.only("T1")
    assert case.arrive(replace(event("opened", "2025-03-06 10:00", {"thing": "b"}), case_id=None)).opened == ()


def test_what_was_done_late_is_met_with_the_days_by_which_it_was_late() -> None:
    case = file_with(RULE)
    case.arrive(event("opened", "2025-03-03 10:00", {"thing": "a"}), event("done", "2025-04-09 08:00", {"thing": "a"}))
    assert case.late == {case.only("T1", State.MET).id: 7}


def test_what_was_done_in_time_and_told_late_was_in_time() -> None:
    case = file_with(RULE)
    case.arrive(
        event("opened", "2025-03-03 10:00", {"thing": "a"}),
        event("done", "2025-04-01 23:00", {"thing": "a"}, recorded="2025-04-20 09:00"),
    )
    assert case.late == {case.only("T1", State.MET).id: 0}


def test_a_trigger_that_arrives_after_what_meets_it_is_met_at_once() -> None:
    case = file_with(RULE)
    case.arrive(event("done", "2025-03-05 10:00", {"thing": "a"}), event("opened", "2025-03-03 10:00", {"thing": "a"}))
    assert case.only("T1", State.MET)
    assert case.open_dates() == set()


def test_what_is_moot_is_cancelled_and_asks_for_nothing_more() -> None:
    case = file_with(RULE)
    case.arrive(
        event("opened", "2025-03-03 10:00", {"thing": "a"}), event("dropped", "2025-03-04 10:00", {"thing": "a"})
    )
    assert next_check(case.only("T1", State.CANCELLED), RULE, VENUE, None) is None


def test_a_track_without_the_rule_has_no_deadline() -> None:
    case = file_with(with_rule(tracks=frozenset({"investigation"})), track="differential")
    case.arrive(event("opened", "2025-03-03 10:00", {"thing": "a"}))
    assert case.deadlines == {}


ANCHORED = (Trigger("opened", anchor=("on", "event.time"), key=("thing",)),)


def test_a_corrected_trigger_recomputes_and_keeps_the_old_date() -> None:
    case = file_with(with_rule(triggers=ANCHORED, again=Again.REPLACE))
    case.arrive(
        event("opened", "2025-03-03 10:00", {"thing": "a", "on": "2025-03-03"}),
        event("opened", "2025-03-05 10:00", {"thing": "a", "on": "2025-03-01"}),
    )
    assert case.due_on("T1") == date(2025, 3, 31)
    assert case.only("T1", State.RECOMPUTED).due_on == date(2025, 4, 2)


def test_an_older_trigger_that_comes_late_does_not_undo_a_newer_one() -> None:
    case = file_with(with_rule(triggers=ANCHORED, again=Again.REPLACE))
    case.arrive(
        event("opened", "2025-03-05 10:00", {"thing": "a", "on": "2025-03-01"}),
        event("opened", "2025-03-03 10:00", {"thing": "a", "on": "2025-03-03"}),
    )
    assert case.due_on("T1") == date(2025, 3, 31)


def test_the_first_trigger_stands_where_the_rule_keeps_it() -> None:
    case = file_with(RULE)
    case.arrive(
        event("opened", "2025-03-03 10:00", {"thing": "a"}), event("opened", "2025-03-10 10:00", {"thing": "a"})
    )
    assert case.due_on("T1") == date(2025, 4, 2)


def test_the_earliest_anchor_counts_where_the_rule_says_so() -> None:
    case = file_with(with_rule(triggers=ANCHORED, again=Again.EARLIER))
    case.arrive(
        event("opened", "2025-03-03 10:00", {"thing": "a", "on": "2025-03-20"}),
        event("opened", "2025-03-10 10:00", {"thing": "a", "on": "2025-03-08"}),
        event("opened", "2025-03-12 10:00", {"thing": "a", "on": "2025-03-18"}),
    )
    assert case.due_on("T1") == date(2025, 4, 7)


def test_a_trigger_that_only_moves_opens_nothing_and_moves_all_where_it_names_none() -> None:
    mover = Trigger("moved", anchor=("on",), key=("thing",), moves_only=True, unnamed_is_all=True)
    case = file_with(with_rule(triggers=(*ANCHORED, mover), again=Again.EARLIER))
    case.arrive(event("moved", "2025-03-01 10:00", {"on": "2025-02-01"}))
    assert case.deadlines == {}
    case.arrive(
        event("opened", "2025-03-03 10:00", {"thing": ["a", "b"], "on": "2025-03-20"}),
        event("moved", "2025-03-04 10:00", {"on": "2025-03-04"}),
    )
    assert [(one.basis.key, one.due_on) for one in case.of("T1")] == [("a", date(2025, 4, 3)), ("b", date(2025, 4, 3))]


def test_what_an_event_opens_by_itself_leaves_out_what_it_only_moves() -> None:
    rules = rule_book([with_rule(id="T1"), with_rule(id="T2", triggers=(Trigger("opened", moves_only=True),))])
    opener = event("opened", "2025-03-03 10:00", {"thing": ["a", "b"]})
    opened = deadlines_opened_by(opener, rules, VENUE, at("2025-03-03 10:00"))
    assert [(one.rule_id, one.basis.key) for one in opened] == [("T1", "a"), ("T1", "b")]


def test_a_rung_may_open_a_task_and_of_two_at_once_only_the_last() -> None:
    tasks = [OpenTask("chase", Role.CPS_WORKER, urgency, BusinessDays(1)) for urgency in (Urgency.U2, Urgency.U1)]
    rungs = tuple(Rung(DayOffset(day), task, MORNING) for day, task in enumerate(tasks, start=1))
    steps = planned(CalendarDays(30), "2025-01-21 10:00", "2025-06-02 12:00", rungs)
    assert [step.action for step in steps] == tasks[1:]


def test_a_late_event_touches_the_deadlines_of_its_own_rules_only() -> None:
    other = with_rule(id="T2", met_by=(Closing("seen", key=("thing",)),))
    case = file_with(RULE, other)
    opener = event("opened", "2025-03-03 10:00", {"thing": "a"})
    case.arrive(opener)
    late = event("seen", "2025-03-01 10:00", {"thing": "a"})
    changes = changes_by(late, case.of("T2"), [opener], case.book, VENUE, at("2025-03-20 10:00"))
    assert changes == Changes()


def test_an_extension_gives_more_days_once() -> None:
    case = file_with(with_rule(limit=CalendarDays(10), extended_by=(Extension("extended", "days", key=("thing",)),)))
    more = event("extended", "2025-02-03 10:00", {"thing": "a", "days": 20})
    case.arrive(event("opened", "2025-01-31 10:00", {"thing": "a"}), more, more)
    assert case.due_on("T1") == date(2025, 3, 2)
    assert case.only("T1", State.RECOMPUTED).due_on == date(2025, 2, 10)


def test_a_court_closure_moves_what_is_open_and_keeps_the_old_date() -> None:
    rule = with_rule(roll=Roll.FORWARD)
    old = compute_deadline(basis("2025-02-26 09:00"), rule, VENUE, at("2025-02-26 09:00"))
    closed = Venue("test", ZONE, {"court": COURT.with_closures([date(2025, 3, 28)])})
    moved = recompute(old, rule, closed, at("2025-03-20 09:00"))
    assert moved is not None
    assert (moved.deadline.due_on, moved.by.due_on) == (date(2025, 3, 28), date(2025, 3, 31))
    assert moved.by.id != old.id
    assert recompute(old, rule, VENUE, at("2025-03-20 09:00")) is None
    assert recompute(replace(old, state=State.MET), rule, closed, at("2025-03-20 09:00")) is None


MONTHLY = with_rule(
    triggers=(Trigger("opened", start=(Months(1),), key=("thing",)),),
    limit=DayOfNextMonth(10),
    roll=Roll.FORWARD,
    recurs=Recurrence(Months(1), opens_when_due=True),
    met_by=(Closing("done", key=("thing",), period=("month",)),),
)


def report(month: str, time: str) -> Event:
    return event("done", time, {"thing": "a", "month": month})


def run_until(case: CaseFile, rule: DeadlineRule, until: str) -> list[Step]:
    """Let time pass: do every step that is due until then, as the jobs would."""
    done: list[Step] = []
    checked: dict[object, datetime] = {}
    while True:
        waiting = [
            (check, one)
            for one in case.of(rule.id)
            if (check := next_check(one, rule, case.venue, checked.get(one.id))) is not None and check <= at(until)
        ]
        if not waiting:
            return done
        now, deadline = min(waiting, key=lambda pair: pair[0])
        for step in steps_due(deadline, rule, case.venue, checked.get(deadline.id), now):
            done.append(step)
            if isinstance(step.action, OpenNext):
                case.write(next_opened(deadline, list(case.deadlines.values()), case.book, case.venue, now))
            if isinstance(step.action, CloseMissed):
                case.deadlines[deadline.id] = replace(deadline, state=State.MISSED)
        checked[deadline.id] = now


def test_a_monthly_report_is_met_by_the_report_of_its_month_only() -> None:
    case = file_with(MONTHLY)
    case.arrive(event("opened", "2025-01-27 10:00", {"thing": "a"}))
    assert case.due_on("T1") == date(2025, 3, 10)
    case.arrive(report("2025-01", "2025-02-10 10:00"))
    assert case.due_on("T1") == date(2025, 3, 10)
    case.arrive(report("2025-02", "2025-03-10 10:00"))
    assert case.due_on("T1") == date(2025, 4, 10)


def test_the_next_report_is_expected_whether_or_not_the_last_one_came() -> None:
    case = file_with(MONTHLY)
    case.arrive(event("opened", "2025-01-27 10:00", {"thing": "a"}))
    run_until(case, MONTHLY, "2025-04-11 00:00")
    assert [one.due_on for one in case.of("T1")] == [date(2025, 3, 10), date(2025, 4, 10), date(2025, 5, 12)]
    case.arrive(report("2025-02", "2025-04-12 10:00"))
    assert [one.due_on for one in case.of("T1")] == [date(2025, 4, 10), date(2025, 5, 12)]
    assert set(case.late.values()) == {33}


def test_an_early_report_is_taken_for_its_own_month() -> None:
    case = file_with(MONTHLY)
    case.arrive(event("opened", "2025-01-27 10:00", {"thing": "a"}))
    case.arrive(report("2025-04", "2025-03-05 10:00"))
    assert [one.due_on for one in case.of("T1", State.MET)] == [date(2025, 5, 12)]
    case.arrive(report("2025-02", "2025-03-09 10:00"), report("2025-03", "2025-04-09 10:00"))
    assert case.due_on("T1") == date(2025, 6, 10)


def test_a_month_that_was_missed_is_met_after_all_by_what_was_done_in_it_and_told_later() -> None:
    visit = with_rule(
        triggers=(Trigger("opened", start=(Months(1),), key=("thing",)),),
        limit=MonthEnd(),
        recurs=Recurrence(Months(1), opens_when_due=True),
        met_by=(Closing("done", key=("thing",), period=("event.time",)),),
        ending=Ending.MISSED,
        rungs=(),
    )
    case = file_with(visit)
    case.arrive(event("opened", "2025-01-20 10:00", {"thing": "a"}))
    run_until(case, visit, "2025-03-01 08:00")
    assert case.only("T1", State.MISSED).due_on == date(2025, 2, 28)
    case.arrive(event("done", "2025-03-02 10:00", {"thing": "a"}))
    assert case.only("T1", State.MISSED).due_on == date(2025, 2, 28)
    case.arrive(event("done", "2025-02-27 10:00", {"thing": "a"}, recorded="2025-03-03 09:00"))
    assert [one.due_on for one in case.of("T1", State.MET)] == [date(2025, 2, 28), date(2025, 3, 31)]
    assert case.due_on("T1") == date(2025, 4, 30)


def test_recurring_reviews_do_not_drift_at_month_ends() -> None:
    yearly = with_rule(limit=Months(6), recurs=Recurrence(Months(6)), triggers=ANCHORED)
    case = file_with(yearly)
    case.arrive(event("opened", "2025-08-31 10:00", {"thing": "a", "on": "2025-08-31"}))
    dues = [case.due_on("T1")]
    for held in ("2026-02-10 10:00", "2026-08-10 10:00", "2027-02-10 10:00"):
        case.arrive(event("done", held, {"thing": "a"}))
        dues.append(case.due_on("T1"))
    assert dues == [date(2026, 2, 28), date(2026, 8, 31), date(2027, 2, 28), date(2027, 8, 31)]


def test_one_review_meets_one_occurrence() -> None:
    yearly = with_rule(limit=Months(6), recurs=Recurrence(Months(6)))
    case = file_with(yearly)
    review = event("done", "2025-08-25 10:00", {"thing": "a"})
    case.arrive(event("opened", "2025-03-03 10:00", {"thing": "a"}), review, review)
    assert case.due_on("T1") == date(2026, 3, 3)


def test_a_row_without_a_rhythm_counts_its_limit_from_when_it_was_met() -> None:
    case = file_with(with_rule(recurs=Recurrence(None)))
    case.arrive(event("opened", "2025-03-03 10:00", {"thing": "a"}))
    case.arrive(event("done", "2025-03-10 10:00", {"thing": "a"}), event("done", "2025-03-20 10:00", {"thing": "a"}))
    assert case.due_on("T1") == date(2025, 4, 19)
    assert [one.due_on for one in case.of("T1", State.MET)] == [date(2025, 4, 2), date(2025, 4, 9)]


def test_an_event_that_was_itself_due_is_in_time_or_late_by_when_it_was_recorded() -> None:
    notice = with_rule(
        triggers=(Trigger("opened", anchor=("on",), key=("thing",)),),
        limit=CalendarDays(7),
        met_by=(Closing("opened", key=("thing",), at=("event.recorded",), itself=True),),
    )
    case = file_with(notice)
    case.arrive(
        event("opened", "2025-03-18 18:00", {"thing": "a", "on": "2025-03-18"}, recorded="2025-04-14 09:00"),
        event("opened", "2025-03-25 18:00", {"thing": "b", "on": "2025-03-25"}, recorded="2025-03-26 09:00"),
    )
    met = {one.basis.key: case.late[one.id] for one in case.of("T1", State.MET)}
    assert met == {"a": 20, "b": 0}


def test_a_report_for_a_hearing_meets_the_deadline_of_that_day() -> None:
    filed = with_rule(
        triggers=(Trigger("opened", anchor=("hearing",), key=("thing",)),),
        limit=DaysBefore(10),
        roll=Roll.BACK,
        met_by=(Closing("done", any_key=True, same_day="hearing"),),
    )
    case = file_with(filed)
    case.arrive(
        event("opened", "2025-06-02 10:00", {"thing": "a", "hearing": "2025-08-25T09:00:00-04:00"}),
        event("opened", "2025-06-02 11:00", {"thing": "b", "hearing": "2025-11-24T09:00:00-05:00"}),
        event("done", "2025-08-14 16:00", {"hearing": "2025-08-25"}),
    )
    assert case.only("T1", State.MET).basis.key == "a"
    assert case.only("T1").basis.key == "b"


# --- in any order -----------------------------------------------------------------------------------------------------

happenings = st.lists(
    st.tuples(
        st.sampled_from(["opened", "opened", "done", "moved", "extended"]),
        st.integers(0, 150),
        st.sampled_from(["a", "b"]),
        st.integers(0, 150),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda one: one[1],
)
MOVED = Trigger("moved", anchor=("on",), key=("thing",), moves_only=True)
LONGER = (Extension("extended", "days", key=("thing",)),)
VARIANTS = {
    "keep": with_rule(triggers=ANCHORED),
    "replace": with_rule(triggers=(*ANCHORED, MOVED), again=Again.REPLACE),
    "earlier": with_rule(triggers=(*ANCHORED, MOVED), again=Again.EARLIER),
    "extended": with_rule(triggers=ANCHORED, again=Again.REPLACE, extended_by=LONGER),
    "monthly": MONTHLY,
    "reviews": with_rule(triggers=ANCHORED, recurs=Recurrence(Months(1)), limit=Months(6)),
    "after the last": with_rule(triggers=ANCHORED, recurs=Recurrence(None)),
    "moved reviews": with_rule(
        triggers=(*ANCHORED, MOVED), again=Again.EARLIER, recurs=Recurrence(Months(1)), limit=Months(6)
    ),
}
variants = st.sampled_from(sorted(VARIANTS))
one_at_a_time = st.sampled_from(sorted(VARIANTS.keys() - {"monthly"}))


def told_by(variant: str, told: list[tuple[str, int, str, int]]) -> list[Event]:
    """What happened, as events. A row of recurring deadlines has one event that opens it."""
    events, opened = [], set()
    for kind, day, thing, other in told:
        if kind == "opened" and VARIANTS[variant].recurs is not None:
            if thing in opened:
                continue
            opened.add(thing)
        events.append(happened(kind, day, thing, other))
    return events


def happened(kind: str, day: int, thing: str, other: int) -> Event:
    when = at("2025-01-06 10:00") + timedelta(days=day)
    on = local_date(at("2025-01-06 10:00") + timedelta(days=other), ZONE)
    return event(kind, when, {"thing": thing, "on": on.isoformat(), "month": f"{on:%Y-%m}", "days": 5})


@settings(max_examples=100, deadline=None)
@given(one_at_a_time, happenings, st.data())
def test_what_is_open_in_the_end_does_not_depend_on_the_order_of_arrival(
    variant: str, told: list[tuple[str, int, str, int]], data: st.DataObject
) -> None:
    events = told_by(variant, told)
    in_order, shuffled = file_with(VARIANTS[variant]), file_with(VARIANTS[variant])
    now = at("2025-12-01 12:00")
    in_order.arrive(*sorted(events, key=lambda one: one.time), now=now)
    shuffled.arrive(*data.draw(st.permutations(events)), now=now)
    assert shuffled.open_dates() == in_order.open_dates()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 200)), max_size=6), st.data())
def test_each_report_meets_its_own_month_in_whatever_order_they_come(
    reports: list[tuple[int, int]], data: st.DataObject
) -> None:
    told = [event("opened", "2025-01-06 10:00", {"thing": "a"})] + [
        event("done", at("2025-01-07 10:00") + timedelta(days=day), {"thing": "a", "month": f"2025-{2 + month:02}"})
        for month, day in reports
    ]
    case = file_with(MONTHLY)
    case.arrive(*data.draw(st.permutations(told)), now=at("2025-12-01 12:00"))
    run_until(case, MONTHLY, "2025-12-01 12:00")
    met = {f"{one.due_on:%Y-%m}" for one in case.of("T1", State.MET)}
    assert met == {f"2025-{3 + month:02}" for month, _ in reports}
    assert [f"{one.due_on:%Y-%m}" for one in case.of("T1")] == [
        month for month in (f"2025-{number:02}" for number in range(3, 13)) if month not in met
    ]


@settings(max_examples=60, deadline=None)
@given(variants, happenings)
def test_hearing_everything_twice_changes_nothing(variant: str, told: list[tuple[str, int, str, int]]) -> None:
    once, twice = file_with(VARIANTS[variant]), file_with(VARIANTS[variant])
    for one in told_by(variant, told):
        once.arrive(one)
        twice.arrive(one)
        twice.arrive(one)
    assert once.deadlines == twice.deadlines


@settings(max_examples=60, deadline=None)
@given(variants, happenings)
def test_history_is_kept_and_at_most_one_deadline_of_a_thing_and_an_occurrence_is_open(
    variant: str, told: list[tuple[str, int, str, int]]
) -> None:
    case = file_with(VARIANTS[variant])
    seen: set[object] = set()
    for one in told_by(variant, told):
        case.arrive(one)
        assert seen <= set(case.deadlines)
        seen |= set(case.deadlines)
        rows = [(each.basis.key, each.basis.occurrence) for each in case.of("T1")]
        assert len(rows) == len(set(rows))
