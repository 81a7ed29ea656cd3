"""Registering a member of staff."""

from services.actions.set_up import register
from services.domain.actors import Actor
from services.domain.registry import NewStaff, NotRegistered, Registered
from services.domain.set_up import SetUp
from services.system import System


def register_staff(system: System, actor: Actor, new: NewStaff) -> Registered | NotRegistered:
    """Register somebody, or bring them to what is asked; a new supervisor follows the old one from the day given.

    They cannot sign in before they have a password (``set_password``). Audited; the same twice writes nothing.
    """
    return register(system, actor, ("staff", new.username), SetUp(staff=(new,)))
