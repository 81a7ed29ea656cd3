"""A supervisor holds a goal's status back for a time (practice.md §6.6; verification.md §5; Settled)."""

from schemas.classes import PLN_S, STA
from schemas.fields import Choice, Date, Text, Token
from schemas.payload import EventPayload
from schemas.vocabulary import REASON_CODES
from services.domain.catalogue import APPROVERS, EventType


class HoldSet(EventPayload):
    """A goal that would be verified is under review until a day, at most 30 days on."""

    event = EventType("review.hold_set", "Review hold set", APPROVERS, "settled")
    about = frozenset({STA})

    hold_ref = Token("The hold.", STA, required=True)
    goal_id = Token("The goal.", PLN_S, STA, required=True)
    reason_code = Choice("Why, as a code.", REASON_CODES, STA, required=True)
    why = Text("Why, in words.", STA, required=True)
    expires = Date("The last day of it.", STA, required=True)


class HoldLifted(EventPayload):
    """A hold is lifted. It can raise a status, so it needs a second person in another reporting line."""

    event = EventType("review.hold_lifted", "Review hold lifted", APPROVERS, "settled")
    about = frozenset({STA})

    hold_ref = Token("The hold.", STA, required=True)
    goal_id = Token("The goal.", PLN_S, STA)
    why = Text("Why, in words.", STA, required=True)
    lifted_by = Token("Who lifts it, by user name; whoever holds the sender's role on the case where missing.", STA)
    second_approver = Token("The second person.", STA)
