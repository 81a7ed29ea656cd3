"""Access for machines: OAuth 2 client credentials (RFC 6749 §4.4), as short-lived signed tokens.

Everything here runs on real time, given by the caller (``services.clock.machine_clock``).
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from services.domain.actors import SIGN_IN, Actor
from services.storage import audit, clients
from services.storage.access_tokens import Claims, TokenSigner
from services.storage.audit import AuditEntry
from services.storage.clients import Credentials
from services.storage.secrets import hash_token
from services.system import System

LIFETIME = timedelta(minutes=10)
_NO_HASHES = (bytes(32),)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and what it holds: ``expires_in`` seconds, ``scopes`` as granted."""

    access_token: str
    expires_in: int
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Refused:
    """No token. ``code`` is the error of RFC 6749 §5.2: ``invalid_client`` (unknown, revoked, or a wrong secret: never
    said which) or ``invalid_scope`` (the client asked for a scope that it does not have, or that does not exist).
    """

    code: Literal["invalid_client", "invalid_scope"]


def issue_token(
    system: System,
    signer: TokenSigner,
    client_id: str,
    client_secret: str,
    requested_scopes: frozenset[str],
    now: datetime,
) -> Token | Refused:
    """A token of ten minutes for a client that knows one of its secrets. No scopes asked for means all that it has."""
    with system.database.begin(SIGN_IN) as connection:
        known = clients.credentials(connection, client_id)
        outcome, token = _decide(signer, known, client_secret, requested_scopes, now)
        entry = AuditEntry(
            "issue_token",
            f"client:{known.id}" if known else "client:not-admitted",
            "done" if isinstance(outcome, Token) else outcome.code,
            agency_id=known.agency_id if known else None,
            detail={"token": token} if token else {},
        )
        audit.record(connection, SIGN_IN, system.clock(), [entry])
    return outcome


def _decide(
    signer: TokenSigner, known: Credentials | None, secret: str, requested: frozenset[str], now: datetime
) -> tuple[Token | Refused, str | None]:
    offered = hash_token(secret)
    matches = [hmac.compare_digest(offered, kept) for kept in (known.secret_hashes if known else _NO_HASHES)]
    if known is None or not any(matches):
        return Refused("invalid_client"), None
    if not requested <= known.scopes:
        return Refused("invalid_scope"), None
    claims = Claims(
        client_id=known.client_id,
        agency_id=known.agency_id,
        scopes=requested or known.scopes,
        token_id=str(uuid4()),
        expires_at=now + LIFETIME,
        events_per_minute=known.events_per_minute,
    )
    token = Token(signer.sign(claims, now), int(LIFETIME.total_seconds()), claims.scopes)
    return token, claims.token_id


def verify_token(signer: TokenSigner, token: str, now: datetime) -> Claims | None:
    """What an access token says, where this installation signed it and it is in force at ``now``; else None."""
    return signer.verify(token, now)


def client_actor(system: System, claims: Claims) -> Actor | None:
    """Who acts with these claims: ``client:<client_id>``, in the roles and with the scopes that the client has today.
    None once the client was switched off: its tokens end at once. One query.
    """
    with system.database.begin(SIGN_IN) as connection:
        return clients.active_actor(connection, claims.client_id, claims.agency_id, claims.scopes)
