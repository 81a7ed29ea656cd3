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
