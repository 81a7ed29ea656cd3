"""Goals are assessed as events come and days pass: what is said of them, in which lane, and to whom."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from services.actions.play_story import let_time_pass
from services.actions.run_jobs import run_jobs
from services.clock import StoryClock
from services.domain.roles import Role
from services.domain.urgency import Lane
from tests.alder import STORY_START, Alder
from tests.assessed_case import OUTSIDE, VIEWS, Case, assessed_case, iso
from tests.payloads import minimal_payload


@pytest.fixture
def case(county: Alder, clock: StoryClock) -> Case:
    """The case with all agencies on it, and the family."""
    return assessed_case(county, clock)


def test_evidence_leads_to_a_status_in_each_view_and_to_an_event_for_each_change(case: Case) -> None:
    case.goal("G", "21")
    assert case.statuses() == dict.fromkeys(VIEWS, "NOT_ASSESSED")
    assert case.said() == []
    case.seen("G", 0)
    assert case.statuses() == dict.fromkeys(VIEWS, "PARTIALLY_SUPPORTED")
    first = case.said()
    assert {row.urgency for row in first} == {"U3"}
    assert {(data["from_status"], data["to_status"]) for data in case.data(first)} == {
        ("NOT_ASSESSED", "PARTIALLY_SUPPORTED")
    }
    case.verify("G")
    assert case.statuses() == dict.fromkeys(VIEWS, "VERIFIED")
    later = case.said({row.id for row in first})
    changed = {
        data["view"]: (row.urgency, data["to_status"], data["as_of"])
        for row, data in zip(later, case.data(later), strict=True)
    }
    assert changed == {
        "internal": ("U1", "VERIFIED", "2025-01-18"),
        "attorney": ("U1", "VERIFIED", "2025-01-18"),
        "court": ("U1", "VERIFIED", "2025-01-18"),
        "subject": ("U3", "VERIFIED", "2025-01-18"),
    }
    assert {data["ruleset_version"] for data in case.data(later)} == {case.county.system.policy.verification.digest}
    told = case.told(later)
    assert told["internal"] == {"worker", "supervisor"}
    assert "stone" in told["court"]
    assert not told["subject"] & OUTSIDE
    assert case.failed() == 0


def test_nothing_is_assessed_for_a_case_without_goals(case: Case) -> None:
    case.county.accept(
        "probation",
        "evidence.submitted",
        {**minimal_payload("evidence.submitted"), "goal_id": "G", "observed_from": iso(0)},
    )
    case.county.accept("police", "order.violated", minimal_payload("order.violated"))
    for lane in Lane:
        while run_jobs(case.county.system, lane, ("route",)):
            pass
    assert case.jobs() == []
    assert case.rows("SELECT 1 FROM goal_statuses") == []


def test_an_event_that_bears_on_no_goal_assesses_nothing(case: Case) -> None:
    case.goal("G", "21")
    before = len(case.jobs())
    case.county.accept("police", "order.served", minimal_payload("order.served"))
    for lane in Lane:
        while run_jobs(case.county.system, lane, ("route",)):
            pass
    assert len(case.jobs()) == before


def test_an_incident_flags_every_verified_goal_in_one_pass_of_work(case: Case) -> None:
    """practice.md §6.7, T3."""
    for goal_id in "GH":
        case.goal(goal_id, "21")
        case.verify(goal_id)
    case.goal("S", "1", kind="cessation")
    before = {row.id for row in case.said()}
    incident = minimal_payload("order.violated") | {"person_ref": "trent", "severity": "violence"}
    case.county.accept("police", "order.violated", incident)
    done = {lane: run_jobs(case.county.system, lane) for lane in (Lane.URGENT, Lane.ROUTINE)}
    assert done[Lane.URGENT] == 1
    flagged = {"internal": "VERIFIED!", "attorney": "VERIFIED!", "court": "UNDER_REVIEW!", "subject": "UNDER_REVIEW!"}
    assert (case.statuses("G"), case.statuses("H")) == (flagged, flagged)
    assert set(case.statuses("S").values()) == {"CONTRADICTED"}
    said = case.data(case.said(before))
    assert len(said) == 12
    assert {data["view"] for data in said if data.get("review_required")} == set(VIEWS)
    case.county.work()
    assert case.failed() == 0


def test_a_review_is_cleared_by_two_people(case: Case) -> None:
    case.goal("G", "21")
    case.verify("G")
    case.send("police", "order.violated", person_ref="trent", severity="violence")
    lift = {"hold_ref": "review-required-G", "why": "looked at", "lifted_by": "supervisor"}
    case.send("cps", "review.hold_lifted", **lift, second_approver="worker")
    assert case.statuses()["court"] == "UNDER_REVIEW!"
    case.send("cps", "review.hold_lifted", **lift, second_approver="manager")
    assert case.statuses() == dict.fromkeys(VIEWS, "VERIFIED")


def test_what_is_known_from_the_survivor_alone_changes_the_agencys_views_and_is_told_to_nobody_outside(
    case: Case,
) -> None:
    """practice.md §5.5 and §6.7, T4."""
    case.goal("G", "21")
    case.goal("H", "23")
    case.verify("G")
    case.verify("H")
    before, said = case.statuses(), {row.id for row in case.said()}
    case.seen("G", 108, "cps", direction="-", origin_person="marisol", observer_role="survivor")
    case.send("cps", "order.violated", origin_person="marisol", person_ref="trent", severity="violence")
    assert case.statuses() == {**before, "internal": "CONTRADICTED", "attorney": "CONTRADICTED"}
    assert case.statuses("H") == {**before, "internal": "VERIFIED!", "attorney": "VERIFIED!"}
    later = case.said(said)
    told = case.told(later)
    assert set(told) == {"internal", "attorney"}
    assert not set().union(*told.values()) & OUTSIDE
    assert {case.shown_to(role, later) for role in (Role.GAL, Role.JUV_COURT, Role.TRIBE, Role.PROB)} == {0}
    assert case.shown_to(Role.CPS_WORKER, later) == len(later)
    since = case.rows(
        "SELECT s.username FROM notifications n JOIN staff s ON s.id = n.recipient_id"
        " JOIN event_log e ON e.id = n.event_id WHERE e.type IN ('evidence.submitted', 'order.violated')"
        " AND e.agency_id = (SELECT id FROM agencies WHERE slug = 'cps')"
    )
    assert not {row.username for row in since} & OUTSIDE
    case.seen("G", 108, "police", direction="-", basis="record")
    assert case.statuses()["court"] == "CONTRADICTED"


def test_a_view_without_part_2_records_says_nothing_of_tests(case: Case) -> None:
    """practice.md §6.7, T5."""
    case.consent_to_clinic(expires="2025-09-14")
    case.goal("G", "25")
    case.send("cps", "briefing.sent", briefing_ref="b-1", to_agency="clinic", goal_ids=["G"])
    case.send("clinic", "briefing.acknowledged", briefing_ref="b-1")
    case.seen("G", 0)
    case.clock.move_to(STORY_START + timedelta(days=90))
    said = {row.id for row in case.said()}
    for day in (110, 140, 170, 198):
        case.seen("G", day, "clinic", basis="test", behaviour="Clean test")
    case.seen("G", 190, basis="record")
    case.seen("G", 105)
    later = case.said(said)
    views = [data["view"] for data in case.data(later)]
    assert "internal" in views
    assert (case.statuses()["internal"], case.statuses()["court"]) == ("VERIFIED", "PARTIALLY_SUPPORTED")
    kept = case.rows("SELECT reasons FROM goal_statuses WHERE view = 'court'")
    told = [data for data in case.data(case.said()) if data["view"] == "court"]
    assert told
    words = json.dumps([told, [row.reasons for row in kept]]).lower()
    assert not [word for word in ("test", "clinic", "p2", "substance", "withheld", "sober", "urine") if word in words]


def test_a_consent_that_ends_is_noticed_by_the_day_alone_in_the_views_that_it_opened(case: Case) -> None:
    case.consent_to_clinic(expires="2025-01-20")
    case.goal("G", "21")
    case.send("cps", "briefing.sent", briefing_ref="b-1", to_agency="clinic", goal_ids=["G"])
    case.county.accept("cps", "briefing.acknowledged", {"briefing_ref": "b-1"})
    case.county.work()
    case.clock.move_to(STORY_START)
    case.verify("G")
    before = case.statuses()
    case.seen("G", 109, "clinic", basis="test", direction="-")
    assert (case.statuses()["internal"], case.statuses()["court"]) == ("CONTRADICTED", before["court"])
    let_time_pass(case.county.system, case.clock, datetime(2025, 1, 21, 12, tzinfo=UTC))
    assert case.statuses()["internal"] == "VERIFIED"
