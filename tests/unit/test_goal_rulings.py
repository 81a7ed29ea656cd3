"""What people decide about evidence and goals: what can raise a status needs two of different reporting lines."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.domain.evidence import Ruling
from services.domain.reporting_lines import Spell
from services.domain.roles import Role
from tests.goal_story import LINES, GoalStory, iso, story

RAISING = [("+", "counts"), ("-", "rejected"), ("-", "context"), ("-", "coerced"), ("-", "counts"), ("0", "disputed")]
LOWERING = [("+", "rejected"), ("+", "context"), ("+", "coerced"), ("+", "disputed"), ("-", "disputed")]


def ruled(
    told: GoalStory, item: str, ruling: str, on: int, *people: str, staff: str | None = None, **said: Any
) -> None:
    """A ruling, said by an agency's system to be of one person or of two; or by somebody who signed in."""
    named: dict[str, Any] = dict(zip(("ruled_by", "second_approver"), people, strict=False))
    told.tell("evidence.ruled", on, staff=staff, evidence_id=item, ruling=ruling, **named, **said)


@pytest.mark.parametrize(("direction", "ruling"), RAISING)
@pytest.mark.parametrize(
    ("people", "agreed"),
    [
        (("okafor",), False),
        (("okafor", "okafor"), False),
        (("okafor", "lindqvist"), False),
        (("lindqvist", "okafor"), False),
        (("okafor", "bashir"), False),
        (("okafor", "tan"), False),
        (("okafor", "somebody-else"), False),
        (("okafor", "ndiaye"), True),
        (("lindqvist", "price"), True),
    ],
)
def test_a_ruling_that_can_raise_a_status_needs_two_people_of_different_reporting_lines(
    direction: str, ruling: str, people: tuple[str, ...], *, agreed: bool
) -> None:
    told = story()
    item = told.seen("G", 5, direction=direction)
    ruled(told, item, ruling, 6, *people)
    assert told.item("G", item, 6).ruling == (Ruling(ruling) if agreed else None)


@pytest.mark.parametrize(("direction", "ruling"), LOWERING)
def test_a_ruling_that_can_only_lower_a_status_needs_one_person(direction: str, ruling: str) -> None:
    told = story()
    item = told.seen("G", 5, direction=direction)
    ruled(told, item, ruling, 6, "okafor")
    assert told.item("G", item, 5).ruling is None
    assert told.item("G", item, 6).ruling is Ruling(ruling)


def test_whoever_signs_in_cannot_name_the_second_person_who_signs_in_too() -> None:
    told = story()
    item = told.seen("G", 5, direction="-")
    ruled(told, item, "rejected", 6, "okafor", "price", staff="okafor")
    assert told.item("G", item, 6).ruling is None
    ruled(told, item, "rejected", 7, staff="okafor")
    assert told.item("G", item, 7).ruling is None
    ruled(told, item, "rejected", 8, staff="tan")
    assert told.item("G", item, 8).ruling is None
    ruled(told, item, "rejected", 9, staff="price")
    assert [told.item("G", item, on).ruling for on in (8, 9)] == [None, Ruling.REJECTED]


def test_two_people_agree_only_on_the_same_ruling_of_the_same_goal_with_nothing_else_said_between() -> None:
    told = story()
    item = told.seen("G", 5, direction="-")
    ruled(told, item, "rejected", 6, staff="okafor")
    ruled(told, item, "coerced", 7, staff="price")
    assert told.item("G", item, 7).ruling is None
    ruled(told, item, "rejected", 8, staff="price", goal_id="G")
    assert told.item("G", item, 8).ruling is None
    ruled(told, item, "rejected", 9, staff="ndiaye")
    assert told.item("G", item, 9).ruling is None
    ruled(told, item, "rejected", 10, staff="okafor")
    assert told.item("G", item, 10).ruling is Ruling.REJECTED


def test_a_line_holds_from_its_first_day_to_its_last() -> None:
    moved = replace(
        LINES, supervised=(*LINES.supervised[1:], Spell("okafor", "lindqvist", date(2020, 1, 1), date(2025, 3, 5)))
    )
    told = replace(story(), lines=moved)
    item = told.seen("G", 1, direction="-")
    for on, agreed in ((4, False), (6, True)):
        ruled(told, item, "rejected", on, "okafor", "tan")
        assert (told.item("G", item, on).ruling is Ruling.REJECTED) is agreed


def test_the_last_ruling_that_took_effect_stands_by_whatever_name_it_means_the_item() -> None:
    told = story()
    event = told.seen("G", 5, evidence_id="z-1")
    ruled(told, "z-1", "rejected", 6, "okafor")
    ruled(told, event, "counts", 7, "okafor", "price")
    assert told.item("G", event, 7).ruling is Ruling.COUNTS
    ruled(told, event, "rejected", 8, "okafor")
    ruled(told, "z-1", "counts", 9, "okafor", "price")
    assert told.item("G", event, 9).ruling is Ruling.COUNTS
    ruled(told, "z-1", "context", 10, "okafor")
    assert told.item("G", event, 10).ruling is Ruling.CONTEXT


def test_a_ruling_may_be_about_one_goal_of_a_report_alone() -> None:
    told = story().goal("H", "21")
    seen = {"direction": "+", "behaviour": "calm", "observed_from": iso(5), "basis": "direct"}
    report = told.tell(
        "prob.contact_report", 5, Role.PROB, per_goal=[{"goal_id": goal, **seen, "evidence_id": "n-1"} for goal in "GH"]
    )
    ruled(told, "n-1", "rejected", 6, "okafor", goal_id="H")
    ruled(told, f"{report}:0", "disputed", 7, "okafor")
    assert told.item("G", report, 7).ruling is Ruling.DISPUTED
    assert told.item("H", report, 7).ruling is Ruling.REJECTED


def held(told: GoalStory, on: int, expires: int, hold: str = "h-1") -> None:
    told.tell("review.hold_set", on, hold_ref=hold, goal_id="G", expires=iso(expires))


def test_a_hold_ends_after_30_days_unless_it_is_renewed() -> None:
    told = story().verify("G")
    held(told, 95, 300)
    assert told.status("G", 94) == "VERIFIED"
    assert {told.status("G", on) for on in (95, 125)} == {"UNDER_REVIEW SUPERVISOR_HOLD"}
    assert told.status("G", 126) == "VERIFIED"
    held(told, 120, 130)
    assert told.status("G", 130) == "UNDER_REVIEW SUPERVISOR_HOLD"
    assert told.status("G", 131) == "VERIFIED"


def test_a_hold_that_is_set_again_never_ends_earlier_and_lets_no_other_goal_go() -> None:
    told = story().goal("H").verify("G").verify("H")
    held(told, 91, 110)
    held(told, 92, 93)
    told.tell("review.hold_set", 93, hold_ref="h-1", goal_id="H", expires=iso(100))
    assert told.status("G", 110) == "UNDER_REVIEW SUPERVISOR_HOLD"
    assert [told.status("H", on) for on in (100, 101)] == ["UNDER_REVIEW SUPERVISOR_HOLD", "VERIFIED"]
    told.tell("review.hold_lifted", 94, hold_ref="h-1", lifted_by="lindqvist", second_approver="price")
    assert {told.status(goal, 94) for goal in "GH"} == {"VERIFIED"}


def test_a_hold_is_lifted_by_two_people() -> None:
    told = story().verify("G")
    held(told, 91, 110)
    told.tell("review.hold_lifted", 92, hold_ref="h-1", lifted_by="lindqvist", second_approver="bashir")
    told.tell("review.hold_lifted", 93, staff="lindqvist", hold_ref="h-1", second_approver="price")
    assert told.status("G", 93) == "UNDER_REVIEW SUPERVISOR_HOLD"
    told.tell("review.hold_lifted", 94, staff="price", hold_ref="h-1")
    assert told.status("G", 94) == "VERIFIED"
    held(told, 95, 110)
    told.tell("review.hold_lifted", 96, staff="price", hold_ref="h-1")
    assert told.status("G", 96) == "UNDER_REVIEW SUPERVISOR_HOLD"
    told.tell("review.hold_lifted", 97, hold_ref="h-1", lifted_by="lindqvist", second_approver="price")
    assert told.status("G", 97) == "VERIFIED"


def waived(told: GoalStory, on: int, *, by: str = "lindqvist", second: str = "price", **said: Any) -> None:
    asked = {"direction": "waive_duration", "share_waived": 25, "expires": iso(on + 200)}
    granted = {"granted": said.pop("granted", True)}
    told.tell("goal.override_requested", on, override_ref="o-1", goal_id="G", requested_by=by, **{**asked, **said})
    told.tell("goal.override_decided", on, Role.CPS_MGR, override_ref="o-1", decided_by=second, **granted)


def test_a_waiver_of_two_people_lasts_30_days_at_most() -> None:
    told = story("21").verify("G", last=75)
    told.seen("G", 70)
    assert told.status("G", 72) == "PARTIALLY_SUPPORTED NEED_DURATION(70/90)"
    waived(told, 72)
    assert told.status("G", 71).startswith("PARTIALLY")
    assert {told.status("G", on) for on in (72, 102)} == {"VERIFIED_BY_WAIVER NEED_DURATION(70/90)"}
    assert told.status("G", 103).startswith("PARTIALLY")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, "VERIFIED_BY_WAIVER"),
        ({"second": "lindqvist"}, "PARTIALLY_SUPPORTED"),
        ({"second": "bashir"}, "PARTIALLY_SUPPORTED"),
        ({"second": "okafor"}, "PARTIALLY_SUPPORTED"),
        ({"granted": False}, "PARTIALLY_SUPPORTED"),
        ({"expires": iso(71)}, "PARTIALLY_SUPPORTED"),
    ],
)
def test_a_waiver_needs_two_people_of_different_lines(said: dict[str, Any], status: str) -> None:
    told = story("21").verify("G", last=75)
    told.seen("G", 70)
    waived(told, 70, **said)
    assert told.shown("G", 72, ["internal"]) == [status]


def test_a_goal_of_safety_is_never_waived() -> None:
    for said in ({"goal_codes": ["1"]}, {"safety_critical": True}):
        told = story(**said).verify("G", last=75)
        told.seen("G", 70)
        waived(told, 70)
        assert told.shown("G", 72, ["internal"]) == ["PARTIALLY_SUPPORTED"]


def test_parameters_of_a_goal_are_only_stricter_until_two_people_let_them_be_lower() -> None:
    lax = {"groups": 1, "observations": 1, "period_days": 10, "max_gap_days": 60, "fresh_days": 100, "expire_days": 300}
    strict = {
        "groups": 3,
        "observations": 9,
        "period_days": 120,
        "max_gap_days": 20,
        "fresh_days": 10,
        "expire_days": 50,
    }
    told = story("21", params=lax)
    assert told.state("G", 1).thresholds == told.policy.thresholds
    own = story("21", params=strict).state("G", 1).thresholds
    assert (own.groups, own.observations, own.positive_period, own.max_gap) == (3, 9, 120, 20)
    assert (own.fresh, own.expires, own.cessation_period) == (10, 50, 180)
    waived(told, 20, second="bashir", direction="lower_parameter")
    assert told.state("G", 20).thresholds == told.policy.thresholds
    waived(told, 21, direction="lower_parameter")
    lowered = told.state("G", 21).thresholds
    assert (lowered.groups, lowered.positive_period, lowered.expires) == (1, 10, 300)
    assert told.state("G", 51).thresholds.groups == 1
    assert told.state("G", 52).thresholds == told.policy.thresholds


def changed(told: GoalStory, on: int, action: str, groups: list[str], into: str, **said: Any) -> None:
    told.tell("group.changed", on, action=action, groups=groups, into=into, **said)


def groups(told: GoalStory, on: int, goal_id: str = "G") -> list[str]:
    return [item.evidence.group for item in told.state(goal_id, on).items]


def test_groups_are_made_one_by_one_person_and_split_by_two() -> None:
    told = story()
    for by in (Role.PROB, Role.LE, Role.JUV_COURT):
        told.seen("G", 5, by)
    changed(told, 6, "merge", ["probation", "police"], "police", changed_by="lindqvist")
    assert groups(told, 5) == ["probation", "police", "court"]
    assert groups(told, 6) == ["police", "police", "court"]
    changed(told, 7, "split", ["probation", "police"], "police", changed_by="lindqvist", second_approver="bashir")
    assert groups(told, 7) == ["police", "police", "court"]
    changed(told, 8, "split", ["probation", "police"], "police", staff="lindqvist")
    changed(told, 9, "split", ["probation", "police"], "police", staff="price")
    assert groups(told, 8) == ["police", "police", "court"]
    assert groups(told, 9) == ["probation", "police", "court"]


def test_groups_that_were_made_one_stay_one_whatever_they_are_called_after() -> None:
    told = story()
    for by in (Role.PROB, Role.LE, Role.JUV_COURT):
        told.seen("G", 5, by)
    changed(told, 6, "merge", ["probation", "police"], "probation")
    changed(told, 7, "merge", ["probation", "police"], "police")
    assert len(set(groups(told, 7)[:2])) == 1
    changed(told, 8, "merge", ["court", "nobody"], "police")
    assert len(set(groups(told, 8))) == 1


def test_a_split_sets_apart_whoever_observed_for_one_organisation() -> None:
    told = story()
    seen = {"direction": "+", "behaviour": "calm", "observed_from": iso(5), "basis": "direct"}
    report = [{"goal_id": "G", **seen, "observer_person": officer} for officer in ("reyes", "diaz", "ortiz")]
    told.tell("prob.contact_report", 5, Role.PROB, per_goal=report)
    changed(told, 6, "split", ["reyes", "diaz"], "probation", changed_by="lindqvist", second_approver="price")
    assert groups(told, 6) == ["reyes", "diaz", "probation"]


def test_groups_may_change_for_one_goal_alone() -> None:
    told = story().goal("H", "21")
    for goal_id in "GH":
        told.seen(goal_id, 5, Role.PROB)
        told.seen(goal_id, 5, Role.LE)
    changed(told, 6, "merge", ["probation", "police"], "police", goal_id="G")
    assert groups(told, 6) == ["police", "police"]
    assert groups(told, 6, "H") == ["probation", "police"]
