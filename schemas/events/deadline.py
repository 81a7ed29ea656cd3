"""Due dates from rules (practice.md §4): made, recomputed, met and missed."""

from schemas.classes import CASE
from schemas.fields import Choice, DateOrInstant, Instant, Token, Whole
from schemas.payload import EventPayload
from services.domain.catalogue import ONLY_SYSTEM, EventType

_ROLLS = ("none", "forward", "back")


class Created(EventPayload):
    """A deadline came to be by a rule."""

    event = EventType("deadline.created", "Deadline created", ONLY_SYSTEM, "internal")
    about = frozenset({CASE})

    deadline_id = Token("The deadline.", CASE, required=True)
    rule = Token("The rule that it comes from, such as D05.", CASE, required=True)
    due = DateOrInstant("When it is due, rolled as the rule says.", CASE, required=True)
    raw_due = DateOrInstant("When it is due before rolling.", CASE)
    internal_due = DateOrInstant("When the agency means to be done.", CASE)
    roll = Choice("Which way closed days move it.", _ROLLS, CASE)
    trigger_event = Token("The event that started it.", CASE)
    about_ref = Token("The child, report, order or task that it is about.", CASE)


class Recomputed(EventPayload):
    """What a deadline was counted from changed, so it is due at another time; the earlier one stays as history."""

    event = EventType("deadline.recomputed", "Deadline recomputed", ONLY_SYSTEM, "internal")
    about = frozenset({CASE})

    deadline_id = Token("The deadline.", CASE, required=True)
    rule = Token("The rule that it comes from.", CASE, required=True)
    due = DateOrInstant("When it is due now.", CASE, required=True)
    was_due = DateOrInstant("When it had been due.", CASE, required=True)
    trigger_event = Token("The event that changed it.", CASE)
    about_ref = Token("The child, report, order or task that it is about.", CASE)


class Met(EventPayload):
    """What was due was done in time, or late."""

    event = EventType("deadline.met", "Deadline met", ONLY_SYSTEM, "internal")
    about = frozenset({CASE})

    deadline_id = Token("The deadline.", CASE, required=True)
    rule = Token("The rule that it comes from.", CASE, required=True)
    due = DateOrInstant("When it was due.", CASE, required=True)
    met_at = Instant("When it was done.", CASE)
    met_by_event = Token("The event that did it.", CASE)
    late_by = Whole("Days after the last day; missing where in time.", CASE, at_least=1, at_most=40_000)
    about_ref = Token("The child, report, order or task that it is about.", CASE)


class Missed(EventPayload):
    """The last day passed and it was not done: overdue from the day after."""

    event = EventType("deadline.missed", "Deadline missed", ONLY_SYSTEM, "internal")
    about = frozenset({CASE})

    deadline_id = Token("The deadline.", CASE, required=True)
    rule = Token("The rule that it comes from.", CASE, required=True)
    due = DateOrInstant("When it was due.", CASE, required=True)
    days_late = Whole("Days after the last day.", CASE, at_least=1, at_most=40_000)
    about_ref = Token("The child, report, order or task that it is about.", CASE)
