"""Appending checked events to their streams, with the job that routes each: the one place where the log is written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection

from schemas.catalogue import CATALOGUE
from services.domain.events import Event
from services.domain.location import parse_path, take_out
from services.domain.roles import Role
from services.domain.routing import urgency_of
from services.domain.urgency import Lane, lane_of
from services.ids import new_id
from services.storage import event_log, intake
from services.storage.event_log import Stream
from services.storage.jobs import NewJob
from services.system import System

_LOCATION = {name: tuple(parse_path(path) for path in schema.location_paths()) for name, schema in CATALOGUE.items()}

VAULT_POINTER = "vault:"
"""What stands in a payload where location data was taken out, followed by the id of its row in the vault."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked event on its way into the log, by ``actor``.

    ``case_id`` is None where it matches no case of the sender.
    """

    type: str
    source: str
    source_id: str
    subject: str
    emitter: Role
    agency_id: UUID
    actor: str
    time: datetime
    recorded: datetime
    data: Mapping[str, object]
    body_mac: bytes
    case_id: UUID | None = None
    attributes: Mapping[str, object] = field(default_factory=dict)
    id: UUID = field(default_factory=new_id)


def append_events(
    system: System,
    connection: Connection,
    drafts: Sequence[Draft],
    now: datetime,
    locked: dict[UUID, Stream] | None = None,
) -> list[Event]:
    """Append drafts in their order, each to its case's stream or to its agency's intake, and write their jobs.

    ``locked`` are streams that the caller has locked already, by case or agency; they are brought to their new ends.
    Returns the events in the order of the drafts. The streams stay locked until the end of the transaction.
    """
    streams = locked if locked is not None else {}
    _lock_others(system, connection, drafts, streams)
    by_owner: dict[UUID, list[event_log.NewEntry]] = {}
    for draft in drafts:
        by_owner.setdefault(draft.case_id or draft.agency_id, []).append(_entry(system, draft, now))
    chained: dict[UUID, event_log.ChainedEntry] = {}
    for owner, entries in by_owner.items():
        streams[owner], bound = event_log.chain(system.keys, streams[owner], entries)
        chained |= {entry.event.id: entry for entry in bound}
    in_order = [chained[draft.id] for draft in drafts]
    # Read while the streams are locked, so that of two who came at once the first in the log is due first as well.
    due_at = max(now, system.clock())
    jobs = [_routing_job(system, entry.event, due_at) for entry in in_order]
    intake.write(connection, in_order, [streams[owner] for owner in by_owner], jobs)
    return [entry.event for entry in in_order]


def lanes_of(system: System, events: Iterable[Event]) -> set[Lane]:
    """The lanes in which these events are routed."""
    return {_lane(system, event) for event in events}


def _lock_others(system: System, connection: Connection, drafts: Sequence[Draft], streams: dict[UUID, Stream]) -> None:
    """Lock the streams of the drafts' cases, and of the agencies whose drafts have none, that are not locked yet."""
    case_ids = {draft.case_id for draft in drafts if draft.case_id} - streams.keys()
    if case_ids:
        streams |= event_log.lock_case_streams(connection, system.keys, case_ids)
    for agency_id in sorted({draft.agency_id for draft in drafts if not draft.case_id} - streams.keys()):
        streams[agency_id] = event_log.lock_intake_stream(connection, system.keys, agency_id)


def _entry(system: System, draft: Draft, now: datetime) -> event_log.NewEntry:
    system.traces.link(draft.attributes)
    pointers: list[UUID] = []

    def new_pointer() -> str:
        pointers.append(uuid4())
        return f"{VAULT_POINTER}{pointers[-1]}"

    data, located = take_out(draft.data, _LOCATION[draft.type], new_pointer)
    return event_log.NewEntry(
        event=Event(
            id=draft.id,
            type=draft.type,
            case_id=draft.case_id,
            sequence=0,
            source=draft.source,
            source_id=draft.source_id,
            agency_id=draft.agency_id,
            emitter=draft.emitter,
            time=draft.time,
            recorded=draft.recorded,
            accepted=now,
            data=data,
        ),
        subject=draft.subject,
        actor=draft.actor,
        urgency=urgency_of(draft.type, data, system.policy.routing),
        attributes=draft.attributes,
        body_mac=draft.body_mac,
        location=tuple((pointer, found.place, found.value) for pointer, found in zip(pointers, located, strict=True)),
    )


def _lane(system: System, event: Event) -> Lane:
    return lane_of(urgency_of(event.type, event.data, system.policy.routing))


def _routing_job(system: System, event: Event, due_at: datetime) -> NewJob:
    return NewJob(
        key=f"route:{event.id}",
        lane=_lane(system, event),
        kind="route",
        ref=event.id,
        due_at=due_at,
        case_id=event.case_id,
        agency_id=event.agency_id,
        arguments=system.traces.carried(),
    )
