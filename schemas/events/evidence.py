"""Evidence for or against goals, and what people rule on it (practice.md §3 rows 15 and 16; verification.md)."""

from schemas.classes import EVI, PLN_S, SRC
from schemas.fields import Choice, Date, DateOrInstant, Flag, Slug, Text, Token, Whole
from schemas.payload import EventPayload
from schemas.rules import NotBefore, NumberedOnce
from schemas.structures import Document, Many
from schemas.vocabulary import BEHAVIOURS, DIRECTIONS, EVIDENCE_BASES, OBSERVER_ROLES, REASON_CODES
from services.domain.catalogue import ANY_ROLE, PLANNERS, EventType


class Observation(Document):
    """What was seen of one goal: the part of a report that can become evidence (verification.md §1)."""

    rules = (NotBefore("observed_to", "observed_from"),)

    goal_id = Token("The goal that it is about.", PLN_S, EVI, required=True)
    direction = Choice(
        "For the goal (+), against it (-), or one instance missed, late or partial (0).", DIRECTIONS, EVI, required=True
    )
    behaviour = Text("What was said or done, specifically.", EVI, required=True)
    observed_from = Date("The first day that it covers.", EVI, required=True)
    observed_to = Date("The last day that it covers; the first day where missing.", EVI)
    basis = Choice("What kind of thing it is.", EVIDENCE_BASES, EVI, required=True)
    observer_role = Choice("Whose perception it finally rests on; a professional where missing.", OBSERVER_ROLES, EVI)
    observer_organisation = Slug("The organisation of the observer; the sender's own where missing.", EVI)
    observer_person = Token("The observer.", EVI, SRC)
    behaviour_code = Choice("The kind of behaviour, where it is against the goal.", BEHAVIOURS, EVI)
    count = Whole("How many observations it stands for; 1 where missing.", EVI, at_least=1, at_most=1000)
    opportunity_days = Many("Days on which there was a real chance to do otherwise.", Date, EVI, at_most=62)
    evidence_id = Token("The item, where the sender numbers its own.", EVI)
    corrects = Token("The item of the same agency that this one corrects: nothing is overwritten.", EVI)
    victim_sourced = Flag("True where the survivor is the source.", EVI, SRC)


GOAL_EVIDENCE_NUMBERED_ONCE = NumberedOnce("per_goal", number="evidence_id", within="goal_id")
"""For reports goal by goal: of two items of one number the second would be taken for a copy of the first."""


class Submitted(EventPayload):
    """Somebody submits one observation for or against a goal."""

    event = EventType("evidence.submitted", "Evidence submitted", ANY_ROLE, "15")
    about = frozenset({EVI})
    by_holder = True
    rules = (NotBefore("observed_to", "observed_from"),)

    goal_id = Token("The goal that it is about.", PLN_S, EVI, required=True)
    direction = Choice(
        "For the goal (+), against it (-), or one instance missed, late or partial (0).", DIRECTIONS, EVI, required=True
    )
    behaviour = Text("What was said or done, specifically.", EVI, required=True)
    observed_from = DateOrInstant("The first day that it covers.", EVI, required=True)
    observed_to = DateOrInstant("The last day that it covers; the first day where missing.", EVI)
    basis = Choice("What kind of thing it is.", EVIDENCE_BASES, EVI, required=True)
    origin_person = Token("The person whose perception it finally rests on.", EVI, SRC)
    observer_role = Choice("Whose perception it finally rests on; a professional where missing.", OBSERVER_ROLES, EVI)
    observer_organisation = Slug("The organisation of the observer; the sender's own where missing.", EVI)
    behaviour_code = Choice("The kind of behaviour, where it is against the goal.", BEHAVIOURS, EVI)
    critical = Flag("Whether it is about danger that somebody must act on tonight.", EVI)
    count = Whole("How many observations it stands for; 1 where missing.", EVI, at_least=1, at_most=1000)
    opportunity_days = Many("Days on which there was a real chance to do otherwise.", Date, EVI, at_most=62)
    evidence_id = Token("The item, where the sender numbers its own.", EVI)
    corrects = Token("The item of the same agency that this one corrects: nothing is overwritten.", EVI)
    public_record = Flag("Whether it stands in a public record.", EVI)


class Ruled(EventPayload):
    """What a person says of an item of evidence, from a day on."""

    event = EventType("evidence.ruled", "Evidence ruled on", PLANNERS, "16")
    about = frozenset({EVI})

    evidence_id = Token("The item.", EVI, required=True)
    goal_id = Token("The goal, where the item bears on more than one.", PLN_S, EVI)
    ruling = Choice("The ruling.", ("counts", "context", "rejected", "coerced", "disputed"), EVI, required=True)
    reason_code = Choice("Why, as a code.", REASON_CODES, EVI, required=True)
    why = Text("Why, in words.", EVI)
    ruled_by = Token("Who rules, by user name; whoever holds the sender's role on the case where missing.", EVI)
    second_approver = Token("The second person, in another reporting line, where the ruling can raise a status.", EVI)
