"""Who is around a case, as routing asks for it: seats, desks, supervisors, on-call, the state of safe contact.

Everything is read set-wise, for all cases of a batch at once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Date, Row, bindparam, cast, func, or_, select

from services.domain.roles import Role
from services.domain.routing_facts import CaseFacts, CountyFacts, SafeContact, Seat
from services.storage import bulk
from services.storage.tables import (
    agencies,
    case_agencies,
    case_persons,
    case_seats,
    cases,
    cautions,
    counties,
    parties,
    safe_contacts,
    staff,
    supervisions,
    tasks,
    teams,
)

_ROLES = {role.value: role for role in Role}


def case_facts(
    connection: Connection, case_ids: Collection[UUID], named_tasks: Iterable[UUID], now: datetime
) -> dict[UUID, CaseFacts]:
    """The facts of these cases on the day that ``now`` is in each case's zone. ``named_tasks`` are those that the
    events to be routed speak of.
    """
    seats = _seats(connection, case_ids, now)
    desks = _desks(connection, {seat.agency_id for held in seats.values() for seat in held})
    supervisors = _supervisors(connection, {seat.party_id for held in seats.values() for seat in held}, now)
    named = _tasks(connection, named_tasks)
    protected = _protected(connection, case_ids)
    on_case = _agencies(connection, case_ids)
    admins = administrators(connection)
    return {
        case_id: replace(
            facts,
            seats=tuple(seats.get(case_id, ())),
            desks={seat.agency_id: desks[seat.agency_id] for seat in seats.get(case_id, ()) if seat.agency_id in desks},
            supervisors=supervisors,
            agencies=on_case.get(case_id, {}),
            task_requesters={str(task.id): task.requester_agency_id for task in named},
            task_assignees={str(task.id): task.assignee_id for task in named},
            task_kinds={str(task.id): task.kind for task in named},
            protected_persons=frozenset(protected.get(case_id, ())),
            admins=admins,
        )
        for case_id, facts in _bare(connection, case_ids, now).items()
    }


def _protected(connection: Connection, case_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    rows = connection.execute(
        select(case_persons.c.case_id, case_persons.c.person_ref).where(
            bulk.among(case_persons.c.case_id, case_ids), case_persons.c.kind.in_(["protective_parent", "child"])
        )
    )
    found: dict[UUID, set[str]] = {}
    for row in rows:
        found.setdefault(row.case_id, set()).add(row.person_ref)
    return found


def _today(now: datetime) -> ColumnElement[object]:
    return cast(func.timezone(cases.c.zone, bindparam("now", now)), Date)


def _bare(connection: Connection, case_ids: Collection[UUID], now: datetime) -> dict[UUID, CaseFacts]:
    cautioned = (
        select(cautions.c.event_id)
        .where(cautions.c.case_id == cases.c.id, cautions.c.lifted_at.is_(None))
        .exists()
        .label("cautioned")
    )
    on_call = parties.alias()
    rows = connection.execute(
        select(
            cases.c.id,
            cases.c.zone,
            cases.c.county,
            cases.c.track,
            cases.c.closed_on,
            on_call.c.id.label("on_call"),
            on_call.c.agency_id.label("on_call_agency"),
            safe_contacts.c.never,
            (safe_contacts.c.expires_on < _today(now)).label("expired"),
            cautioned,
        )
        .join(counties, counties.c.slug == cases.c.county)
        .join(on_call, on_call.c.id == counties.c.on_call_team_id, isouter=True)
        .join(safe_contacts, safe_contacts.c.case_id == cases.c.id, isouter=True)
        .where(bulk.among(cases.c.id, case_ids))
    )
    return {
        row.id: CaseFacts(
            case_id=row.id,
            zone=row.zone,
            county=row.county,
            track=row.track,
            closed=row.closed_on is not None,
            seats=(),
            on_call=row.on_call,
            on_call_agency=row.on_call_agency,
            safe_contact=_safe_contact(row.never, row.expired),
            cautioned=row.cautioned,
        )
        for row in rows
    }


def _safe_contact(never: bool | None, expired: bool | None) -> SafeContact:
    match never, expired:
        case None, _:
            return SafeContact.UNKNOWN
        case True, _:
            return SafeContact.NEVER
        case _, True:
            return SafeContact.EXPIRED
        case _:
            return SafeContact.CURRENT


def _seats(connection: Connection, case_ids: Collection[UUID], now: datetime) -> dict[UUID, list[Seat]]:
    rows = connection.execute(
        select(case_seats.c.case_id, case_seats.c.role, case_seats.c.party_id, case_seats.c.agency_id, parties.c.kind)
        .join(parties, parties.c.id == case_seats.c.party_id)
        .join(cases, cases.c.id == case_seats.c.case_id)
        .join(staff, staff.c.id == case_seats.c.party_id, isouter=True)
        .where(
            bulk.among(case_seats.c.case_id, case_ids),
            or_(staff.c.active.is_(None), staff.c.active),
            case_seats.c.since <= _today(now),
            or_(case_seats.c.until.is_(None), case_seats.c.until >= _today(now)),
        )
    )
    found: dict[UUID, list[Seat]] = {}
    for case_id, role, party_id, agency_id, kind in rows.all():
        found.setdefault(case_id, []).append(Seat(_ROLES[role], party_id, kind, agency_id))
    return found


def _desks(connection: Connection, agency_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    rows = connection.execute(
        select(teams.c.agency_id, teams.c.id)
        .where(bulk.among(teams.c.agency_id, agency_ids), teams.c.duty_desk)
        .order_by(teams.c.slug.desc())
    )
    return {row.agency_id: row.id for row in rows}


def _supervisors(connection: Connection, party_ids: Collection[UUID], now: datetime) -> Mapping[UUID, UUID]:
    today = cast(bindparam("now", now), Date)
    rows = connection.execute(
        select(supervisions.c.staff_id, supervisions.c.supervisor_id)
        .join(staff, staff.c.id == supervisions.c.supervisor_id)
        .where(
            staff.c.active,
            bulk.among(supervisions.c.staff_id, party_ids),
            supervisions.c.since <= today,
            or_(supervisions.c.until.is_(None), supervisions.c.until >= today),
        )
        .order_by(supervisions.c.since)
    )
    return {row.staff_id: row.supervisor_id for row in rows}


def _tasks(connection: Connection, named: Iterable[UUID]) -> Sequence[Row[UUID, str, UUID, UUID]]:
    wanted = list(named)
    if not wanted:
        return ()
    columns = (tasks.c.id, tasks.c.kind, tasks.c.requester_agency_id, tasks.c.assignee_id)
    return connection.execute(select(*columns).where(bulk.among(tasks.c.id, wanted))).all()


def _agencies(connection: Connection, case_ids: Collection[UUID]) -> dict[UUID, dict[str, UUID]]:
    """The agencies that are on each of these cases now, by short name."""
    rows = connection.execute(
        select(case_agencies.c.case_id, agencies.c.slug, agencies.c.id)
        .join(agencies, agencies.c.id == case_agencies.c.agency_id)
        .where(bulk.among(case_agencies.c.case_id, case_ids), case_agencies.c.until.is_(None))
    )
    found: dict[UUID, dict[str, UUID]] = {}
    for case_id, slug, agency_id in rows.all():
        found.setdefault(case_id, {})[slug] = agency_id
    return found


def administrators(connection: Connection) -> tuple[Seat, ...]:
    """The active administrators of the installation: told where nobody else can be."""
    rows = connection.execute(
        select(staff.c.id, staff.c.agency_id).where(staff.c.administrator, staff.c.active).order_by(staff.c.username)
    )
    return tuple(Seat(Role.ADMIN, row.id, "person", row.agency_id) for row in rows)


def county_facts(connection: Connection) -> tuple[CountyFacts, ...]:
    """Who answers in each county for events that belong to no case."""
    on_call, intake = parties.alias("on_call"), parties.alias("intake")
    rows = connection.execute(
        select(
            counties.c.slug,
            on_call.c.id.label("on_call"),
            on_call.c.agency_id.label("on_call_agency"),
            intake.c.id.label("intake"),
            intake.c.agency_id.label("intake_agency"),
        )
        .join(on_call, on_call.c.id == counties.c.on_call_team_id, isouter=True)
        .join(intake, intake.c.id == counties.c.intake_team_id, isouter=True)
        .order_by(counties.c.slug)
    ).all()
    admins = administrators(connection)
    if not rows:
        return (CountyFacts(county="", admins=admins),)
    return tuple(
        CountyFacts(
            county=row.slug,
            on_call=_desk(row.on_call, row.on_call_agency),
            intake=_desk(row.intake, row.intake_agency),
            admins=admins,
        )
        for row in rows
    )


def _desk(team_id: UUID | None, agency_id: UUID) -> Seat | None:
    return Seat(Role.CPS_INTAKE, team_id, "team", agency_id) if team_id else None
