"""The visit centre (practice.md §3 rows 52 and 53)."""

from schemas.classes import EVI, INC, VIS
from schemas.events.evidence import GOAL_EVIDENCE_NUMBERED_ONCE, Observation
from schemas.fields import Choice, Flag, Instant, Line, Text, Token
from schemas.payload import EventPayload
from schemas.rules import NotBefore
from schemas.structures import Many
from services.domain.catalogue import EventType
from services.domain.roles import Role

_CENTRE = frozenset({Role.VISIT})


class VisitCompleted(EventPayload):
    """A supervised visit took place: the visiting parent's times, and facts; nothing of the other parent."""

    event = EventType("visitctr.visit_completed", "Supervised visit completed", _CENTRE, "52")
    about = frozenset({VIS})
    rules = (NotBefore("out_at", "in_at"), GOAL_EVIDENCE_NUMBERED_ONCE)

    in_at = Instant("When the visiting parent came.", VIS, required=True)
    out_at = Instant("When the visiting parent left.", VIS, required=True)
    person_ref = Token("The visiting parent.", VIS)
    child_refs = Many("The children visited.", Token, VIS, at_most=30)
    on_time = Flag("Whether the visiting parent came on time.", VIS)
    observations = Many("What was seen and heard, each in one line.", Line, VIS, required=True, at_most=100)
    per_goal = Many("What was seen of each goal.", Observation, VIS, EVI, at_most=30)


class CriticalIncident(EventPayload):
    """Something happened at a visit that somebody must act on tonight."""

    event = EventType("visitctr.critical_incident", "Critical incident at a visit", _CENTRE, "53")
    about = frozenset({VIS, INC})

    kind = Choice(
        "What it was.",
        ("threat", "location_seeking", "injury", "abduction_risk", "substance", "rule"),
        VIS,
        INC,
        required=True,
    )
    facts = Text("What was said and done.", VIS, INC, required=True)
    person_ref = Token("The visiting parent.", VIS, INC)
    child_refs = Many("The children who were there.", Token, VIS, INC, at_most=30)
    visit_stopped = Flag("Whether the visit was stopped.", VIS, INC)
    at = Instant("When, where the envelope's time does not say it.", VIS, INC)
    goal_ids = Many("The goals that it bears on, where the centre was told them.", Token, VIS, INC, EVI, at_most=30)
    public_record = Flag("Whether it stands in a public record.", VIS, INC)
