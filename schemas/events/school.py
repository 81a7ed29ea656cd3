"""Schools and daycares (practice.md §3 row 54). Which school it is, is never said: it tells where the family lives."""

from schemas.classes import CASE, EDU, INC
from schemas.fields import Choice, Date, Flag, Text, Token
from schemas.payload import EventPayload
from services.domain.catalogue import EventType
from services.domain.roles import Role

_SCHOOL = frozenset({Role.SCHOOL})


class Concern(EventPayload):
    """A school is worried about a child, or about who comes for the child."""

    event = EventType("school.concern", "School concern", _SCHOOL, "54")
    about = frozenset({EDU})

    kind = Choice(
        "What it is about.",
        ("attendance", "injury", "disclosure", "behaviour", "hunger_or_care", "pick_up", "unknown_adult", "other"),
        EDU,
        required=True,
    )
    child_ref = Token("The child.", EDU, required=True)
    facts = Text("What was seen or heard.", EDU)


class RecordRequestBySubject(EventPayload):
    """The subject asked a school for a child's records, or about the child: it may be a way to find the family."""

    event = EventType("school.record_request_by_subject", "Record request by the subject", _SCHOOL, "54")
    about = frozenset({EDU, INC})

    kind = Choice(
        "What was asked for.",
        ("records", "address_or_contact", "schedule", "pick_up", "enrolment", "other"),
        EDU,
        INC,
        required=True,
    )
    child_ref = Token("The child.", EDU, required=True)
    person_ref = Token("The person who asked.", EDU, INC)
    asked_on = Date("The day.", EDU, INC)
    answered = Flag("Whether anything was given out.", EDU, INC)
    order_known = Flag("Whether the school has the terms of the order.", CASE, EDU)
