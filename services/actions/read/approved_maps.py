"""The items of the approved maps of many cases, as far as their readers may see them: set-wise, by case and person.

A map that was taken over lies in another case; it is followed there where that is a case of the reader's own agency, a
step for all cases at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from services.actions.read.timeline import shown_event
from services.domain.beside_goals import Items
from services.domain.case_events import CaseEvent
from services.domain.disclosure import Reader
from services.domain.pattern import PATTERN_TYPES, ApprovedMap, Patterns, patterns_of
from services.storage import case_events, cases, rosters, supervised_cases
from services.system import System

Readers = Mapping[UUID, tuple[Reader, frozenset[str]]]
"""As whom each case is read, with the tokens of its protected persons."""

_FAR: Final = 5
"""Through how many cases a map that was carried over is followed."""


def approved_maps(
    system: System, connection: Connection, readers: Readers, agency_id: UUID, now: datetime
) -> dict[UUID, dict[str, Items]]:
    """What is shown of the items of each person's map that counts, by case. Persons without one are left out."""
    found = _Maps(system, connection, readers, agency_id, now)
    events = case_events.of_types(connection, system.keys, list(readers), PATTERN_TYPES)
    for case_id, of_case in events.items():
        patterns = _patterns(of_case)
        for person in patterns.persons():
            current = patterns.current(person)
            if current is not None:
                found.take(case_id, person, current, readers[case_id][1])
    found.follow()
    return found.items


@dataclass(slots=True)
class _Maps:
    """The maps while they are gathered; ``elsewhere`` are those whose content lies in another case."""

    system: System
    connection: Connection
    readers: Readers
    agency_id: UUID
    now: datetime
    items: dict[UUID, dict[str, Items]] = field(default_factory=dict)
    elsewhere: list[tuple[UUID, str, ApprovedMap]] = field(default_factory=list)

    def take(self, case_id: UUID, person: str, approved: ApprovedMap, protected: frozenset[str]) -> None:
        """Keep what is shown of a map, or remember to look for it elsewhere."""
        if approved.mapped is None:
            self.elsewhere.append((case_id, person, approved))
            return
        reader, _ = self.readers[case_id]
        shown = shown_event(self.system, reader, protected, approved.mapped.event, self.now)
        items = shown.data.get("items") if shown else None
        if isinstance(items, list):
            self.items.setdefault(case_id, {})[person] = [one for one in items if isinstance(one, Mapping)]

    def follow(self) -> None:
        """Look in the cases that maps were taken over from, one case further each time."""
        for _ in range(_FAR):
            waiting, self.elsewhere = self.elsewhere, []
            if not waiting:
                return
            there = self._there(str(one.approved.event.data["prior_case_ref"]) for _, _, one in waiting)
            for case_id, person, approved in waiting:
                data = approved.approved.event.data
                prior = there.get(str(data["prior_case_ref"]))
                if prior is None:
                    continue
                patterns, protected = prior
                versions = patterns.approved(str(data["prior_person_ref"]))
                kept = [one for one in versions if one.version == data["from_version"]]
                if kept:
                    self.take(case_id, person, kept[-1], protected)

    def _there(self, numbers: Iterable[str]) -> dict[str, tuple[Patterns, frozenset[str]]]:
        """The patterns of the agency's own cases of these numbers, with their protected persons."""
        resolved = cases.resolve(self.connection, self.agency_id, set(numbers))
        own = supervised_cases.of_agency(self.connection, resolved.values(), self.agency_id)
        events = case_events.of_types(self.connection, self.system.keys, own, PATTERN_TYPES)
        facts = rosters.case_facts(self.connection, own, (), self.now)
        return {
            number: (_patterns(events.get(case_id, ())), facts[case_id].protected_persons)
            for number, case_id in resolved.items()
            if case_id in facts
        }


def _patterns(events: Iterable[CaseEvent]) -> Patterns:
    return patterns_of(one for one in events if one.settled)
