"""Switching people, clients and endpoints off, and on again. Off means at once: no session, token or message."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.domain.actors import Actor
from services.domain.errors import FieldProblem
from services.domain.registry import FORBIDDEN, NotRegistered, Outcome, Registered, may_register
from services.domain.set_up import Kind
from services.storage import audit, clients, endpoints, sessions, staff
from services.storage.audit import AuditEntry
from services.system import System


def switch_staff(
    system: System, actor: Actor, username: str, now: datetime, *, active: bool
) -> Registered | NotRegistered:
    """Let somebody sign in again, or no longer: then every session of theirs ends at ``now`` (real time)."""
    if not may_register(actor):
        return NotRegistered((FORBIDDEN,))
    with system.database.begin(actor) as connection:
        person = staff.find(connection, [username]).get(username)
        if person is None:
            return _unknown("username")
        changed = staff.set_active(connection, username, active=active) is not None
        if not active:
            sessions.revoke_all(connection, person.id, now)
        return _switched(connection, system, actor, "staff", person.id, active=active, changed=changed)


def switch_client(system: System, actor: Actor, client_id: str, *, active: bool) -> Registered | NotRegistered:
    """Switch a client on, or off: then its tokens are refused from this moment."""
    if not may_register(actor):
        return NotRegistered((FORBIDDEN,))
    with system.database.begin(actor) as connection:
        client = clients.find(connection, [client_id]).get(client_id)
        if client is None:
            return _unknown("client_id")
        changed = clients.set_active(connection, client_id, active=active) is not None
        return _switched(connection, system, actor, "client", client.id, active=active, changed=changed)


def switch_endpoint(system: System, actor: Actor, endpoint_id: UUID, *, active: bool) -> Registered | NotRegistered:
    """Switch an endpoint on, or off: then nothing more is sent to it."""
    if not may_register(actor):
        return NotRegistered((FORBIDDEN,))
    with system.database.begin(actor) as connection:
        if endpoints.find(connection, endpoint_id) is None:
            return _unknown("endpoint_id")
        changed = endpoints.set_active(connection, endpoint_id, active=active)
        return _switched(connection, system, actor, "endpoint", endpoint_id, active=active, changed=changed)


def _switched(
    connection: Connection, system: System, actor: Actor, kind: Kind, id_: UUID, *, active: bool, changed: bool
) -> Registered:
    if changed:
        act = "reinstate" if active else "suspend"
        audit.record(connection, actor, system.clock(), [AuditEntry(act, f"{kind}:{id_}")])
    return Registered(id_, Outcome.CHANGED if changed else Outcome.KEPT)


def _unknown(field: str) -> NotRegistered:
    return NotRegistered((FieldProblem(field, "unknown", "There is nothing registered under this."),))
