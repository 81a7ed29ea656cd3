"""The run and the status (verification.md §3 and §4), on both sides of each border, by plain examples."""

from typing import Any

import pytest

from tests.verification_cases import Answer, Case, answer, case, cessation, good, item, positive, with_more

_NOTHING_COUNTS = ["NO_COUNTABLE_EVIDENCE"]
_WAIVER = {"approver": "supervisor", "second_approver": "manager", "expires": 500}


# --- the run (§3) ---


def test_a_hole_of_45_days_belongs_to_the_run_and_one_of_46_ends_it() -> None:
    assert answer(case(item(0), item(45, group="therapist"), as_of=45))[1] == [
        "NEED_MORE_OBSERVATIONS",
        "NEED_DURATION(45/90)",
    ]
    assert answer(case(item(0), item(46, group="therapist"), as_of=46))[1] == [
        "RESTARTED_AFTER_GAP(46)",
        "NEED_SECOND_INDEPENDENT_SOURCE",
        "NEED_MORE_OBSERVATIONS",
        "NEED_DURATION(0/90)",
    ]


@pytest.mark.parametrize(("hole", "bridged"), [(46, True), (120, True), (121, False)])
def test_fresh_evidence_bridges_up_to_120_days_after_what_was_verified(hole: int, *, bridged: bool) -> None:
    status, reasons = answer(positive(item(90 + hole), as_of=90 + hole))
    if bridged:
        assert (status, reasons) == ("VERIFIED", [])
    else:
        assert (status, reasons[0]) == ("PARTIALLY_SUPPORTED", f"RESTARTED_AFTER_GAP({hole})")


def test_nothing_bridges_a_hole_after_what_was_not_verified() -> None:
    assert answer(case(*good(0, 89), item(135), as_of=135))[1][0] == "RESTARTED_AFTER_GAP(46)"


def test_the_hole_is_counted_from_the_furthest_day_that_was_reached() -> None:
    assert answer(case(item(0, 90, count=2), item(10, group="therapist"), item(135), as_of=135)) == ("VERIFIED", [])


def test_only_the_hole_before_the_newest_run_is_told() -> None:
    reasons = answer(case(item(0), item(50), item(110), as_of=110))[1]
    assert reasons[0] == "RESTARTED_AFTER_GAP(60)"
    assert not any("(50)" in reason for reason in reasons)


def test_only_the_newest_run_is_judged() -> None:
    assert answer(positive(item(300), as_of=300))[1] == [
        "RESTARTED_AFTER_GAP(210)",
        "NEED_SECOND_INDEPENDENT_SOURCE",
        "NEED_MORE_OBSERVATIONS",
        "NEED_DURATION(0/90)",
    ]


@pytest.mark.parametrize(("last", "said"), [(60, []), (59, ["RESTARTED_AFTER_GAP(46)"])])
def test_days_without_opportunity_are_subtracted_from_a_hole(last: int, said: list[str]) -> None:
    document = case(item(0), item(100), as_of=100, no_opportunity=[[5, last]])
    assert [reason for reason in answer(document)[1] if reason.startswith("RESTARTED")] == said


@pytest.mark.parametrize(("last", "status"), [(20, "VERIFIED"), (21, "PARTIALLY_SUPPORTED")])
def test_days_without_opportunity_are_subtracted_from_the_span(last: int, status: str) -> None:
    assert answer(case(*good(0, 100), as_of=100, no_opportunity=[[10, last]]))[0] == status


@pytest.mark.parametrize(
    ("blocks", "lost"),
    [
        ([[15, 20], [10, 15]], 10),
        ([[10, 15], [16, 20]], 9),
        ([[10, 20], [12, 15]], 10),
        ([[10, 20], [5, 12]], 15),
        ([[10, 20], [10, 20]], 10),
        ([[10, 10]], 0),
    ],
)
def test_blocks_that_share_a_day_are_one_and_those_that_touch_are_two(blocks: list[list[int]], lost: int) -> None:
    enough, short = 90 + lost, 89 + lost
    assert answer(case(*good(0, enough), as_of=enough, no_opportunity=blocks)) == ("VERIFIED", [])
    assert answer(case(*good(0, short), as_of=short, no_opportunity=blocks))[1] == ["NEED_DURATION(89/90)"]


def test_a_block_outside_of_the_run_costs_nothing() -> None:
    assert answer(case(*good(), as_of=90, no_opportunity=[[-30, 0], [91, 200]])) == ("VERIFIED", [])


def test_days_without_opportunity_do_not_shorten_an_age() -> None:
    assert answer(case(*good(), as_of=136, no_opportunity=[[91, 135]])) == ("STALE", ["NOT_FRESH(46)"])


def test_days_without_opportunity_do_not_shorten_the_thirty_days_of_a_contradiction() -> None:
    document = case(item(100, direction="-"), item(130), as_of=130, no_opportunity=[[101, 129]])
    assert answer(document)[0] == "PARTIALLY_SUPPORTED"


# --- status (§4) ---


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (45, ("VERIFIED", [])),
        (46, ("STALE", ["NOT_FRESH(46)"])),
        (120, ("STALE", ["NOT_FRESH(120)"])),
        (121, ("PARTIALLY_SUPPORTED", ["NOT_FRESH(121)", "EXPIRED"])),
    ],
)
def test_evidence_is_fresh_for_45_days_and_expires_after_120(age: int, expected: Answer) -> None:
    assert answer(positive(as_of=90 + age)) == expected


@pytest.mark.parametrize("age", [45, 46])
def test_what_is_lacking_is_told_before_that_it_is_not_fresh(age: int) -> None:
    aged = [f"NOT_FRESH({age})"] if age > 45 else []
    assert answer(case(*good(0, 80), as_of=80 + age)) == ("PARTIALLY_SUPPORTED", ["NEED_DURATION(80/90)", *aged])


def test_expired_is_not_said_where_more_than_age_is_missing() -> None:
    assert answer(case(*good(0, 80), as_of=300))[1] == ["NEED_DURATION(80/90)", "NOT_FRESH(220)"]


def test_a_lapse_is_told_of_what_is_stale_and_not_of_what_has_expired() -> None:
    assert answer(positive(item(80, direction="0"), as_of=140))[1] == ["NOT_FRESH(50)", "LAPSE_ON_DAY_80"]
    assert answer(positive(item(80, direction="0"), as_of=240))[1] == ["NOT_FRESH(150)", "EXPIRED"]


def test_notes_stand_before_the_age_of_what_has_expired() -> None:
    document = case(item(-10, direction="-"), *good(), item(-9), as_of=300)
    assert answer(document)[1] == ["RESET_BY_CONTRADICTION", "NOT_FRESH(210)", "EXPIRED"]
    after_hole = case(item(-100), *good(), as_of=300)
    assert answer(after_hole)[1] == ["RESTARTED_AFTER_GAP(100)", "NOT_FRESH(210)", "EXPIRED"]


def test_both_notes_stand_in_order_and_only_where_support_is_partial() -> None:
    document = case(item(-300, direction="-"), item(-200), *good(0, 89), as_of=89)
    assert answer(document)[1] == ["RESET_BY_CONTRADICTION", "RESTARTED_AFTER_GAP(200)", "NEED_DURATION(89/90)"]
    assert answer(with_more({**document, "as_of": 90}, item(90))) == ("VERIFIED", [])


@pytest.mark.parametrize(("last", "expected"), [(90, []), (89, ["NEED_DURATION(89/90)"])])
def test_a_positive_goal_asks_for_90_days(last: int, expected: list[str]) -> None:
    assert answer(case(*good(0, last), as_of=last))[1] == expected


@pytest.mark.parametrize(("last", "expected"), [(180, []), (179, ["NEED_DURATION(179/180)"])])
def test_a_cessation_goal_asks_for_180_days(last: int, expected: list[str]) -> None:
    assert answer(cessation(last, (0, 1, 2)))[1] == expected


def test_two_observations_are_too_few() -> None:
    assert answer(case(item(0, 90), item(90, group="therapist"), as_of=90))[1] == ["NEED_MORE_OBSERVATIONS"]


def test_shortfalls_are_told_in_order() -> None:
    alone = item(0, observer_role="kin", basis="firsthand")
    assert answer(case(alone, as_of=50, kind="cessation"))[1] == [
        "NEED_SECOND_INDEPENDENT_SOURCE",
        "NEED_NONFAMILY_DIRECT",
        "NEED_MORE_OBSERVATIONS",
        "NEED_DURATION(0/180)",
        "NEED_OPPORTUNITY",
        "NOT_FRESH(50)",
    ]


@pytest.mark.parametrize(
    ("days", "enough"),
    [((0, 90, 180), True), ((0, 180), False), ((5, 5, 5), True), ((-1, 5, 5), False), ((5, 5, 181), False)],
)
def test_a_cessation_goal_asks_for_three_opportunities_within_the_run(days: tuple[int, ...], *, enough: bool) -> None:
    assert answer(cessation(180, days))[1] == ([] if enough else ["NEED_OPPORTUNITY"])


def test_a_positive_goal_and_one_whose_opportunity_is_liberty_ask_for_none() -> None:
    assert answer(positive())[1] == []
    assert answer(cessation(180, (), opportunity="liberty"))[1] == []


def test_for_a_goal_whose_opportunity_is_liberty_jail_is_no_excuse() -> None:
    blocks = [[10, 100], [170, 190]]
    assert answer(cessation(180, (), opportunity="liberty", no_opportunity=blocks)) == ("VERIFIED", [])
    assert answer(cessation(180, (0, 1, 2), no_opportunity=blocks)) == ("SUSPENDED", ["NO_OPPORTUNITY_NOW"])


@pytest.mark.parametrize(
    ("as_of", "status"), [(91, "VERIFIED"), (92, "SUSPENDED"), (95, "SUSPENDED"), (96, "VERIFIED")]
)
def test_a_goal_is_suspended_from_the_first_to_the_last_day_of_a_block(as_of: int, status: str) -> None:
    assert answer(positive(as_of=as_of, no_opportunity=[[92, 95]]))[0] == status


def test_a_goal_without_evidence_is_suspended_too() -> None:
    assert answer(case(as_of=5, no_opportunity=[[5, 5]])) == ("SUSPENDED", ["NO_OPPORTUNITY_NOW"])


def test_the_first_line_that_fits_decides() -> None:
    blocked: dict[str, Any] = {"no_opportunity": [[90, 90]]}
    adverse = item(70, direction="-", observer_role="adverse")
    disputed = item(71, direction="-", ruling="disputed")
    firm = item(72, direction="-")
    assert answer(positive(**blocked))[0] == "SUSPENDED"
    assert answer(positive(adverse, **blocked))[1] == ["UNCORROBORATED_CROSS_ALLEGATION"]
    assert answer(positive(adverse, disputed, **blocked))[1] == ["DISPUTED_CONTRADICTION"]
    assert answer(positive(adverse, disputed, firm, **blocked))[1] == ["CONTRADICTED_ON_DAY_72"]
    assert answer(positive(adverse, disputed, firm, closed=True, **blocked)) == ("CLOSED", ["LIFECYCLE"])


def test_where_only_something_against_was_set_aside_nothing_is_assessed() -> None:
    assert answer(case(item(0, direction="0"), as_of=0)) == ("NOT_ASSESSED", [])
    assert answer(case(item(0, direction="-", ruling="context"), as_of=0)) == ("NOT_ASSESSED", [])


def test_context_stands_above_his_own_word() -> None:
    document = case(item(0, basis="self"), item(0, basis="attendance"), as_of=0)
    assert answer(document) == ("ATTENDANCE_ONLY", _NOTHING_COUNTS)


# --- holds and waivers (§4 line 8) ---


def test_a_hold_acts_on_verified_and_on_nothing_else() -> None:
    assert answer(positive(item(80, direction="0"), hold=True)) == ("UNDER_REVIEW", ["SUPERVISOR_HOLD"])
    assert answer(positive(as_of=140, hold=True))[0] == "STALE"
    assert answer(positive(as_of=300, hold=True))[0] == "PARTIALLY_SUPPORTED"
    assert answer(case(as_of=0, hold=True))[0] == "NOT_ASSESSED"


def _short(last: int = 68, waiver: object = _WAIVER, as_of: int | None = None, **goal: Any) -> Case:
    day = last if as_of is None else as_of
    return case(*good(0, last), as_of=day, waiver=waiver, **goal)


def test_68_of_90_days_serve_a_waiver_and_67_do_not() -> None:
    assert answer(_short(68)) == ("VERIFIED_BY_WAIVER", ["NEED_DURATION(68/90)"])
    assert answer(_short(67)) == ("PARTIALLY_SUPPORTED", ["NEED_DURATION(67/90)"])


def test_135_of_180_days_serve_a_waiver_and_134_do_not() -> None:
    assert answer(cessation(135, (0, 1, 2), waiver=_WAIVER))[0] == "VERIFIED_BY_WAIVER"
    assert answer(cessation(134, (0, 1, 2), waiver=_WAIVER))[0] == "PARTIALLY_SUPPORTED"


@pytest.mark.parametrize(("expires", "status"), [(80, "VERIFIED_BY_WAIVER"), (79, "PARTIALLY_SUPPORTED")])
def test_a_waiver_holds_on_its_last_day_and_not_after(expires: int, status: str) -> None:
    assert answer(_short(80, {**_WAIVER, "expires": expires}))[0] == status


@pytest.mark.parametrize(
    "approvers",
    [
        {"approver": "supervisor", "second_approver": "supervisor"},
        {"approver": "supervisor", "second_approver": " supervisor "},
        {"approver": "supervisor", "second_approver": None},
        {"approver": "supervisor", "second_approver": ""},
        {"approver": "supervisor"},
        {"second_approver": "manager"},
        {"approver": None, "second_approver": "manager"},
        {},
    ],
)
def test_one_person_alone_waives_nothing(approvers: dict[str, str | None]) -> None:
    assert answer(_short(80, {**approvers, "expires": 500}))[0] == "PARTIALLY_SUPPORTED"


def test_no_waiver_reaches_a_goal_that_is_held_or_safety_critical() -> None:
    assert answer(_short(80, hold=True)) == ("PARTIALLY_SUPPORTED", ["NEED_DURATION(80/90)"])
    assert answer(_short(80, safety_critical=True)) == ("PARTIALLY_SUPPORTED", ["NEED_DURATION(80/90)"])


def test_a_waiver_covers_duration_alone() -> None:
    alone = case(item(0, 80, count=3), as_of=80, waiver=_WAIVER)
    assert answer(alone)[1] == ["NEED_SECOND_INDEPENDENT_SOURCE", "NEED_DURATION(80/90)"]
    assert answer(cessation(170, (0, 1), waiver=_WAIVER))[1] == ["NEED_DURATION(170/180)", "NEED_OPPORTUNITY"]
    complete = case(item(0, 90), item(90, group="therapist"), as_of=90, waiver=_WAIVER)
    assert answer(complete)[1] == ["NEED_MORE_OBSERVATIONS"]


@pytest.mark.parametrize(("age", "status"), [(45, "VERIFIED_BY_WAIVER"), (46, "PARTIALLY_SUPPORTED")])
def test_a_waiver_serves_fresh_evidence_alone(age: int, status: str) -> None:
    assert answer(_short(80, as_of=80 + age))[0] == status


def test_lapses_are_told_with_a_waiver_and_notes_are_not() -> None:
    document = with_more(_short(80), item(70, direction="0"), item(-100), item(-200, direction="-"))
    assert answer(document) == ("VERIFIED_BY_WAIVER", ["NEED_DURATION(80/90)", "LAPSE_ON_DAY_70"])
