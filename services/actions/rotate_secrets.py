"""Rotating the secrets of clients and endpoints: two are valid at a time, so that nobody has to change at once."""

from uuid import UUID

from services.domain.actors import Actor
from services.domain.errors import FieldProblem
from services.domain.registry import FORBIDDEN, SECRETS_AT_A_TIME, NotRegistered, Outcome, Registered, may_register
from services.storage import audit, clients, endpoints, registration
from services.storage.audit import AuditEntry
from services.storage.secrets import new_token, new_webhook_secret
from services.system import System

_NO_CLIENT = FieldProblem("client_id", "unknown", "There is no client of this id.")
_NO_ENDPOINT = FieldProblem("endpoint_id", "unknown", "There is no endpoint of this id.")
_NO_SECRET = FieldProblem("secret_id", "unknown", "It has no secret of this id in force.")
_ENOUGH = FieldProblem(
    "secret_id", "too_many", f"It has {SECRETS_AT_A_TIME} secrets in force: revoke one before you make another."
)


def add_client_secret(system: System, actor: Actor, client_id: str) -> Registered | NotRegistered:
    """Make another secret for a client: its id, and itself, shown once. A third is refused."""
    if not may_register(actor):
        return NotRegistered((FORBIDDEN,))
    with system.database.begin(actor) as connection:
        registration.lock(connection)
        client = clients.find(connection, [client_id]).get(client_id)
        if client is None:
            return NotRegistered((_NO_CLIENT,))
        if len(client.secrets) >= SECRETS_AT_A_TIME:
            return NotRegistered((_ENOUGH,))
        secret = new_token()
        secret_id = clients.add_secrets(connection, {client.id: secret}, system.clock())[client.id]
        entry = AuditEntry("add_secret", f"client:{client.id}", "created", detail={"secret": str(secret_id)})
        audit.record(connection, actor, system.clock(), [entry])
    return Registered(secret_id, Outcome.CREATED, secret)


def revoke_client_secret(system: System, actor: Actor, client_id: str, secret_id: UUID) -> Registered | NotRegistered:
    """Make one secret of a client void at once. Tokens that it got run out within ten minutes."""
    if not may_register(actor):
        return NotRegistered((FORBIDDEN,))
    with system.database.begin(actor) as connection:
        client = clients.find(connection, [client_id]).get(client_id)
        if client is None:
            return NotRegistered((_NO_CLIENT,))
        if not clients.revoke_secret(connection, client.id, secret_id, system.clock()):
            return NotRegistered((_NO_SECRET,))
        entry = AuditEntry("revoke_secret", f"client:{client.id}", detail={"secret": str(secret_id)})
        audit.record(connection, actor, system.clock(), [entry])
    return Registered(secret_id, Outcome.CHANGED)


def add_endpoint_secret(system: System, actor: Actor, endpoint_id: UUID) -> Registered | NotRegistered:
    """Make another signing secret for an endpoint: its id, and itself, shown once. Messages are signed with both."""
    if not may_register(actor):
        return NotRegistered((FORBIDDEN,))
    with system.database.begin(actor) as connection:
        registration.lock(connection)
        endpoint = endpoints.find(connection, endpoint_id)
        if endpoint is None:
            return NotRegistered((_NO_ENDPOINT,))
        if len(endpoint.secrets) >= SECRETS_AT_A_TIME:
            return NotRegistered((_ENOUGH,))
        secret = new_webhook_secret()
        secret_id = endpoints.add_secrets(connection, system.keys, {endpoint.id: secret}, system.clock())[endpoint.id]
        entry = AuditEntry("add_secret", f"endpoint:{endpoint.id}", "created", detail={"secret": str(secret_id)})
        audit.record(connection, actor, system.clock(), [entry])
    return Registered(secret_id, Outcome.CREATED, secret)


def revoke_endpoint_secret(
    system: System, actor: Actor, endpoint_id: UUID, secret_id: UUID
) -> Registered | NotRegistered:
    """Stop signing with one secret of an endpoint, at once."""
    if not may_register(actor):
        return NotRegistered((FORBIDDEN,))
    with system.database.begin(actor) as connection:
        if not endpoints.revoke_secret(connection, endpoint_id, secret_id, system.clock()):
            return NotRegistered((_NO_SECRET,))
        entry = AuditEntry("revoke_secret", f"endpoint:{endpoint_id}", detail={"secret": str(secret_id)})
        audit.record(connection, actor, system.clock(), [entry])
    return Registered(secret_id, Outcome.CHANGED)
