"""Meetings of several agencies (Settled; practice.md §8 row 33)."""

from schemas.classes import CASE, CHS, PLN_P, PLN_S, RSK, SVS
from schemas.fields import Choice, Date, Line, Slug, Text, Token
from schemas.payload import EventPayload
from schemas.structures import Document, Many
from services.domain.catalogue import INVESTIGATORS, EventType
from services.domain.roles import WITHOUT_LOGIN, Role

_OWNERS = tuple(role.value for role in Role if role not in WITHOUT_LOGIN | {Role.SYSTEM})


class Attendee(Document):
    """Somebody who took part."""

    role = Choice("The role.", _OWNERS, CASE, required=True)
    agency = Slug("The agency, by its short name.", CASE)
    person = Token("The person, by user name.", CASE)


class Decision(Document):
    """One decision: it becomes a task of its owner."""

    decision = Text("What was decided.", CASE, required=True)
    owner_role = Choice("Who is to do it.", _OWNERS, CASE, required=True)
    due = Date("By when.", CASE)


class Minutes(Document):
    """The minutes, kept apart by what they are, so that each part goes only where it may."""

    general = Text("What belongs to the case in general.", CASE)
    survivor_statements = Text("What the survivor said, or was said of it.", SVS)
    child_statements = Text("What a child said, or was said of its therapy.", CHS)
    danger = Text("What was said of danger.", RSK)
    plan = Text("What was said of the subject's goals.", PLN_S)
    protective_efforts = Text("What was said of the protective parent's efforts.", PLN_P)


class Held(EventPayload):
    """Several agencies met. Decisions become tasks; minutes are split by class."""

    event = EventType("meeting.held", "Meeting held", INVESTIGATORS, "settled")
    about = frozenset({CASE})

    held_on = Date("The day.", CASE, required=True)
    title = Line("What kind of meeting it was; no names.", CASE)
    attendees = Many("Who took part.", Attendee, CASE, at_most=60)
    decisions = Many("What was decided.", Decision, CASE, required=True, at_most=60)
    minutes = Many("The minutes, in parts.", Minutes, CASE, at_most=60)
