"""What became of telling somebody, where it did not go well (practice.md §3, internal events)."""

from schemas.classes import AUD
from schemas.fields import Choice, Token, Whole
from schemas.payload import EventPayload
from services.domain.catalogue import ONLY_SYSTEM, EventType
from services.domain.roles import Role
from services.domain.urgency import Urgency

_ROLES = tuple(role.value for role in Role)
_URGENCIES = tuple(urgency.value for urgency in Urgency)


class Undelivered(EventPayload):
    """A notification could not be delivered; a person must see to it."""

    event = EventType("notification.undelivered", "Notification undelivered", ONLY_SYSTEM, "internal")
    about = frozenset({AUD})

    notification_id = Token("The notification.", AUD, required=True)
    about_event = Token("The event that it was about.", AUD, required=True)
    role = Choice("The role that was to be told.", _ROLES, AUD, required=True)
    recipient = Token("The recipient, by id.", AUD)
    channel = Token("The way by which it was tried.", AUD, required=True)
    attempts = Whole("How often it was tried.", AUD, required=True, at_most=10_000)
    reason_code = Token("Why it was given up, as a code.", AUD, required=True)
    urgency = Choice("How urgent it was.", _URGENCIES, AUD)


class Escalated(EventPayload):
    """Nobody acknowledged a notification in time, so the next rung of the ladder is told."""

    event = EventType("notification.escalated", "Notification escalated", ONLY_SYSTEM, "internal")
    about = frozenset({AUD})

    notification_id = Token("The notification.", AUD, required=True)
    about_event = Token("The event that it was about.", AUD, required=True)
    rung = Whole("The rung of the ladder, counted from 1.", AUD, required=True, at_least=1, at_most=20)
    to_role = Choice("The role that is told now.", _ROLES, AUD, required=True)
    to_recipient = Token("Who is told now, by id.", AUD)
    reason_code = Token("Why, as a code.", AUD, required=True)
    urgency = Choice("How urgent it is.", _URGENCIES, AUD)
