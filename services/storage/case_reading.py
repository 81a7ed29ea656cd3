"""Cases as their readers ask for them: which case a number means, in which roles somebody reads it, what happened."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Connection,
    Row,
    Select,
    and_,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)

from services.domain.roles import Role
from services.storage.tables import (
    agencies,
    case_identifiers,
    cases,
    counties,
    deadlines,
    event_links,
    event_log,
    event_outcomes,
    tasks,
)

Place = tuple[datetime, UUID]
"""A place in a list: the instant that it is ordered by, and the id of the row."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case as a reader sees it from outside. ``number`` is the reader's agency's own, where it has linked one."""

    id: UUID
    token: str
    number: str | None
    agency_name: str
    county: str
    zone: str
    track: str
    opened_on: date
    closed_on: date | None


@dataclass(frozen=True, slots=True)
class DeadlineLine:
    """A due date of a case. ``role`` is whose it is; ``task_agency_id`` the agency of the task that it belongs to."""

    id: UUID
    rule_id: str
    task_id: UUID | None
    task_title: str | None
    task_agency_id: UUID | None
    role: Role | None
    raw_due: datetime
    rolled_due: datetime
    internal_due: datetime
    due_on: date
    zone: str
    state: str
    met_at: datetime | None
    overdue_since: date | None


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of a case, without what it says: when it happened and by which agency it was sent."""

    id: UUID
    time: datetime
    agency_name: str


def find(connection: Connection, case_id: UUID, reader: UUID) -> CaseLine | None:
    """A case that the actor's agency is on; None for any other, and for one that does not exist."""
    number = (
        select(case_identifiers.c.value)
        .where(
            case_identifiers.c.case_id == cases.c.id,
            case_identifiers.c.agency_id == reader,
            case_identifiers.c.unlinked_by_event_id.is_(None),
        )
        .order_by(case_identifiers.c.value)
        .limit(1)
        .scalar_subquery()
    )
    row = connection.execute(
        select(cases, number.label("number"), agencies.c.name.label("agency_name"), counties.c.name.label("served"))
        .join(agencies, agencies.c.id == cases.c.agency_id)
        .join(counties, counties.c.slug == cases.c.county)
        .where(cases.c.id == case_id)
    ).one_or_none()
    if row is None:
        return None
    return CaseLine(
        id=row.id,
        token=row.token,
        number=row.number,
        agency_name=row.agency_name,
        county=row.served,
        zone=row.zone,
        track=row.track,
        opened_on=row.opened_on,
        closed_on=row.closed_on,
    )


def zones_of(connection: Connection, case_ids: Collection[UUID]) -> dict[UUID, str]:
    """The IANA zones of these cases, of those that the actor's agency is on."""
    rows = connection.execute(select(cases.c.id, cases.c.zone).where(cases.c.id.in_(list(case_ids))))
    return {row.id: row.zone for row in rows}


def common_zone(connection: Connection) -> str | None:
    """The IANA zone of all counties, where it is the same."""
    zones = connection.execute(select(counties.c.zone).distinct().limit(2)).scalars().all()
    return zones[0] if len(zones) == 1 else None


def happenings(connection: Connection, case_id: UUID, before: Place | None, limit: int) -> list[Happening]:
    """What happened on a case, the latest first; up to ``limit``, before a place in that order.

    Only what routing has let through: an event that is refused or in quarantine is read by nobody (practice.md §8
    row 52), and neither is one of which that is not decided yet.
    """
    order = (event_log.c.time, event_log.c.sequence, event_log.c.id)
    query = (
        select(event_log.c.id, event_log.c.time, agencies.c.name)
        .join(event_outcomes, event_outcomes.c.event_id == event_log.c.id)
        .join(agencies, agencies.c.id == event_log.c.agency_id)
        .where(event_log.c.id.in_(_of_case(case_id)), event_outcomes.c.state == "processed")
        .order_by(*(column.desc() for column in order))
        .limit(limit)
    )
    if before is not None:
        last = event_log.alias()
        sequence = select(last.c.sequence).where(last.c.id == before[1]).scalar_subquery()
        query = query.where(tuple_(*order) < tuple_(literal(before[0]), sequence, literal(before[1])))
    return [Happening(row.id, row.time, row.name) for row in connection.execute(query)]


def _of_case(case_id: UUID) -> Select[Any]:
    """The events of a case: its own, and those that a person has linked to it."""
    own = select(event_log.c.id).where(event_log.c.case_id == case_id)
    linked = select(event_links.c.event_id).where(
        event_links.c.case_id == case_id, event_links.c.unlinked_by_event_id.is_(None)
    )
    return select(union_all(own, linked).subquery().c.id)


def open_deadlines(
    connection: Connection,
    case_id: UUID,
    after: Place | None,
    limit: int,
    *,
    roles: Collection[Role] | None = None,
    agency_id: UUID | None = None,
) -> list[DeadlineLine]:
    """The due dates of a case that are open or were missed, the first due first; up to ``limit``, after a place.

    With ``roles``, only those of one of these roles and those of a task that was put to ``agency_id``.
    """
    query = (
        select(deadlines, tasks.c.title, tasks.c.agency_id.label("task_agency_id"))
        .join(tasks, tasks.c.id == deadlines.c.task_id, isouter=True)
        .where(deadlines.c.case_id == case_id, deadlines.c.state.in_(["open", "missed"]))
        .order_by(deadlines.c.rolled_due, deadlines.c.id)
        .limit(limit)
    )
    if roles is not None:
        own = and_(deadlines.c.task_id.is_(None), deadlines.c.role.in_([role.value for role in roles]))
        query = query.where(or_(own, tasks.c.agency_id == agency_id))
    if after is not None:
        query = query.where(tuple_(deadlines.c.rolled_due, deadlines.c.id) > tuple_(*map(literal, after)))
    return [_deadline(row) for row in connection.execute(query)]


def _deadline(row: Row[Any]) -> DeadlineLine:
    return DeadlineLine(
        id=row.id,
        rule_id=row.rule_id,
        task_id=row.task_id,
        task_title=row.title,
        task_agency_id=row.task_agency_id,
        role=Role(row.role) if row.role else None,
        raw_due=row.raw_due,
        rolled_due=row.rolled_due,
        internal_due=row.internal_due,
        due_on=row.due_on,
        zone=row.zone,
        state=row.state,
        met_at=row.met_at,
        overdue_since=row.overdue_since,
    )
