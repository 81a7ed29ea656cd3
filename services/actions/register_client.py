"""Registering a client: a machine of an agency."""

from services.actions.set_up import register
from services.domain.actors import Actor
from services.domain.registry import NewClient, NotRegistered, Registered
from services.domain.set_up import SetUp
from services.system import System


def register_client(system: System, actor: Actor, new: NewClient) -> Registered | NotRegistered:
    """Register a client, or bring it to what is asked. A new one gets its first secret, in the answer and never again.

    Audited; the same twice writes nothing and shows no secret.
    """
    return register(system, actor, ("client", new.client_id), SetUp(clients=(new,)))
