"""Removal and placement of children, and how each is doing (practice.md §3 rows 7 and 8; Settled 8, 12; §8 row 16)."""

from schemas.classes import CASE, ICW, PAT
from schemas.fields import Choice, Date, Flag, Instant, Text, Token, Whole
from schemas.payload import EventPayload
from schemas.structures import Document, Many, Object
from services.domain.catalogue import INVESTIGATORS, EventType

_FROM = ("subject", "protective_parent", "both", "other")


class ThreePartJustification(Document):
    """Why no less than a removal was enough (practice.md §1.1): all three parts."""

    danger = Text("How the subject is so dangerous, or has done so much harm.", CASE, required=True)
    protective_efforts = Text("How the other parent did all that a reasonable person can.", CASE, required=True)
    system_efforts = Text("How outside systems made their best effort with the subject.", CASE, required=True)
    approved_by = Token("The supervisor who approved it.", CASE)


class Removed(EventPayload):
    """A child was removed. Always accepted, and starts its clocks; the justification may follow (Settled 8)."""

    event = EventType("child.removed", "Child removed", INVESTIGATORS, "7")
    about = frozenset({CASE})

    child_ref = Token("The child.", CASE, required=True)
    removal_at = Instant("When the child was removed.", CASE, required=True)
    from_ref = Token("The person from whose care the child was removed.", CASE)
    from_role = Choice("What that person is in the case.", _FROM, CASE)
    with_protective_parent = Flag("Whether the child was living with a protective parent.", CASE)
    three_part_justification = Object("Why nothing less was enough.", ThreePartJustification, CASE)
    placement_kind = Choice("The kind of placement; never where.", ("kin", "foster", "group", "other"), CASE)
    tribe_possible = Flag("Whether there is any reason to think that the child belongs to a tribe.", ICW)


class RemovalJustified(EventPayload):
    """The three-part justification of a removal, given later, or asked again at a review: is it still needed?"""

    event = EventType("child.removal_justified", "Removal justified", INVESTIGATORS, "settled")
    about = frozenset({CASE})

    child_ref = Token("The child.", CASE, required=True)
    removal_at = Instant("When the child was removed.", CASE)
    three_part_justification = Object("Why nothing less was enough.", ThreePartJustification, CASE, required=True)
    still_needed = Flag("At a review: whether the removal is still needed.", CASE)
    at_review = Date("The day of the review at which it was asked again.", CASE)


class PlacementChanged(EventPayload):
    """A child lives with somebody else from a day on. No address is ever given."""

    event = EventType("child.placement_changed", "Placement changed", INVESTIGATORS, "8")
    about = frozenset({CASE})

    child_ref = Token("The child.", CASE, required=True)
    kind = Choice(
        "The kind of placement from now on; never where.",
        ("protective_parent", "subject", "kin", "foster", "group", "trial_home_visit", "adoptive", "other"),
        CASE,
        required=True,
    )
    effective = Date("The first day of it.", CASE, required=True)
    carer_ref = Token("The person who cares for the child from then on.", CASE)


class RelativeNoticesSent(EventPayload):
    """The relatives were told of a removal (within 30 days; none to a relative where that would endanger somebody)."""

    event = EventType("child.relative_notices_sent", "Relative notices sent", INVESTIGATORS, "story")
    about = frozenset({CASE})

    child_ref = Token("The child.", CASE, required=True)
    sent_on = Date("The day on which they were sent.", CASE, required=True)
    relative_refs = Many("The relatives who were told.", Token, CASE, at_most=50)
    count = Whole("How many were sent.", CASE, required=True, at_least=1, at_most=200)
    withheld_refs = Many("The relatives who were not told because of domestic violence.", Token, CASE, at_most=50)


class WellbeingNoted(EventPayload):
    """How a child is doing, on a day: a line of the child's own, without a new map (Settled 12)."""

    event = EventType("child.wellbeing_noted", "Child's wellbeing noted", INVESTIGATORS, "added")
    about = frozenset({PAT})

    child_ref = Token("The child.", PAT, required=True)
    on = Date("The day that it is about.", PAT, required=True)
    how = Text("How the child is doing, in specific words.", PAT, required=True)
