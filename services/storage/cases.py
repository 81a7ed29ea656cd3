"""Cases as their registry events left them: numbers, people, agencies and seats. Written in the event's own commit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import Connection, and_, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.storage.tables import (
    agencies,
    case_agencies,
    case_identifiers,
    case_persons,
    case_seats,
    cases,
    counties,
    parties,
    safe_contacts,
    staff,
    teams,
)


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case about to be opened by an agency under its own number."""

    id: UUID
    token: str
    agency_id: UUID
    number: str
    county: str
    zone: str
    track: str
    opened_on: date
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Party:
    """A person or a team as a recipient."""

    id: UUID
    kind: str
    agency_id: UUID


def resolve(connection: Connection, agency_id: UUID, subjects: Iterable[str]) -> dict[str, UUID]:
    """The cases that these references mean to an agency: its own linked numbers, and the tokens of cases that it is
    on. A number of a case that the agency is no longer on means nothing, exactly like an unknown one.
    """
    wanted = sorted(set(subjects))
    on_case = and_(
        case_agencies.c.case_id == cases.c.id, case_agencies.c.agency_id == agency_id, case_agencies.c.until.is_(None)
    )
    numbered = (
        select(case_identifiers.c.value, cases.c.id)
        .join(cases, cases.c.id == case_identifiers.c.case_id)
        .join(case_agencies, on_case)
        .where(
            case_identifiers.c.agency_id == agency_id,
            case_identifiers.c.value.in_(wanted),
            case_identifiers.c.unlinked_by_event_id.is_(None),
        )
    )
    tokened = select(cases.c.token, cases.c.id).join(case_agencies, on_case).where(cases.c.token.in_(wanted))
    return {row[0]: row[1] for row in connection.execute(tokened.union_all(numbered))}


def zone_of_county(connection: Connection, slug: str) -> str | None:
    """The IANA zone of a county, or None where there is no such county."""
    return connection.execute(select(counties.c.zone).where(counties.c.slug == slug)).scalar()


def zone_of(connection: Connection, case_id: UUID) -> str:
    """The IANA zone in which the days of a case are counted."""
    zone: str = connection.execute(select(cases.c.zone).where(cases.c.id == case_id)).scalar_one()
    return zone


def token_of(connection: Connection, case_id: UUID) -> str | None:
    """The token of a case; None where the actor sees no such case."""
    return connection.execute(select(cases.c.token).where(cases.c.id == case_id)).scalar()


def place_of_name(case_id: UUID, person_ref: str) -> str:
    """Where a person's sealed name lies, as additional data of its seal."""
    return f"case_persons/{case_id}/{person_ref}/name_sealed"


def open_case(connection: Connection, case: NewCase) -> None:
    """Write a new case, put its agency on it, and link that agency's number."""
    connection.execute(
        insert(cases).values(
            id=case.id,
            token=case.token,
            agency_id=case.agency_id,
            county=case.county,
            zone=case.zone,
            track=case.track,
            opened_on=case.opened_on,
        )
    )
    put_on_case(connection, case.id, case.agency_id, case.opened_on)
    link_number(connection, case.id, case.agency_id, case.number, case.event_id)


def close_case(connection: Connection, case_id: UUID, closed_on: date) -> None:
    """Close a case; its people and numbers stay."""
    connection.execute(update(cases).where(cases.c.id == case_id).values(closed_on=closed_on))


def put_on_case(connection: Connection, case_id: UUID, agency_id: UUID, since: date) -> None:
    """From now on the agency is on the case. Once more changes nothing; one that had left comes back."""
    connection.execute(
        upsert(case_agencies)
        .values(case_id=case_id, agency_id=agency_id, since=since, until=None)
        .on_conflict_do_update(index_elements=["case_id", "agency_id"], set_={"until": None})
    )


def take_off_case(connection: Connection, case_id: UUID, agency_id: UUID, until: date) -> None:
    """The agency holds no seat any more and is off the case. The agency that opened the case stays on it."""
    still_seated = select(case_seats.c.id).where(
        case_seats.c.case_id == case_id,
        case_seats.c.agency_id == agency_id,
        or_(case_seats.c.until.is_(None), case_seats.c.until > until),
    )
    connection.execute(
        update(case_agencies)
        .where(
            case_agencies.c.case_id == case_id,
            case_agencies.c.agency_id == agency_id,
            ~still_seated.exists(),
            ~select(cases.c.id).where(cases.c.id == case_id, cases.c.agency_id == agency_id).exists(),
        )
        .values(until=until)
    )


def link_number(connection: Connection, case_id: UUID, agency_id: UUID, value: str, event_id: UUID) -> bool:
    """Link an agency's own number to a case. False where the number is linked already."""
    linked = connection.execute(
        upsert(case_identifiers)
        .values(id=uuid4(), agency_id=agency_id, value=value, case_id=case_id, linked_by_event_id=event_id)
        .on_conflict_do_nothing()
        .returning(case_identifiers.c.id)
    )
    return linked.first() is not None


def unlink_number(connection: Connection, case_id: UUID, agency_id: UUID, value: str, event_id: UUID) -> bool:
    """Take a link back. False where there was none. The row stays: it says what was linked, and until when."""
    unlinked = connection.execute(
        update(case_identifiers)
        .where(
            case_identifiers.c.case_id == case_id,
            case_identifiers.c.agency_id == agency_id,
            case_identifiers.c.value == value,
            case_identifiers.c.unlinked_by_event_id.is_(None),
        )
        .values(unlinked_by_event_id=event_id)
    )
    return unlinked.rowcount == 1


def add_person(
    connection: Connection, case_id: UUID, person_ref: str, kind: str, name_sealed: bytes, event_id: UUID
) -> None:
    """Add a person of the case, or correct what was said of them."""
    said = {"kind": kind, "name_sealed": name_sealed, "added_by_event_id": event_id}
    connection.execute(
        upsert(case_persons)
        .values(case_id=case_id, person_ref=person_ref, **said)
        .on_conflict_do_update(index_elements=["case_id", "person_ref"], set_=said)
    )


def find_party(connection: Connection, agency_id: UUID, *, person: str | None, team: str | None) -> Party | None:
    """The active person (by user name) or the team (by slug) of an agency, as a party."""
    if person is not None:
        query = (
            select(parties)
            .join(staff, staff.c.id == parties.c.id)
            .where(staff.c.username == person, staff.c.agency_id == agency_id, staff.c.active)
        )
    else:
        query = (
            select(parties)
            .join(teams, teams.c.id == parties.c.id)
            .where(teams.c.slug == team, teams.c.agency_id == agency_id)
        )
    row = connection.execute(query).first()
    return Party(row.id, row.kind, row.agency_id) if row else None


def roles_of(connection: Connection, agency_id: UUID) -> frozenset[str]:
    """The roles in which an agency may speak, and so may be seated."""
    return frozenset(connection.execute(select(agencies.c.roles).where(agencies.c.id == agency_id)).scalar() or ())


def give_seat(
    connection: Connection,
    case_id: UUID,
    role: str,
    party: Party,
    since: date,
    until: date | None,
    event_id: UUID,
) -> None:
    """Seat a party in a role, and put its agency on the case."""
    connection.execute(
        insert(case_seats).values(
            id=uuid4(),
            case_id=case_id,
            role=role,
            party_id=party.id,
            agency_id=party.agency_id,
            since=since,
            until=until,
            given_by_event_id=event_id,
        )
    )
    put_on_case(connection, case_id, party.agency_id, since)


def end_seats(connection: Connection, case_id: UUID, role: str, party: Party, until: date, event_id: UUID) -> int:
    """End a party's seats in a role after the day ``until``. Returns how many there were."""
    ended = connection.execute(
        update(case_seats)
        .where(
            case_seats.c.case_id == case_id,
            case_seats.c.role == role,
            case_seats.c.party_id == party.id,
            or_(case_seats.c.until.is_(None), case_seats.c.until > until),
        )
        .values(until=until, ended_by_event_id=event_id)
    )
    take_off_case(connection, case_id, party.agency_id, until)
    return ended.rowcount


def set_safe_contact(
    connection: Connection, case_id: UUID, *, never: bool, expires_on: date | None, event_id: UUID
) -> None:
    """Keep that there is a safe way to reach the survivor, or that there must be none. The way itself is in the
    vault.
    """
    said = {"never": never, "expires_on": expires_on, "set_by_event_id": event_id}
    connection.execute(
        upsert(safe_contacts)
        .values(case_id=case_id, **said)
        .on_conflict_do_update(index_elements=["case_id"], set_=said)
    )


def agency_ids(connection: Connection, slugs: Sequence[str]) -> Mapping[str, UUID]:
    """The agencies of these slugs."""
    rows = connection.execute(select(agencies.c.slug, agencies.c.id).where(agencies.c.slug.in_(list(slugs))))
    return {row.slug: row.id for row in rows}
