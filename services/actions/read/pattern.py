"""The patterns of a case: person by person the approved map, as far as its reader may see it, and what was noted.

A person of whom a reader may see nothing is not there for them. Drafts and what a map's sentences lack are for child
welfare, which can do something about them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from services.actions.read import cases as reading
from services.actions.read.cases import OpenCase, ShownCase
from services.actions.read.timeline import shown_event
from services.domain.actors import Actor
from services.domain.calendars import local_date
from services.domain.case_events import CaseEvent, Said
from services.domain.disclosure import DataClass, Disclosed, Field, Purpose, disclose
from services.domain.pattern import PATTERN_TYPES, UNDETERMINED, ApprovedMap, Patterns, patterns_of
from services.domain.pattern_sections import Part, Sections, sections_of
from services.domain.pattern_sentences import SentenceWarning, sentence_warnings
from services.storage import case_events, cases, rosters, told
from services.system import System

WELLBEING = "child.wellbeing_noted"
EFFORT = "protective.effort_recorded"
OFFER = "protective.support_offered"
_NOTED = frozenset({WELLBEING, EFFORT, OFFER})
_ARRESTED_TOO = frozenset({DataClass.CASE, DataClass.PAT, DataClass.INC})
_FAR = 5
"""Through how many cases a map that was carried over is followed."""


@dataclass(frozen=True, slots=True)
class ShownMap:
    """An approved version of a person's map. ``carried_from`` is the number of the case that it was taken over from, as
    the agency names it; then its content is there for child welfare on both cases only.
    """

    version: int
    approved_on: date
    sections: Sections
    does_well: tuple[str, ...]
    absent_from: tuple[str, ...]
    carried_from: str | None = None
    warnings: tuple[SentenceWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """A person's pattern. ``designation`` is None where the reader may not know it; ``waiting`` are the versions that
    wait for approval.
    """

    person_ref: str
    designation: str | None
    map: ShownMap | None
    waiting: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ChildLine:
    """How a child was doing on a day."""

    child_ref: str
    on: str
    how: str


@dataclass(frozen=True, slots=True)
class CasePattern:
    """The patterns of a case. ``children`` are the lines of all children, by child and day; ``efforts`` what protective
    parents did and ``offers`` what was offered to them, as it was recorded beside the maps.
    """

    case: ShownCase
    persons: tuple[ShownPerson, ...]
    children: tuple[ChildLine, ...]
    efforts: tuple[Part, ...]
    offers: tuple[Part, ...]


def case_pattern(system: System, actor: Actor, case: UUID | str, purpose: Purpose) -> CasePattern | None:
    """The patterns of a case (by id, or by a reference of the actor's agency); None where there is no such case for the
    actor. Audited.
    """
    now = system.clock()
    with system.database.begin(actor) as connection:
        case_id = case if isinstance(case, UUID) else reading.case_of_reference(connection, actor, case)
        opened = reading.open_case(connection, actor, case_id, now, purpose)
        if opened is None:
            return None
        found = case_events.of_types(connection, system.keys, [opened.case.id], PATTERN_TYPES | _NOTED)
        page = _Page(system, connection, opened, now)
        shown = page.laid_out([one for one in found.get(opened.case.id, ()) if one.settled])
        reading.note_reading(connection, actor, now, "read_pattern", opened, page.decisions)
        return shown


@dataclass(slots=True)
class _Page:
    """The page while it is laid out; ``decisions`` gathers what was shown of which event."""

    system: System
    connection: Connection
    opened: OpenCase
    now: datetime
    decisions: dict[UUID, Disclosed] = field(default_factory=dict)

    def laid_out(self, events: Iterable[CaseEvent]) -> CasePattern:
        """Everything that the reader may see of these events of the case."""
        events = list(events)
        patterns = patterns_of(events)
        maps = {one: self._map(one, patterns) for one in patterns.persons()}
        persons = (self._person(person, patterns, found[0] if found else None) for person, found in maps.items())
        noted = {kind: tuple(self._noted(events, kind)) for kind in sorted(_NOTED)}
        lines = [line for found in maps.values() if found for line in _lines(found[1].get("children"))]
        lines += _lines(list(noted[WELLBEING]))
        return CasePattern(
            case=reading.shown_case(self.opened, self.system.policy.disclosure, self.now),
            persons=tuple(person for person in persons if person is not None),
            children=tuple(sorted(dict.fromkeys(lines), key=lambda line: (line.child_ref, line.on))),
            efforts=noted[EFFORT],
            offers=noted[OFFER],
        )

    def _person(self, person_ref: str, patterns: Patterns, shown: ShownMap | None) -> ShownPerson | None:
        designation = self._designation(person_ref, patterns)
        waiting = tuple(self._waiting(person_ref, patterns))
        if designation is None and shown is None and not waiting:
            return None
        return ShownPerson(person_ref, designation, shown, waiting)

    def _map(self, person_ref: str, patterns: Patterns) -> tuple[ShownMap, Part] | None:
        """The version that counts, and what is shown of its payload."""
        current = patterns.current(person_ref)
        approved = self._seen(current.approved) if current else None
        if current is None or approved is None or "person_ref" not in approved:
            return None
        content = self._carried(current) if current.mapped is None else self._seen(current.mapped)
        if content is None:
            return None
        number = approved.get("prior_case_ref")
        zone = ZoneInfo(self.opened.case.zone)
        shown = ShownMap(
            version=current.version,
            approved_on=local_date(current.approved.event.time, zone),
            sections=sections_of(content),
            does_well=_texts(content.get("does_well")),
            absent_from=_texts(content.get("absent_from")),
            carried_from=number if isinstance(number, str) else None,
            warnings=self._warnings(content),
        )
        return shown, content

    def _carried(self, approved: ApprovedMap) -> Part:
        """What is shown of a map that lies in another case: to child welfare where both are cases of the reader's own
        agency, and else nothing.
        """
        protected, agency_id = frozenset[str](), self.opened.reader.agency_id
        for _ in range(_FAR):
            if approved.mapped is not None:
                return self._seen(approved.mapped, protected) or {}
            data = approved.approved.event.data
            if agency_id is None or not self.opened.of_child_welfare:
                return {}
            number = str(data["prior_case_ref"])
            case_id = cases.resolve(self.connection, agency_id, [number]).get(number)
            if case_id is None or not told.is_case_of(self.connection, case_id, agency_id):
                return {}
            there = case_events.of_types(self.connection, self.system.keys, [case_id], PATTERN_TYPES).get(case_id, ())
            versions = patterns_of(one for one in there if one.settled).approved(str(data["prior_person_ref"]))
            found = [one for one in versions if one.version == data["from_version"]]
            facts = rosters.case_facts(self.connection, [case_id], (), self.now).get(case_id)
            if not found or facts is None:
                return {}
            approved, protected = found[-1], facts.protected_persons
        return {}

    def _designation(self, person_ref: str, patterns: Patterns) -> str | None:
        if patterns.is_undetermined(person_ref):
            fields = (Field("designation", UNDETERMINED, _ARRESTED_TOO),)
            shown = disclose(fields, self.opened.reader, self.system.policy.disclosure, (), self.now).shown
            return UNDETERMINED if shown else None
        said = patterns.designation_of(person_ref)
        value = (self._seen(said) or {}).get("value") if said else None
        return value if isinstance(value, str) else None

    def _waiting(self, person_ref: str, patterns: Patterns) -> Iterator[int]:
        for version in patterns.waiting(person_ref) if self.opened.of_child_welfare else ():
            shown = self._seen(patterns.maps[person_ref, version][-1])
            if shown and "person_ref" in shown:
                yield version

    def _warnings(self, content: Part) -> tuple[SentenceWarning, ...]:
        items = content.get("items")
        if not self.opened.of_child_welfare or not isinstance(items, list):
            return ()
        return sentence_warnings(item for item in items if {"item_id", "act"} <= item.keys())

    def _noted(self, events: Iterable[CaseEvent], kind: str) -> Iterator[Part]:
        for one in sorted(events, key=lambda one: (one.event.time, one.event.id)):
            if one.event.type == kind and (shown := self._seen(one)):
                yield shown

    def _seen(self, said: Said, protected: frozenset[str] | None = None) -> Part | None:
        """What the reader may see of an event's payload; None where there is no such event for them."""
        tokens = self.opened.protected if protected is None else protected
        shown = shown_event(self.system, self.opened.reader, tokens, said.event, self.now)
        if shown is None:
            return None
        self.decisions[said.event.id] = shown.decision
        return shown.data


def _lines(shown: object) -> list[ChildLine]:
    found = (one for one in shown if isinstance(one, Mapping)) if isinstance(shown, list) else iter(())
    return [
        ChildLine(str(one["child_ref"]), str(one["on"]), str(one["how"]))
        for one in found
        if {"child_ref", "on", "how"} <= one.keys()
    ]


def _texts(shown: object) -> tuple[str, ...]:
    return tuple(one for one in shown if isinstance(one, str)) if isinstance(shown, list) else ()
