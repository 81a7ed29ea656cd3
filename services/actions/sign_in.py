"""Signing in of people: a name and a password for a session that lives in the database.

The answer never says whether an account exists, and unknown accounts cost the same work. Everything here runs on real
time, given by the caller (``services.clock.machine_clock``), never on the business clock; only the audit log's lines
carry business time.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.domain.actors import SIGN_IN, Actor
from services.storage import audit, sessions
from services.storage.audit import AuditEntry
from services.storage.secrets import hash_password, hash_token, is_outdated, new_token, verify_password
from services.storage.sessions import Account, Session
from services.system import System


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session was opened. ``token`` is shown to the browser once and kept here only as a hash.

    ``assurance`` says how the person proved who they are: ``password``, later ``second_factor``. ``expires_at`` is the
    latest possible end (12 hours); 30 minutes without use end it earlier.
    """

    token: str
    staff_id: UUID
    expires_at: datetime
    assurance: str = "password"


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nobody was let in: unknown, wrong, or too many tries. Deliberately without a reason."""


def sign_in(
    system: System, username: str, password: str, now: datetime, *, previous_token: str | None = None
) -> SignedIn | Rejected:
    """Open a session for ``username``. Five wrong tries in a row make an account wait for ten minutes.

    ``previous_token`` is the token of the last session of this browser, alive or ended: a page keeps that cookie for
    30 days. It ends that session (a token is never carried over a sign-in), and it gives the browser tries of its
    own, so that somebody who guesses at the account from elsewhere cannot keep its owner out.
    """
    previous = hash_token(previous_token) if previous_token else None
    with system.database.begin(SIGN_IN) as connection:
        account = sessions.admit(connection, username.strip().lower(), now, previous)
    # The slow hash is computed outside any transaction, and always: an unknown account takes as long as a known one.
    right = verify_password(account.password_hash if account else None, password)
    if account is None or not right:
        _note_rejection(system, account)
        return Rejected()
    return _open(system, account, password, now, previous)


def _open(system: System, account: Account, password: str, now: datetime, previous: bytes | None) -> SignedIn:
    token = new_token()
    renewed = hash_password(password) if is_outdated(account.password_hash) else None
    actor = Actor(name=f"staff:{account.username}", agency_id=account.agency_id)
    with system.database.begin(SIGN_IN) as connection:
        if previous is not None:
            sessions.revoke(connection, previous, now)
        sessions.forgive(connection, account, now)
        if renewed is not None:
            sessions.renew_hash(connection, account.staff_id, renewed)
        expires_at = sessions.open_session(connection, account, hash_token(token), "password", now)
        audit.record(connection, actor, system.clock(), [AuditEntry("sign_in", f"staff:{account.staff_id}")])
    return SignedIn(token=token, staff_id=account.staff_id, expires_at=expires_at)


def _note_rejection(system: System, account: Account | None) -> None:
    # What was typed is not written down: people type passwords into the wrong field.
    whom = f"staff:{account.staff_id}" if account else "staff:not-admitted"
    with system.database.begin(SIGN_IN) as connection:
        audit.record(connection, SIGN_IN, system.clock(), [AuditEntry("sign_in", whom, "refused")])


def find_session(system: System, token: str, now: datetime) -> Session | None:
    """The session behind a token, in force at ``now``, of somebody still active; else None.

    Being used keeps it alive: its last use is written, at most once a minute.
    """
    hashed = hash_token(token)
    with system.database.begin(SIGN_IN) as connection:
        session = sessions.find(connection, hashed, now)
        if session is not None and session.stale:
            sessions.touch(connection, hashed, now)
    return session


def session_actor(system: System, token: str, now: datetime) -> Actor | None:
    """Who acts in the session behind ``token``: ``staff:<username>``, with the roles in which the agency may speak
    (roles on a case come from its seats), and whether they administrate. None where no session is in force.
    """
    session = find_session(system, token, now)
    return session.actor if session else None
