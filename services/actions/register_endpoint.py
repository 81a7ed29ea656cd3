"""Registering an endpoint: an address at which an agency takes webhooks."""

from services.actions.set_up import register
from services.domain.actors import Actor
from services.domain.registry import NewEndpoint, NotRegistered, Registered
from services.domain.set_up import SetUp, endpoint_key
from services.system import System


def register_endpoint(
    system: System, actor: Actor, new: NewEndpoint, *, allow_private: bool = False
) -> Registered | NotRegistered:
    """Register an address for webhooks. A new one gets its first signing secret, in the answer and never again.

    ``allow_private`` lets it be on this machine or in a private network, in plain http. Audited; the same
    twice writes nothing.
    """
    plan = SetUp(endpoints=(new,))
    return register(system, actor, ("endpoint", endpoint_key(new)), plan, allow_private=allow_private)
