"""The parity report of a case (practice.md §1.9): for child welfare on its own case, and nobody else.

What is counted goes through disclosure: an event counts only where its reader is shown it, and all that the count rests
on. A parent's name is shown as case information.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.actions.read import cases as reading
from services.actions.read.cases import OpenCase, ShownCase
from services.actions.read.disclosed_event import ShownEvent
from services.actions.read.timeline import shown_event
from services.domain.actors import Actor
from services.domain.disclosure import Purpose
from services.domain.efforts import PERSON_ADDED, is_borne_out
from services.domain.events import Event
from services.domain.parity import CountRule, Parity, parity_of, types_counted
from services.storage import effort_events, event_log, told
from services.system import System

_Shown = tuple[Event, ShownEvent]


@dataclass(frozen=True, slots=True)
class CaseParity:
    """The report, and the names of the parents by their tokens, where they may be shown."""

    case: ShownCase
    parity: Parity
    names: Mapping[str, str]


def case_parity(system: System, actor: Actor, case: UUID | str, purpose: Purpose) -> CaseParity | None:
    """The parity report of a case (by id, or by a reference of the actor's agency); None where there is no such case of
    the actor's agency, or they do not read it for child welfare. Audited.
    """
    now = system.clock()
    with system.database.begin(actor) as connection:
        case_id = case if isinstance(case, UUID) else reading.case_of_reference(connection, actor, case)
        opened = reading.open_case(connection, actor, case_id, now, purpose)
        if opened is None or actor.agency_id is None or not opened.of_child_welfare:
            return None
        if not told.is_case_of(connection, opened.case.id, actor.agency_id):
            return None
        counted = _counted(system, connection, opened, now)
        decisions = {event.id: shown.decision for event, shown in counted}
        reading.note_reading(connection, actor, now, "read_parity", opened, decisions)
        return CaseParity(
            case=reading.shown_case(opened, system.policy.disclosure, now),
            parity=parity_of([event for event, _ in counted], system.policy.efforts.counts),
            names=_names(counted),
        )


def _counted(system: System, connection: Connection, opened: OpenCase, now: datetime) -> list[_Shown]:
    """The events that may be counted before this reader."""
    rules = system.policy.efforts.counts
    found = effort_events.of_types(connection, [opened.case.id], types_counted(rules))
    events = event_log.load(connection, system.keys, list(found)).values()
    shown = [(event, shown_event(system, opened.reader, opened.protected, event, now)) for event in events]
    return [(event, seen) for event, seen in shown if seen is not None and _may_count(event, seen, rules)]


def _may_count(event: Event, seen: ShownEvent, rules: Iterable[CountRule]) -> bool:
    fields = {field for rule in rules if rule.event_type == event.type for field in rule.rests_on}
    return seen.title is not None and is_borne_out(fields | {"person_ref"}, event.data, seen.data)


def _names(counted: Iterable[_Shown]) -> dict[str, str]:
    added = [seen.data for event, seen in counted if event.type == PERSON_ADDED]
    return {str(data["person_ref"]): str(data["name"]) for data in added if "name" in data}
