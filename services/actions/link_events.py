"""Linking an unmatched event to a case, and taking it back: appended facts, never a guess by name (Settled 7)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.domain.events import Event
from services.domain.urgency import Lane
from services.storage import decisions, jobs

LINKED = "event.linked"
UNLINKED = "event.unlinked"


def link_events(connection: Connection, events: Sequence[Event], now: datetime) -> None:
    """Carry out the links that these events state: a linked event gets a job, to be routed on its case like any other.

    A link to something that is no unmatched event does nothing; the outcome of the linking event says so.
    """
    wanted = {event.id: target for event in events if event.type == LINKED and (target := _target(event))}
    free = decisions.unmatched(connection, set(wanted.values())) if wanted else set()
    for event in events:
        target = wanted.get(event.id)
        if event.type == UNLINKED:
            _unlink(connection, event)
        elif event.type == LINKED and event.case_id and target in free and target is not None:
            free.discard(target)
            decisions.link(connection, target, event.case_id, event.id)
            jobs.add(connection, [_job(target, event, now)])


def events_to_link(events: Iterable[Event]) -> set[UUID]:
    """The events that these say belong to a case."""
    return {target for event in events if event.type == LINKED and (target := _target(event))}


def _unlink(connection: Connection, event: Event) -> None:
    target = _target(event)
    if target is not None and event.case_id is not None:
        decisions.unlink(connection, target, event.case_id, event.id)


def _target(event: Event) -> UUID | None:
    try:
        return UUID(str(event.data["linked_event"]))
    except ValueError:
        return None


def _job(target: UUID, event: Event, now: datetime) -> jobs.NewJob:
    return jobs.NewJob(
        key=f"route:{target}:{event.id}",
        lane=Lane.URGENT,
        kind="route",
        ref=target,
        due_at=now,
        case_id=event.case_id,
        agency_id=event.agency_id,
        arguments={"case": str(event.case_id)},
    )
