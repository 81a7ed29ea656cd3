"""Who supervises whom in agencies, and who held which child-welfare role on cases, with the days: set-wise."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, select

from services.domain.reporting_lines import ReportingLines, Spell
from services.domain.roles import CHILD_WELFARE
from services.storage import bulk
from services.storage.tables import case_seats, cases, staff, supervisions


def of_cases(connection: Connection, case_ids: Collection[UUID]) -> dict[UUID, ReportingLines]:
    """The reporting lines of the agencies whose cases these are, and the seats of each case, by case."""
    homes = {
        row.id: row.agency_id
        for row in connection.execute(select(cases.c.id, cases.c.agency_id).where(bulk.among(cases.c.id, case_ids)))
    }
    names = _staff(connection, set(homes.values()))
    supervised = _supervised(connection, set(homes.values()))
    seats = _seats(connection, case_ids)
    return {
        case_id: ReportingLines(
            staff=names.get(agency_id, frozenset()),
            supervised=supervised.get(agency_id, ()),
            seats=tuple(seats.get(case_id, ())),
        )
        for case_id, agency_id in homes.items()
    }


def _staff(connection: Connection, agency_ids: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    found: dict[UUID, set[str]] = {}
    rows = connection.execute(
        select(staff.c.agency_id, staff.c.username).where(bulk.among(staff.c.agency_id, agency_ids))
    )
    for row in rows:
        found.setdefault(row.agency_id, set()).add(row.username)
    return {agency_id: frozenset(names) for agency_id, names in found.items()}


def _supervised(connection: Connection, agency_ids: Collection[UUID]) -> dict[UUID, tuple[Spell, ...]]:
    above = staff.alias("above")
    rows = connection.execute(
        select(
            staff.c.agency_id,
            staff.c.username,
            above.c.username.label("supervisor"),
            supervisions.c.since,
            supervisions.c.until,
        )
        .select_from(supervisions)
        .join(staff, staff.c.id == supervisions.c.staff_id)
        .join(above, above.c.id == supervisions.c.supervisor_id)
        .where(bulk.among(staff.c.agency_id, agency_ids))
        .order_by(staff.c.username, supervisions.c.since)
    )
    found: dict[UUID, list[Spell]] = {}
    for row in rows:
        found.setdefault(row.agency_id, []).append(Spell(row.username, row.supervisor, row.since, row.until))
    return {agency_id: tuple(spells) for agency_id, spells in found.items()}


def _seats(connection: Connection, case_ids: Collection[UUID]) -> dict[UUID, list[Spell]]:
    rows = connection.execute(
        select(case_seats.c.case_id, staff.c.username, case_seats.c.role, case_seats.c.since, case_seats.c.until)
        .join(staff, staff.c.id == case_seats.c.party_id)
        .where(
            bulk.among(case_seats.c.case_id, case_ids),
            case_seats.c.role.in_(sorted(role.value for role in CHILD_WELFARE)),
        )
        .order_by(case_seats.c.case_id, case_seats.c.since, staff.c.username)
    )
    found: dict[UUID, list[Spell]] = {}
    for row in rows:
        found.setdefault(row.case_id, []).append(Spell(row.username, row.role, row.since, row.until))
    return found
