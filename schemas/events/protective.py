"""What the protective parent does, and what was offered to her (practice.md §1.3, §1.5). Never for the subject."""

from schemas.classes import PLN_P
from schemas.fields import Choice, Date, DateOrInstant, Line, Text, Token
from schemas.payload import EventPayload
from schemas.structures import Many
from services.domain.catalogue import INVESTIGATORS, EventType


class EffortRecorded(EventPayload):
    """One thing that a protective parent did for the children, in the day-to-day as well: a record, never a task."""

    event = EventType("protective.effort_recorded", "Protective effort recorded", INVESTIGATORS, "added")
    about = frozenset({PLN_P})

    action = Text("What was done.", PLN_P, required=True)
    on = DateOrInstant("When.", PLN_P)
    person_ref = Token("Who did it.", PLN_P)
    for_whom = Many("The children for whom it was done.", Token, PLN_P, at_most=30)
    benefit = Text("What the children had of it.", PLN_P)
    obstacles = Text("What the other parent put in the way.", PLN_P)


class SupportOffered(EventPayload):
    """Support was offered to a protective parent. Declining it, or leaving it for later, has no consequence."""

    event = EventType("protective.support_offered", "Support offered", INVESTIGATORS, "added")
    about = frozenset({PLN_P})

    offered = Text("What was offered.", PLN_P, required=True)
    by = Line("Who offered it, by function.", PLN_P)
    on = Date("The day of the offer.", PLN_P, required=True)
    person_ref = Token("To whom.", PLN_P)
    offer_ref = Token("The offer, for an answer that comes later (protective.support_answered).", PLN_P)
    answer = Choice("What she answered, where she did.", ("accepted", "declined", "later"), PLN_P)


class SupportAnswered(EventPayload):
    """A protective parent answered an offer, or thought better of her answer. No answer has any consequence."""

    event = EventType("protective.support_answered", "Support answered", INVESTIGATORS, "added")
    about = frozenset({PLN_P})

    offer_ref = Token("The offer (protective.support_offered).", PLN_P, required=True)
    answer = Choice("What she answered.", ("accepted", "declined", "later"), PLN_P, required=True)
    on = Date("The day of the answer.", PLN_P)
    person_ref = Token("Who answered.", PLN_P)
