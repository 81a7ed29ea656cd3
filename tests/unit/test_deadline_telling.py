"""Who is told by a step of a deadline and by a task that is overdue: routing's own laws hold for reminders too."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.domain.calendars import BusinessCalendar, Venue
from services.domain.deadline_rules import DeadlineRule, Trigger
from services.domain.deadline_telling import decide_step, lane_of_steps
from services.domain.deadlines import Basis, Deadline, compute_deadline
from services.domain.due_dates import CalendarDays, Elapsed
from services.domain.events import Event
from services.domain.ladders import Action, BecomeOverdue, Emit, OpenTask, Step, Tell
from services.domain.roles import Role
from services.domain.routing_decision import Reason, RoutingDecision, TaskDraft
from services.domain.routing_facts import CaseFacts, CountyFacts, Seat
from services.domain.task_due import task_deadline, task_overdue_since, told_of_overdue, told_of_overdue_unmatched
from services.domain.urgency import Lane, Urgency
from tests.routing import ADMIN, AT, CASE, COUNTY_AGENCY, POLICY, agency_of, event_of, party, seat, told, without

ZONE = ZoneInfo("America/New_York")
VENUE = Venue("alder", ZONE, {"agency": BusinessCalendar("agency-days")})
RULE = DeadlineRule(
    id="D99",
    version="digest-of-the-rules",
    title="Something",
    source="test",
    owner=Role.CPS_WORKER,
    triggers=(Trigger("prob.checkin_missed"),),
    limit=CalendarDays(3),
    calendar="agency",
)
TRIGGER = event_of("prob.checkin_missed", Role.PROB)


def deadline(key: str = "") -> Deadline:
    """A deadline that the trigger opened."""
    return compute_deadline(Basis(CASE.case_id, TRIGGER.id, AT, key, AT), RULE, VENUE, AT)


def steps(*actions: Action) -> list[Step]:
    """These actions at one instant."""
    return [Step(AT + timedelta(days=3), action) for action in actions]


def decided(
    actions: Sequence[Action], facts: CaseFacts = CASE, trigger: Event = TRIGGER, key: str = ""
) -> RoutingDecision:
    """What steps of one instant decide."""
    decision = decide_step(deadline(key), RULE, steps(*actions), trigger, facts, POLICY)
    assert decision is not None
    return decision


def test_the_holders_of_the_roles_are_told_under_the_rule_s_own_version() -> None:
    decision = decided([Tell((Role.CPS_WORKER, Role.PROB), Urgency.U2)])
    assert told(decision) == {"CPS_WORKER", "PROB"}
    assert {draft.rule_id for draft in decision.notifications} == {"deadline.D99.20250910T0315Z"}
    assert decision.digest == "digest-of-the-rules"
    assert (decision.tasks, decision.completes) == ((), ())


def test_one_who_holds_two_roles_is_told_once_and_the_more_urgently() -> None:
    both = Seat(Role.CPS_SUP, party("person CPS_WORKER"), "person", COUNTY_AGENCY)
    facts = replace(without(Role.CPS_SUP), seats=(*without(Role.CPS_SUP).seats, both))
    decision = decided([Tell((Role.CPS_WORKER,), Urgency.U2), Tell((Role.CPS_SUP,), Urgency.U1)], facts)
    assert [draft.urgency for draft in decision.notifications] == [Urgency.U1]


def test_whoever_carries_the_case_answers_for_a_worker_that_it_does_not_have_yet() -> None:
    decision = decided([Tell((Role.CPS_WORKER,), Urgency.U2)], without(Role.CPS_WORKER))
    assert told(decision) == {"CPS_INV"}
    assert decision.gaps == ()


def test_a_role_that_nobody_holds_goes_to_the_supervisor_with_a_task_to_fill_it() -> None:
    decision = decided([Tell((Role.GAL,), Urgency.U2)], without(Role.GAL))
    assert [(draft.role, draft.reason) for draft in decision.notifications] == [(Role.CPS_SUP, Reason.ROLE_UNFILLED)]
    assert [task.kind for task in decision.tasks] == ["fill_role"]


def test_the_subject_is_never_told_whatever_role_he_holds() -> None:
    officer = seat(Role.SUBJECT)._replace(party_id=party("person PROB"))
    facts = replace(CASE, seats=(*CASE.seats, officer))
    decision = decided([Tell((Role.PROB,), Urgency.U2)], facts)
    assert party("person PROB") not in {draft.recipient for draft in decision.notifications}


def test_what_rests_on_the_survivor_s_word_is_reminded_of_inside_child_welfare_alone() -> None:
    hers = event_of("order.violated", Role.CPS_WORKER, victim_sourced=True)
    decision = decided([Tell((Role.CPS_WORKER, Role.PROB, Role.DA), Urgency.U1)], trigger=hers)
    assert told(decision) == {"CPS_WORKER"}


def test_while_a_caution_stands_nobody_outside_is_reminded_without_it() -> None:
    violated = event_of("order.violated", Role.LE)
    cautions = {
        draft.role: draft.caution
        for draft in decided(
            [Tell((Role.CPS_WORKER, Role.PROB), Urgency.U1)], replace(CASE, cautioned=True), violated
        ).notifications
    }
    assert cautions == {Role.CPS_WORKER: None, Role.PROB: "do_not_raise"}


def test_a_u0_reminder_reaches_the_duty_desk_and_is_checked_in_the_urgent_lane() -> None:
    tell = Tell((Role.CPS_WORKER,), Urgency.U0)
    assert party("desk CPS") in {draft.recipient for draft in decided([tell]).notifications}
    assert lane_of_steps(steps(tell), POLICY) is Lane.URGENT


@pytest.mark.parametrize(
    ("action", "lane"),
    [
        (Tell((Role.CPS_WORKER,), Urgency.U1), Lane.ROUTINE),
        (Tell((Role.CPS_WORKER,), Urgency.U3), Lane.ROUTINE),
        (BecomeOverdue(), Lane.ROUTINE),
        (Emit("order.expiring", ()), Lane.ROUTINE),
        (Emit("safety.location_seeking_detected", ()), Lane.URGENT),
    ],
)
def test_a_check_is_routine_unless_something_at_that_instant_is_u0(action: Action, lane: Lane) -> None:
    assert lane_of_steps(steps(action), POLICY) is lane


def test_the_task_of_a_step_is_about_what_the_deadline_is_about() -> None:
    decision = decided([OpenTask("make_visit", Role.CPS_WORKER, Urgency.U2, CalendarDays(5))], key="cody")
    [task] = decision.tasks
    assert (task.kind, task.key, task.role) == ("make_visit", "child=cody", Role.CPS_WORKER)
    assert [draft.role for draft in decision.notifications] == [Role.CPS_WORKER]


def test_a_step_that_tells_nobody_decides_nothing() -> None:
    assert decide_step(deadline(), RULE, steps(BecomeOverdue()), TRIGGER, CASE, POLICY) is None


TASK = TaskDraft(
    rule_id="r",
    kind="ask_about_absence",
    title="Ask",
    role=Role.CPS_WORKER,
    assignee=party("person CPS_WORKER"),
    agency_id=COUNTY_AGENCY,
    urgency=Urgency.U2,
    limit=Elapsed(timedelta(hours=4)),
    key="",
)


def test_a_task_is_due_its_limit_after_the_instant_given() -> None:
    due = task_deadline(party("task"), TASK, TRIGGER, AT, VENUE, AT, "d")
    assert (due.due_at, due.rule_id) == (AT + timedelta(hours=4), "task.ask_about_absence")


def test_a_task_that_would_be_over_before_it_is_put_counts_from_now() -> None:
    now = AT + timedelta(hours=4)
    due = task_deadline(party("task"), TASK, TRIGGER, AT, VENUE, now, "d")
    assert (due.counted_from, due.due_at) == (now, now + timedelta(hours=4))


def test_a_task_with_a_day_of_its_own_is_due_at_its_end_and_overdue_on_the_next() -> None:
    due = task_deadline(party("task"), replace(TASK, due_on=date(2025, 8, 15)), TRIGGER, AT, VENUE, AT, "d")
    assert (due.due_at, due.due_on) == (datetime(2025, 8, 16, 4, tzinfo=UTC), date(2025, 8, 15))
    assert task_overdue_since(due) == date(2025, 8, 16)


def overdue(task: TaskDraft, facts: CaseFacts = CASE) -> list[tuple[Role, str, Urgency, str | None]]:
    """Who hears that a task is overdue: role, party, urgency and caution."""
    due = task_deadline(party("task"), task, TRIGGER, AT, VENUE, AT, "d")
    names = {party(f"person {role}"): f"person {role}" for role in Role} | {party("boss"): "boss"}
    return [
        (draft.role, names[draft.recipient], draft.urgency, draft.caution)
        for draft in told_of_overdue(due, TRIGGER, facts)
    ]


def test_the_assignee_s_supervisor_hears_of_an_overdue_task() -> None:
    assert overdue(TASK) == [(Role.CPS_SUP, "person CPS_SUP", Urgency.U2, None)]
    assert overdue(replace(TASK, urgency=Urgency.U0)) == [(Role.CPS_SUP, "person CPS_SUP", Urgency.U1, None)]
    own = replace(TASK, role=Role.CPS_SUP, assignee=party("person CPS_SUP"))
    assert overdue(own) == [(Role.CPS_MGR, "person CPS_MGR", Urgency.U2, None)]


def test_a_supervisor_outside_child_welfare_reads_in_the_assignee_s_own_role() -> None:
    officers = replace(TASK, role=Role.PROB, assignee=party("person PROB"), agency_id=agency_of(Role.PROB))
    led = replace(CASE, supervisors={party("person PROB"): party("boss")}, cautioned=True)
    assert overdue(officers, led) == [(Role.PROB, "boss", Urgency.U2, "do_not_raise")]
    assert overdue(officers) == [(Role.CPS_SUP, "person CPS_SUP", Urgency.U2, None)]


def test_a_supervisor_who_is_the_subject_of_the_case_hears_nothing() -> None:
    subject = seat(Role.SUBJECT)._replace(party_id=party("boss"))
    facts = replace(CASE, seats=(*CASE.seats, subject), supervisors={TASK.assignee: party("boss")})
    assert overdue(TASK, facts) == [(Role.CPS_SUP, "person CPS_SUP", Urgency.U2, None)]


def test_an_overdue_task_of_no_case_is_heard_of_by_another_desk_or_an_administrator() -> None:
    on_call = Seat(Role.CPS_INTAKE, party("on call"), "team", COUNTY_AGENCY)
    intake = Seat(Role.CPS_INTAKE, party("intake"), "team", COUNTY_AGENCY)
    due = task_deadline(party("task"), replace(TASK, assignee=on_call.party_id), TRIGGER, AT, VENUE, AT, "d")

    def heard(facts: CountyFacts) -> list[object]:
        return [draft.recipient for draft in told_of_overdue_unmatched(due, [facts])]

    assert heard(CountyFacts("alder", intake=intake, on_call=on_call, admins=(ADMIN,))) == [intake.party_id]
    assert heard(CountyFacts("alder", on_call=on_call, admins=(ADMIN,))) == [ADMIN.party_id]
    assert heard(CountyFacts("alder", on_call=on_call)) == [on_call.party_id]
    assert heard(CountyFacts("alder")) == []
