"""Registering an agency."""

from services.actions.set_up import register
from services.domain.actors import Actor
from services.domain.registry import NewAgency, NotRegistered, Registered
from services.domain.set_up import SetUp
from services.system import System


def register_agency(system: System, actor: Actor, new: NewAgency) -> Registered | NotRegistered:
    """Register an agency, or bring it to the name and roles that are asked. Audited; the same twice writes nothing."""
    return register(system, actor, ("agency", new.slug), SetUp(agencies=(new,)))
