"""A person says that they have it: kept on the notification and audited, outside the chain of the case.

Whoever acknowledges an event acknowledges it for all their inboxes: their own, and those of the teams to which they
belong on that day (in the zone of the case's county). A client of an agency speaks for the agency's desks, never for a
person. An alert is quiet once a desk has acknowledged it (``storage.acknowledgements.quieted_at``).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from services import crash_points
from services.domain.actors import Actor
from services.domain.scopes import Scope
from services.storage import acknowledgements, audit, teams
from services.storage.acknowledgements import InboxMark, Told
from services.storage.audit import AuditEntry
from services.system import System


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """It is acknowledged now. ``notifications`` are all inbox entries that this marks, at least one."""

    at: datetime
    notifications: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class AlreadyAcknowledged:
    """Somebody had done so before, in every inbox of the asker. ``by`` is the first, as ``staff:okafor``."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """There is no such notification for the asker: none at all, or not theirs. Which of the two is never said."""


def acknowledge_notification(
    system: System, actor: Actor, notification_id: UUID
) -> Acknowledged | AlreadyAcknowledged | NotFound:
    """Acknowledge what a notification is about, at the system's business time. ``notification_id`` may also be that of
    the webhook by which the actor's agency heard of it.
    """
    now = system.clock()
    with system.database.begin(actor) as connection:
        told = acknowledgements.told(connection, notification_id, actor.agency_id) if actor.agency_id else None
        marks = _marks(connection, actor, told, now) if told else []
        outcome = _acknowledge(connection, actor, marks, now)
        code = {Acknowledged: "done", AlreadyAcknowledged: "unchanged", NotFound: "refused"}[type(outcome)]
        entry = AuditEntry(
            "acknowledge_notification",
            f"notification:{notification_id}",
            code,
            case_id=told.case_id if told and marks else None,
            detail={"inboxes": [str(mark.notification_id) for mark in marks]},
        )
        audit.record(connection, actor, now, [entry])
        crash_points.reached("acknowledge.written")
    crash_points.reached("acknowledge.committed")
    return outcome


def _marks(connection: Connection, actor: Actor, told: Told, now: datetime) -> list[InboxMark]:
    """What the actor's inboxes hold of the event, locked."""
    return acknowledgements.lock_marks(connection, told.event_id, _inboxes(connection, actor, told.zone, now))


def _inboxes(connection: Connection, actor: Actor, zone: str, now: datetime) -> frozenset[UUID]:
    if actor.party_id is not None:
        today = now.astimezone(ZoneInfo(zone)).date()
        return frozenset({actor.party_id}) | teams.teams_of(connection, actor.party_id, today)
    if actor.agency_id is not None and Scope.INBOX in actor.scopes:
        return acknowledgements.desks_of(connection, actor.agency_id)
    return frozenset()


def _acknowledge(
    connection: Connection, actor: Actor, marks: list[InboxMark], now: datetime
) -> Acknowledged | AlreadyAcknowledged | NotFound:
    if not marks:
        return NotFound()
    new = tuple(mark.notification_id for mark in marks if mark.acknowledged_at is None)
    if new:
        acknowledgements.acknowledge(connection, new, actor.name, now)
        return Acknowledged(now, new)
    at, by = min((mark.acknowledged_at, mark.acknowledged_by or "") for mark in marks if mark.acknowledged_at)
    return AlreadyAcknowledged(at, by)
