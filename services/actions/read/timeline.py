"""The timeline of a case: what happened, the latest first, each event as its reader may see it.

An event of which a reader may see nothing is not there for them: it leaves no gap, no count and no page half empty. An
answer to a task is there only for whoever may see the task: that one was given at all can betray what it rests on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from services.actions.check_language import objections_beside
from services.actions.read import cases as reading
from services.actions.read.cases import OpenCase, ShownCase
from services.actions.read.disclosed_event import ShownEvent, disclosed_payload
from services.actions.read.tasks import told_kinds
from services.domain.actors import Actor
from services.domain.disclosure import DataClass, Disclosed, Field, Purpose, Reader, disclose
from services.domain.errors import FieldProblem
from services.domain.events import Event
from services.storage import case_reading, event_log, tasks, told
from services.storage.case_reading import Happening, Place
from services.storage.told import LinkLine
from services.system import System

PAGE = 25
_ABOUT_TASKS = "task."
_AT_ONCE = 100
_OF_THE_CASE = frozenset({DataClass.CASE})


@dataclass(frozen=True, slots=True)
class Linked:
    """When and by whom (``staff:petrov``) an event that had matched no case was put on this one."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An event on a timeline. ``title`` is None where not even its kind may be shown; ``data`` is what may be.

    ``days_late`` counts from the day on which it happened to the day on which it was recorded, in the case's zone.
    ``linked`` is set for an event that a person has put on the case, where the reader may know. ``objections`` are what
    is to be said against a plan's words, as far as these are shown (Settled 9).
    """

    event_id: UUID
    title: str | None
    type: str | None
    time: datetime
    recorded: datetime
    days_late: int
    agency: str
    data: Mapping[str, object]
    linked: Linked | None = None
    objections: tuple[FieldProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of a timeline. ``next`` is where the page after it begins; None on the last."""

    case: ShownCase
    entries: tuple[Entry, ...]
    next: Place | None


def timeline(
    system: System, actor: Actor, case_id: UUID, purpose: Purpose, before: Place | None = None, limit: int = PAGE
) -> Timeline | None:
    """A page of the timeline of a case; None where there is no such case for the actor. Audited."""
    with system.database.begin(actor) as connection:
        return _read(system, connection, actor, case_id, purpose, before, limit)


def timeline_by_reference(
    system: System, actor: Actor, reference: str, before: Place | None = None, limit: int = PAGE
) -> Timeline | None:
    """The same by a number of the actor's agency, or by a token."""
    with system.database.begin(actor) as connection:
        case_id = reading.case_of_reference(connection, actor, reference)
        return _read(system, connection, actor, case_id, Purpose.API, before, limit)


def _read(
    system: System,
    connection: Connection,
    actor: Actor,
    case_id: UUID | None,
    purpose: Purpose,
    before: Place | None,
    limit: int,
) -> Timeline | None:
    now = system.clock()
    opened = reading.open_case(connection, actor, case_id, now, purpose)
    if opened is None:
        return None
    entries, decisions = _entries(system, connection, opened, now, before, limit + 1)
    kept = _with_links(system, connection, opened, entries[:limit], now)
    shown = {entry.event_id: decisions[entry.event_id] for entry in kept}
    reading.note_reading(connection, actor, now, "read_timeline", opened, shown)
    more = (kept[-1].time, kept[-1].event_id) if len(entries) > limit else None
    return Timeline(reading.shown_case(opened, system.policy.disclosure, now), tuple(kept), more)


def _entries(
    system: System, connection: Connection, opened: OpenCase, now: datetime, before: Place | None, wanted: int
) -> tuple[list[Entry], dict[UUID, Disclosed]]:
    """Up to ``wanted`` entries, read in large steps until there are enough that the reader may see, or none is left."""
    entries: list[Entry] = []
    decisions: dict[UUID, Disclosed] = {}
    while len(entries) < wanted:
        found = case_reading.happenings(connection, opened.case.id, before, _AT_ONCE)
        loaded = event_log.load(connection, system.keys, [happening.id for happening in found])
        events = without_tasks_of_others(system, connection, opened, loaded)
        for happening in found:
            event = events.get(happening.id)
            shown = shown_event(system, opened.reader, opened.protected, event, now) if event else None
            if event is not None and shown is not None:
                entries.append(_entry(system, happening, event, shown, opened.case.zone))
                decisions[event.id] = shown.decision
        if len(found) < _AT_ONCE:
            break
        before = (found[-1].time, found[-1].id)
    return entries[:wanted], decisions


def _with_links(
    system: System, connection: Connection, opened: OpenCase, entries: Sequence[Entry], now: datetime
) -> list[Entry]:
    """That a person has put an event on the case, and who, is case information."""
    found = told.links_to(connection, [entry.event_id for entry in entries], opened.case.id)
    fields = [Field("linked", line, _OF_THE_CASE) for line in found if line.taken_back_at is None]
    shown = [field.value for field in disclose(fields, opened.reader, system.policy.disclosure, (), now).shown]
    linked = {line.event_id: Linked(line.at, line.by) for line in shown if isinstance(line, LinkLine)}
    return [replace(entry, linked=linked.get(entry.event_id)) for entry in entries]


def without_tasks_of_others(
    system: System, connection: Connection, opened: OpenCase, events: Mapping[UUID, Event]
) -> Mapping[UUID, Event]:
    """These events without the answers to tasks that the reader may not see."""
    agency_id = opened.reader.agency_id
    if opened.of_child_welfare or agency_id is None:
        return events
    named = {event.id: _task_of(event) for event in events.values() if event.type.startswith(_ABOUT_TASKS)}
    seen = tasks.concerning(connection, {id_ for id_ in named.values() if id_}, agency_id, told_kinds(system))
    return {id_: event for id_, event in events.items() if id_ not in named or named[id_] in seen}


def _task_of(event: Event) -> UUID | None:
    try:
        return UUID(str(event.data.get("task_id")))
    except ValueError:
        return None


def shown_event(
    system: System, reader: Reader, protected: frozenset[str], event: Event, now: datetime
) -> ShownEvent | None:
    """What the reader of a case may see of one of its events; None where that is nothing. ``protected`` are the tokens
    of the case's protective parents and children.
    """
    return disclosed_payload(
        event.type,
        event.data,
        reader,
        system.policy.disclosure,
        now,
        emitter=event.emitter,
        protected_persons=protected,
        public_record=system.policy.routing.public_record_of(event.type),
    )


def _entry(system: System, happening: Happening, event: Event, shown: ShownEvent, zone: str) -> Entry:
    local = ZoneInfo(zone)
    happened_on, recorded_on = (instant.astimezone(local).date() for instant in (event.time, event.recorded))
    return Entry(
        event_id=event.id,
        title=shown.title,
        type=event.type if shown.title else None,
        time=event.time,
        recorded=event.recorded,
        days_late=max(0, (recorded_on - happened_on).days),
        agency=happening.agency_name,
        data=shown.data,
        objections=tuple(objections_beside(system.policy.language, event.type, shown.data)) if shown.title else (),
    )
