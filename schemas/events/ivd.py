"""Child support (title IV-D; practice.md §3 row 56). The ledger is a record, and counts as one."""

from schemas.classes import FIN
from schemas.fields import Choice, Date, Flag, Money, Month, Token
from schemas.payload import EventPayload
from services.domain.catalogue import EventType
from services.domain.roles import Role

_LEDGER = frozenset({Role.IVD})
_KINDS = ("support", "arrears", "daycare", "medical", "other")


class PaymentPosted(EventPayload):
    """A payment was posted."""

    event = EventType("ivd.payment_posted", "Payment posted", _LEDGER, "56")
    about = frozenset({FIN})

    amount = Money("The amount.", FIN, required=True)
    period = Month("The month that it pays.", FIN, required=True)
    kind = Choice("What it pays.", _KINDS, FIN)
    posted_on = Date("The day on which it was posted.", FIN)
    in_full = Flag("Whether the month is paid in full by it.", FIN)
    on_time = Flag("Whether it came by its due day.", FIN)
    person_ref = Token("The person who owes it.", FIN)
    goal_id = Token("The goal that it bears on.", FIN)


class PaymentMissed(EventPayload):
    """A payment was due and has not come, or not in full."""

    event = EventType("ivd.payment_missed", "Payment missed", _LEDGER, "56")
    about = frozenset({FIN})

    amount = Money("The amount that is missing.", FIN, required=True)
    period = Month("The month that it was for.", FIN, required=True)
    kind = Choice("What it was for.", _KINDS, FIN)
    due = Date("The day on which it was due.", FIN)
    person_ref = Token("The person who owes it.", FIN)
    goal_id = Token("The goal that it bears on.", FIN)
