"""Teams (desks), who belongs to them on which days, and who answers for them at which hours."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.domain.registry import Membership, NewTeam, Registered, Shift, TeamRef
from services.storage import registration
from services.storage.staff import add_as_parties
from services.storage.tables import agencies, on_call_shifts, staff, team_members, teams


@dataclass(frozen=True, slots=True)
class TeamLine:
    """A team as lists show it; ``members`` are the user names of those who belong to it on the day asked for."""

    id: UUID
    agency: str
    slug: str
    name: str
    duty_desk: bool
    members: tuple[str, ...]


def put(connection: Connection, new: Sequence[NewTeam], agency_ids: Mapping[str, UUID]) -> dict[TeamRef, Registered]:
    """Register teams, or bring them to what is asked, without their people. The caller holds the registry's lock."""
    rows = [
        {"agency_id": agency_ids[team.agency], "slug": team.slug, "name": team.name, "duty_desk": team.duty_desk}
        for team in new
    ]

    def add_parties(added: Sequence[Mapping[str, object]]) -> None:
        add_as_parties(connection, "team", added)

    done = registration.put(connection, teams, ("agency_id", "slug"), rows, {}, add_parties)
    return {team.ref: done[agency_ids[team.agency], team.slug] for team in new}


def put_members(connection: Connection, new: Sequence[tuple[UUID, UUID, Membership]]) -> set[UUID]:
    """Write memberships of (team, member of staff); one that began on the same day is given the end that is asked.
    Says which teams that changed.
    """
    if not new:
        return set()
    rows = [{"team_id": team, "staff_id": person, "since": it.since, "until": it.until} for team, person, it in new]
    put = upsert(team_members).values(rows)
    written = connection.execute(
        put.on_conflict_do_update(
            index_elements=["team_id", "staff_id", "since"],
            set_={"until": put.excluded.until},
            where=team_members.c.until.is_distinct_from(put.excluded.until),
        ).returning(team_members.c.team_id)
    )
    return {row.team_id for row in written}


def put_shifts(connection: Connection, new: Sequence[tuple[UUID, UUID, Shift]]) -> set[UUID]:
    """Write shifts of (team, member of staff); one that began at the same instant is given the end that is asked.
    Says which teams that changed.
    """
    if not new:
        return set()
    rows = [
        {"team_id": team, "staff_id": person, "starts_at": it.starts_at, "ends_at": it.ends_at}
        for team, person, it in new
    ]
    put = upsert(on_call_shifts).values(rows)
    written = connection.execute(
        put.on_conflict_do_update(
            index_elements=["team_id", "staff_id", "starts_at"],
            set_={"ends_at": put.excluded.ends_at},
            where=on_call_shifts.c.ends_at.is_distinct_from(put.excluded.ends_at),
        ).returning(on_call_shifts.c.team_id)
    )
    return {row.team_id for row in written}


def end_membership(connection: Connection, team_id: UUID, staff_id: UUID, until: date) -> bool:
    """Let somebody's membership of a team end after the day ``until``. False where they had none to end."""
    ended = connection.execute(
        update(team_members)
        .where(
            team_members.c.team_id == team_id,
            team_members.c.staff_id == staff_id,
            team_members.c.since <= until,
            or_(team_members.c.until.is_(None), team_members.c.until > until),
        )
        .values(until=until)
    )
    return ended.rowcount > 0


def find(connection: Connection, refs: Collection[TeamRef]) -> dict[TeamRef, UUID]:
    """The ids of these teams."""
    named = [(ref.agency, ref.team) for ref in refs]
    rows = connection.execute(
        select(teams.c.id, teams.c.slug, agencies.c.slug.label("agency"))
        .join(agencies, agencies.c.id == teams.c.agency_id)
        .where(tuple_(agencies.c.slug, teams.c.slug).in_(named))
    )
    return {TeamRef(row.agency, row.slug): row.id for row in rows}


def teams_of(connection: Connection, staff_id: UUID, day: date) -> set[UUID]:
    """The teams that a member of staff belongs to on a day: whose inbox and tasks they share."""
    rows = connection.execute(
        select(team_members.c.team_id).where(team_members.c.staff_id == staff_id, _in_force(day)).distinct()
    )
    return {row.team_id for row in rows}


def listed(connection: Connection, day: date) -> list[TeamLine]:
    """Every team, by agency and slug, with its members on a day."""
    names = func.array_agg(staff.c.username).filter(staff.c.username.is_not(None))
    rows = connection.execute(
        select(teams, agencies.c.slug.label("agency"), names.label("usernames"))
        .join(agencies, agencies.c.id == teams.c.agency_id)
        .outerjoin(team_members, and_(team_members.c.team_id == teams.c.id, _in_force(day)))
        .outerjoin(staff, staff.c.id == team_members.c.staff_id)
        .group_by(teams.c.id, agencies.c.slug)
        .order_by(agencies.c.slug, teams.c.slug)
    )
    return [
        TeamLine(row.id, row.agency, row.slug, row.name, row.duty_desk, tuple(sorted(row.usernames or ())))
        for row in rows
    ]


def _in_force(day: date) -> ColumnElement[bool]:
    return and_(team_members.c.since <= day, or_(team_members.c.until.is_(None), team_members.c.until >= day))
