"""Who is told and which tasks open in the rows of the family story that speak of it (practice.md §8, as settled)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.domain.roles import CHILD_WELFARE, FACING_THE_SUBJECT, Role
from services.domain.routing_decision import DO_NOT_RAISE
from services.domain.routing_facts import SafeContact
from services.domain.urgency import Urgency
from tests.routing import AT, CASE, POLICY, assignees, dues, event_of, party, recipients, routed, told, without

BEFORE_PROBATION = without(Role.PROB, Role.DA, Role.BIP, Role.GAL)
CALLS_AGREED = replace(CASE, safe_contact=SafeContact.CURRENT)


def test_row_1_a_police_call_is_a_u0_for_the_agency_and_opens_her_safety_task() -> None:
    decision = routed("le.dv_incident", Role.LE, BEFORE_PROBATION)
    assert decision.urgency is Urgency.U0
    assert told(decision) == {"CPS_WORKER", "CPS_INV", "CPS_SUP"}
    assert party("desk CPS") in recipients(decision)
    assert dues(decision) == {"find_safe_contact": "30 min"}
    assert decision.raises_caution
    assert not decision.gaps


def test_row_2_an_arrest_of_one_tells_the_agency_and_maps_nobody_twice() -> None:
    decision = routed("le.arrest", Role.LE, BEFORE_PROBATION, dual_arrest=False)
    assert decision.urgency is Urgency.U0
    assert told(decision) == {"CPS_WORKER", "CPS_INV", "CPS_SUP"}
    assert decision.tasks == ()


def test_a_dual_arrest_asks_for_both_patterns_within_ten_business_days() -> None:
    decision = routed("le.arrest", Role.LE, dual_arrest=True, other_arrested_ref="p2")
    assert dues(decision) == {"map_both_patterns": "10 BD"}


def test_row_3_a_referral_is_screened_within_4_hours_and_p1_seen_within_24() -> None:
    assert dues(routed("intake.referral_received", Role.CPS_INTAKE)) == {"screen_referral": "4 h"}
    screened = {
        priority: dues(routed("intake.screening_decided", Role.CPS_INTAKE, decision="in", priority=priority))
        for priority in ("P1", "P2", "P3")
    }
    assert screened == {
        "P1": {"first_contact": "24 h"},
        "P2": {"first_contact": "72 h"},
        "P3": {"first_contact": "7 CD"},
    }
    assert dues(routed("intake.screening_decided", Role.CPS_INTAKE, decision="out", reason="no child")) == {}


def test_row_4_first_contact_is_done_by_seeing_the_children_and_the_screen_asks_for_an_assessment() -> None:
    seen = routed("inv.first_contact_made", Role.CPS_INV, seen=True)
    assert [(done.kind, done.key) for done in seen.completes] == [("first_contact", "")]
    assert dues(seen) == {"safety_assessment": "24 h"}
    assert routed("inv.first_contact_made", Role.CPS_INV, seen=False).completes == ()
    assert dues(routed("inv.dv_screen_completed", Role.CPS_INV, positive=True)) == {"dv_assessment": "10 CD"}


def test_row_5_a_removal_from_the_subject_starts_clocks_and_asks_for_no_justification_within_a_day() -> None:
    decision = routed("child.removed", Role.CPS_INV, child_ref="cody", from_role="subject", tribe_possible=True)
    assert decision.urgency is Urgency.U0
    assert {"JUV_COURT", "GAL", "TRIBE", "CARER"} <= told(decision)
    tonight = {draft.role.value for draft in decision.notifications if draft.urgency is Urgency.U0}
    assert tonight == {"CPS_WORKER", "CPS_INV", "CPS_SUP", "AG_ATTY"}
    assert dues(decision) == {
        "start_removal_clocks": "4 h",
        "relative_notices": "30 CD",
        "ask_about_tribe": "next business day",
    }


def test_a_removal_from_the_protective_parent_is_justified_within_24_hours() -> None:
    decision = routed("child.removed", Role.CPS_INV, child_ref="ivy", with_protective_parent=True)
    assert dues(decision)["justify_removal"] == "24 h"
    justified = routed(
        "child.removal_justified",
        Role.CPS_WORKER,
        child_ref="ivy",
        three_part_justification={"danger": "a", "protective_efforts": "b", "system_efforts": "c"},
    )
    assert [(done.kind, done.key) for done in justified.completes] == [("justify_removal", "child=ivy")]


def test_row_6_school_and_visit_centre_are_told_of_an_order_and_change_their_lists() -> None:
    decision = routed("order.issued", Role.CRIM_COURT, order_ref="o1")
    assert decision.urgency is Urgency.U0
    urgencies = {draft.role.value: draft.urgency.value for draft in decision.notifications}
    assert urgencies | {"LE": "U0", "PROB": "U0", "SCHOOL": "U1", "VISIT": "U1"} == urgencies
    assert assignees(decision, "update_pickup") == ["SCHOOL", "VISIT"]
    assert dues(decision)["update_pickup"] == "next business day"
    assert dues(decision)["verify_service"] == "next business day"


def test_row_6_an_arraignment_is_for_tonight_only_where_somebody_is_released() -> None:
    assert routed("crim.arraigned", Role.CRIM_COURT, released=True).urgency is Urgency.U0
    held = routed("crim.arraigned", Role.CRIM_COURT, released=False)
    assert held.urgency is Urgency.U1
    assert dues(held) == {"align_with_conditions": "3 BD", "find_safe_contact": "4 h"}


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        (SafeContact.UNKNOWN, "find_safe_contact"),
        (SafeContact.CURRENT, "safety_call"),
        (SafeContact.EXPIRED, "renew_safe_contact"),
        (SafeContact.NEVER, "decide_without_contact"),
    ],
)
def test_row_7_a_release_is_a_task_of_the_worker_within_30_minutes_whatever_is_known(
    known: SafeContact, kind: str
) -> None:
    decision = routed("custody.released", Role.JAIL, replace(CASE, safe_contact=known))
    assert decision.urgency is Urgency.U0
    assert dues(decision) == {kind: "30 min"}
    assert assignees(decision, kind) == ["CPS_WORKER"]
    assert told(decision) == {"CPS_WORKER", "CPS_INV", "CPS_SUP", "LE"}


def test_row_8_safe_contact_is_bookkeeping_that_only_the_worker_is_asked_to_repeat() -> None:
    decision = routed(
        "survivor.safe_contact_set",
        Role.CPS_WORKER,
        channel="phone",
        windows=[],
        no_message=True,
        if_released="any_hour",
        expires="2025-02-21",
    )
    assert decision.urgency is Urgency.U2
    assert dues(decision) == {"reconfirm_safe_contact": "30 CD"}
    assert told(decision) == {"CPS_WORKER"}
    assert {done.kind for done in decision.completes} >= {"find_safe_contact", "reconfirm_safe_contact"}


def test_row_8_service_of_an_order_is_u2_and_completes_its_task() -> None:
    decision = routed("order.served", Role.LE, order_ref="o1")
    assert decision.urgency is Urgency.U2
    assert [(done.kind, done.key) for done in decision.completes] == [("verify_service", "order=o1")]


def test_row_9_reason_to_know_tells_tribe_court_and_attorney_and_opens_the_notice() -> None:
    decision = routed("icwa.reason_to_know", Role.CPS_INV, child_ref="cody")
    assert {"TRIBE", "JUV_COURT", "AG_ATTY"} <= told(decision)
    assert assignees(decision, "send_icwa_notice") == ["AG_ATTY"]
    assert routed("icwa.reason_to_know", Role.CPS_INV, without(Role.TRIBE), child_ref="cody").gaps == ()


def test_rows_10_and_12_a_notice_is_tracked_until_its_receipt() -> None:
    sent = routed("icwa.notice_sent", Role.CPS_WORKER, tribe_ref="t", mail_no="RR1", sent_on="2025-01-24")
    assert dues(sent) == {"track_return_receipt": "10 CD"}
    received = routed("icwa.notice_received", Role.TRIBE, tribe_ref="t", mail_no="RR1", received_on="2025-01-31")
    assert [(done.kind, done.key) for done in received.completes] == [("track_return_receipt", "letter=RR1")]
    assert dues(received) == {"check_icwa_hearing_date": "next business day"}


def test_row_15_his_complaint_asks_for_both_patterns_and_for_nothing_of_her() -> None:
    decision = routed("intake.referral_received", Role.CPS_INTAKE, cross_allegation=True, source_kind="subject")
    assert dues(decision) == {"screen_referral": "4 h", "map_both_patterns": "10 BD"}


def test_row_17_the_map_is_approved_by_its_own_version() -> None:
    mapped = event_of(
        "pattern.mapped",
        Role.CPS_WORKER,
        {
            "version": 1,
            "person_ref": "p",
            "items": [{"item_id": "i1", "behaviour_code": "strangulation", "act": "x"}],
            "sources": ["s"],
        },
    )
    assert mapped.type == "pattern.mapped"
    approved = routed("pattern.approved", Role.CPS_SUP, version=1, person_ref="p")
    assert [(done.kind, done.key) for done in approved.completes] == [("approve_map", "person=p;version=1")]
    assert dues(approved) == {"send_redacted_map": "3 BD"}
    assert {"BIP", "PROB"} <= told(approved)


def test_row_18_a_plan_is_shared_with_the_parties_and_completes_the_approval_of_each_goal() -> None:
    decision = routed("caseplan.adopted", Role.CPS_WORKER, plan_version=1, goals=["G1", "G2"])
    assert {"COUNSEL_SUBJECT", "COUNSEL_SURVIVOR", "JUV_COURT", "GAL", "BIP", "PROB"} <= told(decision)
    assert [done.key for done in decision.completes if done.kind == "approve_goal"] == ["goal=G1", "goal=G2"]
    assert dues(decision) == {"share_goals": "5 BD"}


def test_row_19_a_disposition_asks_for_the_letter_on_appeal_rights() -> None:
    assert dues(routed("inv.disposition", Role.CPS_INV)) == {"appeal_letter": "5 BD"}


def test_row_21_conditions_of_probation_are_matched_with_the_goals() -> None:
    assert dues(routed("crim.disposition", Role.CRIM_COURT)) == {"update_plan": "5 BD"}
    assert dues(routed("prob.conditions_set", Role.PROB)) == {"align_with_conditions": "5 BD"}


def test_row_22_a_report_of_the_programme_is_told_to_probation_and_one_of_the_clinic_is_not() -> None:
    assert "PROB" in told(routed("provider.progress_report", Role.BIP))
    assert told(routed("provider.progress_report", Role.SUD)) <= {"CPS_WORKER", "CPS_INV", "SUD"}


def test_row_23_overdue_firearms_are_a_u0_for_probation_until_they_are_given_up() -> None:
    overdue = routed("firearm.relinquishment_status", Role.CRIM_COURT, status="overdue", order_ref="o1")
    assert overdue.urgency is Urgency.U0
    assert "PROB" in told(overdue)
    assert party("desk PROB") in recipients(overdue)
    assert assignees(overdue, "enforce_relinquishment") == ["PROB"]
    complied = routed("firearm.relinquishment_status", Role.CRIM_COURT, status="complied", order_ref="o1")
    assert complied.urgency is Urgency.U2
    assert [(done.kind, done.key) for done in complied.completes] == [("enforce_relinquishment", "order=o1")]


def test_row_24_a_consent_to_part_2_records_is_told_to_the_agency_alone() -> None:
    assert told(routed("sud.consent_signed", Role.SUD)) <= {"CPS_WORKER", "CPS_INV"}


def test_row_27_a_missing_report_nudges_the_programme_on_day_1_and_the_supervisor_on_day_5() -> None:
    fields: dict[str, Any] = {"period": "2025-03", "due": "2025-04-10", "provider": "turning-point"}
    first = routed("provider.report_missing", Role.SYSTEM, days_late=1, **fields)
    assert first.urgency is Urgency.U2
    assert told(first) == {"CPS_WORKER", "CPS_INV", "BIP"}
    assert dues(first) == {"send_report": "next business day", "chase_report": "3 BD"}
    fifth = routed("provider.report_missing", Role.SYSTEM, days_late=5, **fields)
    assert fifth.urgency is Urgency.U1
    assert "CPS_SUP" in told(fifth)


def test_row_29_a_late_report_completes_what_was_asked() -> None:
    report = routed("provider.progress_report", Role.BIP, period="2025-03", provider="turning-point", late_by=7)
    assert {(done.kind, done.key) for done in report.completes} == {
        ("send_report", "period=2025-03"),
        ("chase_report", "period=2025-03;provider=turning-point"),
        ("raise_missing_report", "period=2025-03;provider=turning-point"),
    }


def test_row_33_each_decision_of_a_meeting_becomes_a_task_of_its_owner() -> None:
    decision = routed(
        "meeting.held",
        Role.CPS_WORKER,
        held_on="2025-05-12",
        decisions=[
            {"decision": "a", "owner_role": "PROB", "due": "2025-05-20"},
            {"decision": "b", "owner_role": "BIP"},
            {"decision": "c", "owner_role": "PROB"},
        ],
    )
    put = [(task.role.value, task.key, task.due_on.isoformat() if task.due_on else None) for task in decision.tasks]
    assert put == [
        ("PROB", "decisions=1", "2025-05-20"),
        ("BIP", "decisions=2", None),
        ("PROB", "decisions=3", None),
    ]
    assert {"PROB", "BIP"} <= told(decision)


def test_decisions_of_a_meeting_that_rest_on_her_word_stay_within_the_agency() -> None:
    decision = routed(
        "meeting.held",
        Role.CPS_WORKER,
        held_on="2025-05-12",
        victim_sourced=True,
        decisions=[{"decision": "a", "owner_role": "PROB"}, {"decision": "b", "owner_role": "CPS_WORKER"}],
    )
    assert assignees(decision, "do_decision") == ["CPS_WORKER"]
    assert told(decision) <= {role.value for role in CHILD_WELFARE}


def test_row_34_location_seeking_at_a_visit_is_a_u0_that_goes_to_no_police_without_her() -> None:
    decision = routed("visitctr.critical_incident", Role.VISIT, CALLS_AGREED, kind="location_seeking")
    assert decision.urgency is Urgency.U0
    assert "LE" not in told(decision)
    assert {"CPS_WORKER", "CPS_SUP", "AG_ATTY", "PROB"} <= told(decision)
    assert dues(decision) == {
        "decide_visits": "same day",
        "write_incident_report": "next business day",
        "address_check": "4 h",
        "safety_call": "4 h",
    }
    assert assignees(decision, "write_incident_report") == ["VISIT"]


def test_row_34_the_police_hear_of_location_seeking_as_far_as_she_agreed() -> None:
    asked = routed("safety.location_seeking_detected", Role.VISIT, via="child", police_agreed=True)
    assert "LE" in told(asked)
    assert "LE" not in told(routed("safety.location_seeking_detected", Role.VISIT, via="child"))


def test_row_35_an_expiring_order_is_told_to_her_by_the_worker_and_renewal_help_is_due_before_it_ends() -> None:
    decision = routed("order.expiring", Role.SYSTEM, CALLS_AGREED, order_ref="o1", days_left=60, expires="2025-08-04")
    assert dues(decision) == {"offer_renewal_help": "2025-08-04", "safety_call": "3 BD"}
    assert told(decision) == {"CPS_WORKER", "CPS_INV", "AG_ATTY"}
    soon = routed("order.expiring", Role.SYSTEM, CALLS_AGREED, order_ref="o1", days_left=3, expires="2025-08-04")
    assert dues(soon)["safety_call"] == "next business day"


def test_row_36_praise_without_behaviour_asks_the_programme_for_behaviour_by_goal() -> None:
    decision = routed("provider.progress_report", Role.BIP, period="2025-05", per_goal=[], summary="100% attendance")
    assert assignees(decision, "report_behaviour") == ["BIP"]
    assert dues(decision) == {"report_behaviour": "5 BD"}


def test_row_39_a_certificate_asks_for_a_report_on_behaviour() -> None:
    assert dues(routed("provider.certificate_received", Role.COUNSEL_SUBJECT)) == {"request_behaviour_report": "5 BD"}


def test_row_40_a_court_that_asks_is_answered_by_the_day_that_it_names() -> None:
    decision = routed("court.status_requested", Role.JUV_COURT, request_ref="r1", due="2025-07-25")
    assert dues(decision) == {"answer_court": "2025-07-25"}
    assert assignees(decision, "answer_court") == ["AG_ATTY"]


def test_row_41_a_month_without_visit_is_u1_while_there_is_time_and_done_by_the_visit() -> None:
    warned = routed("visit.caseworker_missed", Role.SYSTEM, month="2025-07", child_ref="cody", month_over=False)
    assert warned.urgency is Urgency.U1
    assert dues(warned) == {"make_visit": "month end"}
    over = routed("visit.caseworker_missed", Role.SYSTEM, month="2025-07", child_ref="cody", month_over=True)
    assert over.urgency is Urgency.U2
    made = routed("visit.caseworker_made", Role.CPS_WORKER, child_ref="cody")
    assert [(done.kind, done.key) for done in made.completes] == [("make_visit", "child=cody")]


def test_row_42_a_renewal_completes_the_offer_of_help() -> None:
    decision = routed("order.issued", Role.CRIM_COURT, order_ref="o2", renews="o1")
    assert ("offer_renewal_help", "order=o1") in {(done.kind, done.key) for done in decision.completes}
    assert decision.urgency is Urgency.U1


def test_row_43_a_status_in_the_subjects_view_is_told_to_the_agency_alone() -> None:
    fields: dict[str, Any] = {"goal_id": "G4", "from_status": "PARTIALLY_SUPPORTED", "to_status": "VERIFIED"}
    internal = routed("goal.status_changed", Role.SYSTEM, view="internal", **fields)
    assert internal.urgency is Urgency.U1
    assert told(internal) == {"CPS_WORKER", "CPS_INV", "CPS_SUP"}
    assert told(routed("goal.status_changed", Role.SYSTEM, view="attorney", **fields)) == {"AG_ATTY"}
    assert "GAL" in told(routed("goal.status_changed", Role.SYSTEM, view="court", **fields))
    assert told(routed("goal.status_changed", Role.SYSTEM, view="subject", **fields)) <= {"CPS_WORKER", "CPS_INV"}


def test_row_47_police_report_an_order_violation_to_agency_officer_prosecutor_and_guardian() -> None:
    decision = routed("order.violated", Role.LE, CALLS_AGREED)
    assert decision.urgency is Urgency.U0
    assert told(decision) == {"CPS_WORKER", "CPS_INV", "CPS_SUP", "PROB", "DA", "GAL"}
    assert {party("desk CPS"), party("desk PROB")} <= recipients(decision)
    assert dues(decision) == {"report_violation": "next business day", "safety_call": "4 h"}
    for draft in decision.notifications:
        assert draft.caution == (DO_NOT_RAISE if draft.role in FACING_THE_SUBJECT else None)


def test_row_48_while_the_caution_stands_a_filed_violation_carries_it_too() -> None:
    cautioned = routed("prob.violation_filed", Role.PROB, replace(CASE, cautioned=True))
    assert cautioned.urgency is Urgency.U1
    assert {draft.caution for draft in cautioned.notifications if draft.role is Role.BIP} == {DO_NOT_RAISE}
    assert not any(draft.caution for draft in routed("prob.violation_filed", Role.PROB).notifications)


@pytest.mark.parametrize(
    ("days", "new_violence", "asked"), [(4, False, True), (45, False, True), (46, False, False), (4, True, False)]
)
def test_row_49_a_report_without_concerns_is_held_against_violence_that_came_on_record(
    days: int, new_violence: bool, asked: bool
) -> None:
    facts = replace(CASE, incident_at=AT - timedelta(days=days))
    decision = routed("provider.progress_report", Role.BIP, facts, period="2025-08", new_violence=new_violence)
    assert ("reconcile_report" in dues(decision)) is asked
    assert "reconcile_report" not in dues(routed("provider.progress_report", Role.BIP, period="2025-08"))
    assert set(assignees(decision, "reconcile_report")) <= {"CPS_WORKER"}


def test_row_51_what_she_says_against_a_goal_is_an_internal_u0_with_a_task_to_ask_her() -> None:
    decision = routed(
        "evidence.submitted",
        Role.CPS_WORKER,
        CALLS_AGREED,
        direction="-",
        basis="firsthand",
        observer_role="survivor",
        victim_sourced=True,
    )
    assert decision.urgency is Urgency.U0
    assert decision.held_back
    assert {draft.role for draft in decision.notifications} <= CHILD_WELFARE
    assert dues(decision) == {"rule_evidence": "3 BD", "seek_corroboration": "next business day"}


def test_row_53_a_request_to_override_goes_to_a_second_person() -> None:
    decision = routed("goal.override_requested", Role.CPS_SUP, override_ref="r1")
    assert told(decision) == {"CPS_MGR"}
    assert dues(decision) == {"decide_override": "2 BD"}


def test_row_55_external_contacts_are_told_of_the_new_worker() -> None:
    decision = routed("case.worker_reassigned", Role.CPS_SUP, from_worker="okafor", to_worker="ndiaye")
    assert {"BIP", "PROB", "GAL", "JUV_COURT", "SCHOOL", "TRIBE"} <= told(decision)
    assert dues(decision) == {"handover_briefing": "2 BD", "acknowledge_urgent": "2 BD"}


def test_every_due_time_of_the_story_is_known_to_the_policy() -> None:
    assert POLICY.unfilled_role.due.keys() == POLICY.late_fact.due.keys() == set(Urgency)
