"""Compiles a ``when:`` of a policy file to a domain predicate, and checks it against the schemas of its events.

A condition is one of::

    {field: priority, equals: P1}          {field: kind, in: [plea, verdict]}
    {field: days_late, at_least: 5}        {field: expires, present: true}
    {all: [ … ]}    {any: [ … ]}    {not: { … }}
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.domain.predicates import (
    AllOf,
    AnyOf,
    AtLeast,
    Equals,
    Negation,
    OneOf,
    Predicate,
    Present,
    Scalar,
)
from services.policy.source import Node

FieldType = Callable[[str, str], str | None]
"""The kind of the payload field at (event type, dotted path), or None where the schema has no such field."""

FieldCodes = Callable[[str, str], frozenset[str] | None]
"""The closed list of codes of the field at (event type, dotted path), or None where any text may stand there."""

NUMBER_KINDS = frozenset({"whole number", "number", "integer"})
FLAG_KINDS = frozenset({"yes or no", "boolean"})
_TESTS = ("equals", "in", "at_least", "present")
_GROUPS = ("all", "any", "not")


def _any_text(_event_type: str, _path: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Payloads:
    """What is known of the payloads that a policy reads: the kind of each field, and the codes that it may have."""

    field_type: FieldType
    field_codes: FieldCodes = _any_text

    def kind(self, node: Node, event_type: str, path: str) -> str:
        """The kind of a field; a refusal at ``node`` where the event's schema has no such field."""
        kind = self.field_type(event_type, path)
        if kind is None:
            raise node.error(f"{event_type} has no field {path!r}")
        return kind


def compile_predicate(node: Node, event_types: Iterable[str], payloads: Payloads) -> Predicate:
    """The predicate that a ``when:`` says, once every field is known to each of the events that it will be asked of.

    Raises ``InvalidPolicyError`` with the line where a field, a code or a type of value does not exist.
    """
    events = tuple(event_types)
    for group in _GROUPS:
        if (inner := node.find(group)) is not None:
            node.only(group)
            return _group(group, inner, events, payloads)
    return _test(node, events, payloads)


def _group(group: str, inner: Node, events: tuple[str, ...], payloads: Payloads) -> Predicate:
    if group == "not":
        return Negation(compile_predicate(inner, events, payloads))
    parts = tuple(compile_predicate(part, events, payloads) for part in inner.elements())
    if not parts:
        raise inner.error("names no condition")
    return AllOf(parts) if group == "all" else AnyOf(parts)


def _test(node: Node, events: tuple[str, ...], payloads: Payloads) -> Predicate:
    node.only("field", *_TESTS, *_GROUPS)
    field = node.at("field").text()
    tests = [test for test in _TESTS if node.find(test) is not None]
    if len(tests) != 1:
        raise node.error(f"needs exactly one of: {', '.join(_TESTS)}")
    expected = node.at(tests[0])
    for event in events:
        _check(node, tests[0], expected, event, field, payloads)
    match tests[0]:
        case "equals":
            return Equals(field, _scalar(expected))
        case "in":
            return OneOf(field, tuple(_scalar(element) for element in expected.elements()))
        case "at_least":
            return AtLeast(field, _number(expected))
        case _:
            return Present(field) if expected.boolean() else Negation(Present(field))


def _check(node: Node, test: str, expected: Node, event: str, field: str, payloads: Payloads) -> None:
    kind = payloads.kind(node.at("field"), event, field)
    if test == "at_least" and kind not in NUMBER_KINDS:
        raise expected.error(f"{field} of {event} is a {kind}, not a number")
    if test in {"equals", "in"}:
        codes = payloads.field_codes(event, field)
        for value in expected.elements() if test == "in" else (expected,):
            _check_value(value, kind, codes, f"{field} of {event}")


def _check_value(value: Node, kind: str, codes: frozenset[str] | None, what: str) -> None:
    given = _scalar(value)
    wanted = bool if kind in FLAG_KINDS else int if kind in NUMBER_KINDS else str
    if type(given) is not wanted:
        raise value.error(f"{what} is a {kind}, and is never {given!r}")
    if codes is not None and given not in codes:
        raise value.error(f"{what} is never {given!r}; expected one of: {', '.join(sorted(codes))}")


def _scalar(node: Node) -> Scalar:
    if isinstance(node.value, str | int | float):
        return node.value
    raise node.error("expected text, a number, true or false")


def _number(node: Node) -> int | float:
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    raise node.error("expected a number")
