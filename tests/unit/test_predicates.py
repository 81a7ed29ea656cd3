"""Conditions of policies on payloads: what they mean, and that what cannot be true is refused with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.predicates import (
    ALWAYS,
    AllOf,
    AnyOf,
    AtLeast,
    Equals,
    Negation,
    OneOf,
    Predicate,
    Present,
    fields_of,
    holds,
)
from services.policy.predicates import Payloads, compile_predicate
from services.policy.source import InvalidPolicyError, parse_document

DATA = {
    "decision": "in",
    "days_late": 5,
    "served": True,
    "zero": 0,
    "terms": ["no_contact", "stay_away"],
    "none": None,
    "empty": [],
    "findings": {"reasonable_efforts": False},
    "per_goal": [{"goal_id": "g1", "count": 2}, {"goal_id": "g2"}],
}


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (ALWAYS, True),
        (Equals("decision", "in"), True),
        (Equals("decision", "out"), False),
        (Equals("absent", "in"), False),
        (Equals("terms", "stay_away"), True),
        (Equals("findings.reasonable_efforts", False), True),  # noqa: FBT003 - the value that is compared with
        (Equals("findings.absent", False), False),  # noqa: FBT003
        (Equals("decision.deeper", "in"), False),
        (Equals("per_goal.goal_id", "g2"), True),
        (Equals("served", 1), False),
        (Equals("zero", False), False),  # noqa: FBT003
        (Equals("days_late", "5"), False),
        (OneOf("decision", ("out", "in")), True),
        (OneOf("decision", ()), False),
        (AtLeast("days_late", 5), True),
        (AtLeast("days_late", 6), False),
        (AtLeast("served", 0), False),
        (AtLeast("decision", 0), False),
        (AtLeast("per_goal.count", 2), True),
        (Present("zero"), True),
        (Present("none"), False),
        (Present("empty"), False),
        (Present("findings"), True),
        (Present("absent"), False),
        (Negation(Present("absent")), True),
        (AllOf((Equals("decision", "in"), AtLeast("days_late", 1))), True),
        (AllOf((Equals("decision", "in"), AtLeast("days_late", 9))), False),
        (AnyOf((Equals("decision", "out"), AtLeast("days_late", 1))), True),
        (AnyOf(()), False),
    ],
)
def test_a_condition_means_what_it_says(predicate: Predicate, expected: bool) -> None:
    assert holds(predicate, DATA) is expected


names = st.sampled_from(["a", "b", "c.d"])
scalars = st.one_of(st.booleans(), st.integers(-3, 3), st.sampled_from(["x", "y"]))
predicates: st.SearchStrategy[Predicate] = st.recursive(
    st.one_of(
        st.builds(Equals, names, scalars),
        st.builds(OneOf, names, st.tuples(scalars, scalars)),
        st.builds(AtLeast, names, st.integers(-3, 3)),
        st.builds(Present, names),
    ),
    lambda inner: st.one_of(
        st.builds(Negation, inner),
        st.builds(AllOf, st.tuples(inner, inner)),
        st.builds(AnyOf, st.tuples(inner, inner)),
    ),
    max_leaves=6,
)
payloads = st.fixed_dictionaries(
    {},
    optional={"a": scalars | st.lists(scalars, max_size=2), "b": scalars, "c": st.fixed_dictionaries({"d": scalars})},
)


@given(predicates, predicates, payloads)
def test_conditions_combine_as_in_logic(one: Predicate, other: Predicate, data: dict[str, object]) -> None:
    first, second = holds(one, data), holds(other, data)
    assert holds(Negation(one), data) is not first
    assert holds(AllOf((one, other)), data) is (first and second)
    assert holds(AnyOf((one, other)), data) is (first or second)
    assert holds(Negation(AllOf((one, other))), data) is holds(AnyOf((Negation(one), Negation(other))), data)


@given(predicates, payloads)
def test_only_the_fields_that_it_names_matter(predicate: Predicate, data: dict[str, object]) -> None:
    heads = {name.partition(".")[0] for name in fields_of(predicate)}
    assert holds(predicate, data) is holds(predicate, {name: data[name] for name in data if name in heads})


KINDS = {"decision": "code", "days_late": "whole number", "served": "yes or no", "terms": "code", "note": "text"}
KNOWN = Payloads(
    lambda event, path: KINDS.get(path) if event == "e" or path != "note" else None,
    lambda _event, path: frozenset({"in", "out"}) if path == "decision" else None,
)


def compiled(text: str, *events: str) -> Predicate:
    return compile_predicate(parse_document(text, "p.yaml"), events or ("e",), KNOWN)


@pytest.mark.parametrize(
    ("text", "predicate"),
    [
        ("{field: decision, equals: in}", Equals("decision", "in")),
        ("{field: decision, in: [in, out]}", OneOf("decision", ("in", "out"))),
        ("{field: days_late, at_least: 5}", AtLeast("days_late", 5)),
        ("{field: served, equals: true}", Equals("served", True)),  # noqa: FBT003
        ("{field: note, present: true}", Present("note")),
        ("{field: note, present: false}", Negation(Present("note"))),
        ("{not: {field: note, present: true}}", Negation(Present("note"))),
        ("{all: [{field: note, present: true}]}", AllOf((Present("note"),))),
        ("{any: [{field: note, present: true}]}", AnyOf((Present("note"),))),
    ],
)
def test_a_condition_compiles_to_its_value(text: str, predicate: Predicate) -> None:
    assert compiled(text) == predicate


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{field: decided, equals: in}", "e has no field 'decided'"),
        ("{field: decision, equals: maybe}", "decision of e is never 'maybe'; expected one of: in, out"),
        ("{field: decision, in: [in, never]}", "is never 'never'"),
        ("{field: decision, equals: true}", "is a code, and is never True"),
        ("{field: served, equals: 'true'}", "is a yes or no, and is never 'true'"),
        ("{field: days_late, equals: '5'}", "is a whole number, and is never '5'"),
        ("{field: decision, at_least: 5}", "is a code, not a number"),
        ("{field: days_late, at_least: soon}", "expected a number"),
        ("{field: days_late}", "needs exactly one of: equals, in, at_least, present"),
        ("{field: days_late, equals: 5, at_least: 3}", "needs exactly one of"),
        ("{field: note, is: x}", "unknown key"),
        ("{equals: x}", "'field' is missing"),
        ("{all: [], field: note}", "unknown key"),
        ("{all: []}", "names no condition"),
        ("{any: {field: note, present: true}}", "expected a list"),
        ("{not: [{field: note, present: true}]}", "expected a mapping"),
        ("{field: note, present: maybe}", "expected true or false"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidPolicyError, match=message) as caught:
        compiled(text)
    assert caught.value.errors[0].line == 1


def test_a_field_must_be_known_to_every_event_that_it_is_asked_of() -> None:
    with pytest.raises(InvalidPolicyError, match="f has no field 'note'"):
        compiled("{field: note, present: true}", "e", "f")
