"""The reasonable efforts of a case, grouped for the court report (practice.md §1.8), as their reader may see them.

An effort is made from an event, and shown only to whoever is shown that event and all that the effort rests on. What is
not shown leaves no gap and is in no number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.actions.read import cases as reading
from services.actions.read.cases import OpenCase, ShownCase
from services.actions.read.timeline import shown_event, without_tasks_of_others
from services.domain.actors import Actor
from services.domain.disclosure import Disclosed, Purpose, Reader
from services.domain.efforts import Effort, Toward, by_toward, efforts_of, is_borne_out
from services.domain.events import Event
from services.storage import effort_events, event_log
from services.system import System


@dataclass(frozen=True, slots=True)
class ShownEffort:
    """An effort, and the name of the agency that sent its event."""

    effort: Effort
    agency: str


@dataclass(frozen=True, slots=True)
class EffortGroup:
    """The efforts toward one, the oldest first."""

    toward: Toward
    efforts: tuple[ShownEffort, ...]

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.efforts)

    @property
    def hindered(self) -> int:
        """In how many of them something stood in the way."""
        return sum(shown.effort.barrier is not None for shown in self.efforts)


@dataclass(frozen=True, slots=True)
class CaseEfforts:
    """Every group, in the order of the court report, an empty one too."""

    case: ShownCase
    groups: tuple[EffortGroup, ...]


def case_efforts(system: System, actor: Actor, case: UUID | str, purpose: Purpose) -> CaseEfforts | None:
    """The efforts of a case (by id, or by a reference of the actor's agency); None where there is no such case for the
    actor. Audited.
    """
    now = system.clock()
    with system.database.begin(actor) as connection:
        case_id = case if isinstance(case, UUID) else reading.case_of_reference(connection, actor, case)
        opened = reading.open_case(connection, actor, case_id, now, purpose)
        if opened is None:
            return None
        efforts, decisions = _shown(system, connection, opened, now)
        reading.note_reading(connection, actor, now, "read_efforts", opened, decisions)
        names = effort_events.names_of(connection, {effort.agency_id for effort in efforts})
        groups = tuple(
            EffortGroup(toward, tuple(ShownEffort(one, names[one.agency_id]) for one in found))
            for toward, found in by_toward(efforts).items()
        )
        return CaseEfforts(reading.shown_case(opened, system.policy.disclosure, now), groups)


def _shown(
    system: System, connection: Connection, opened: OpenCase, now: datetime
) -> tuple[list[Effort], dict[UUID, Disclosed]]:
    policy = system.policy.efforts.efforts
    found = effort_events.of_types(connection, [opened.case.id], policy.types)
    events = event_log.load(connection, system.keys, list(found))
    visible = without_tasks_of_others(system, connection, opened, events)
    made = efforts_of(events.values(), policy, opened.case.zone)
    return shown_efforts(system, opened.reader, opened.protected, made, visible, now)


def shown_efforts(
    system: System,
    reader: Reader,
    protected: frozenset[str],
    made: Iterable[Effort],
    events: Mapping[UUID, Event],
    now: datetime,
) -> tuple[list[Effort], dict[UUID, Disclosed]]:
    """Those of these efforts that the reader may see, with the decisions on their events. What ``events`` does not hold
    is not shown.
    """
    efforts: list[Effort] = []
    decisions: dict[UUID, Disclosed] = {}
    for effort in made:
        event = events.get(effort.event_id)
        shown = shown_event(system, reader, protected, event, now) if event else None
        if event is None or shown is None or shown.title is None:
            continue
        if is_borne_out(effort.rests_on, event.data, shown.data):
            efforts.append(effort)
            decisions[event.id] = shown.decision
    return efforts, decisions
