"""Parity: what is asked of each parent, offered to them and held against them, counted side by side (practice.md §1.9).

Only counts, each saying what it counts; no score, no weight, no sum over things of different kinds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.domain.efforts import DESIGNATION_SET, PERSON_ADDED
from services.domain.events import Event
from services.domain.predicates import ALWAYS, Predicate, fields_of, holds, values_at
from services.domain.roles import Role

_MAPPED = "pattern.mapped"
_CARRIED_OVER = "pattern.carried_over"


class ParentKind(StrEnum):
    """As what a parent was added to the case."""

    SUBJECT = "subject"
    PROTECTIVE_PARENT = "protective_parent"


class CountKind(StrEnum):
    """What is compared (practice.md §1.9)."""

    EXPECTATION = "expectation"
    CONTACT = "contact"
    OFFER = "offer"
    CONSEQUENCE = "consequence"


@dataclass(frozen=True, slots=True)
class CountRule:
    """An event of this type counts once for the parent in the field ``person``; where that names nobody, for the one
    parent who is ``otherwise`` in the case. Events with the same value in ``once_for`` count once.

    ``title`` says what is counted. ``required``: it is a task that the parent must do.
    """

    id: str
    kind: CountKind
    title: str
    event_type: str
    person: str | None
    otherwise: ParentKind | None = None
    when: Predicate = ALWAYS
    emitters: frozenset[Role] = frozenset()
    once_for: str | None = None
    required: bool = False
    line: int = 0

    @property
    def rests_on(self) -> frozenset[str]:
        """Every payload field that a count betrays something of."""
        return frozenset({*fields_of(self.when), *(field for field in (self.person, self.once_for) if field)})


@dataclass(frozen=True, slots=True)
class Counted:
    """One line of the report for one parent: how many, and the events that were counted, in order."""

    rule: CountRule
    events: tuple[UUID, ...]

    @property
    def number(self) -> int:
        """How many."""
        return len(self.events)


@dataclass(frozen=True, slots=True)
class Parent:
    """A parent of the case. ``designation`` is what an approved map says they are; None where none has said it yet.
    ``mapped``: the last map of theirs holds a behaviour, and they are not designated protective.
    """

    person_ref: str
    kind: ParentKind
    designation: str | None
    mapped: bool
    counts: tuple[Counted, ...]

    @property
    def required(self) -> int:
        """How many tasks they must do."""
        return sum(one.number for one in self.counts if one.rule.required)


@dataclass(frozen=True, slots=True)
class Imbalance:
    """A parent without a mapped pattern must do more than another parent."""

    person_ref: str
    required: int
    other_ref: str
    other_required: int


@dataclass(frozen=True, slots=True)
class Parity:
    """The report: each parent with the same lines in the same order, and what a supervisor should look at."""

    parents: tuple[Parent, ...]
    imbalances: tuple[Imbalance, ...]


def types_counted(rules: Iterable[CountRule]) -> frozenset[str]:
    """The types of event that ``parity_of`` needs."""
    return frozenset({PERSON_ADDED, DESIGNATION_SET, _MAPPED, _CARRIED_OVER, *(rule.event_type for rule in rules)})


def parity_of(events: Iterable[Event], rules: Sequence[CountRule]) -> Parity:
    """The parity report of one case from its events, in any order; an event that is given twice is one."""
    known = {event.id: event for event in events}
    ordered = sorted(known.values(), key=lambda event: (event.time, event.accepted, event.sequence, event.id))
    kinds = _parents(ordered)
    found = [_counted(rule, ordered, kinds) for rule in rules]
    designations = _said(ordered, DESIGNATION_SET, "value")
    mapped = _mapped(ordered)
    parents = tuple(
        Parent(
            person_ref=person,
            kind=kind,
            designation=designations.get(person),
            mapped=person in mapped and designations.get(person) != "protective",
            counts=tuple(Counted(rule, counted.get(person, ())) for rule, counted in zip(rules, found, strict=True)),
        )
        for person, kind in kinds.items()
    )
    return Parity(parents, tuple(_imbalances(parents)))


def _parents(events: Iterable[Event]) -> Mapping[str, ParentKind]:
    """The parents, the subject first; a person who was added again is what was said last."""
    said = _said(events, PERSON_ADDED, "kind")
    return {person: kind for kind in ParentKind for person, value in said.items() if value == kind.value}


def _said(events: Iterable[Event], event_type: str, field: str) -> dict[str, str]:
    """What events of a type say last in a field, by person."""
    about = [event.data for event in events if event.type == event_type]
    return {str(data["person_ref"]): str(data[field]) for data in about if "person_ref" in data and field in data}


def _mapped(events: Iterable[Event]) -> frozenset[str]:
    """Whose last map holds a behaviour: drawn on this case, or taken over, approved, from another one."""
    held: dict[str, bool] = {}
    for event in events:
        if event.type in {_MAPPED, _CARRIED_OVER} and "person_ref" in event.data:
            held[str(event.data["person_ref"])] = event.type == _CARRIED_OVER or bool(event.data.get("items"))
    return frozenset(person for person, holds_one in held.items() if holds_one)


def _counted(
    rule: CountRule, events: Iterable[Event], parents: Mapping[str, ParentKind]
) -> Mapping[str, tuple[UUID, ...]]:
    found: dict[str, dict[object, UUID]] = {}
    for event in events:
        if event.type != rule.event_type or (rule.emitters and event.emitter not in rule.emitters):
            continue
        person = _whose(rule, event.data, parents)
        if person is not None and holds(rule.when, event.data):
            found.setdefault(person, {}).setdefault(_key(rule, event), event.id)
    return {person: tuple(counted.values()) for person, counted in found.items()}


def _whose(rule: CountRule, data: Mapping[str, object], parents: Mapping[str, ParentKind]) -> str | None:
    named = next((str(value) for value in values_at(data, rule.person)), None) if rule.person else None
    if named is not None:
        return named if named in parents else None
    meant = [person for person, kind in parents.items() if kind is rule.otherwise]
    return meant[0] if len(meant) == 1 else None


def _key(rule: CountRule, event: Event) -> object:
    said = tuple(map(str, values_at(event.data, rule.once_for))) if rule.once_for else ()
    return said or event.id


def _imbalances(parents: Sequence[Parent]) -> Iterable[Imbalance]:
    for one in parents:
        for other in parents:
            if not one.mapped and one.required > other.required:
                yield Imbalance(one.person_ref, one.required, other.person_ref, other.required)
