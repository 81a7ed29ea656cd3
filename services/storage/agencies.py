"""Agencies, and the counties that they serve."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, true, update

from services.domain.registry import NewAgency, NewCounty, Outcome, Registered, TeamRef
from services.domain.roles import Role
from services.storage import registration
from services.storage.tables import agencies, counties


@dataclass(frozen=True, slots=True)
class AgencyLine:
    """An agency, and the roles in which its people and clients may speak."""

    id: UUID
    slug: str
    name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class CountyLine:
    """A county: its IANA zone, the calendar of its days, its on-call team and its intake desk."""

    slug: str
    name: str
    zone: str
    calendar: str
    on_call_team_id: UUID | None
    intake_team_id: UUID | None


def put(connection: Connection, new: Sequence[NewAgency], now: datetime) -> dict[str, Registered]:
    """Register agencies, or bring them to what is asked; by slug. The caller holds the registry's lock."""
    rows = [{"slug": agency.slug, "name": agency.name, "roles": sorted(agency.roles)} for agency in new]
    done = registration.put(connection, agencies, ("slug",), rows, {"created_at": now})
    return {agency.slug: done[agency.slug,] for agency in new}


def find(connection: Connection, slugs: Collection[str]) -> dict[str, AgencyLine]:
    """The agencies of these slugs."""
    return {line.slug: line for line in _agencies(connection, agencies.c.slug.in_(slugs))}


def listed(connection: Connection) -> list[AgencyLine]:
    """Every agency, by slug."""
    return _agencies(connection, true())


def _agencies(connection: Connection, where: ColumnElement[bool]) -> list[AgencyLine]:
    rows = connection.execute(select(agencies).where(where).order_by(agencies.c.slug))
    return [AgencyLine(row.id, row.slug, row.name, frozenset(map(Role, row.roles))) for row in rows]


def put_counties(
    connection: Connection, new: Sequence[NewCounty], team_ids: Mapping[TeamRef, UUID]
) -> dict[str, Outcome]:
    """Register counties, or bring them to what is asked; by slug. The caller holds the registry's lock."""
    rows = {county.slug: _county_row(county, team_ids) for county in new}
    found = connection.execute(select(counties).where(counties.c.slug.in_(rows))).mappings().all()
    there = {row["slug"]: dict(row) for row in found}
    added = [row for slug, row in rows.items() if slug not in there]
    changed = [row for slug, row in rows.items() if slug in there and there[slug] != row]
    if added:
        connection.execute(insert(counties), added)
    if changed:
        change = update(counties).where(counties.c.slug == bindparam("at"))
        connection.execute(change, [{"at": row["slug"], **row} for row in changed])
    answer = dict.fromkeys(rows, Outcome.KEPT)
    answer |= {str(row["slug"]): Outcome.CREATED for row in added}
    return answer | {str(row["slug"]): Outcome.CHANGED for row in changed}


def _county_row(county: NewCounty, team_ids: Mapping[TeamRef, UUID]) -> dict[str, object]:
    return {
        "slug": county.slug,
        "name": county.name,
        "zone": county.zone,
        "calendar": county.calendar,
        "on_call_team_id": team_ids[county.on_call] if county.on_call else None,
        "intake_team_id": team_ids[county.intake] if county.intake else None,
    }


def listed_counties(connection: Connection) -> list[CountyLine]:
    """Every county, by slug."""
    rows = connection.execute(select(counties).order_by(counties.c.slug))
    return [
        CountyLine(row.slug, row.name, row.zone, row.calendar, row.on_call_team_id, row.intake_team_id) for row in rows
    ]
