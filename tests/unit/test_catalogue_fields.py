"""The kinds of field: what each accepts, what it refuses, and what it says then."""

from typing import Any

import pytest
from marshmallow import ValidationError

from schemas.catalogue import CATALOGUE, problems
from schemas.classes import CASE
from schemas.fields import (
    Choice,
    Date,
    DateOrInstant,
    Declared,
    Flag,
    Hash,
    Instant,
    Line,
    Money,
    Month,
    Slug,
    Text,
    TimeOfDay,
    Token,
    Whole,
)
from services.domain.roles import Role
from tests.payloads import minimal_payload

GOOD: list[tuple[Declared, Any]] = [
    (Token("A.", CASE), "Case:24-JV.0012_a"),
    (Token("A.", CASE), "x" * 64),
    (Slug("A.", CASE), "turning-point"),
    (Slug("A.", CASE), "x"),
    (Date("A.", CASE), "2024-02-29"),
    (Instant("A.", CASE), "2025-01-18T21:52:00-05:00"),
    (Instant("A.", CASE), "2025-01-18T21:52:00.123456789Z"),
    (DateOrInstant("A.", CASE), "2025-01-18"),
    (DateOrInstant("A.", CASE), "2025-01-18T21:52:00Z"),
    (Month("A.", CASE), "2025-03"),
    (TimeOfDay("A.", CASE), "23:59"),
    (Money("A.", CASE), "0.05"),
    (Money("A.", CASE), "412.50"),
    (Hash("A.", CASE), "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"),
    (Text("A.", CASE), "He said:\n\t«no» 🙂"),
    (Text("A.", CASE), "x" * 8000),
    (Line("A.", CASE), "Obeys every term"),
    (Choice("A.", ("in", "out"), CASE), "in"),
    (Flag("A.", CASE), False),
    (Whole("A.", CASE), 0),
    (Whole("A.", CASE, at_most=9), 9),
]
BAD: list[tuple[Declared, Any]] = [
    *((Token("A.", CASE), value) for value in ("", "x" * 65, "a b", "é", "a\n", "a/b", 7, None, ["a"])),
    *((Slug("A.", CASE), value) for value in ("", "-a", "a-", "A", "a_b", "x" * 65)),
    *(
        (Date("A.", CASE), value)
        for value in ("2025-02-29", "20250101", "2025-1-1", "2025-W01-1", "1899-12-31", "2200-01-01", "٢٠٢٥-01-01", 1)
    ),
    *(
        (Instant("A.", CASE), value)
        for value in (
            "2025-01-18T21:52:00",
            "2025-01-18 21:52:00Z",
            "2025-01-18T21:52Z",
            "2025-01-18T24:00:00Z",
            "2025-01-18T21:52:60Z",
            "2025-13-18T21:52:00Z",
            "2025-01-18T21:52:00+25:00",
            "2025-01-18",
        )
    ),
    *((DateOrInstant("A.", CASE), value) for value in ("2025-01-32", "2025-01-18T21:52:00", "", 5)),
    *((Month("A.", CASE), value) for value in ("2025-13", "2025-00", "2025-3", "2025-03-01")),
    *((TimeOfDay("A.", CASE), value) for value in ("24:00", "9:00", "10:60")),
    *((Money("A.", CASE), value) for value in ("412.5", "-1.00", "01.00", 412.5, "1e3", "1234567890.00")),
    *((Hash("A.", CASE), value) for value in ("swordfish", "x" * 257)),
    *((Text("A.", CASE), value) for value in ("", " \n", "x" * 8001, "a\x00b", "a\x1bb", "a\ud800b", 1, b"a")),
    *((Line("A.", CASE), value) for value in ("a\nb", "x" * 201)),
    *((Choice("A.", ("in", "out"), CASE), value) for value in ("IN", "", None, 1, ["in"])),
    *((Flag("A.", CASE), value) for value in (0, 1, "true", None)),
    *((Whole("A.", CASE, at_most=9), value) for value in (-1, 10, 3.0, "3", True, None)),
]


@pytest.mark.parametrize(("field", "value"), GOOD)
def test_a_good_value_is_kept_as_it_is(field: Declared, value: Any) -> None:
    assert field.deserialize(value) == value


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_bad_value_is_refused_in_a_plain_sentence_that_does_not_repeat_it(field: Declared, value: Any) -> None:
    sentence = field.problem(value)
    assert sentence is not None
    assert sentence[0].isupper()
    with pytest.raises(ValidationError):
        field.deserialize(value)


def _wrong(name: str, **changes: Any) -> list[tuple[str, str]]:
    """What is said of the minimal payload with these changes; a field that is changed to ... is left out."""
    data = {field: value for field, value in {**minimal_payload(name), **changes}.items() if value is not ...}
    with pytest.raises(ValidationError) as refusal:
        CATALOGUE[name].load(data)
    return [(problem.field, problem.message) for problem in problems(refusal.value)]


OBSERVATION = {
    "goal_id": "G6",
    "direction": "+",
    "behaviour": "Named three acts without being asked.",
    "observed_from": "2025-03-10",
    "observed_to": "2025-03-03",
    "basis": "direct",
}


def test_a_problem_deep_inside_is_named_by_its_path() -> None:
    assert _wrong("provider.progress_report", per_goal=[OBSERVATION]) == [
        ("data.per_goal[0].observed_to", "Must not lie before observed_from.")
    ]
    assert _wrong("provider.progress_report", per_goal=[{**OBSERVATION, "observed_to": "2025-03-11", "count": 0}]) == [
        ("data.per_goal[0].count", "Must be between 1 and 1000.")
    ]


def test_null_is_refused_and_says_to_leave_the_field_out() -> None:
    assert _wrong("order.served", narrative=None) == [
        ("data.narrative", "Must not be null; leave the field out instead.")
    ]


def test_a_list_that_is_too_long_or_no_list_is_refused() -> None:
    assert _wrong("order.issued", protected_refs=[]) == [("data.protected_refs", "Must hold between 1 and 30 items.")]
    assert _wrong("order.issued", protected_refs="p-1") == [("data.protected_refs", "Must be a list.")]
    assert _wrong("order.issued", terms=["no_contact", "unheard_of"])[0][0] == "data.terms[1]"


_SEEN = {
    "goal_id": "G1",
    "evidence_id": "e-1",
    "direction": "+",
    "behaviour": "Asked.",
    "observed_from": "2025-02-03",
    "basis": "direct",
}


def test_one_number_may_stand_for_what_was_seen_of_two_goals_and_many_items_may_have_none() -> None:
    unnumbered = {name: said for name, said in _SEEN.items() if name != "evidence_id"}
    reported = [_SEEN, {**_SEEN, "goal_id": "G2"}, unnumbered, unnumbered]
    loaded = CATALOGUE["provider.progress_report"].load(
        {**minimal_payload("provider.progress_report"), "per_goal": reported}
    )
    assert len(loaded["per_goal"]) == 4


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("order.issued", {"issued": "2025-02-04", "expires": "2025-02-03"}, "expires"),
        ("order.issued", {"order_ref": "o-1", "renews": "o-1"}, "renews"),
        ("intake.screening_decided", {"decision": "in", "priority": ...}, "priority"),
        ("intake.screening_decided", {"decision": "out", "priority": "P1"}, "reason"),
        ("le.arrest", {"dual_arrest": True}, "other_arrested_ref"),
        ("case.role_given", {"person": "okafor", "team": "unit-2"}, "person"),
        ("case.role_given", {"since": "2025-02-02", "until": "2025-02-01"}, "until"),
        ("caseplan.adopted", {"goals": ["G1", "G2", "G1"]}, "goals"),
        ("crim.bail_changed", {"old": "cash", "new": "cash"}, "new"),
        (
            "visitctr.visit_completed",
            {"in_at": "2025-04-22T15:00:00-04:00", "out_at": "2025-04-22T18:59:59Z"},
            "out_at",
        ),
        (
            "provider.progress_report",
            {"attendance": {"offered": 4, "attended": 3, "excused": 1, "unexcused": 1}},
            "attendance.offered",
        ),
        ("provider.progress_report", {"per_goal": [_SEEN, _SEEN]}, "per_goal"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(name: str, changes: dict[str, Any], field: str) -> None:
    assert [path for path, _ in _wrong(name, **changes)] == [f"data.{field}"]


def test_a_moment_is_compared_across_offsets() -> None:
    data = {**minimal_payload("visitctr.visit_completed"), "in_at": "2025-04-22T15:00:00-04:00"}
    CATALOGUE["visitctr.visit_completed"].load({**data, "out_at": "2025-04-22T19:00:01Z"})


def test_a_removal_without_its_justification_is_accepted() -> None:
    data = minimal_payload("child.removed")
    assert set(data) == {"child_ref", "removal_at"}
    assert CATALOGUE["child.removed"].load({**data, "with_protective_parent": True})


def test_a_violation_is_accepted_from_a_sender_who_does_not_know_the_order() -> None:
    assert "order_ref" not in minimal_payload("order.violated")


def test_a_long_name_of_an_unknown_field_is_cut_in_the_answer() -> None:
    [(path, _)] = _wrong("order.served", **{"x" * 500 + "\x07": 1})
    assert len(path) < 100


def test_a_record_has_the_class_of_its_holder_and_of_every_holder_where_none_is_named() -> None:
    report = CATALOGUE["provider.progress_report"]
    assert {one.value for one in report.classes_of("per_goal[].behaviour", Role.SUD)} == {"EVI", "P2"}
    assert {one.value for one in report.classes_of("period", Role.BIP)} == {"EVI", "BIPR"}
    assert {"P2", "BIPR", "PHI", "CHS", "VIS", "EDU"} <= {one.value for one in report.classes_of("period")}
    with pytest.raises(KeyError):
        report.classes_of("unheard_of")
