"""The file that `tallystick evaluate` reads: what is refused, with case and field (verification.md §6)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from schemas.evaluation_cases import BadCases, EvaluationCase, read_cases
from services.domain.evidence import Basis, Direction, Evidence, ObserverRole
from services.domain.goals import GoalFacts, GoalKind, Opportunity, Waiver

Change = Callable[[dict[str, Any]], object]


def _document() -> dict[str, Any]:
    evidence = [
        {
            "id": "e1",
            "basis": "direct",
            "observer_role": "professional",
            "group": "school",
            "from": 5,
            "direction": "+",
        },
        {"id": "e2", "basis": "record", "observer_role": "professional", "group": "ivd", "from": 1, "direction": "+"},
    ]
    goal = {"kind": "cessation", "opportunities": [3], "no_opportunity": [[1, 2]]}
    return {"id": "V1", "title": "One", "goal": goal, "as_of": 30, "view": "internal", "evidence": evidence}


def _read(*documents: object) -> tuple[EvaluationCase, ...] | BadCases:
    return read_cases(json.dumps({"cases": documents}).encode())


def _refused(body: bytes) -> list[str]:
    found = read_cases(body)
    assert isinstance(found, BadCases)
    return [str(problem) for problem in found.problems]


def _places(*documents: object) -> list[tuple[str, str]]:
    """Case and field of everything that is wrong."""
    found = _read(*documents)
    assert isinstance(found, BadCases)
    return [(problem.case, problem.problem.field) for problem in found.problems]


def _changed(change: Change) -> dict[str, Any]:
    document = _document()
    change(document)
    return document


def _item(**said: object) -> Change:
    return lambda document: document["evidence"][0].update(said)


def _goal(**said: object) -> Change:
    return lambda document: document["goal"].update(said)


def _waiver(**said: object) -> Change:
    return _goal(waiver={"approver": "a", "second_approver": "b", "expires": 9, **said})


def test_what_is_left_out_has_its_plain_meaning() -> None:
    found = _read(_document())
    assert isinstance(found, tuple)
    assert found[0].evidence[0] == Evidence(
        "e1", Basis.DIRECT, ObserverRole.PROFESSIONAL, "school", 5, 5, Direction.SUPPORT, recorded=5
    )
    assert found[0].goal == GoalFacts(GoalKind.CESSATION, opportunities=(3,), no_opportunity=((1, 2),))
    assert (found[0].id, found[0].as_of, found[0].view, found[0].expected) == ("V1", 30, "internal", None)


def test_everything_that_can_be_said_is_read() -> None:
    document = _document()
    _item(to=9, count=3, vantage=False, recorded=12, ruling="context", withheld_from=["court"])(document)
    _waiver()(document)
    _goal(closed=True, hold=True, safety_critical=True, opportunity="liberty")(document)
    document["expected"] = {"status": "CLOSED", "reasons": ["LIFECYCLE"]}
    found = _read(document)
    assert isinstance(found, tuple)
    item, goal = found[0].evidence[0], found[0].goal
    assert (item.end, item.count, item.vantage, item.recorded, item.ruling) == (9, 3, False, 12, "context")
    assert item.withheld_from == {"court"}
    assert goal.waiver == Waiver("a", "b", 9)
    assert (goal.closed, goal.hold, goal.safety_critical, goal.opportunity) == (True, True, True, Opportunity.LIBERTY)


def test_what_became_known_after_a_row_of_days_became_known_on_its_last() -> None:
    document = _document()
    _item(to=9)(document)
    found = _read(document)
    assert isinstance(found, tuple)
    assert found[0].evidence[0].recorded == 9


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (_item(to=4), "evidence[0].to"),
        (_item(recorded=4), "evidence[0].recorded"),
        (_item(to=9, recorded=8), "evidence[0].recorded"),
        (_item(count=0), "evidence[0].count"),
        (_item(count=-1), "evidence[0].count"),
        (_item(count=True), "evidence[0].count"),
        (_item(count=1.0), "evidence[0].count"),
        (_item(count="1"), "evidence[0].count"),
        (_item(to=None), "evidence[0].to"),
        (_item(id="e2"), "evidence[1].id"),
        (_item(id=""), "evidence[0].id"),
        (_item(id=7), "evidence[0].id"),
        (_item(group=" "), "evidence[0].group"),
        (_item(basis="hearsay"), "evidence[0].basis"),
        (_item(basis=["direct"]), "evidence[0].basis"),
        (_item(observer_role="worker"), "evidence[0].observer_role"),
        (_item(direction="="), "evidence[0].direction"),
        (_item(direction=0), "evidence[0].direction"),
        (_item(ruling="accepted"), "evidence[0].ruling"),
        (_item(vantage="yes"), "evidence[0].vantage"),
        (_item(vantage=1), "evidence[0].vantage"),
        (_item(withheld_from=["press"]), "evidence[0].withheld_from[0]"),
        (_item(withheld_from="court"), "evidence[0].withheld_from"),
        (_item(weight="A"), "evidence[0].weight"),
        (lambda document: document["evidence"][0].pop("from"), "evidence[0].from"),
        (lambda document: document["evidence"][0].update({"from": 5.0}), "evidence[0].from"),
        (lambda document: document["evidence"][0].update({"from": 10**12}), "evidence[0].from"),
        (lambda document: document["evidence"].append("e3"), "evidence[2]"),
        (lambda document: document.update(evidence={}), "evidence"),
        (_goal(kind="other"), "goal.kind"),
        (_goal(hold="no"), "goal.hold"),
        (_goal(opportunity="often"), "goal.opportunity"),
        (_goal(no_opportunity=[[1, 2], [5, 4]]), "goal.no_opportunity[1]"),
        (_goal(no_opportunity=[[1]]), "goal.no_opportunity[0]"),
        (_goal(no_opportunity=[[1, 2, 3]]), "goal.no_opportunity[0]"),
        (_goal(no_opportunity=[[True, 2]]), "goal.no_opportunity[0]"),
        (_goal(no_opportunity=[[1, "2"]]), "goal.no_opportunity[0]"),
        (_goal(no_opportunity=[[1, 2], 3]), "goal.no_opportunity[1]"),
        (_goal(opportunities=[False]), "goal.opportunities[0]"),
        (_goal(waiver={"approver": "a", "second_approver": "b"}), "goal.waiver.expires"),
        (_waiver(approver=5), "goal.waiver.approver"),
        (_waiver(third_approver="c"), "goal.waiver.third_approver"),
        (_goal(period=30), "goal.period"),
        (lambda document: document.pop("goal"), "goal"),
        (lambda document: document.pop("view"), "view"),
        (lambda document: document.update(view="press"), "view"),
        (lambda document: document.update(as_of=True), "as_of"),
        (lambda document: document.update(as_of="30"), "as_of"),
        (lambda document: document.update(note="x"), "note"),
        (lambda document: document.update(expected={"status": "VERIFIED"}), "expected.reasons"),
        (lambda document: document.update(expected={"status": 1, "reasons": []}), "expected.status"),
    ],
)
def test_what_is_wrong_is_named_with_its_case_and_field(change: Change, field: str) -> None:
    assert _places(_changed(change)) == [("V1", f"cases[0].{field}")]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    first, second = _document(), _document() | {"id": "V2", "as_of": None}
    first["evidence"][0]["to"] = 4
    first["evidence"][1]["count"] = 0
    assert _places(first, second) == [
        ("V1", "cases[0].evidence[0].to"),
        ("V1", "cases[0].evidence[1].count"),
        ("V2", "cases[1].as_of"),
    ]


@pytest.mark.parametrize("name", [None, 5, "", "a\u0000b"])
def test_a_case_without_a_good_name_is_named_by_its_place(name: object) -> None:
    assert _places(_changed(lambda document: document.update(id=name))) == [("", "cases[0].id")]


@pytest.mark.parametrize("document", [None, 5, "case", []])
def test_what_is_no_case_is_named_by_its_place(document: object) -> None:
    assert _refused(json.dumps({"cases": [document]}).encode()) == ["cases[0]: Must be an object."]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"cases": {}}',
        b'{"cases": [], "more": 1}',
        b"\xff\xfe",
        b'{"cases": [',
        b'{"cases": [{"as_of": NaN}]}',
        b'{"cases": [], "cases": []}',
        b'{"cases": ' + b"[" * 100_000,
        b'{"cases": ' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"cases": [{"as_of": ' + b"9" * 5_000 + b"}]}",
    ],
)
def test_what_is_no_such_file_is_refused_with_a_sentence(body: bytes) -> None:
    said = _refused(body)
    assert said
    assert all(one.endswith(".") for one in said)


def test_copies_of_an_item_may_write_the_same_in_other_words() -> None:
    document = _document()
    copy = {**document["evidence"][0], "to": 5, "count": 1, "vantage": True, "recorded": 5, "withheld_from": []}
    document["evidence"].append(copy)
    assert isinstance(_read(document), tuple)


def test_an_expected_answer_in_other_words_than_ours_is_a_difference_and_no_mistake() -> None:
    assert isinstance(_read(_document() | {"expected": {"status": "FINE", "reasons": ["SO IT IS"]}}), tuple)
