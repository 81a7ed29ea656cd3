"""Members of staff, who supervises them, and the passwords that they sign in with."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.domain.registry import NewStaff, Registered
from services.domain.set_up import Supervision
from services.storage import registration
from services.storage.tables import agencies, parties, staff, staff_credentials, supervisions


@dataclass(frozen=True, slots=True)
class StaffLine:
    """A member of staff as lists show them."""

    id: UUID
    username: str
    display_name: str
    agency_id: UUID
    agency: str
    administrator: bool
    active: bool


def put(
    connection: Connection, new: Sequence[NewStaff], agency_ids: Mapping[str, UUID], now: datetime
) -> dict[str, Registered]:
    """Register members of staff, or bring them to what is asked; by user name. The caller holds the registry's lock
    and has made sure that nobody moves to another agency.
    """
    rows = [
        {
            "username": person.username,
            "agency_id": agency_ids[person.agency],
            "display_name": person.display_name,
            "administrator": person.administrator,
        }
        for person in new
    ]

    def add_parties(added: Sequence[Mapping[str, object]]) -> None:
        add_as_parties(connection, "person", added)

    done = registration.put(connection, staff, ("username",), rows, {"created_at": now}, add_parties)
    return {person.username: done[person.username,] for person in new}


def add_as_parties(connection: Connection, kind: str, added: Sequence[Mapping[str, object]]) -> None:
    """Make recipients of new people or teams: rows with ``id`` and ``agency_id``."""
    rows = [{"id": row["id"], "kind": kind, "agency_id": row["agency_id"]} for row in added]
    connection.execute(insert(parties), rows)


def find(connection: Connection, usernames: Collection[str]) -> dict[str, StaffLine]:
    """The members of staff of these user names, active or not."""
    return {line.username: line for line in _lines(connection, staff.c.username.in_(usernames))}


def listed(connection: Connection) -> list[StaffLine]:
    """Every member of staff, by agency and user name."""
    return _lines(connection, true())


def _lines(connection: Connection, where: ColumnElement[bool]) -> list[StaffLine]:
    rows = connection.execute(
        select(staff, agencies.c.slug)
        .join(agencies, agencies.c.id == staff.c.agency_id)
        .where(where)
        .order_by(agencies.c.slug, staff.c.username)
    )
    return [
        StaffLine(row.id, row.username, row.display_name, row.agency_id, row.slug, row.administrator, row.active)
        for row in rows
    ]


def set_active(connection: Connection, username: str, *, active: bool) -> UUID | None:
    """Let somebody sign in, or no longer. Gives their id; None where nothing was to be changed."""
    return connection.execute(
        update(staff)
        .where(staff.c.username == username, staff.c.active.is_(not active))
        .values(active=active)
        .returning(staff.c.id)
    ).scalar_one_or_none()


def open_supervisions(connection: Connection, usernames: Collection[str] | None = None) -> dict[str, Supervision]:
    """Who supervises these (or all) members of staff, where no end is set; by user name."""
    supervisor = staff.alias("supervisor")
    rows = connection.execute(
        select(staff.c.username, supervisor.c.username.label("supervisor"), supervisions.c.since)
        .join(supervisions, supervisions.c.staff_id == staff.c.id)
        .join(supervisor, supervisor.c.id == supervisions.c.supervisor_id)
        .where(supervisions.c.until.is_(None), true() if usernames is None else staff.c.username.in_(usernames))
    )
    return {row.username: Supervision(row.supervisor, row.since) for row in rows}


def put_supervisions(connection: Connection, new: Mapping[UUID, tuple[UUID, date]]) -> set[UUID]:
    """Put people under the supervisor (id, first day) given for them; says for whom that changed anything.

    An open supervision by somebody else ends on the day before; one by the same supervisor stays as it is.
    """
    rows = connection.execute(
        select(supervisions.c.staff_id, supervisions.c.supervisor_id).where(
            supervisions.c.staff_id.in_(new), supervisions.c.until.is_(None)
        )
    )
    there = {row.staff_id: row.supervisor_id for row in rows}
    changed = {person: given for person, given in new.items() if there.get(person) != given[0]}
    ending = [{"person": person, "last": given[1] - timedelta(days=1)} for person, given in changed.items()]
    if changed:
        connection.execute(
            update(supervisions)
            .where(supervisions.c.staff_id == bindparam("person"), supervisions.c.until.is_(None))
            .values(until=bindparam("last")),
            ending,
        )
        connection.execute(
            insert(supervisions),
            [
                {"staff_id": person, "supervisor_id": supervisor, "since": since}
                for person, (supervisor, since) in changed.items()
            ],
        )
    return set(changed)


def without_password(connection: Connection, staff_ids: Collection[UUID]) -> set[UUID]:
    """Those of these members of staff who cannot sign in yet."""
    rows = connection.execute(
        select(staff.c.id)
        .outerjoin(staff_credentials, staff_credentials.c.staff_id == staff.c.id)
        .where(and_(staff.c.id.in_(staff_ids), staff_credentials.c.staff_id.is_(None)))
    )
    return {row.id for row in rows}


def set_passwords(connection: Connection, hashes: Mapping[UUID, str]) -> None:
    """Give members of staff passwords (argon2id hashes); wrong tries and a wait are forgotten, second factors stay."""
    if not hashes:
        return
    new = upsert(staff_credentials)
    connection.execute(
        new.on_conflict_do_update(
            index_elements=["staff_id"],
            set_={"password_hash": new.excluded.password_hash, "failed_attempts": 0, "locked_until": None},
        ),
        [{"staff_id": person, "password_hash": hashed} for person, hashed in hashes.items()],
    )


def end_wait(connection: Connection, staff_id: UUID) -> bool:
    """Forget somebody's wrong tries, so that they need not wait. False where there was nothing to forget."""
    ended = connection.execute(
        update(staff_credentials)
        .where(staff_credentials.c.staff_id == staff_id, staff_credentials.c.failed_attempts > 0)
        .values(failed_attempts=0, locked_until=None)
    )
    return ended.rowcount == 1
