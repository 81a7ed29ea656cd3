"""Addresses at which agencies take signed webhooks, and the secrets that sign them.

A signing secret must be usable, so it is sealed (not hashed) under the key for payloads, bound to its row.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, func, insert, select, true, update
from sqlalchemy.dialects.postgresql import aggregate_order_by

from services.domain.registry import NewEndpoint, Registered
from services.storage import registration
from services.storage.sealing import KeyRing, seal, unseal
from services.storage.tables import agencies, endpoint_secrets, endpoints


@dataclass(frozen=True, slots=True)
class EndpointLine:
    """An endpoint as lists show it; ``secrets`` are the ids of those in force, newest first."""

    id: UUID
    agency: str
    url: str
    active: bool
    secrets: tuple[UUID, ...]


def put(
    connection: Connection, new: Sequence[NewEndpoint], agency_ids: Mapping[str, UUID], now: datetime
) -> dict[tuple[str, str], Registered]:
    """Register endpoints; by agency and URL. One that was switched off stays off. The caller holds the registry's
    lock.
    """
    rows = [{"agency_id": agency_ids[endpoint.agency], "url": endpoint.url} for endpoint in new]
    done = registration.put(connection, endpoints, ("agency_id", "url"), rows, {"created_at": now})
    return {(endpoint.agency, endpoint.url): done[agency_ids[endpoint.agency], endpoint.url] for endpoint in new}


def find(connection: Connection, endpoint_id: UUID) -> EndpointLine | None:
    """One endpoint, active or not."""
    return next(iter(_lines(connection, endpoints.c.id == endpoint_id)), None)


def listed(connection: Connection) -> list[EndpointLine]:
    """Every endpoint that the actor may see, by agency and URL."""
    return _lines(connection, true())


def _lines(connection: Connection, where: ColumnElement[bool]) -> list[EndpointLine]:
    newest_first = aggregate_order_by(endpoint_secrets.c.id, endpoint_secrets.c.created_at.desc())
    in_force = (
        select(endpoint_secrets.c.endpoint_id, func.array_agg(newest_first).label("ids"))
        .where(endpoint_secrets.c.revoked_at.is_(None))
        .group_by(endpoint_secrets.c.endpoint_id)
        .subquery()
    )
    rows = connection.execute(
        select(endpoints, agencies.c.slug, in_force.c.ids)
        .join(agencies, agencies.c.id == endpoints.c.agency_id)
        .outerjoin(in_force, in_force.c.endpoint_id == endpoints.c.id)
        .where(where)
        .order_by(agencies.c.slug, endpoints.c.url)
    )
    return [EndpointLine(row.id, row.slug, row.url, row.active, tuple(row.ids or ())) for row in rows]


def add_secrets(connection: Connection, keys: KeyRing, secrets: Mapping[UUID, str], now: datetime) -> dict[UUID, UUID]:
    """Keep a new signing secret for each of these endpoints, sealed; by endpoint, the id of the secret."""
    ids = {endpoint: uuid4() for endpoint in secrets}
    rows = [
        {
            "id": ids[endpoint],
            "endpoint_id": endpoint,
            "secret_sealed": seal(keys.payloads, secret.encode(), _place(ids[endpoint])),
            "created_at": now,
        }
        for endpoint, secret in secrets.items()
    ]
    if rows:
        connection.execute(insert(endpoint_secrets), rows)
    return ids


def signing_secrets(
    connection: Connection, keys: KeyRing, endpoint_ids: Collection[UUID]
) -> dict[UUID, tuple[str, ...]]:
    """The secrets (``whsec_…``) that sign what goes to these endpoints, newest first; those without are left out.

    Raises SealBrokenError where the installation's key is not the one that they were sealed under.
    """
    rows = connection.execute(
        select(endpoint_secrets)
        .where(endpoint_secrets.c.endpoint_id.in_(endpoint_ids), endpoint_secrets.c.revoked_at.is_(None))
        .order_by(endpoint_secrets.c.created_at.desc(), endpoint_secrets.c.id)
    )
    found: dict[UUID, list[str]] = {}
    for row in rows:
        secret = unseal(keys.payloads, row.secret_sealed, _place(row.id)).decode()
        found.setdefault(row.endpoint_id, []).append(secret)
    return {endpoint: tuple(secrets) for endpoint, secrets in found.items()}


def revoke_secret(connection: Connection, endpoint_id: UUID, secret_id: UUID, now: datetime) -> bool:
    """Stop signing with one secret of an endpoint. False where it has none of this id in force."""
    ended = connection.execute(
        update(endpoint_secrets)
        .where(
            endpoint_secrets.c.id == secret_id,
            endpoint_secrets.c.endpoint_id == endpoint_id,
            endpoint_secrets.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    return ended.rowcount == 1


def set_active(connection: Connection, endpoint_id: UUID, *, active: bool) -> bool:
    """Switch an endpoint on or off. False where nothing was to be changed."""
    changed = connection.execute(
        update(endpoints).where(endpoints.c.id == endpoint_id, endpoints.c.active.is_(not active)).values(active=active)
    )
    return changed.rowcount == 1


def _place(secret_id: UUID) -> str:
    return f"endpoint_secrets/{secret_id}/secret_sealed"
