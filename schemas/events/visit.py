"""The caseworker's own visits to the children (practice.md §3 rows 20 and 21)."""

from schemas.classes import CASE, EVI
from schemas.events.evidence import GOAL_EVIDENCE_NUMBERED_ONCE, Observation
from schemas.fields import Date, Flag, Month, Token
from schemas.payload import EventPayload
from schemas.structures import Many
from services.domain.catalogue import ONLY_SYSTEM, EventType
from services.domain.roles import Role


class CaseworkerMade(EventPayload):
    """The caseworker saw a child this month."""

    event = EventType("visit.caseworker_made", "Caseworker visit made", frozenset({Role.CPS_WORKER}), "20")
    about = frozenset({CASE})
    rules = (GOAL_EVIDENCE_NUMBERED_ONCE,)

    child_ref = Token("The child.", CASE, required=True)
    in_residence = Flag("Whether it was where the child lives; never where that is.", CASE, required=True)
    alone_with_child = Flag("Whether the worker spoke with the child alone.", CASE, required=True)
    visited_on = Date("The day of the visit, where the envelope's time does not say it.", CASE)
    per_goal = Many("What the worker saw of each goal.", Observation, EVI, at_most=30)


class CaseworkerMissed(EventPayload):
    """There is no visit to a child yet in a month that is nearly over, or is over."""

    event = EventType("visit.caseworker_missed", "Caseworker visit missed", ONLY_SYSTEM, "21")
    about = frozenset({CASE})

    month = Month("The month without a visit.", CASE, required=True)
    child_ref = Token("The child.", CASE)
    month_over = Flag("Whether the month is over; false while there is still time.", CASE)
