"""The pattern of a person: which map of it is approved, and what the person is because of it (practice.md §1.2, §1.9).

A pattern belongs to a person, not to a couple or a case. It is folded from what was said on a case; the order in which
that came does not matter, only when it happened. An arrest is never a designation: after a dual arrest both people are
``undetermined`` until the pattern of each is mapped and approved by itself.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.domain.case_events import Said

MAPPED: Final = "pattern.mapped"
APPROVED: Final = "pattern.approved"
CARRIED_OVER: Final = "pattern.carried_over"
DESIGNATED: Final = "pattern.designation_set"
ARREST: Final = "le.arrest"
PATTERN_TYPES: Final = frozenset({MAPPED, APPROVED, CARRIED_OVER, DESIGNATED, ARREST})
"""The types of event that a pattern is folded from."""

SUBJECT: Final = "subject"
PROTECTIVE: Final = "protective"
UNDETERMINED: Final = "undetermined"

Version = tuple[str, int]
"""A person, as the case's token, and the number of a version of the map of that person's pattern."""


@dataclass(frozen=True, slots=True)
class ApprovedMap:
    """A version of a person's map that a supervisor approved, or took over from another case.

    ``mapped`` is the event with its content; None where it lies in the case that ``approved`` (then a
    ``pattern.carried_over``) names.
    """

    person_ref: str
    version: int
    approved: Said
    mapped: Said | None


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of the people of one case. ``maps`` are the maps by version, each in the order of their time."""

    maps: Mapping[Version, tuple[Said, ...]]
    approvals: tuple[ApprovedMap, ...]
    dual_arrests: frozenset[frozenset[str]]
    designations: tuple[Said, ...]

    def persons(self) -> tuple[str, ...]:
        """Everybody of whom something is said, in alphabetical order."""
        mapped = {person for person, _ in self.maps}
        approved = {one.person_ref for one in self.approvals}
        arrested = {person for pair in self.dual_arrests for person in pair}
        return tuple(sorted(mapped | approved | arrested | {_person(one) for one in self.designations}))

    def approved(self, person_ref: str) -> tuple[ApprovedMap, ...]:
        """The approved versions of a person's map, the latest approved last."""
        return tuple(one for one in self.approvals if one.person_ref == person_ref)

    def current(self, person_ref: str) -> ApprovedMap | None:
        """The version that counts: the one that was approved last."""
        return next(reversed(self.approved(person_ref)), None)

    def waiting(self, person_ref: str) -> tuple[int, ...]:
        """The versions of a person's map that wait for approval."""
        done = {one.version for one in self.approved(person_ref)}
        return tuple(sorted({version for person, version in self.maps if person == person_ref} - done))

    def is_undetermined(self, person_ref: str) -> bool:
        """Whether the person was arrested with another, and has no approved map of their own yet (§1.9)."""
        return self._was_arrested_with_another(person_ref) and not self.approved(person_ref)

    def unmapped_beside(self, person_ref: str | None) -> frozenset[str]:
        """Who of those in a dual arrest of this person, the person among them, has no approved map yet: until there is
        none, neither of them has goals (§1.9). None asks for the dual arrests of the whole case.
        """
        concerned = {one for pair in self.dual_arrests if person_ref is None or person_ref in pair for one in pair}
        return frozenset(one for one in concerned if not self.approved(one))

    def rests_on_a_map(self, person_ref: str, value: str, version: int | None) -> bool:
        """Whether a person may be designated so. ``version`` is the map that the designation names, if any.

        A subject needs an approved map of that very person. A protective parent is designated by the map of the other's
        pattern too, whose third section holds what she does (§1.2): nobody maps her as a matter of course. After a dual
        arrest that is not enough: each is designated by the map of their own. ``undetermined`` needs none.
        """
        if value == UNDETERMINED:
            return True
        others = value == PROTECTIVE and not self._was_arrested_with_another(person_ref)
        versions = {one.version for one in self.approvals if others or one.person_ref == person_ref}
        return bool(versions) if version is None else version in versions

    def designation(self, person_ref: str) -> str:
        """What the person is: ``subject``, ``protective`` or ``undetermined``. Never because of an arrest."""
        said = self.designation_of(person_ref)
        return UNDETERMINED if said is None else str(said.event.data["value"])

    def designation_of(self, person_ref: str) -> Said | None:
        """The designation of a person that counts: the latest that rests on a map. None while there is none."""
        if self.is_undetermined(person_ref):
            return None
        good = (one for one in self.designations if _person(one) == person_ref and self._rests(one))
        return next(reversed(tuple(good)), None)

    def person_of(self, approval: Said) -> str | None:
        """Whose map an approval is about: as it says, else the one person whose map has that version. None where that
        is nobody, or more than one.
        """
        named = approval.event.data.get("person_ref")
        if isinstance(named, str):
            return named
        found = {person for person, version in self.maps if version == approval.event.data.get("version")}
        return found.pop() if len(found) == 1 else None

    def _rests(self, said: Said) -> bool:
        data = said.event.data
        return self.rests_on_a_map(_person(said), str(data["value"]), _number(data.get("map_version")))

    def _was_arrested_with_another(self, person_ref: str) -> bool:
        return any(person_ref in pair for pair in self.dual_arrests)


NO_PATTERNS: Final = Patterns({}, (), frozenset(), ())


def patterns_of(said: Iterable[Said]) -> Patterns:
    """The patterns of the people of a case, from events of ``PATTERN_TYPES`` that took effect; others are passed over.

    They may come in any order, and repeated.
    """
    once = {one.event.id: one for one in said if one.event.type in PATTERN_TYPES}
    ordered = sorted(once.values(), key=_order)
    maps: dict[Version, list[Said]] = {}
    for one in ordered:
        if one.event.type == MAPPED:
            maps.setdefault((_person(one), int(one.event.data["version"])), []).append(one)  # type: ignore[call-overload]
    found = Patterns({version: tuple(of) for version, of in maps.items()}, (), _dual_arrests(ordered), ())
    return Patterns(
        found.maps,
        tuple(approval for one in ordered if (approval := _approval(one, found)) is not None),
        found.dual_arrests,
        tuple(one for one in ordered if one.event.type == DESIGNATED),
    )


def _order(said: Said) -> tuple[Any, ...]:
    return said.event.time, said.event.recorded, said.event.sequence, said.event.id


def _approval(said: Said, found: Patterns) -> ApprovedMap | None:
    data = said.event.data
    if said.event.type == CARRIED_OVER:
        return ApprovedMap(_person(said), int(data["from_version"]), said, None)  # type: ignore[call-overload]
    person = found.person_of(said) if said.event.type == APPROVED else None
    if person is None:
        return None
    version = int(data["version"])  # type: ignore[call-overload]
    mapped = _approved_content(said, found.maps.get((person, version), ()))
    return None if mapped is None else ApprovedMap(person, version, said, mapped)


def _approved_content(approval: Said, maps: Sequence[Said]) -> Said | None:
    """What was approved: the last map under that number which was there. One that comes later changes nothing that was
    approved; it needs a number of its own.
    """
    before = [one for one in maps if one.event.time <= approval.event.time]
    return before[-1] if before else next(iter(maps), None)


def _dual_arrests(ordered: Iterable[Said]) -> frozenset[frozenset[str]]:
    return frozenset(
        frozenset({_person(one), str(one.event.data["other_arrested_ref"])})
        for one in ordered
        if one.event.type == ARREST and one.event.data.get("dual_arrest") is True
    )


def _person(said: Said) -> str:
    return str(said.event.data["person_ref"])


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def is_current(item: Mapping[str, object]) -> bool:
    """Whether a mapped behaviour still goes on. One of which that is not said does."""
    return item.get("current") is not False


@dataclass(frozen=True, slots=True)
class Covering:
    """What a goal covers: items of the map that it starts from, and goals of the library (numbers, as text)."""

    baseline_item_refs: Collection[str] = ()
    goal_codes: Collection[str] = ()


def uncovered(
    items: Iterable[Mapping[str, object]],
    goals: Iterable[Covering],
    behaviours_of: Mapping[str, Collection[str]],
) -> tuple[str, ...]:
    """The behaviours of an approved map that no goal covers, in the order of the map (practice.md, Settled 11).

    ``items`` are those of the map; what no longer goes on asks for no goal. ``goals`` are those of the person that are
    open; ``behaviours_of`` says which behaviours each goal of the library answers.
    """
    goals = tuple(goals)
    named = {ref for goal in goals for ref in goal.baseline_item_refs}
    answered = {code for goal in goals for number in goal.goal_codes for code in behaviours_of.get(number, ())}
    bare = (
        str(item["behaviour_code"])
        for item in items
        if is_current(item) and item["item_id"] not in named and item["behaviour_code"] not in answered
    )
    return tuple(dict.fromkeys(bare))
