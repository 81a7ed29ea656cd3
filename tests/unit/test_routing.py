"""Single decisions of routing: who answers to a rule, who is told instead, and what stays within the agency."""

from dataclasses import replace

import pytest

from services.domain.predicates import Equals
from services.domain.roles import CHILD_WELFARE, Role
from services.domain.routing import route, route_unmatched, urgency_of
from services.domain.routing_decision import DO_NOT_RAISE, TaskCompletion
from services.domain.routing_facts import CountyFacts, Seat
from services.domain.routing_rules import Audience, TellRule, UrgencyRule
from services.domain.urgency import Urgency
from tests.routing import (
    ADMIN,
    CASE,
    COUNTY_AGENCY,
    POLICY,
    agency_of,
    assignees,
    dues,
    event_of,
    only,
    party,
    recipients,
    routed,
    seat,
    told,
    without,
)

TASK = {"task_id": "t1"}
ASKED = replace(
    CASE,
    task_requesters={"t1": agency_of(Role.PROB)},
    task_assignees={"t1": party("person CPS_WORKER")},
    task_kinds={"t1": "review_goals"},
)
ON_CALL = Seat(Role.CPS_INTAKE, party("county on-call"), "team", COUNTY_AGENCY)
INTAKE = Seat(Role.CPS_INTAKE, party("intake desk"), "team", COUNTY_AGENCY)


# --- a role that nobody holds ---------------------------------------------------------------------------------------


def test_a_role_that_nobody_holds_goes_to_the_supervisor_with_a_task_to_fill_it() -> None:
    decision = routed("juv.hearing_set", Role.JUV_COURT, without(Role.GAL))
    assert [gap.audience for gap in decision.gaps] == ["GAL"]
    [instead] = [draft for draft in decision.notifications if draft.reason == "role_unfilled"]
    assert instead.recipient == party("person CPS_SUP")
    [fill] = [task for task in decision.tasks if task.kind == "fill_role"]
    assert (fill.key, fill.assignee, fill.single) == ("role=GAL", party("person CPS_SUP"), True)


def test_without_a_supervisor_on_the_case_the_workers_own_is_told() -> None:
    decision = routed("juv.hearing_set", Role.JUV_COURT, without(Role.GAL, Role.CPS_SUP))
    [instead] = [draft for draft in decision.notifications if draft.reason == "role_unfilled"]
    assert (instead.recipient, instead.role) == (party("person CPS_SUP"), Role.CPS_SUP)


def test_without_any_supervisor_the_county_on_call_is_told_and_then_an_administrator() -> None:
    bare = replace(only(Role.JUV_COURT), supervisors={})
    assert recipients(routed("prob.checkin_missed", Role.PROB, bare)) == {party("county on-call")}
    nobody = replace(bare, on_call=None, on_call_agency=None)
    assert recipients(routed("prob.checkin_missed", Role.PROB, nobody)) == {ADMIN.party_id}


def test_a_role_marked_as_optional_leaves_no_gap() -> None:
    assert routed("order.violated", Role.LE, without(Role.PROB, Role.DA, Role.GAL)).gaps == ()


def test_where_all_of_a_rule_is_optional_and_unheld_the_supervisor_is_told() -> None:
    types = {**POLICY.types}
    rule = TellRule("prob.checkin_missed/x", (Audience("TRIBE?", ((Role.TRIBE,),), if_held=True),))
    types["prob.checkin_missed"] = replace(types["prob.checkin_missed"], tells=(rule,), tasks=())
    policy = replace(POLICY, types=types)
    decision = route(event_of("prob.checkin_missed", Role.PROB), without(Role.TRIBE), policy)
    assert recipients(decision) == {party("person CPS_SUP")}


def test_one_task_to_fill_a_role_opens_however_many_rules_miss_it() -> None:
    decision = routed("disclosure.broken_glass", Role.SYSTEM, without(Role.PRIVACY))
    assert len([task for task in decision.tasks if task.kind == "fill_role"]) == 1
    assert len(decision.gaps) == 2


def test_giving_the_role_completes_the_task_to_fill_it() -> None:
    given = routed("case.role_given", Role.CPS_SUP, role="GAL")
    assert TaskCompletion("fill_role", "role=GAL") in given.completes


# --- groups and recipients that the event names ---------------------------------------------------------------------


def test_before_there_is_a_worker_the_investigator_carries_the_case_and_before_that_the_intake_desk() -> None:
    assert told(routed("prob.checkin_missed", Role.PROB, without(Role.CPS_WORKER))) == {"CPS_INV"}
    early = only(Role.CPS_INTAKE, Role.CPS_SUP)
    assert told(routed("prob.checkin_missed", Role.PROB, early)) == {"CPS_INTAKE"}
    assert assignees(routed("prob.checkin_missed", Role.PROB), "ask_about_missed_checkin") == ["CPS_WORKER"]


def test_the_sender_is_the_holder_of_the_role_in_which_it_spoke() -> None:
    decision = routed("visitctr.critical_incident", Role.VISIT, kind="rule")
    assert assignees(decision, "write_incident_report") == ["VISIT"]


def test_a_sender_without_a_seat_is_reached_at_its_desk() -> None:
    facts = replace(without(Role.VISIT), desks={**CASE.desks, agency_of(Role.VISIT): party("desk VISIT")})
    decision = routed("visitctr.critical_incident", Role.VISIT, facts, kind="rule")
    [task] = [task for task in decision.tasks if task.kind == "write_incident_report"]
    assert task.assignee == party("desk VISIT")


def test_the_requester_hears_of_the_answers_to_its_task() -> None:
    assert recipients(routed("task.accepted", Role.CPS_WORKER, ASKED, **TASK)) == {party("person PROB")}
    done = routed("task.done", Role.CPS_WORKER, ASKED, **TASK)
    assert (done.urgency, recipients(done)) == (Urgency.U2, {party("person PROB")})
    declined = routed("task.declined", Role.CPS_WORKER, ASKED, **TASK)
    assert declined.urgency is Urgency.U1
    assert recipients(declined) == {party("person PROB"), party("person CPS_SUP")}
    assert dues(declined) == {"find_another_way": "next business day"}


@pytest.mark.parametrize("kind", ["safety_call", "find_safe_contact", "decide_without_contact", "seek_corroboration"])
def test_answers_to_the_survivors_tasks_are_told_to_nobody_outside(kind: str) -> None:
    hers = replace(ASKED, task_kinds={"t1": kind})
    assert told(routed("task.done", Role.CPS_WORKER, hers, **TASK)) <= {role.value for role in CHILD_WELFARE}


def test_a_task_of_no_known_kind_is_treated_as_internal() -> None:
    unknown = replace(ASKED, task_kinds={})
    assert told(routed("task.done", Role.CPS_WORKER, unknown, **TASK)) == {"CPS_SUP"}


def test_the_assignee_is_found_by_seat_by_desk_and_by_supervision() -> None:
    desk = replace(ASKED, task_assignees={"t1": party("desk PROB")})
    above = replace(without(Role.CPS_SUP, facts=ASKED), task_assignees={"t1": party("person CPS_SUP")})
    assert recipients(routed("task.proposed", Role.PROB, ASKED, **TASK)) == {party("person CPS_WORKER")}
    assert recipients(routed("task.proposed", Role.PROB, desk, **TASK)) == {party("desk PROB")}
    assert recipients(routed("task.proposed", Role.PROB, above, **TASK)) == {party("person CPS_SUP")}


def test_an_agency_that_the_event_names_gets_the_briefing_and_the_task_to_read_it() -> None:
    decision = routed("briefing.sent", Role.CPS_WORKER, briefing_ref="b1", to_agency="turning-point")
    assert recipients(decision) == {party("person BIP")}
    assert [(task.kind, task.key, task.role) for task in decision.tasks] == [("read_briefing", "briefing=b1", Role.BIP)]
    read = routed("briefing.acknowledged", Role.BIP, briefing_ref="b1")
    assert read.completes == (TaskCompletion("read_briefing", "briefing=b1"),)


def test_an_agency_that_is_not_on_the_case_is_a_gap() -> None:
    assert routed("briefing.sent", Role.CPS_WORKER, briefing_ref="b1", to_agency="elsewhere").gaps


def test_a_task_for_each_goes_to_every_holder() -> None:
    second = Seat(Role.SCHOOL, party("second school"), "team", party("agency second school"))
    decision = routed("order.modified", Role.CRIM_COURT, replace(CASE, seats=(*CASE.seats, second)))
    schools = [task.assignee for task in decision.tasks if task.role is Role.SCHOOL]
    assert sorted(schools) == sorted([party("person SCHOOL"), party("second school")])


def test_a_desk_task_goes_to_the_desk_and_a_persons_task_to_the_person() -> None:
    decision = routed("provider.new_violence_or_threat", Role.BIP, victim_sourced=False)
    put = {task.kind: task.assignee for task in decision.tasks}
    assert put["duty_to_warn"] == party("desk CPS")
    assert put["find_safe_contact"] == party("person CPS_WORKER")


def test_at_u0_an_agency_without_a_desk_of_its_own_is_the_countys_if_it_is_child_welfare() -> None:
    decision = routed("custody.released", Role.JAIL, replace(CASE, desks={}))
    assert party("county on-call") in recipients(decision)
    assert recipients(decision, {Role.LE}) == {party("person LE")}


def test_someone_who_is_the_subject_is_not_told_in_another_role() -> None:
    officer = Seat(Role.SUBJECT, party("person PROB"), "person", agency_of(Role.PROB))
    decision = routed("order.violated", Role.LE, replace(CASE, seats=(*CASE.seats, officer)))
    assert party("person PROB") not in recipients(decision)


# --- what may leave the agency (Settled 1 and 2) --------------------------------------------------------------------


def test_a_violation_leaves_the_agency_once_it_is_on_record_or_she_releases_it() -> None:
    outside = {"PROB", "DA", "GAL"}
    assert outside.isdisjoint(told(routed("order.violated", Role.BIP)))
    assert outside.isdisjoint(told(routed("order.violated", Role.LE, public_record=False)))
    assert outside.isdisjoint(told(routed("order.violated", Role.LE, victim_sourced=True)))
    assert outside <= told(routed("order.violated", Role.LE))
    assert outside <= told(routed("order.violated", Role.BIP, public_record=True))
    assert outside <= told(routed("order.violated", Role.BIP, replace(CASE, released=True)))


@pytest.mark.parametrize(
    "sign",
    [
        {"victim_sourced": True},
        {"reported_by": {"role": "SURVIVOR"}},
        {"origin_person": "marisol"},
        {"per_goal": [{"victim_sourced": True}]},
        {"per_goal": [{"observer_role": "child"}]},
    ],
)
def test_every_sign_that_something_comes_from_her_or_a_child_keeps_it_inside(sign: dict[str, object]) -> None:
    event = event_of("visitctr.critical_incident", Role.VISIT)
    decision = route(replace(event, data={**event.data, **sign}), CASE, POLICY)
    assert decision.held_back
    assert told(decision) <= {role.value for role in CHILD_WELFARE}


def test_a_threat_that_the_programme_heard_itself_goes_to_police_and_probation_with_the_caution() -> None:
    decision = routed("provider.new_violence_or_threat", Role.BIP, victim_sourced=False)
    assert {"LE", "PROB"} <= told(decision)
    assert {draft.caution for draft in decision.notifications if draft.role is Role.PROB} == {DO_NOT_RAISE}


def test_a_threat_known_from_her_or_from_a_substance_use_programme_stays_with_the_agency() -> None:
    inside = {"CPS_WORKER", "CPS_INV", "CPS_SUP"}
    assert told(routed("provider.new_violence_or_threat", Role.BIP, victim_sourced=True)) == inside
    assert told(routed("provider.new_violence_or_threat", Role.SUD, victim_sourced=False)) == inside


def test_contact_with_her_ends_the_caution_and_completes_her_tasks_only_when_she_was_reached() -> None:
    reached = routed("safety.contact_recorded", Role.CPS_WORKER, outcome="done")
    assert reached.lifts_caution
    assert TaskCompletion("safety_call", "") in reached.completes
    tried = routed("safety.contact_recorded", Role.CPS_WORKER, outcome="tried")
    assert (tried.lifts_caution, tried.completes, tried.urgency) == (False, (), Urgency.U1)
    assert routed("caution.lifted", Role.CPS_SUP, about_event="e1").lifts_caution


def test_whoever_hears_that_a_caution_is_lifted_is_inside_the_agency() -> None:
    assert told(routed("caution.lifted", Role.CPS_SUP, about_event="e1")) <= {"CPS_WORKER", "CPS_INV"}


# --- closed cases, unknown cases ------------------------------------------------------------------------------------


def test_a_late_fact_about_a_closed_case_goes_to_the_supervisor_and_at_u0_to_the_county_too() -> None:
    closed = replace(CASE, closed=True)
    late = routed("prob.checkin_missed", Role.PROB, closed)
    assert recipients(late) == {party("person CPS_SUP")}
    assert dues(late) == {"review_late_fact": "4 h"}
    urgent = routed("custody.released", Role.JAIL, closed)
    assert {party("person CPS_SUP"), party("county on-call"), party("desk CPS")} == recipients(urgent)
    assert dues(urgent) == {"review_late_fact": "30 min"}


def test_the_closing_of_a_case_is_told_as_usual() -> None:
    closing = routed("case.closed", Role.CPS_SUP, replace(CASE, closed=True))
    assert {"CPS_SUP", "PROB", "BIP", "JUV_COURT"} <= told(closing)
    assert closing.tasks == ()


def test_an_unmatched_u0_goes_to_the_countys_on_call_and_anything_else_to_the_intake_desk() -> None:
    county = CountyFacts("alder", intake=INTAKE, on_call=ON_CALL, admins=(ADMIN,))
    urgent = route_unmatched(event_of("custody.released", Role.JAIL), county, POLICY)
    assert recipients(urgent) == {ON_CALL.party_id}
    assert [(task.kind, task.key) for task in urgent.tasks] == [("link_event", f"event={party('event')}")]
    assert dues(urgent) == {"link_event": "30 min"}
    routine = route_unmatched(event_of("ivd.payment_posted", Role.IVD), county, POLICY)
    assert recipients(routine) == {INTAKE.party_id}
    assert dues(routine) == {"link_event": "5 BD"}


def test_an_unmatched_event_is_never_lost_where_a_county_has_no_desk() -> None:
    event = event_of("custody.released", Role.JAIL)
    assert recipients(route_unmatched(event, CountyFacts("alder", intake=INTAKE), POLICY)) == {INTAKE.party_id}
    assert recipients(route_unmatched(event, CountyFacts("alder", admins=(ADMIN,)), POLICY)) == {ADMIN.party_id}
    assert route_unmatched(event, CountyFacts("alder"), POLICY).gaps[0].told == ()


# --- urgency and order ----------------------------------------------------------------------------------------------


def test_the_first_urgency_that_holds_counts() -> None:
    rules = replace(
        POLICY.types["ivd.payment_posted"],
        urgencies=(
            UrgencyRule(Urgency.U1, Equals("in_full", value=False)),
            UrgencyRule(Urgency.U0, Equals("on_time", value=False)),
            UrgencyRule(Urgency.U3),
        ),
    )
    policy = replace(POLICY, types={"ivd.payment_posted": rules})
    assert urgency_of("ivd.payment_posted", {"in_full": False, "on_time": False}, policy) is Urgency.U1
    assert urgency_of("ivd.payment_posted", {"on_time": False}, policy) is Urgency.U0
    assert urgency_of("ivd.payment_posted", {}, policy) is Urgency.U3


def test_a_rule_may_tell_at_another_urgency_than_the_events() -> None:
    rules = POLICY.types["custody.booked"]
    quieter = replace(rules, tells=(replace(rules.tells[0], urgency=Urgency.U3),), tasks=())
    decision = route(event_of("custody.booked", Role.JAIL), CASE, replace(POLICY, types={"custody.booked": quieter}))
    assert decision.urgency is Urgency.U1
    assert {draft.urgency for draft in decision.notifications} == {Urgency.U3}


def test_whoever_is_told_first_stands_first() -> None:
    decision = routed("custody.released", Role.JAIL)
    assert [draft.role.value for draft in decision.notifications] == [
        "CPS_WORKER",
        "CPS_WORKER",
        "CPS_INV",
        "CPS_SUP",
        "LE",
    ]
    assert [draft.reason.value for draft in decision.notifications][:2] == ["rule", "duty_desk"]
    assert seat(Role.CPS_WORKER).party_id == decision.notifications[0].recipient
