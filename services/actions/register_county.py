"""Registering a county."""

from services.actions.set_up import SetUpDone, SetUpRefused, set_up
from services.domain.actors import Actor
from services.domain.registry import NewCounty, NotRegistered, Outcome
from services.domain.set_up import SetUp
from services.system import System


def register_county(system: System, actor: Actor, new: NewCounty) -> Outcome | NotRegistered:
    """Register a county, or bring it to what is asked. Its zone is that of the policy of calendars, and its calendar
    one of those. Audited; the same twice writes nothing.
    """
    match set_up(system, actor, SetUp(counties=(new,))):
        case SetUpDone(counties=counties):
            return counties[new.slug]
        case SetUpRefused(faults=faults):
            return NotRegistered(tuple(fault.problem for fault in faults))
