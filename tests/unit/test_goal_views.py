"""What each kind of reader may know, and what a review that an incident asks for does to it (verification.md §5)."""

from dataclasses import replace
from typing import Any

import pytest

from services.domain.roles import Role
from tests.goal_story import GoalStory, iso, story

VIEWS = ["internal", "attorney", "court", "subject"]
CPS = [{"role": "CPS_WORKER"}]


def consented(told: GoalStory, on: int, until: int, **said: Any) -> None:
    """Trent consents that the clinic's records go to child welfare."""
    fields = {"consent_ref": "c-1", "person_ref": "trent", "recipients": CPS, "signed_on": iso(on), **said}
    told.tell("sud.consent_signed", on, Role.SUD, expires=iso(until), criminal_justice=False, **fields)


def sober(*codes: str, **fields: Any) -> GoalStory:
    """What verifies a goal together with tests of the clinic, which are Part 2 records; not without."""
    told = story(*(codes or ("21",)), **fields)
    told.brief(Role.SUD, 0, read=0)
    for at in (0, 30, 60, 90):
        told.seen("G", at, Role.SUD, basis="test")
    told.seen("G", 50, Role.PROB)
    return told


def test_part_2_records_count_in_a_view_only_while_a_consent_to_one_of_its_readers_is_in_force() -> None:
    told = sober()
    assert told.shown("G", 90, VIEWS) == ["PARTIALLY_SUPPORTED"] * 3 + ["VERIFIED"]
    consented(told, 91, 100)
    assert told.shown("G", 91, VIEWS) == ["VERIFIED", "PARTIALLY_SUPPORTED", "PARTIALLY_SUPPORTED", "VERIFIED"]
    assert told.status("G", 100) == "VERIFIED"
    assert told.shown("G", 101, ["internal"]) == ["PARTIALLY_SUPPORTED"]


def test_a_consent_that_is_taken_back_ends_at_once() -> None:
    told = sober()
    consented(told, 90, 300)
    told.tell("sud.consent_revoked", 92, Role.SUD, consent_ref="c-1")
    assert [told.shown("G", on, ["internal"])[0] for on in (91, 92)] == ["VERIFIED", "PARTIALLY_SUPPORTED"]


def test_a_programme_may_say_that_a_consent_has_ended() -> None:
    told = sober()
    consented(told, 90, 300)
    told.tell("sud.consent_expired", 93, Role.SUD, consent_ref="c-1", expires=iso(92))
    assert [told.shown("G", on, ["internal"])[0] for on in (92, 93)] == ["VERIFIED", "PARTIALLY_SUPPORTED"]


def test_a_consent_of_somebody_else_opens_nothing() -> None:
    told = sober()
    consented(told, 90, 300, person_ref="marisol", consent_ref="hers")
    assert told.shown("G", 91, ["internal"]) == ["PARTIALLY_SUPPORTED"]
    consented(told, 92, 300, recipients=[{"role": "PROB"}])
    assert told.shown("G", 92, ["internal", "probation"]) == ["PARTIALLY_SUPPORTED", "VERIFIED"]


def test_what_came_under_a_consent_is_kept_after_it_where_counsel_has_decided_so() -> None:
    told = replace(sober(), policy=replace(GoalStory().policy, p2_after_expiry=True))
    assert told.shown("G", 90, ["internal"]) == ["PARTIALLY_SUPPORTED"]
    consented(told, 0, 60)
    assert told.shown("G", 61, ["internal", "court"]) == ["PARTIALLY_SUPPORTED", "PARTIALLY_SUPPORTED"]
    assert len(told.assessed(90)["G", "internal"].items) == 4
    assert len(told.assessed(90)["G", "court"].items) == 1


def health(told: GoalStory, on: int, **said: Any) -> None:
    fields = {"consent_ref": "h-1", "by_ref": "trent", "law": "HIPAA", "recipients": [{"role": "AG_ATTY"}], **said}
    told.tell("consent.granted", on, **{"expires": iso(200), "signed_on": iso(on), **fields})


@pytest.mark.parametrize(
    ("said", "items"),
    [
        ({}, 1),
        ({"classes": ["PHI"]}, 1),
        ({"classes": ["EDU"]}, 0),
        ({"law": "VAWA"}, 0),
        ({"by_ref": "marisol"}, 0),
        ({"by_ref": "marisol", "for_ref": "trent"}, 1),
        ({"recipients": [{"role": "GAL"}]}, 0),
        ({"expires": iso(7)}, 0),
        ({"signed_on": iso(9)}, 0),
    ],
)
def test_a_release_opens_what_it_names_to_whom_it_names(said: dict[str, Any], items: int) -> None:
    told = story("21")
    told.seen("G", 5, Role.MH)
    health(told, 6, **said)
    assert len(told.assessed(8)["G", "attorney"].items) == items
    assert len(told.assessed(8)["G", "internal"].items) == 1


def test_health_records_are_not_kept_after_their_release_whatever_is_decided_of_part_2() -> None:
    told = replace(story("21"), policy=replace(GoalStory().policy, p2_after_expiry=True))
    health(told, 1, expires=iso(8))
    told.seen("G", 5, Role.MH)
    assert [len(told.assessed(on)["G", "attorney"].items) for on in (8, 9)] == [1, 0]


@pytest.mark.parametrize(
    ("narrowed", "items"),
    [
        ({}, 1),
        ({"classes": ["PHI", "EDU"]}, 1),
        ({"classes": ["EDU"]}, 0),
        ({"classes": []}, 0),
        ({"recipients": [{"role": "AG_ATTY"}, {"role": "GAL"}]}, 1),
        ({"recipients": [{"role": "GAL"}]}, 0),
        ({"expires": iso(300)}, 1),
        ({"expires": iso(9)}, 0),
    ],
)
def test_a_consent_that_is_narrowed_loses_what_it_no_longer_names_and_wins_nothing(
    narrowed: dict[str, Any], items: int
) -> None:
    told = story("21")
    told.seen("G", 5, Role.MH)
    health(told, 6, classes=["PHI"], expires=iso(15))
    told.tell("consent.narrowed", 7, consent_ref="h-1", **narrowed)
    assert [len(told.assessed(on)["G", "attorney"].items) for on in (6, 10)] == [1, items]
    assert len(told.assessed(16)["G", "attorney"].items) == 0
    wide = told.assessed(10)["G", "court"]
    assert wide.items == ()


def test_only_whoever_counts_documents_an_opportunity() -> None:
    told = story("1", kind="cessation")
    opportunities: dict[str, Any] = {"opportunity_days": [iso(100), iso(101), iso(102)]}
    for at in (0, 45, 90, 135, 180):
        told.seen("G", at, Role.PROB)
    told.seen("G", 20, Role.LE)
    told.seen("G", 100, Role.CPS_WORKER, origin_person="june", **opportunities)
    told.seen("G", 100, Role.CPS_WORKER, observer_role="subject", **opportunities)
    told.seen("G", 100, Role.CPS_WORKER, observer_role="adverse", **opportunities)
    told.seen("G", 100, Role.CPS_WORKER, basis="opinion", **opportunities)
    told.seen("G", 100, Role.LE, direction="0", **opportunities)
    assert told.status("G", 180) == "PARTIALLY_SUPPORTED NEED_OPPORTUNITY"
    for ruling in ("rejected", "coerced", "disputed", "context"):
        told.seen("G", 110, Role.PROB, evidence_id=ruling, **opportunities)
        told.tell("evidence.ruled", 111, evidence_id=ruling, ruling=ruling, ruled_by="okafor")
    assert told.status("G", 180) == "PARTIALLY_SUPPORTED NEED_OPPORTUNITY"
    told.seen("G", 120, Role.PROB, **opportunities)
    assert told.status("G", 180) == "VERIFIED"


def test_opportunities_that_a_view_may_not_know_are_none_in_it() -> None:
    told = story("1", kind="cessation")
    for at in (0, 45, 90, 135, 180):
        told.seen("G", at, Role.PROB)
    told.seen("G", 20, Role.LE)
    told.brief(Role.SCHOOL, 0, read=0)
    told.seen("G", 100, Role.SCHOOL, opportunity_days=[iso(100), iso(101), iso(102)])
    assert told.shown("G", 180, VIEWS) == ["VERIFIED", "VERIFIED", "PARTIALLY_SUPPORTED", "PARTIALLY_SUPPORTED"]


def banner(told: GoalStory, on: int, goal_id: str = "G") -> dict[str, tuple[str, bool]]:
    found = told.assessed(on)
    return {
        view: (found[goal_id, view].assessment.status.value, found[goal_id, view].review_required) for view in VIEWS
    }


def quiet() -> dict[str, tuple[str, bool]]:
    return dict.fromkeys(VIEWS, ("VERIFIED", False))


def test_a_serious_incident_asks_for_a_review_of_every_other_verified_goal_and_courts_see_no_verified() -> None:
    told = story("21").verify("G").goal("H", "23").goal("S", "1", kind="cessation")
    assert banner(told, 91) == quiet()
    told.tell("order.violated", 92, Role.LE, person_ref="trent", severity="violence")
    under = ("UNDER_REVIEW", True)
    assert banner(told, 92) == {
        "internal": ("VERIFIED", True),
        "attorney": ("VERIFIED", True),
        "court": under,
        "subject": under,
    }
    assert told.status("G", 92, "court") == "UNDER_REVIEW REVIEW_REQUIRED"
    assert banner(told, 92, "H") == dict.fromkeys(VIEWS, ("NOT_ASSESSED", False))
    assert {shown for shown, _ in banner(told, 92, "S").values()} == {"CONTRADICTED"}
    assert banner(told, 91) == quiet()


def test_a_goal_that_was_not_verified_when_the_incident_became_known_asks_for_no_review() -> None:
    told = story("21")
    told.tell("order.violated", 5, Role.LE, person_ref="trent")
    told.verify("G")
    assert banner(told, 90) == quiet()


@pytest.mark.parametrize(
    ("event_type", "by", "said"),
    [
        ("order.violated", Role.LE, {"person_ref": "marisol"}),
        ("prob.violation_filed", Role.PROB, {"person_ref": "trent"}),
        ("visitctr.critical_incident", Role.VISIT, {"kind": "substance"}),
        ("school.record_request_by_subject", Role.SCHOOL, {"kind": "address_or_contact"}),
    ],
)
def test_what_another_did_and_what_is_not_serious_asks_for_no_review(
    event_type: str, by: Role, said: dict[str, Any]
) -> None:
    told = story("21").verify("G")
    told.tell(event_type, 92, by, **said)
    assert banner(told, 92) == quiet()


def test_an_incident_that_a_view_may_not_know_of_is_not_betrayed_by_it() -> None:
    told = story("21").verify("G")
    told.tell("order.violated", 92, Role.CPS_WORKER, person_ref="trent", origin_person="marisol")
    flagged = {"internal": ("VERIFIED", True), "attorney": ("VERIFIED", True)}
    assert banner(told, 92) == {**quiet(), **flagged}
    told.tell("order.violated", 94, Role.LE, person_ref="trent")
    assert banner(told, 94)["court"] == ("UNDER_REVIEW", True)


def test_a_review_ends_when_two_people_clear_it_and_of_that_goal_alone() -> None:
    told = story("21").verify("G").goal("H", "23").verify("H")
    told.tell("order.violated", 92, Role.LE, person_ref="trent")
    told.tell("review.hold_lifted", 93, hold_ref="review-required-G", lifted_by="lindqvist", second_approver="bashir")
    assert banner(told, 93)["court"] == ("UNDER_REVIEW", True)
    told.tell("review.hold_lifted", 94, hold_ref="review-required-G", lifted_by="lindqvist", second_approver="price")
    assert banner(told, 94) == quiet()
    assert banner(told, 94, "H")["court"] == ("UNDER_REVIEW", True)
    told.tell("order.violated", 94, Role.LE, person_ref="trent")
    assert banner(told, 94)["court"] == ("UNDER_REVIEW", True)


def test_a_review_is_not_cleared_of_what_came_after_the_first_of_two_had_looked() -> None:
    told = story("21").verify("G")
    told.tell("order.violated", 92, Role.LE, person_ref="trent")
    told.tell("review.hold_lifted", 93, staff="lindqvist", hold_ref="review-required-G")
    told.tell("order.violated", 94, Role.LE, person_ref="trent")
    told.tell("review.hold_lifted", 95, staff="price", hold_ref="review-required-G")
    assert banner(told, 95)["internal"] == ("VERIFIED", True)
    told.tell("review.hold_lifted", 96, staff="lindqvist", hold_ref="review-required-G")
    assert banner(told, 96) == quiet()


def test_a_court_sees_no_verified_status_of_a_goal_that_was_closed_under_a_review() -> None:
    told = story("21").verify("G")
    told.tell("order.violated", 92, Role.LE, person_ref="trent")
    told.tell("caseplan.revised", 95, Role.CPS_WORKER, diff=[{"op": "closed", "goal_id": "G"}], effective=iso(95))
    last = {view: told.assessed(96)["G", view].last_status for view in ("internal", "court")}
    assert {view: one and one.status.value for view, one in last.items()} == {
        "internal": "VERIFIED",
        "court": "UNDER_REVIEW",
    }


def test_a_view_of_whoever_is_briefed_says_who_read_about_the_goal() -> None:
    told = story("26")
    told.brief(Role.PROB, 3, read=4, goal_ids=["G"])
    assert told.state("G", 3).briefed == frozenset()
    assert told.state("G", 4).briefed == {"probation"}


def test_a_single_view_may_be_asked_for() -> None:
    told = story("21")
    assert [view for _, view in told.assessed(5)] == [view.name for view in told.policy.views]
