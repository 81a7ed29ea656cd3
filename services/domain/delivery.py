"""The states of a notification. They only move forward: a late receipt never takes an acknowledgement back."""

from enum import StrEnum


class NotificationState(StrEnum):
    """What became of telling one recipient on one way."""

    PENDING = "pending"
    """Not yet there; a job delivers it."""
    DELIVERED = "delivered"
    """The inbox has it, or the receiver took it. Delivered is not read."""
    ACKNOWLEDGED = "acknowledged"
    """A person said that they have it."""
    UNDELIVERED = "undelivered"
    """Given up, with the code of why on its last attempt. The same recipient's inbox has it all the same."""


class DeliveryFact(StrEnum):
    """Something that became known of a notification: from an attempt, a receipt, or a person."""

    TAKEN = "taken"
    """The receiver took it."""
    ACKNOWLEDGED = "acknowledged"
    """A person said that they have it."""
    GIVEN_UP = "given_up"
    """The last attempt failed, or it was refused for good."""


_FORWARD = (
    NotificationState.PENDING,
    NotificationState.UNDELIVERED,
    NotificationState.DELIVERED,
    NotificationState.ACKNOWLEDGED,
)
_LEADS_TO = {
    DeliveryFact.TAKEN: NotificationState.DELIVERED,
    DeliveryFact.ACKNOWLEDGED: NotificationState.ACKNOWLEDGED,
    DeliveryFact.GIVEN_UP: NotificationState.UNDELIVERED,
}


def advance(state: NotificationState, fact: DeliveryFact) -> NotificationState:
    """The state after one more fact, whichever order the facts arrive in, and however often.

    An attempt that is under way changes nothing: it is a row of ``attempts`` without an outcome. A receipt that comes
    after giving up, or before its delivery is known, still counts.
    """
    return max(state, _LEADS_TO[fact], key=_FORWARD.index)
