"""Every threshold of verification is a parameter, and each of them decides something (verification.md, the table)."""

from dataclasses import fields, replace

import pytest

from services.domain.goals import DEFAULTS, Thresholds
from tests.verification_cases import Case, answer, case, cessation, good, item, positive

_WAIVER = {"approver": "supervisor", "second_approver": "manager", "expires": 500}

CHANGES: list[tuple[str, int, Case, list[str]]] = [
    ("groups", 3, positive(), ["NEED_SECOND_INDEPENDENT_SOURCE"]),
    ("observations", 4, positive(), ["NEED_MORE_OBSERVATIONS"]),
    ("positive_period", 91, positive(), ["NEED_DURATION(90/91)"]),
    ("cessation_period", 181, cessation(), ["NEED_DURATION(180/181)"]),
    ("max_gap", 44, case(item(0), *good(45, 89), as_of=89), ["RESTARTED_AFTER_GAP(45)", "NEED_DURATION(44/90)"]),
    ("fresh", 44, positive(as_of=135), ["NOT_FRESH(45)"]),
    ("expires", 119, positive(as_of=210), ["NOT_FRESH(120)", "EXPIRED"]),
    (
        "contradiction_holds",
        31,
        case(item(100, direction="-"), item(130), as_of=130),
        ["CONTRADICTED_ON_DAY_100"],
    ),
    ("opportunities", 4, cessation(), ["NEED_OPPORTUNITY"]),
    (
        "relapse_within",
        89,
        positive(item(-5, direction="0"), item(85, direction="0")),
        ["LAPSE_ON_DAY_85"],
    ),
    ("waiver_percent", 76, case(*good(0, 68), as_of=68, waiver=_WAIVER), ["NEED_DURATION(68/90)"]),
]


@pytest.mark.parametrize(
    ("name", "value", "document", "reasons"), CHANGES, ids=lambda it: it if type(it) is str else ""
)
def test_a_threshold_that_is_changed_by_one_changes_the_answer(
    name: str, value: int, document: Case, reasons: list[str]
) -> None:
    changed = answer(document, replace(DEFAULTS, **{name: value}))
    assert changed != answer(document)
    assert changed[1] == reasons


def test_the_reach_of_a_negative_check_is_the_longest_hole() -> None:
    document = case(item(0, 45, basis="negcheck", group="police", count=2), item(90), as_of=90)
    assert answer(document)[1] == ["NEED_DURATION(45/90)"]
    assert answer(document, replace(DEFAULTS, max_gap=44))[1][0] == "NEED_SECOND_INDEPENDENT_SOURCE"


def test_every_threshold_is_tried() -> None:
    assert {name for name, *_ in CHANGES} == {field.name for field in fields(Thresholds)}


def test_the_defaults_are_those_of_the_practice() -> None:
    assert Thresholds() == DEFAULTS == Thresholds(2, 3, 90, 180, 45, 45, 120, 30, 3, 90, 75)
