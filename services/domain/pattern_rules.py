"""Which acts about a pattern have no effect, and why (practice.md §1.2, §1.9). They are kept and told all the same.

What is decided of an event rests on what stood on its case before it in the log, and not on when its turn comes: lanes,
batches and a second run do not change it.
"""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from services.domain.case_events import CaseEvent, Said
from services.domain.pattern import (
    APPROVED,
    CARRIED_OVER,
    DESIGNATED,
    NO_PATTERNS,
    PATTERN_TYPES,
    Patterns,
    patterns_of,
)

GOAL_CREATED: Final = "goal.created"
RULED_TYPES: Final = frozenset({APPROVED, CARRIED_OVER, DESIGNATED, GOAL_CREATED})
"""The types of event that may be refused here."""

NO_APPROVED_MAP: Final = "no_approved_map"
"""A person is designated without an approved map."""
APPROVED_BY_ITS_AUTHOR: Final = "approved_by_its_author"
"""Whoever mapped a version may not approve it."""
NO_SUCH_VERSION: Final = "no_such_version"
"""What is approved was never mapped, or it is not clear whose it is; what is taken over was never approved there."""
UNDETERMINED: Final = "undetermined"
"""No goals until the patterns of both who were arrested are mapped and approved."""

_STAFF = "staff:"


def refusal_of(said: Said, before: Patterns, prior: Patterns = NO_PATTERNS) -> str | None:
    """The code of why an event has no effect, or None where it has. ``before`` is what stood on its case until then;
    ``prior`` the patterns of the case that a ``pattern.carried_over`` names.
    """
    data = said.event.data
    match said.event.type:
        case "pattern.approved":
            return _refusal_of_approval(said, before)
        case "pattern.carried_over":
            versions = {one.version for one in prior.approved(str(data["prior_person_ref"]))}
            return None if data["from_version"] in versions else NO_SUCH_VERSION
        case "pattern.designation_set":
            version = data.get("map_version")
            named = version if isinstance(version, int) else None
            rests = before.rests_on_a_map(str(data["person_ref"]), str(data["value"]), named)
            return None if rests else NO_APPROVED_MAP
        case "goal.created":
            person = data.get("person_ref")
            unmapped = before.unmapped_beside(person if isinstance(person, str) else None)
            return UNDETERMINED if unmapped else None
    return None


def _refusal_of_approval(said: Said, before: Patterns) -> str | None:
    person, version = before.person_of(said), said.event.data.get("version")
    maps = before.maps.get((person, version), ()) if person is not None and isinstance(version, int) else ()
    if not maps:
        return NO_SUCH_VERSION
    approvers = _people(said, "approved_by")
    return APPROVED_BY_ITS_AUTHOR if any(approvers & _people(one, "mapped_by") for one in maps) else None


def _people(said: Said, field: str) -> frozenset[str]:
    """The user names by which whoever did it is known: the person who was signed in, and whom the payload names."""
    named = said.event.data.get(field)
    signed_in = {said.actor.removeprefix(_STAFF)} if said.actor.startswith(_STAFF) else set()
    return frozenset(signed_in | ({named} if isinstance(named, str) else set()))


def refusals(wanted: Iterable[UUID], on_case: Iterable[CaseEvent], prior: Mapping[UUID, Patterns]) -> dict[UUID, str]:
    """Which of the events ``wanted`` of one case have no effect: by event, the code.

    ``on_case`` are the events of the case of ``PATTERN_TYPES`` and the wanted ones; ``prior`` holds, by event, the
    patterns of the case that a ``pattern.carried_over`` names.
    """
    wanted = set(wanted)
    settled = [one for one in on_case if one.settled and one.event.id not in wanted]
    open_ones = [one for one in on_case if not one.settled or one.event.id in wanted]
    refused: dict[UUID, str] = {}
    stood: list[CaseEvent] = []
    for one in sorted(open_ones, key=_turn):
        if one.linked and one.event.id not in wanted:
            continue
        before = patterns_of([*_before(one, settled), *stood])
        code = refusal_of(one, before, prior.get(one.event.id, NO_PATTERNS))
        if code is None and one.event.type in PATTERN_TYPES:
            stood.append(one)
        elif code is not None and one.event.id in wanted:
            refused[one.event.id] = code
    return refused


def _turn(one: CaseEvent) -> tuple[bool, int, UUID]:
    """The place in the case's own stream; what a person linked to the case came to it after that."""
    return one.linked, one.event.sequence, one.event.id


def _before(one: CaseEvent, settled: Iterable[CaseEvent]) -> Iterable[CaseEvent]:
    """What routing let through and stands before an event. A linked fact stands before everything of the stream."""
    return (other for other in settled if one.linked or other.linked or other.event.sequence < one.event.sequence)
