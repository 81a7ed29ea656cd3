"""Registering a team, its members and its shifts."""

from services.actions.set_up import register
from services.domain.actors import Actor
from services.domain.registry import NewTeam, NotRegistered, Registered
from services.domain.set_up import SetUp
from services.system import System


def register_team(system: System, actor: Actor, new: NewTeam) -> Registered | NotRegistered:
    """Register a team, or bring it to what is asked. Members and shifts are added, or given an end; none is removed.

    Audited; the same twice writes nothing.
    """
    return register(system, actor, ("team", str(new.ref)), SetUp(teams=(new,)))
