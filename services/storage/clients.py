"""Clients of agencies (OAuth 2) and their secrets. A secret is kept as a hash and shown once, when it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, func, insert, select, true, update
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.domain.actors import Actor
from services.domain.registry import NewClient, Registered
from services.domain.roles import Role
from services.domain.scopes import Scope
from services.storage import registration
from services.storage.secrets import hash_token
from services.storage.tables import agencies, client_secrets, clients


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client that is active, and the hashes of its secrets in force."""

    id: UUID
    client_id: str
    agency_id: UUID
    scopes: frozenset[str]
    events_per_minute: int
    secret_hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ClientStanding:
    """What an active client may do today: its scopes and roles, and the roles that its agency holds."""

    scopes: Sequence[str]
    roles: Sequence[str]
    held: Sequence[str]


@dataclass(frozen=True, slots=True)
class ClientLine:
    """A client as lists show it; ``secrets`` are the ids of those in force, newest first."""

    id: UUID
    client_id: str
    agency_id: UUID
    name: str
    scopes: tuple[str, ...]
    roles: tuple[str, ...]
    events_per_minute: int
    active: bool
    secrets: tuple[UUID, ...]


def credentials(connection: Connection, client_id: str) -> Credentials | None:
    """What is needed to try a secret of an active client; None where there is none of this name."""
    rows = connection.execute(
        select(
            clients.c.id,
            clients.c.client_id,
            clients.c.agency_id,
            clients.c.scopes,
            clients.c.events_per_minute,
            client_secrets.c.secret_hash,
        )
        .join(client_secrets, client_secrets.c.client_id == clients.c.id)
        .where(clients.c.client_id == client_id, clients.c.active, client_secrets.c.revoked_at.is_(None))
    ).all()
    if not rows:
        return None
    first = rows[0]
    hashes = tuple(bytes.fromhex(row.secret_hash) for row in rows)
    return Credentials(
        first.id, first.client_id, first.agency_id, frozenset(first.scopes), first.events_per_minute, hashes
    )


def active_actor(connection: Connection, client_id: str, agency_id: UUID, scopes: frozenset[str]) -> Actor | None:
    """Who acts with a token of this client: with those of the token's scopes that it still has, and those of its roles
    that its agency still holds; None once it was switched off. One query.
    """
    row = connection.execute(
        select(clients.c.scopes, clients.c.roles, agencies.c.roles.label("held"))
        .join(agencies, agencies.c.id == clients.c.agency_id)
        .where(clients.c.client_id == client_id, clients.c.agency_id == agency_id, clients.c.active)
    ).one_or_none()
    return actor_of(client_id, agency_id, scopes, ClientStanding(*row)) if row else None


def actor_of(client_id: str, agency_id: UUID, scopes: frozenset[str], standing: ClientStanding) -> Actor:
    """Who acts with a token of these scopes of a client that stands like this."""
    still = scopes & frozenset(standing.scopes)
    roles = frozenset(map(Role, set(standing.roles) & set(standing.held)))
    return Actor(
        name=f"client:{client_id}",
        agency_id=agency_id,
        roles=roles,
        scopes=still,
        administrates=Scope.ADMIN in still and Role.ADMIN in roles,
    )


def put(
    connection: Connection, new: Sequence[NewClient], agency_ids: Mapping[str, UUID], now: datetime
) -> dict[str, Registered]:
    """Register clients, or bring them to what is asked; by ``client_id``, each with what became of it.

    The caller holds the registry's lock and has made sure that a client of this name is of this agency.
    """
    rows = [_row(client, agency_ids) for client in new]
    done = registration.put(connection, clients, ("client_id",), rows, {"created_at": now})
    return {client.client_id: done[client.client_id,] for client in new}


def _row(client: NewClient, agency_ids: Mapping[str, UUID]) -> dict[str, object]:
    return {
        "client_id": client.client_id,
        "agency_id": agency_ids[client.agency],
        "name": client.name,
        "scopes": sorted(client.scopes),
        "roles": sorted(client.roles),
        "events_per_minute": client.events_per_minute,
    }


def find(connection: Connection, client_ids: Sequence[str]) -> dict[str, ClientLine]:
    """The clients of these names, active or not."""
    return {line.client_id: line for line in _lines(connection, clients.c.client_id.in_(client_ids))}


def listed(connection: Connection) -> list[ClientLine]:
    """Every client that the actor may see, by name."""
    return _lines(connection, true())


def _lines(connection: Connection, where: ColumnElement[bool]) -> list[ClientLine]:
    newest_first = aggregate_order_by(client_secrets.c.id, client_secrets.c.created_at.desc())
    in_force = (
        select(client_secrets.c.client_id, func.array_agg(newest_first).label("ids"))
        .where(client_secrets.c.revoked_at.is_(None))
        .group_by(client_secrets.c.client_id)
        .subquery()
    )
    rows = connection.execute(
        select(clients, in_force.c.ids)
        .outerjoin(in_force, in_force.c.client_id == clients.c.id)
        .where(where)
        .order_by(clients.c.client_id)
    )
    return [
        ClientLine(
            row.id,
            row.client_id,
            row.agency_id,
            row.name,
            tuple(row.scopes),
            tuple(row.roles),
            row.events_per_minute,
            row.active,
            tuple(row.ids or ()),
        )
        for row in rows
    ]


def add_secrets(connection: Connection, secrets: Mapping[UUID, str], now: datetime) -> dict[UUID, UUID]:
    """Keep a new secret for each of these clients, as a hash; by client, the id of the secret."""
    ids = {client: uuid4() for client in secrets}
    rows = [
        {"id": ids[client], "client_id": client, "secret_hash": hash_token(secret).hex(), "created_at": now}
        for client, secret in secrets.items()
    ]
    if rows:
        connection.execute(insert(client_secrets), rows)
    return ids


def revoke_secret(connection: Connection, client: UUID, secret_id: UUID, now: datetime) -> bool:
    """Make one secret of a client void. False where it has none of this id in force."""
    ended = connection.execute(
        update(client_secrets)
        .where(
            client_secrets.c.id == secret_id,
            client_secrets.c.client_id == client,
            client_secrets.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    return ended.rowcount == 1


def set_active(connection: Connection, client_id: str, *, active: bool) -> UUID | None:
    """Switch a client on or off: its tokens stop at once. Gives its id; None where nothing was to be changed."""
    return connection.execute(
        update(clients)
        .where(clients.c.client_id == client_id, clients.c.active.is_(not active))
        .values(active=active)
        .returning(clients.c.id)
    ).scalar_one_or_none()
