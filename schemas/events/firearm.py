"""Firearms given up under an order or a condition (practice.md §3 row 32)."""

from schemas.classes import ORD, PUB
from schemas.fields import Choice, Date, DateOrInstant, Token
from schemas.payload import EventPayload
from schemas.rules import NeededWhen
from services.domain.catalogue import EventType
from services.domain.roles import Role


class RelinquishmentStatus(EventPayload):
    """Whether the firearms that must be given up have been."""

    event = EventType("firearm.relinquishment_status", "Firearm relinquishment", frozenset({Role.CRIM_COURT}), "32")
    about = frozenset({ORD, PUB})
    rules = (NeededWhen("due", "status", "due"),)

    status = Choice("Where it stands.", ("due", "complied", "overdue"), ORD, PUB, required=True)
    order_ref = Token("The order that asks for it.", ORD, PUB)
    person_ref = Token("The person who must give them up.", ORD, PUB)
    due = DateOrInstant("When they must be given up by.", ORD, PUB)
    complied_on = Date("The day on which they were given up.", ORD, PUB)
