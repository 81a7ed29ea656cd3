"""Law enforcement (practice.md §3 rows 24 to 26)."""

from schemas.classes import INC, PAT, RSK, SVS
from schemas.fields import Choice, Flag, Line, Text, Token
from schemas.payload import EventPayload
from schemas.rules import NeededWhen
from schemas.structures import Document, Many
from schemas.vocabulary import BEHAVIOURS, CHILD_IMPACTS, INJURIES
from services.domain.catalogue import EventType
from services.domain.roles import Role

_POLICE = frozenset({Role.LE})


class ChildImpact(Document):
    """What the incident was for one child."""

    child_ref = Token("The child.", INC, required=True)
    impact = Choice("What it was for the child, as an N-DEx code.", CHILD_IMPACTS, INC, required=True)


class DvIncident(EventPayload):
    """Police answered a call about domestic violence. No place is given."""

    event = EventType("le.dv_incident", "Domestic-violence incident", _POLICE, "24")
    about = frozenset({INC})

    incident_no = Token("The number of the police report.", INC, required=True)
    offence_codes = Many("The offences, as the agency's own codes.", Token, INC, required=True, at_most=30)
    children_present = Flag("Whether children were present.", INC, required=True)
    weapons = Flag("Whether a weapon was used, shown or threatened.", INC, RSK, required=True)
    injuries = Choice("The gravest injury.", INJURIES, INC, required=True)
    pattern_codes = Many("The behaviours that were part of it.", BEHAVIOURS, INC, PAT, RSK, required=True, at_most=30)
    aggressor_ref = Token("The person who used violence.", INC)
    victim_ref = Token("The person against whom it was used.", INC)
    child_impacts = Many("What it was for each child.", ChildImpact, INC, at_most=30)
    defensive_acts = Text("Acts of defence or resistance, with who did what.", INC, SVS)
    public_record = Flag("Whether it stands in a public record; police reports do where missing.", INC)


class Arrest(EventPayload):
    """A person was arrested. An arrest is an event, not guilt, and never a designation."""

    event = EventType("le.arrest", "Arrest", _POLICE, "25")
    about = frozenset({INC})
    rules = (NeededWhen("other_arrested_ref", "dual_arrest", value=True),)

    person_ref = Token("The person who was arrested.", INC, required=True)
    charges = Many("The charges.", Line, INC, required=True, at_most=30)
    dual_arrest = Flag("Whether both parties were arrested: then both patterns are mapped.", INC, required=True)
    other_arrested_ref = Token("The other person who was arrested.", INC)
    incident_no = Token("The number of the police report.", INC)
    public_record = Flag("Whether it stands in a public record; arrests do where missing.", INC)


class PredominantAggressorFound(EventPayload):
    """Police found who the predominant aggressor was, and on what grounds."""

    event = EventType("le.predominant_aggressor_found", "Predominant aggressor found", _POLICE, "26")
    about = frozenset({INC})

    person_ref = Token("The person found to be the predominant aggressor.", INC, required=True)
    grounds = Text("What the finding rests on.", INC, required=True)
    incident_no = Token("The number of the police report.", INC)
