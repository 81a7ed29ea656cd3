"""Conditions on an event's payload, as closed values: what a ``when:`` in a policy file may say, and nothing more.

A field is a dotted path into the JSON payload (``findings.reasonable_efforts``). A path that leads through a list
means any of its elements, so ``{field: terms, equals: no_contact}`` holds where the list of terms has that one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Equals:
    """The field has this value. Types are kept apart: ``true`` is not 1, ``"1"`` is not 1."""

    field: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class OneOf:
    """The field has one of these values (written ``in:``)."""

    field: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The field is a number and not below this one."""

    field: str
    value: int | float


@dataclass(frozen=True, slots=True)
class Present:
    """The field is there and is neither null nor an empty list."""

    field: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds. With no parts it always holds."""

    parts: "tuple[Predicate, ...]" = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds. With no parts it never holds."""

    parts: "tuple[Predicate, ...]" = ()


@dataclass(frozen=True, slots=True)
class Negation:
    """The part does not hold (written ``not:``)."""

    part: "Predicate"


Predicate = Equals | OneOf | AtLeast | Present | AllOf | AnyOf | Negation

ALWAYS = AllOf()
"""The condition of a rule that has none."""


def holds(predicate: Predicate, data: Mapping[str, object]) -> bool:
    """Whether a condition is true of a payload. A field that is missing makes every test of it false."""
    if predicate is ALWAYS:
        return True
    match predicate:
        case Equals(field, value):
            return any(_same(found, value) for found in values_at(data, field))
        case OneOf(field, values):
            return any(_same(found, value) for found in values_at(data, field) for value in values)
        case AtLeast(field, value):
            return any(_is_number(found) and found >= value for found in values_at(data, field))
        case Present(field):
            return next(values_at(data, field), None) is not None
        case AllOf(parts):
            return all(holds(part, data) for part in parts)
        case AnyOf(parts):
            return any(holds(part, data) for part in parts)
        case Negation(part):
            return not holds(part, data)


def fields_of(predicate: Predicate) -> Iterator[str]:
    """Every field that a condition looks at, with repetitions, in the order in which it was written."""
    match predicate:
        case Equals(field, _) | OneOf(field, _) | AtLeast(field, _) | Present(field):
            yield field
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from fields_of(part)
        case Negation(part):
            yield from fields_of(part)


def values_at(data: Mapping[str, object], path: str) -> Iterator[object]:
    """The values under a dotted path: of a list, each element; of what is missing or null, none."""
    head, _, rest = path.partition(".")
    found = data.get(head)
    if not rest and isinstance(found, _PLAIN):  # nearly everything
        yield found
        return
    for value in _flat(found):
        if not rest:
            yield value
        elif isinstance(value, Mapping):
            yield from values_at(value, rest)


_PLAIN = (str, int, float, dict, bytes)


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, _PLAIN):
        yield value
    elif isinstance(value, Sequence):
        for element in value:
            yield from _flat(element)
    elif value is not None:
        yield value


def _same(found: object, value: Scalar) -> bool:
    if isinstance(found, bool) or isinstance(value, bool):
        return found is value
    return found == value


def _is_number(found: object) -> TypeGuard[int | float]:
    return isinstance(found, int | float) and not isinstance(found, bool)
