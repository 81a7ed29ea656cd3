"""Investigation (practice.md §3 rows 3 to 6)."""

from schemas.classes import CASE, RSK
from schemas.fields import Choice, Flag, Text, Token
from schemas.payload import EventPayload
from schemas.structures import Many
from schemas.vocabulary import BEHAVIOURS
from services.domain.catalogue import EventType
from services.domain.roles import Role

_INVESTIGATOR = frozenset({Role.CPS_INV})
_PLACES = ("home", "kin_home", "school", "hospital", "office", "placement", "other")


class FirstContactMade(EventPayload):
    """The investigator saw the children face to face for the first time, or tried to."""

    event = EventType("inv.first_contact_made", "First contact made", _INVESTIGATOR, "3")
    about = frozenset({CASE})

    child_refs = Many("The children concerned.", Token, CASE, required=True, at_least=1, at_most=30)
    seen = Flag("Whether every one of them was seen.", CASE, required=True)
    place_class = Choice("The kind of place; never which one.", _PLACES, CASE, required=True)


class DvScreenCompleted(EventPayload):
    """Everybody was screened for domestic violence; how it was done is part of the record."""

    event = EventType("inv.dv_screen_completed", "Domestic-violence screen completed", _INVESTIGATOR, "4")
    about = frozenset({CASE})

    positive = Flag("Whether domestic violence is indicated.", CASE, required=True)
    method = Text("How the screening was done: who was asked, apart from whom, about what.", CASE, required=True)


class SafetyDecision(EventPayload):
    """Whether the children are safe, and what the subject does that endangers them."""

    event = EventType("inv.safety_decision", "Safety decision", _INVESTIGATOR, "5")
    about = frozenset({CASE, RSK})

    decision = Choice("The decision.", ("safe", "safe_with_plan", "unsafe"), CASE, required=True)
    threats = Many("The behaviours that endanger the children now.", BEHAVIOURS, CASE, RSK, required=True, at_most=30)
    perpetrator_action = Text("What the subject did or does that makes it so.", CASE, RSK, required=True)
    child_refs = Many("The children concerned.", Token, CASE, at_most=30)


class Disposition(EventPayload):
    """The finding at the end of the investigation, and whose behaviour it rests on."""

    event = EventType("inv.disposition", "Disposition of the investigation", _INVESTIGATOR, "6")
    about = frozenset({CASE})

    finding = Choice("The finding.", ("substantiated", "indicated", "unsubstantiated"), CASE, required=True)
    responsible_ref = Token("The person found responsible. Never one who failed to protect from another.", CASE)
    child_refs = Many("The children concerned.", Token, CASE, at_most=30)
