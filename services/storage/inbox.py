"""The in-app inbox: what was put to a person and their desks, or to an agency. Paged by key, the latest first."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, and_, func, literal, or_, select, tuple_

from services.domain.roles import Role
from services.domain.routing_decision import Reason
from services.domain.urgency import Urgency
from services.storage.tables import case_identifiers, cases, cautions, notifications, teams

Place = tuple[datetime, UUID]
"""A place in the inbox: when it was received, and the id of the entry."""


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One entry, before disclosure. ``case_number`` is the reading agency's own number of the case, where it has linked
    one, and else the token. ``desk`` names the team that was told, where it was one. ``cautioned``: the matter may not
    be raised with the subject as long as nothing says that the caution was lifted.
    """

    id: UUID
    event_id: UUID
    case_id: UUID | None
    case_number: str | None
    role: Role
    recipient_id: UUID
    desk: str | None
    agency_id: UUID
    urgency: Urgency
    reason: Reason
    cautioned: bool
    received_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None


def entries(
    connection: Connection, agency_id: UUID, recipients: Collection[UUID] | None, before: Place | None, limit: int
) -> list[InboxRow]:
    """Up to ``limit`` entries of these recipients of an agency (of everybody there, where None), before a place."""
    query = _entries(agency_id).order_by(notifications.c.created_at.desc(), notifications.c.id.desc()).limit(limit)
    if recipients is not None:
        query = query.where(notifications.c.recipient_id.in_(list(recipients)))
    if before is not None:
        place = tuple_(notifications.c.created_at, notifications.c.id)
        query = query.where(place < tuple_(literal(before[0]), literal(before[1])))
    return [_row(row) for row in connection.execute(query)]


def entry(
    connection: Connection, agency_id: UUID, recipients: Collection[UUID] | None, notification_id: UUID
) -> InboxRow | None:
    """The entry of this id; or, where it is another notification of the same event to the agency (a webhook, a
    colleague's), the recipients' own earliest one. None where they have none.
    """
    meant = select(notifications.c.event_id).where(
        notifications.c.id == notification_id, notifications.c.agency_id == agency_id
    )
    query = (
        _entries(agency_id)
        .where(notifications.c.event_id == meant.scalar_subquery())
        .order_by((notifications.c.id == notification_id).desc(), notifications.c.created_at, notifications.c.id)
        .limit(1)
    )
    if recipients is not None:
        query = query.where(notifications.c.recipient_id.in_(list(recipients)))
    row = connection.execute(query).one_or_none()
    return _row(row) if row else None


def unacknowledged(connection: Connection, agency_id: UUID, recipients: Collection[UUID]) -> int:
    """How many U0 and U1 entries of these recipients wait for an acknowledgement."""
    return connection.execute(
        select(func.count()).where(
            notifications.c.agency_id == agency_id,
            notifications.c.recipient_id.in_(list(recipients)),
            notifications.c.channel == "inbox",
            notifications.c.acknowledged_at.is_(None),
            notifications.c.urgency.in_([Urgency.U0.value, Urgency.U1.value]),
        )
    ).scalar_one()


def _entries(agency_id: UUID) -> Select[Any]:
    own_number = (
        select(case_identifiers.c.value)
        .where(
            case_identifiers.c.case_id == notifications.c.case_id,
            case_identifiers.c.agency_id == agency_id,
            case_identifiers.c.unlinked_by_event_id.is_(None),
        )
        .order_by(case_identifiers.c.value)
        .limit(1)
        .scalar_subquery()
    )
    of_the_case = and_(
        cautions.c.case_id == notifications.c.case_id, cautions.c.raised_at <= notifications.c.created_at
    )
    lifted = select(cautions.c.event_id).where(of_the_case, cautions.c.lifted_at.is_not(None)).exists()
    stands = select(cautions.c.event_id).where(of_the_case, cautions.c.lifted_at.is_(None)).exists()
    return (
        select(
            notifications,
            func.coalesce(own_number, cases.c.token).label("case_number"),
            teams.c.name.label("desk"),
            and_(notifications.c.caution.is_not(None), or_(stands, ~lifted)).label("cautioned"),
        )
        .join(cases, cases.c.id == notifications.c.case_id, isouter=True)
        .join(teams, teams.c.id == notifications.c.recipient_id, isouter=True)
        .where(notifications.c.channel == "inbox", notifications.c.agency_id == agency_id)
    )


def _row(row: Row[Any]) -> InboxRow:
    return InboxRow(
        id=row.id,
        event_id=row.event_id,
        case_id=row.case_id,
        case_number=row.case_number,
        role=Role(row.role),
        recipient_id=row.recipient_id,
        desk=row.desk,
        agency_id=row.agency_id,
        urgency=Urgency(row.urgency),
        reason=Reason(row.reason),
        cautioned=row.cautioned,
        received_at=row.created_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
    )
