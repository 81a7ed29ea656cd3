"""Who has acknowledged what. Kept on the notification and in the audit log, outside the chain of the case.

The inbox of a person and those of their desks are acknowledged together: whoever has read of an event has read of it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, case, func, select, tuple_, update

from services.domain.delivery import NotificationState
from services.domain.routing_decision import Reason
from services.storage.tables import cases, notifications, teams

EventAtAgency = tuple[UUID, UUID]
"""An event, and an agency that was told of it."""

AlertName = tuple[UUID, UUID, UUID]
"""An event, the event because of which it was told (itself, as a rule), and an agency that was told."""

_INBOX = notifications.c.channel == "inbox"


@dataclass(frozen=True, slots=True)
class Told:
    """What a notification is about. ``zone`` is that of the case's county; UTC where there is no case to be seen."""

    event_id: UUID
    case_id: UUID | None
    zone: str


@dataclass(frozen=True, slots=True)
class InboxMark:
    """One inbox that was told of an event, and who acknowledged it there (``staff:okafor``), if anybody did."""

    notification_id: UUID
    acknowledged_at: datetime | None
    acknowledged_by: str | None


def told(connection: Connection, notification_id: UUID, agency_id: UUID) -> Told | None:
    """What a notification to an agency is about, on whatever way it went; None where the agency has none of this id."""
    row = connection.execute(
        select(notifications.c.event_id, notifications.c.case_id, cases.c.zone)
        .join(cases, cases.c.id == notifications.c.case_id, isouter=True)
        .where(notifications.c.id == notification_id, notifications.c.agency_id == agency_id)
    ).one_or_none()
    return Told(row.event_id, row.case_id, row.zone or "UTC") if row else None


def desks_of(connection: Connection, agency_id: UUID) -> frozenset[UUID]:
    """All teams of an agency."""
    return frozenset(connection.execute(select(teams.c.id).where(teams.c.agency_id == agency_id)).scalars())


def lock_marks(connection: Connection, event_id: UUID, recipients: Collection[UUID]) -> list[InboxMark]:
    """What these recipients' inboxes hold of an event, the earliest first, locked until the end of the transaction."""
    rows = connection.execute(
        select(notifications.c.id, notifications.c.acknowledged_at, notifications.c.acknowledged_by)
        .where(notifications.c.event_id == event_id, notifications.c.recipient_id.in_(list(recipients)), _INBOX)
        .order_by(notifications.c.created_at, notifications.c.id)
        .with_for_update()
    )
    return [InboxMark(row.id, row.acknowledged_at, row.acknowledged_by) for row in rows]


def acknowledge(connection: Connection, ids: Collection[UUID], by: str, at: datetime) -> None:
    """Mark these as acknowledged; one that is already keeps its first mark."""
    connection.execute(
        update(notifications)
        .where(notifications.c.id.in_(list(ids)), notifications.c.acknowledged_at.is_(None))
        .values(state=NotificationState.ACKNOWLEDGED.value, acknowledged_at=at, acknowledged_by=by)
    )


def agencies_that_acknowledged(connection: Connection, wanted: Collection[EventAtAgency]) -> set[EventAtAgency]:
    """Of these, the events that somebody of the agency has acknowledged in whichever inbox."""
    if not wanted:
        return set()
    rows = connection.execute(
        select(notifications.c.event_id, notifications.c.agency_id)
        .where(_of(wanted), notifications.c.acknowledged_at.is_not(None))
        .distinct()
    )
    return {(row.event_id, row.agency_id) for row in rows}


def quieted_at(connection: Connection, wanted: Mapping[AlertName, Collection[UUID]]) -> dict[AlertName, datetime]:
    """Since when these alerts are quiet (Settled 10); one that still climbs is left out. ``wanted`` holds for each
    alert the notifications that were written on its way up.

    A desk answers for its agency: where one was told, its acknowledgement counts and that of one officer does not.
    Where the agency has no desk that was told, anybody's does. So does that of whoever was told higher up.
    """
    if not wanted:
        return {}
    by_desk = notifications.c.recipient_id.in_(select(teams.c.id))
    first = func.min(notifications.c.acknowledged_at)
    name = (notifications.c.event_id, notifications.c.cause_event_id, notifications.c.agency_id)
    rows = connection.execute(
        select(
            *name,
            case((func.bool_or(by_desk), first.filter(by_desk)), else_=first).label("at"),
        )
        .where(tuple_(*name).in_(list(wanted)), _INBOX, notifications.c.reason != Reason.ESCALATED.value)
        .group_by(*name)
    )
    below = {(row.event_id, row.cause_event_id, row.agency_id): row.at for row in rows}
    above = _acknowledged(connection, {one for written in wanted.values() for one in written})
    quiet: dict[AlertName, datetime] = {}
    for alert, written in wanted.items():
        known = [at for at in (below.get(alert), *(above.get(one) for one in written)) if at is not None]
        if known:
            quiet[alert] = min(known)
    return quiet


def _acknowledged(connection: Connection, ids: Collection[UUID]) -> dict[UUID, datetime]:
    if not ids:
        return {}
    rows = connection.execute(
        select(notifications.c.id, notifications.c.acknowledged_at).where(
            notifications.c.id.in_(list(ids)), notifications.c.acknowledged_at.is_not(None)
        )
    )
    return {row.id: row.acknowledged_at for row in rows}


def _of(wanted: Collection[EventAtAgency]) -> ColumnElement[bool]:
    return tuple_(notifications.c.event_id, notifications.c.agency_id).in_(list(wanted))
