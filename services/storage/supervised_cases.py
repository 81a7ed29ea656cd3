"""The open cases that a supervisor answers for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Date, bindparam, cast, func, literal, or_, select, tuple_

from services.domain.roles import CHILD_WELFARE, Role
from services.storage import bulk
from services.storage.tables import case_identifiers, case_seats, cases, supervisions


@dataclass(frozen=True, slots=True)
class SupervisedCase:
    """An open case of the supervisor's agency. ``number`` is the agency's own, or the token."""

    id: UUID
    number: str
    zone: str
    opened_on: date


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Who asks. ``parties`` are themselves and their teams; None for a program of the agency, which asks for all of the
    agency's supervisors together.
    """

    agency_id: UUID
    parties: frozenset[UUID] | None


def open_cases(
    connection: Connection, whose: Supervisor, now: datetime, after: tuple[date, UUID] | None, limit: int
) -> list[SupervisedCase]:
    """The open cases of an agency on which one of these parties holds the supervisor's seat, or supervises somebody of
    the agency who holds a child-welfare one; that which was opened first comes first, up to ``limit`` after a place.
    """
    number = (
        select(func.min(case_identifiers.c.value))
        .where(
            case_identifiers.c.case_id == cases.c.id,
            case_identifiers.c.agency_id == whose.agency_id,
            case_identifiers.c.unlinked_by_event_id.is_(None),
        )
        .scalar_subquery()
    )
    query = (
        select(cases.c.id, func.coalesce(number, cases.c.token).label("number"), cases.c.zone, cases.c.opened_on)
        .where(cases.c.agency_id == whose.agency_id, cases.c.closed_on.is_(None), _answered_for(whose, now))
        .order_by(cases.c.opened_on, cases.c.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(cases.c.opened_on, cases.c.id) > tuple_(*map(literal, after)))
    return [SupervisedCase(row.id, row.number, row.zone, row.opened_on) for row in connection.execute(query)]


def _answered_for(whose: Supervisor, now: datetime) -> ColumnElement[bool]:
    today = cast(func.timezone(cases.c.zone, bindparam("now", now)), Date)
    held = (
        select(case_seats.c.id)
        .where(
            case_seats.c.case_id == cases.c.id,
            case_seats.c.agency_id == whose.agency_id,
            case_seats.c.since <= today,
            or_(case_seats.c.until.is_(None), case_seats.c.until >= today),
        )
        .correlate(cases)
    )
    if whose.parties is None:
        return held.where(case_seats.c.role == Role.CPS_SUP.value).exists()
    own = held.where(case_seats.c.role == Role.CPS_SUP.value, case_seats.c.party_id.in_(whose.parties))
    below = (
        held.where(case_seats.c.role.in_([role.value for role in CHILD_WELFARE]))
        .join(supervisions, supervisions.c.staff_id == case_seats.c.party_id)
        .where(
            supervisions.c.supervisor_id.in_(whose.parties),
            supervisions.c.since <= today,
            or_(supervisions.c.until.is_(None), supervisions.c.until >= today),
        )
    )
    return or_(own.exists(), below.exists())


def of_agency(connection: Connection, case_ids: Iterable[UUID], agency_id: UUID) -> frozenset[UUID]:
    """Those of these cases that are this agency's own, rather than ones that it is on."""
    found = select(cases.c.id).where(bulk.among(cases.c.id, set(case_ids)), cases.c.agency_id == agency_id)
    return frozenset(connection.execute(found).scalars())
