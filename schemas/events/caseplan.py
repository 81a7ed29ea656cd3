"""The case plan of the person whose behaviour is to change (practice.md §1.4, §3 rows 12 and 13; Settled 9)."""

from schemas.classes import PLN_S
from schemas.fields import Choice, Date, Text, Token, Whole
from schemas.payload import EventPayload
from schemas.rules import Distinct, NeededWhen
from schemas.structures import Document, Many
from services.domain.catalogue import COURTS, PLANNERS, EventType
from services.domain.roles import Role

_WORKER = frozenset({Role.CPS_WORKER})


class Adopted(EventPayload):
    """A case plan came into force, with its goals."""

    event = EventType("caseplan.adopted", "Case plan adopted", _WORKER, "12")
    about = frozenset({PLN_S})
    rules = (Distinct("goals"),)

    plan_version = Whole("The version of the plan, counted from 1.", PLN_S, required=True, at_least=1)
    goals = Many(
        "The goals in it, by their ids (see goal.created).", Token, PLN_S, required=True, at_least=1, at_most=60
    )
    person_ref = Token("The person whose plan it is.", PLN_S)
    effective = Date("The first day of the plan: day 0 of its goals.", PLN_S)


class Change(Document):
    """One change of a plan."""

    rules = (NeededWhen("supersedes", "op", "superseded"),)

    op = Choice("What was done to the goal.", ("added", "changed", "closed", "superseded"), PLN_S, required=True)
    goal_id = Token("The goal.", PLN_S, required=True)
    supersedes = Token("The earlier goal whose place it takes; what was firm against that one goes with it.", PLN_S)
    note = Text("What is different.", PLN_S)


class Revised(EventPayload):
    """A case plan was changed."""

    event = EventType("caseplan.revised", "Case plan revised", _WORKER, "13")
    about = frozenset({PLN_S})

    plan_version = Whole("The version of the plan from now on.", PLN_S, at_least=1)
    diff = Many("The changes.", Change, PLN_S, required=True, at_least=1)
    reason = Text("Why it was changed.", PLN_S, required=True)
    person_ref = Token("The person whose plan it is.", PLN_S)
    effective = Date("The first day of the changed plan.", PLN_S)


class ServiceOrdered(EventPayload):
    """A court ordered a service. It is recorded with the order, whatever its words; what is to be said against it
    stands beside it. Services of the agency's own choice are attached to goals (goal.created, services).
    """

    event = EventType("caseplan.service_ordered", "Service ordered by a court", PLANNERS | COURTS, "added")
    about = frozenset({PLN_S})

    service_ref = Token("The service.", PLN_S, required=True)
    order_ref = Token("The order.", PLN_S, required=True)
    what = Text("What the court ordered, in its words.", PLN_S, required=True, max_length=1000)
    goal_ids = Many("The goals that it supports.", Token, PLN_S, at_most=60)
    person_ref = Token("The person who is to use it.", PLN_S)
