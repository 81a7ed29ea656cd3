"""Sessions of people, and the count of attempts to open one. All instants here are real time.

Attempts are counted before the password is looked at, so that many at once gain nobody a sixth try.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, case, or_, select, update
from sqlalchemy import insert as plain_insert

from services.domain.actors import Actor
from services.domain.roles import Role
from services.domain.sign_in import ABSOLUTE, IDLE, KNOWN_BROWSER, SEEN_EVERY, TRIES, WAIT
from services.storage.tables import agencies, sessions, staff, staff_credentials


@dataclass(frozen=True, slots=True)
class Account:
    """A staff member whose password may now be tried; ``known_browser`` where the attempt counts for the browser."""

    staff_id: UUID
    agency_id: UUID
    username: str
    password_hash: str
    known_browser: bool


@dataclass(frozen=True, slots=True)
class Session:
    """A session in force: who acts in it, and whether its last use is due to be written."""

    actor: Actor
    display_name: str
    assurance: str
    expires_at: datetime
    stale: bool


def admit(connection: Connection, username: str, now: datetime, previous: bytes | None = None) -> Account | None:
    """Count one attempt at ``username`` and give the account to try; None where it is unknown, inactive, without a
    password, or has to wait. ``previous`` is the hash of the last session token of the browser: where it was that
    account's, the attempt is counted there, and the account's own wait does not hold it up.
    """
    account = select(staff.c.id).where(staff.c.username == username, staff.c.active).scalar_subquery()
    known_browser = previous is not None and _count_for_browser(connection, account, previous, now)
    if not known_browser and not _count_for_account(connection, account, now):
        return None
    row = connection.execute(
        select(staff.c.id, staff.c.agency_id, staff.c.username, staff_credentials.c.password_hash)
        .join(staff_credentials, staff_credentials.c.staff_id == staff.c.id)
        .where(staff.c.username == username, staff.c.active)
    ).one_or_none()
    return row and Account(row.id, row.agency_id, row.username, row.password_hash, known_browser)


def _count_for_browser(connection: Connection, account: object, previous: bytes, now: datetime) -> bool:
    counted = connection.execute(
        update(sessions)
        .where(
            sessions.c.token_hash == previous,
            sessions.c.staff_id == account,
            sessions.c.created_at > now - KNOWN_BROWSER,
            sessions.c.failed_attempts < TRIES,
        )
        .values(failed_attempts=sessions.c.failed_attempts + 1)
    )
    return counted.rowcount == 1


def _count_for_account(connection: Connection, account: object, now: datetime) -> bool:
    waited = and_(staff_credentials.c.locked_until.is_not(None), staff_credentials.c.locked_until <= now)
    tries = case((waited, 1), else_=staff_credentials.c.failed_attempts + 1)
    counted = connection.execute(
        update(staff_credentials)
        .where(
            staff_credentials.c.staff_id == account,
            or_(staff_credentials.c.locked_until.is_(None), staff_credentials.c.locked_until <= now),
        )
        .values(failed_attempts=tries, locked_until=case((tries >= TRIES, now + WAIT), else_=None))
    )
    return counted.rowcount == 1


def forgive(connection: Connection, account: Account, now: datetime) -> None:
    """The password was right: forget the wrong ones before it. A wait that somebody else brought about from an unknown
    browser stays in force for unknown browsers.
    """
    own = staff_credentials.c.staff_id == account.staff_id
    over = or_(staff_credentials.c.locked_until.is_(None), staff_credentials.c.locked_until <= now)
    connection.execute(
        update(staff_credentials)
        .where(and_(own, over) if account.known_browser else own)
        .values(failed_attempts=0, locked_until=None)
    )


def renew_hash(connection: Connection, staff_id: UUID, password_hash: str) -> None:
    """Keep the same password under a hash of today's parameters."""
    connection.execute(
        update(staff_credentials).where(staff_credentials.c.staff_id == staff_id).values(password_hash=password_hash)
    )


def open_session(
    connection: Connection, account: Account, token_hash: bytes, assurance: str, now: datetime
) -> datetime:
    """Open a session and say until when it can last."""
    expires_at = now + ABSOLUTE
    connection.execute(
        plain_insert(sessions).values(
            token_hash=token_hash,
            staff_id=account.staff_id,
            agency_id=account.agency_id,
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
            assurance=assurance,
        )
    )
    return expires_at


def find(connection: Connection, token_hash: bytes, now: datetime) -> Session | None:
    """The session behind a token, in force now, of somebody who is still active; else None."""
    row = connection.execute(
        select(
            sessions.c.last_seen_at,
            sessions.c.expires_at,
            sessions.c.assurance,
            staff.c.id,
            staff.c.agency_id,
            staff.c.username,
            staff.c.display_name,
            staff.c.administrator,
            agencies.c.roles,
        )
        .join(staff, staff.c.id == sessions.c.staff_id)
        .join(agencies, agencies.c.id == staff.c.agency_id)
        .where(
            sessions.c.token_hash == token_hash,
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > now,
            sessions.c.last_seen_at > now - IDLE,
            staff.c.active,
        )
    ).one_or_none()
    if row is None:
        return None
    actor = Actor(
        name=f"staff:{row.username}",
        agency_id=row.agency_id,
        roles=frozenset(map(Role, row.roles)),
        administrates=row.administrator and Role.ADMIN in row.roles,
        party_id=row.id,
    )
    return Session(actor, row.display_name, row.assurance, row.expires_at, row.last_seen_at <= now - SEEN_EVERY)


def touch(connection: Connection, token_hash: bytes, now: datetime) -> None:
    """Write that the session was used now."""
    connection.execute(
        update(sessions)
        .where(sessions.c.token_hash == token_hash, sessions.c.last_seen_at < now)
        .values(last_seen_at=now)
    )


def revoke(connection: Connection, token_hash: bytes, now: datetime) -> UUID | None:
    """End one session and say whose it was; None where there was none to end."""
    return connection.execute(
        update(sessions)
        .where(sessions.c.token_hash == token_hash, sessions.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(sessions.c.staff_id)
    ).scalar_one_or_none()


def revoke_all(connection: Connection, staff_id: UUID, now: datetime) -> int:
    """End every session of a person, and make every browser of theirs unknown again; says how many ended."""
    connection.execute(update(sessions).where(sessions.c.staff_id == staff_id).values(failed_attempts=TRIES))
    return connection.execute(
        update(sessions).where(sessions.c.staff_id == staff_id, sessions.c.revoked_at.is_(None)).values(revoked_at=now)
    ).rowcount
