"""Briefings: pattern and goals, redacted for one recipient (practice.md §1.1, §8 row 11; verification.md §5)."""

from schemas.classes import CASE
from schemas.fields import Choice, Date, Flag, Slug, Token, Whole
from schemas.payload import EventPayload
from schemas.structures import Many
from services.domain.catalogue import INVESTIGATORS, EventType
from services.domain.roles import Role

_RECEIVERS = frozenset(
    {
        Role.BIP,
        Role.SUD,
        Role.MH,
        Role.CHILD_TX,
        Role.VISIT,
        Role.SCHOOL,
        Role.PROB,
        Role.GAL,
        Role.TRIBE,
        Role.LE,
        Role.DA,
    }
)


class Sent(EventPayload):
    """A briefing was sent to an agency: the redacted map, and the goals that it may know."""

    event = EventType("briefing.sent", "Briefing sent", INVESTIGATORS, "settled")
    about = frozenset({CASE})

    briefing_ref = Token("The briefing.", CASE, required=True)
    to_agency = Slug("The agency, by its short name.", CASE, required=True)
    to_role = Choice("The role in which it receives it.", sorted(_RECEIVERS), CASE)
    pattern_version = Whole("The version of the approved map that it was made from.", CASE, at_least=1)
    goal_ids = Many("The goals that it names.", Token, CASE, at_most=60)
    redacted = Flag("Whether it was redacted for this recipient.", CASE)


class Acknowledged(EventPayload):
    """An agency says that it has read a briefing: from this day its observations are from vantage."""

    event = EventType("briefing.acknowledged", "Briefing acknowledged", _RECEIVERS | INVESTIGATORS, "settled")
    about = frozenset({CASE})

    briefing_ref = Token("The briefing.", CASE, required=True)
    acknowledged_on = Date("The day, where the envelope's time does not say it.", CASE)
    agency = Slug("The agency that acknowledged, where a worker records it for them.", CASE)
