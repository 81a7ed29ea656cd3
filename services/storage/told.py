"""Who was told of an event because it is, or was, on a case. In the web role: seen by the agency whose case it is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, select

from services.domain.roles import Role
from services.domain.urgency import Urgency
from services.storage.tables import agencies, cases, event_links, event_log, notifications, staff, teams


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One who was told, in which role and on which way: ``inbox`` or ``webhook``, which goes to the agency's systems.

    ``state`` says whether it arrived; ``acknowledged_by`` is as ``staff:okafor``.
    """

    recipient: str
    agency: str
    role: Role
    channel: str
    urgency: Urgency
    state: str
    told_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A link of an event to a case: when it was made and by whom (``staff:petrov``), and when and by whom it was taken
    back, if it was.
    """

    event_id: UUID
    at: datetime
    by: str
    taken_back_at: datetime | None
    taken_back_by: str | None


def is_case_of(connection: Connection, case_id: UUID, agency_id: UUID) -> bool:
    """Whether it is this agency's case, rather than one that it is on."""
    found = connection.execute(select(cases.c.id).where(cases.c.id == case_id, cases.c.agency_id == agency_id))
    return found.first() is not None


def told(connection: Connection, event_id: UUID, case_id: UUID) -> list[ToldLine]:
    """Who was told of an event as one of this case, in the order in which they were."""
    rows = connection.execute(
        select(notifications, agencies.c.name, func.coalesce(staff.c.display_name, teams.c.name).label("recipient"))
        .join(agencies, agencies.c.id == notifications.c.agency_id)
        .join(staff, staff.c.id == notifications.c.recipient_id, isouter=True)
        .join(teams, teams.c.id == notifications.c.recipient_id, isouter=True)
        .where(notifications.c.event_id == event_id, notifications.c.case_id == case_id)
        .order_by(notifications.c.created_at, agencies.c.name, "recipient", notifications.c.channel, notifications.c.id)
    )
    return [
        ToldLine(
            recipient=row.recipient,
            agency=row.name,
            role=Role(row.role),
            channel=row.channel,
            urgency=Urgency(row.urgency),
            state=row.state,
            told_at=row.created_at,
            acknowledged_at=row.acknowledged_at,
            acknowledged_by=row.acknowledged_by,
        )
        for row in rows
    ]


def links_to(connection: Connection, event_ids: Collection[UUID], case_id: UUID) -> list[LinkLine]:
    """How these events were linked to a case, and taken off it again, in order; the last of an event comes last."""
    if not event_ids:
        return []
    made, back = event_log.alias("made"), event_log.alias("back")
    rows = connection.execute(
        select(
            event_links.c.event_id,
            made.c.time,
            made.c.actor,
            back.c.time.label("back_at"),
            back.c.actor.label("back_by"),
        )
        .join(made, made.c.id == event_links.c.linked_by_event_id)
        .join(back, back.c.id == event_links.c.unlinked_by_event_id, isouter=True)
        .where(event_links.c.event_id.in_(list(event_ids)), event_links.c.case_id == case_id)
        .order_by(made.c.accepted, made.c.sequence)
    )
    return [LinkLine(row.event_id, row.time, row.actor, row.back_at, row.back_by) for row in rows]
