"""What the ladder of an unacknowledged alert asks for: what was told, and who stands above whom. Set-wise."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Date, bindparam, cast, or_, select

from services.domain.roles import Role
from services.domain.urgency import Urgency
from services.storage.links import CASE_NOW, LINK_IN_FORCE
from services.storage.tables import event_links, event_log, notifications, on_call_shifts, staff, supervisions, teams


@dataclass(frozen=True, slots=True)
class Told:
    """The inbox notification with which an alert began."""

    id: UUID
    event_id: UUID
    cause_event_id: UUID
    event_type: str
    case_id: UUID | None
    rule_id: str
    role: Role
    recipient_id: UUID
    agency_id: UUID
    urgency: Urgency
    caution: str | None
    policy_digest: str
    created_at: datetime


def told(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Told]:
    """These notifications, by id. One that does not exist is left out, and so is one whose event is elsewhere by now:
    its link to that case was taken back, or the case that was looked for is found.
    """
    rows = connection.execute(
        select(notifications, event_log.c.type)
        .join(event_log, event_log.c.id == notifications.c.event_id)
        .join(event_links, LINK_IN_FORCE, isouter=True)
        .where(notifications.c.id.in_(list(ids)), notifications.c.case_id.is_not_distinct_from(CASE_NOW))
    )
    return {
        row.id: Told(
            id=row.id,
            event_id=row.event_id,
            cause_event_id=row.cause_event_id,
            event_type=row.type,
            case_id=row.case_id,
            rule_id=row.rule_id,
            role=Role(row.role),
            recipient_id=row.recipient_id,
            agency_id=row.agency_id,
            urgency=Urgency(row.urgency),
            caution=row.caution,
            policy_digest=row.policy_digest,
            created_at=row.created_at,
        )
        for row in rows
    }


def duty_desks(connection: Connection, agency_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The duty desk of each of these agencies that has one; of several, the first by slug."""
    rows = connection.execute(
        select(teams.c.agency_id, teams.c.id)
        .where(teams.c.agency_id.in_(list(agency_ids)), teams.c.duty_desk)
        .order_by(teams.c.slug.desc())
    )
    return {row.agency_id: row.id for row in rows}


def on_shift(connection: Connection, desk_ids: Collection[UUID], at: datetime) -> dict[UUID, UUID]:
    """Who answers for each of these desks at an instant (business time); of several, whoever began last. A desk that
    nobody answers for is left out.
    """
    rows = connection.execute(
        select(on_call_shifts.c.team_id, on_call_shifts.c.staff_id)
        .join(staff, staff.c.id == on_call_shifts.c.staff_id)
        .where(
            on_call_shifts.c.team_id.in_(list(desk_ids)),
            on_call_shifts.c.starts_at <= at,
            or_(on_call_shifts.c.ends_at.is_(None), on_call_shifts.c.ends_at > at),
            staff.c.active,
        )
        .order_by(on_call_shifts.c.starts_at, staff.c.username.desc())
    )
    return {row.team_id: row.staff_id for row in rows}


def supervisors_above(connection: Connection, staff_ids: Collection[UUID], now: datetime) -> Mapping[UUID, UUID]:
    """The supervisor of each of these people today (UTC), and the supervisors of those."""
    first = _supervisors(connection, staff_ids, now)
    return {**_supervisors(connection, set(first.values()), now), **first}


def _supervisors(connection: Connection, staff_ids: Collection[UUID], now: datetime) -> dict[UUID, UUID]:
    if not staff_ids:
        return {}
    today = cast(bindparam("now", now), Date)
    rows = connection.execute(
        select(supervisions.c.staff_id, supervisions.c.supervisor_id)
        .where(
            supervisions.c.staff_id.in_(list(staff_ids)),
            supervisions.c.since <= today,
            or_(supervisions.c.until.is_(None), supervisions.c.until >= today),
        )
        .order_by(supervisions.c.since)
    )
    return {row.staff_id: row.supervisor_id for row in rows}
