"""Which children are removed from home now: at every review it is asked whether that is still needed (Settled 8)."""

from collections.abc import Iterable
from typing import Final

from services.domain.events import Event

REMOVED: Final = "child.removed"
PLACED: Final = "child.placement_changed"
REMOVAL_TYPES: Final = frozenset({REMOVED, PLACED})

_ENDED_BY: Final = frozenset({"protective_parent", "subject", "adoptive"})
"""Placements with which a removal is over. A trial home visit does not end it (config/policy/deadlines.yaml)."""


def removed_children(events: Iterable[Event]) -> tuple[str, ...]:
    """The children whose last removal has not ended, as the case's tokens, in alphabetical order.

    The events may come in any order: what happened last counts.
    """
    last: dict[str, bool] = {}
    for event in sorted(events, key=lambda one: (one.time, one.recorded, one.sequence, one.id)):
        child = str(event.data["child_ref"])
        if event.type == REMOVED:
            last[child] = True
        elif event.type == PLACED and event.data["kind"] in _ENDED_BY:
            last[child] = False
    return tuple(sorted(child for child, removed in last.items() if removed))
