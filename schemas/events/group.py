"""Who counts as one independent source (verification.md §1; Settled)."""

from schemas.classes import EVI, PLN_S
from schemas.fields import Choice, Text, Token
from schemas.payload import EventPayload
from schemas.rules import Distinct
from schemas.structures import Many
from schemas.vocabulary import REASON_CODES
from services.domain.catalogue import APPROVERS, EventType


class Changed(EventPayload):
    """A supervisor merges groups of observers into one, or splits one; a split needs a second person."""

    event = EventType("group.changed", "Independence group changed", APPROVERS, "settled")
    about = frozenset({EVI})
    rules = (Distinct("groups"),)

    action = Choice("What is done.", ("merge", "split"), EVI, required=True)
    groups = Many(
        "The groups that are merged, or that the one is split into.", Token, EVI, required=True, at_least=2, at_most=20
    )
    into = Token("The merged group, or the one that is split.", EVI, required=True)
    goal_id = Token("The goal; all goals of the case where missing.", PLN_S, EVI)
    reason_code = Choice("Why, as a code.", REASON_CODES, EVI, required=True)
    why = Text("Why, in words.", EVI, required=True)
    changed_by = Token("Who does it, by user name; whoever holds the sender's role on the case where missing.", EVI)
    second_approver = Token("The second person, for a split.", EVI)
