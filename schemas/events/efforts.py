"""Reasonable efforts, recorded as they are made (practice.md §1.8, §3 row 23)."""

from schemas.classes import CASE
from schemas.fields import Choice, Date, Text, Token
from schemas.payload import EventPayload
from services.domain.catalogue import ANY_ROLE, ONLY_SYSTEM, EventType

_BARRIERS = (
    "ineffective_coordination",
    "lack_of_resources",
    "waiting_list",
    "safety_concern",
    "language",
    "transport",
    "cost",
    "distance",
    "provider_declined",
    "report_missing",
    "person_declined",
    "other",
)


class Recorded(EventPayload):
    """Something that was done towards keeping the family together in safety, with what came of it."""

    event = EventType("efforts.recorded", "Effort recorded", ANY_ROLE | ONLY_SYSTEM, "23")
    about = frozenset({CASE})

    toward = Choice("To whom it was directed.", ("subject", "survivor", "child", "system"), CASE, required=True)
    action = Text("What was done.", CASE, required=True)
    outcome = Text("What came of it.", CASE)
    barrier_code = Choice("What stood in the way.", _BARRIERS, CASE)
    actor = Token("Who did it.", CASE)
    done_on = Date("The day on which it was done.", CASE)
    event_ref = Token("The event that it came from.", CASE)
