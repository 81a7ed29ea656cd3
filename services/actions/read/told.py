"""Who was told what of an event of a case: for whoever has to make good that it was put on the case by mistake.

For child welfare on its own case, and nobody else: who was told is information of the case (practice.md, Settled 7).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from services.actions.read import cases as reading
from services.actions.read.cases import OpenCase, ShownCase
from services.actions.read.disclosed_event import disclosed_payload
from services.domain.actors import Actor
from services.domain.disclosure import DataClass, Field, Purpose, disclose
from services.storage import audit, event_log, told
from services.storage.audit import AuditEntry
from services.storage.told import LinkLine, ToldLine
from services.system import System

_OF_THE_CASE: Final = frozenset({DataClass.CASE})


@dataclass(frozen=True, slots=True)
class Told:
    """``title`` is the kind of event, where it is on the case now and may be shown; ``links`` say how it was put on the
    case and taken off it; ``lines`` who was told of it there.
    """

    case: ShownCase
    event_id: UUID
    title: str | None
    links: tuple[LinkLine, ...]
    lines: tuple[ToldLine, ...]


def told_of(system: System, actor: Actor, case: UUID | str, event_id: UUID, purpose: Purpose) -> Told | None:
    """Who was told of an event of a case (by id, or by a reference of the actor's agency), also of one that was taken
    off it again; None where there is no such case of the actor's agency, or no such event of it. Audited.
    """
    now = system.clock()
    with system.database.begin(actor) as connection:
        case_id = case if isinstance(case, UUID) else reading.case_of_reference(connection, actor, case)
        opened = reading.open_case(connection, actor, case_id, now, purpose)
        if opened is None or actor.agency_id is None or not opened.of_child_welfare:
            return None
        if not told.is_case_of(connection, opened.case.id, actor.agency_id):
            return None
        found = _told(system, connection, opened, event_id, now)
        if found is not None:
            entry = AuditEntry("read_told", f"event:{event_id}", case_id=opened.case.id)
            audit.record(connection, actor, now, [entry])
        return found


def _told(system: System, connection: Connection, opened: OpenCase, event_id: UUID, now: datetime) -> Told | None:
    history = told.links_to(connection, [event_id], opened.case.id)
    event = event_log.load(connection, system.keys, [event_id]).get(event_id)
    own = event is not None and event.case_id == opened.case.id
    if not own and not history:
        return None
    lines = told.told(connection, event_id, opened.case.id)
    fields = [Field("told", line, _OF_THE_CASE) for line in lines] + [
        Field("link", one, _OF_THE_CASE) for one in history
    ]
    shown = [field.value for field in disclose(fields, opened.reader, system.policy.disclosure, (), now).shown]
    title = None
    if event is not None and (own or any(one.taken_back_at is None for one in history)):
        seen = disclosed_payload(
            event.type,
            event.data,
            opened.reader,
            system.policy.disclosure,
            now,
            emitter=event.emitter,
            protected_persons=opened.protected,
            public_record=system.policy.routing.public_record_of(event.type),
        )
        title = seen.title if seen else None
    return Told(
        case=reading.shown_case(opened, system.policy.disclosure, now),
        event_id=event_id,
        title=title,
        links=tuple(one for one in shown if isinstance(one, LinkLine)),
        lines=tuple(one for one in shown if isinstance(one, ToldLine)),
    )
