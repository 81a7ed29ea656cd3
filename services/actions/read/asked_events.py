"""Seeing an event that matches no case: only for whoever is asked about it, and only while they are (Settled 7).

It lies in its sender's intake, where nobody else looks. Whoever holds the task to find its case, or to tell which of
its versions is true, sees as much of it as disclosure allows for the role in which they are asked. Nobody knows yet
whose family it is about: so anybody whose word it rests on may be a protective parent or a child of some case.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from services.actions.read.disclosed_event import disclosed_payload
from services.actions.read.tasks import ShownTask, find_task
from services.domain.actors import Actor
from services.domain.disclosure import Disclosed, Purpose, Reader
from services.domain.events import Event
from services.domain.linking import COMPARE_TASK, LINK_TASK
from services.domain.roles import Role
from services.storage import asked, audit, event_log
from services.storage.asked import Origin
from services.storage.audit import AuditEntry
from services.system import System

ASKING = frozenset({LINK_TASK, COMPARE_TASK})


@dataclass(frozen=True, slots=True)
class SentEvent:
    """An event of no case as whoever is asked about it may see it. What they may not see is None, or left out.

    ``receipt`` is what its sender was answered; ``title`` the kind of event; ``number`` the sender's own, or whatever
    else it named as the case. ``number_here`` is the reader's agency's number of the case that the sender's number
    means by now, where it means one that the agency is on. ``decision`` is for the audit and never reaches the reader.
    """

    receipt: UUID
    title: str | None = None
    sender: str | None = None
    number: str | None = None
    time: datetime | None = None
    recorded: datetime | None = None
    data: Mapping[str, object] = field(default_factory=dict)
    number_here: str | None = None
    decision: Disclosed | None = None


@dataclass(frozen=True, slots=True)
class AskedEvent:
    """A task about an event of no case, with the event; ``sent`` is None once the task is closed."""

    task: ShownTask
    sent: SentEvent | None


def asked_event(system: System, actor: Actor, task_id: UUID, purpose: Purpose) -> AskedEvent | None:
    """The event that a task of the actor's is about, where the task is to find its case or to tell which version of it
    is true and it is of no case; None for any other. Audited.
    """
    shown = find_task(system, actor, task_id, purpose)
    if shown is None or shown.task.case_id is not None or shown.task.kind not in ASKING:
        return None
    if not shown.answers:
        return AskedEvent(shown, None)
    reader = Reader(actor.party_id, actor.agency_id, frozenset({Role(shown.task.role)}), purpose)
    return AskedEvent(shown, _read(system, actor, shown, reader))


def _read(system: System, actor: Actor, shown: ShownTask, reader: Reader) -> SentEvent | None:
    now = system.clock()
    event_id = shown.task.event_id
    with system.database.begin(actor) as connection:
        event = event_log.load(connection, system.keys, [event_id]).get(event_id)
        origin = asked.origins(connection, [event_id]).get(event_id)
        if event is None or origin is None:
            return None
        sent = with_number_here(connection, sent_event(system, event, origin, reader, now), origin, reader)
        audit.record(connection, actor, now, [_reading(shown, sent)])
        return sent


def sent_event(system: System, event: Event, origin: Origin, reader: Reader, now: datetime) -> SentEvent:
    """An event of no case for a reader who is asked about it."""
    envelope = {"sender": origin.agency, "number": origin.number, "time": event.time, "recorded": event.recorded}
    shown = disclosed_payload(
        event.type,
        event.data,
        reader,
        system.policy.disclosure,
        now,
        emitter=event.emitter,
        protected_persons=None,
        public_record=system.policy.routing.public_record_of(event.type),
        about=envelope,
    )
    if shown is None:
        return SentEvent(event.id)
    about: Mapping[str, Any] = shown.about
    return SentEvent(event.id, shown.title, data=shown.data, decision=shown.decision, **about)


def with_number_here(connection: Connection, sent: SentEvent, origin: Origin, reader: Reader) -> SentEvent:
    """Whoever sees under which number an event was sent is told where that number has come to mean a case of theirs.

    The event is not linked by that: a person says where it belongs.
    """
    if sent.number is None or reader.agency_id is None:
        return sent
    return replace(sent, number_here=asked.number_here(connection, origin, reader.agency_id))


def _reading(shown: ShownTask, sent: SentEvent) -> AuditEntry:
    decision = sent.decision
    return AuditEntry(
        "read_asked_event",
        f"task:{shown.task.id}",
        "done" if decision else "withheld",
        detail={
            "event": str(sent.receipt),
            "role": shown.task.role,
            "rules": list(decision.rules) if decision else [],
            "withheld": {held.path: held.rule.value for held in decision.withheld} if decision else {},
            "policy": decision.digest if decision else None,
        },
    )
