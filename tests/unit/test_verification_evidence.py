"""What counts for and against a goal (verification.md §1 and §2), on both sides of each border, by plain examples."""

from typing import Any

import pytest

from tests.verification_cases import answer, case, cessation, good, item, positive, with_more

_NOTHING_COUNTS = ["NO_COUNTABLE_EVIDENCE"]


# --- weight (§1) ---


@pytest.mark.parametrize("basis", ["direct", "record", "test"])
def test_what_a_professional_saw_recorded_or_tested_is_the_observation_from_outside_the_family(basis: str) -> None:
    assert answer(
        case(item(0, 90, basis=basis, count=2), item(90, group="therapist", basis="firsthand"), as_of=90)
    ) == (
        "VERIFIED",
        [],
    )


@pytest.mark.parametrize("observer", ["survivor", "child", "kin"])
def test_the_family_counts_and_never_suffices(observer: str) -> None:
    theirs = [item(0, 90, observer_role=observer, group="a", count=2), item(90, observer_role=observer, group="b")]
    assert answer(case(*theirs, as_of=90)) == ("PARTIALLY_SUPPORTED", ["NEED_NONFAMILY_DIRECT"])


def test_a_professional_who_lived_through_it_counts_as_the_family_does() -> None:
    lived = [item(0, 90, basis="firsthand", group="a", count=2), item(90, basis="firsthand", group="b")]
    assert answer(case(*lived, as_of=90)) == ("PARTIALLY_SUPPORTED", ["NEED_NONFAMILY_DIRECT"])


def test_negative_checks_count_and_are_never_the_observation_from_outside_the_family() -> None:
    checks = [item(0, 90, basis="negcheck", group="police", count=2), item(90, basis="negcheck", group="court")]
    assert answer(case(*checks, as_of=90)) == ("PARTIALLY_SUPPORTED", ["NEED_NONFAMILY_DIRECT"])


def test_a_negative_check_by_the_survivor_is_her_word() -> None:
    hers = item(0, 300, basis="negcheck", observer_role="survivor", group="survivor", count=3)
    assert answer(case(hers, item(300), as_of=300)) == ("VERIFIED", [])


@pytest.mark.parametrize("basis", ["attendance", "certificate", "opinion"])
def test_attendance_certificates_and_opinions_are_context(basis: str) -> None:
    assert answer(case(item(0, basis=basis), as_of=0)) == ("ATTENDANCE_ONLY", _NOTHING_COUNTS)


@pytest.mark.parametrize("basis", ["attendance", "certificate", "opinion"])
@pytest.mark.parametrize("direction", ["-", "0"])
def test_context_is_nothing_against_either(basis: str, direction: str) -> None:
    against = [item(day, basis=basis, direction=direction) for day in (80, 85)]
    assert answer(positive(*against)) == ("VERIFIED", [])
    assert answer(case(*against, as_of=90)) == ("NOT_ASSESSED", [])


@pytest.mark.parametrize("ruling", ["context"])
def test_what_is_ruled_context_is_context(ruling: str) -> None:
    assert answer(case(item(0, ruling=ruling), as_of=0)) == ("ATTENDANCE_ONLY", _NOTHING_COUNTS)
    assert answer(positive(item(80, direction="-", ruling=ruling))) == ("VERIFIED", [])


def test_support_by_somebody_who_is_not_placed_to_see_is_context() -> None:
    assert answer(case(item(0, vantage=False), as_of=0)) == ("ATTENDANCE_ONLY", _NOTHING_COUNTS)


def test_placed_or_not_whoever_speaks_against_is_heard() -> None:
    assert answer(positive(item(80, direction="-", vantage=False))) == ("CONTRADICTED", ["CONTRADICTED_ON_DAY_80"])
    lapses = [item(day, direction="0", vantage=False) for day in (70, 80)]
    assert answer(positive(*lapses)) == ("CONTRADICTED", ["CONTRADICTED_ON_DAY_80"])


@pytest.mark.parametrize("said", [{"observer_role": "subject"}, {"observer_role": "aligned"}, {"basis": "self"}])
@pytest.mark.parametrize("vantage", [True, False])
def test_his_own_side_is_his_own_word_whatever_else_it_is(said: dict[str, Any], *, vantage: bool) -> None:
    assert answer(case(item(0, vantage=vantage, **said), as_of=0)) == ("SELF_REPORTED_ONLY", _NOTHING_COUNTS)


def test_a_certificate_that_rests_on_his_word_is_his_word() -> None:
    word = item(0, basis="certificate", observer_role="subject")
    assert answer(case(word, as_of=0)) == ("SELF_REPORTED_ONLY", _NOTHING_COUNTS)


@pytest.mark.parametrize("basis", ["self", "aligned"])
def test_an_admission_contradicts_whoever_passes_it_on(basis: str) -> None:
    admission = item(80, direction="-", basis=basis, ruling="context")
    assert answer(positive(admission)) == ("CONTRADICTED", ["CONTRADICTED_ON_DAY_80"])


def test_what_he_says_of_a_lapse_of_his_own_is_no_lapse() -> None:
    told = [item(day, direction="0", observer_role="subject") for day in (70, 80)]
    assert answer(positive(*told)) == ("VERIFIED", [])


# --- what is considered (§2) ---


def test_what_becomes_known_today_is_considered_and_what_is_known_tomorrow_is_not() -> None:
    assert answer(positive(item(80, direction="-", recorded=90)))[0] == "CONTRADICTED"
    assert answer(positive(item(80, direction="-", recorded=91)))[0] == "VERIFIED"


@pytest.mark.parametrize("ruling", ["rejected", "coerced"])
def test_what_was_rejected_or_coerced_is_left_out_for_and_against(ruling: str) -> None:
    assert answer(positive(item(80, direction="-", ruling=ruling))) == ("VERIFIED", [])
    assert answer(case(item(0, ruling=ruling), as_of=0)) == ("NOT_ASSESSED", [])


def test_what_is_withheld_from_a_view_is_left_out_of_that_view_alone() -> None:
    document = positive(item(80, direction="-", withheld_from=["court"]))
    assert answer(document)[0] == "CONTRADICTED"
    assert answer({**document, "view": "court"}) == ("VERIFIED", [])


# --- contradictions and lapses (§2) ---


@pytest.mark.parametrize(("as_of", "status"), [(129, "CONTRADICTED"), (130, "PARTIALLY_SUPPORTED")])
def test_a_contradiction_holds_for_29_days_and_not_on_the_30th(as_of: int, status: str) -> None:
    document = case(item(100, direction="-"), item(110), as_of=as_of)
    assert answer(document)[0] == status


def test_a_contradiction_holds_on_until_somebody_has_seen_otherwise() -> None:
    contradicted = case(item(100, direction="-"), item(110, basis="negcheck"), as_of=400)
    assert answer(contradicted) == ("CONTRADICTED", ["CONTRADICTED_ON_DAY_100"])
    seen = with_more(contradicted, item(400, observer_role="child", basis="firsthand"))
    assert answer(seen)[0] == "PARTIALLY_SUPPORTED"


def test_support_that_ends_on_the_day_of_a_contradiction_is_erased_and_a_day_later_is_not() -> None:
    against = item(100, direction="-")
    assert answer(case(item(50, 100), against, as_of=130))[0] == "CONTRADICTED"
    assert answer(case(item(50, 101), against, as_of=130)) == (
        "PARTIALLY_SUPPORTED",
        [
            "RESET_BY_CONTRADICTION",
            "NEED_SECOND_INDEPENDENT_SOURCE",
            "NEED_MORE_OBSERVATIONS",
            "NEED_DURATION(0/90)",
        ],
    )


def test_support_that_spans_a_contradiction_begins_the_day_after_and_keeps_its_count() -> None:
    spanning = [item(0, 191, count=2), item(191, group="therapist"), item(100, direction="-")]
    assert answer(case(*spanning, as_of=191)) == ("VERIFIED", [])
    shorter = [item(0, 190, count=2), item(190, group="therapist"), item(100, direction="-")]
    assert answer(case(*shorter, as_of=190)) == (
        "PARTIALLY_SUPPORTED",
        ["RESET_BY_CONTRADICTION", "NEED_DURATION(89/90)"],
    )


def test_a_contradiction_over_several_days_is_dated_by_its_last() -> None:
    assert answer(positive(item(10, 80, direction="-"))) == ("CONTRADICTED", ["CONTRADICTED_ON_DAY_80"])


def test_a_contradiction_learned_of_late_works_at_the_day_that_it_is_about() -> None:
    late = item(10, direction="-", recorded=89)
    assert answer(positive(late)) == ("PARTIALLY_SUPPORTED", ["RESET_BY_CONTRADICTION", "NEED_DURATION(79/90)"])


def test_the_latest_contradiction_decides() -> None:
    assert answer(positive(item(80, direction="-"), item(20, direction="-")))[1] == ["CONTRADICTED_ON_DAY_80"]


def test_one_lapse_is_tolerated_and_told() -> None:
    assert answer(positive(item(80, direction="0"))) == ("VERIFIED", ["LAPSE_ON_DAY_80"])


@pytest.mark.parametrize(("day", "status"), [(100, "CONTRADICTED"), (101, "VERIFIED")])
def test_a_second_lapse_within_90_days_is_a_relapse_and_after_91_is_none(day: int, status: str) -> None:
    lapses = [item(10, direction="0"), item(day, direction="0")]
    assert answer(case(*good(0, 110), *lapses, as_of=110))[0] == status


def test_two_lapses_on_one_day_are_one() -> None:
    twice = [item(80, direction="0"), item(80, direction="0", group="therapist")]
    assert answer(positive(*twice)) == ("VERIFIED", ["LAPSE_ON_DAY_80"])


def test_a_lapse_over_several_days_is_dated_by_its_last() -> None:
    assert answer(positive(item(60, 80, direction="0"))) == ("VERIFIED", ["LAPSE_ON_DAY_80"])


def test_a_cessation_goal_knows_no_lapses() -> None:
    document = with_more(cessation(), item(100, direction="0"), item(110, direction="0"))
    assert answer(document) == ("VERIFIED", [])


def test_disputed_lapses_and_those_told_by_an_adverse_party_are_none() -> None:
    disputed = [item(70, direction="0"), item(80, direction="0", ruling="disputed")]
    assert answer(positive(*disputed)) == ("VERIFIED", ["LAPSE_ON_DAY_70"])
    adverse = [item(day, direction="0", observer_role="adverse", ruling="counts") for day in (70, 80)]
    assert answer(positive(*adverse)) == ("VERIFIED", [])


def test_lapses_are_told_from_the_first_day_of_the_run_in_order() -> None:
    early = [item(day, direction="0") for day in (-2, -1)]
    assert answer(positive(*early, as_of=90))[1] == []
    document = case(
        *good(0, 200), item(190, direction="0"), item(0, direction="0"), item(-91, direction="0"), as_of=200
    )
    assert answer(document) == ("VERIFIED", ["LAPSE_ON_DAY_0", "LAPSE_ON_DAY_190"])


def test_what_was_disputed_is_reviewed_and_counts_neither_for_nor_against() -> None:
    assert answer(positive(item(80, direction="-", ruling="disputed"))) == ("UNDER_REVIEW", ["DISPUTED_CONTRADICTION"])
    assert answer(case(item(0, ruling="disputed"), as_of=0)) == ("SELF_REPORTED_ONLY", _NOTHING_COUNTS)


def test_an_adverse_party_is_reviewed_until_a_supervisor_rules_that_it_counts() -> None:
    word: dict[str, Any] = {"direction": "-", "observer_role": "adverse", "basis": "firsthand"}
    assert answer(positive(item(80, **word))) == ("UNDER_REVIEW", ["UNCORROBORATED_CROSS_ALLEGATION"])
    assert answer(positive(item(80, **word, ruling="counts")))[0] == "CONTRADICTED"
    assert answer(positive(item(80, **word, ruling="disputed")))[1] == ["DISPUTED_CONTRADICTION"]


@pytest.mark.parametrize("ruling", [{}, {"ruling": "counts"}])
def test_an_adverse_party_never_supports(ruling: dict[str, Any]) -> None:
    assert answer(case(item(0, observer_role="adverse", **ruling), as_of=0)) == ("SELF_REPORTED_ONLY", _NOTHING_COUNTS)


# --- negative checks (§2) ---


@pytest.mark.parametrize(("seen", "span"), [(145, 90), (146, 89)])
def test_a_negative_check_reaches_45_days_before_what_somebody_saw(seen: int, span: int) -> None:
    check = item(0, 190, basis="negcheck", group="police", count=2)
    status, reasons = answer(case(check, item(seen), as_of=190))
    assert (status, reasons) == (
        ("VERIFIED", []) if span == 90 else ("PARTIALLY_SUPPORTED", [f"NEED_DURATION({span}/90)"])
    )


@pytest.mark.parametrize(("seen", "age"), [(100, 45), (99, 46)])
def test_a_negative_check_reaches_45_days_after_what_somebody_saw(seen: int, age: int) -> None:
    check = item(0, 190, basis="negcheck", group="police", count=2)
    status, reasons = answer(case(check, item(0, seen), as_of=190))
    assert (status, reasons) == (("VERIFIED", []) if age == 45 else ("STALE", [f"NOT_FRESH({age})"]))


def test_a_negative_check_that_nobody_reaches_falls_away() -> None:
    document = case(item(0, 54, basis="negcheck", group="police", count=9), item(100), as_of=100)
    assert answer(document)[1][0] == "NEED_SECOND_INDEPENDENT_SOURCE"
    assert "NEED_MORE_OBSERVATIONS" in answer(document)[1]
    reached = case(item(0, 55, basis="negcheck", group="police", count=9), item(100), as_of=100)
    assert answer(reached) == ("PARTIALLY_SUPPORTED", ["NEED_DURATION(45/90)"])


def test_where_nobody_saw_anything_a_negative_check_stays_whole() -> None:
    check = item(0, 300, basis="negcheck", group="police", count=3)
    assert answer(case(check, as_of=300)) == (
        "PARTIALLY_SUPPORTED",
        ["NEED_SECOND_INDEPENDENT_SOURCE", "NEED_NONFAMILY_DIRECT"],
    )


def test_the_count_of_a_negative_check_stays_with_its_earliest_piece() -> None:
    check = item(0, 300, basis="negcheck", group="police", count=3)
    assert answer(case(check, item(0), item(255, count=2), as_of=300)) == (
        "PARTIALLY_SUPPORTED",
        ["RESTARTED_AFTER_GAP(165)", "NEED_MORE_OBSERVATIONS"],
    )
    assert answer(case(check, item(0), item(255, count=3), as_of=300)) == ("VERIFIED", [])
