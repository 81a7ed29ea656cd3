"""How soon something must be known, and the lane of work that this puts it in (practice.md §2, speed classes)."""

from enum import StrEnum


class Urgency(StrEnum):
    """Speed class of an event or a notification. U0 is for what somebody must act on tonight."""

    U0 = "U0"
    """Immediate: queued within a minute, acknowledged by a person within 30 minutes, at any hour."""
    U1 = "U1"
    """The same day, within four hours, on all seven days."""
    U2 = "U2"
    """By the next business day."""
    U3 = "U3"
    """Routine: within five business days."""


class Lane(StrEnum):
    """A queue with a worker of its own, so that a million reminders never delay an order violation."""

    URGENT = "urgent"
    ROUTINE = "routine"
    BULK = "bulk"


_LANES = {
    Urgency.U0: Lane.URGENT,
    Urgency.U1: Lane.ROUTINE,
    Urgency.U2: Lane.ROUTINE,
    Urgency.U3: Lane.BULK,
}


def lane_of(urgency: Urgency) -> Lane:
    """The lane in which work of this urgency is done."""
    return _LANES[urgency]


def most_urgent(*urgencies: Urgency) -> Urgency:
    """The most urgent of one or more urgencies (U0 before U3)."""
    return min(urgencies)
