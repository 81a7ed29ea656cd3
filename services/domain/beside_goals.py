"""What stands beside the goals of a case: mapped behaviours that no goal covers, and goals that nobody is placed to
observe, with whose gap it is (practice.md, Settled 11).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.domain.case_goals import GoalState
from services.domain.goal_library import GoalLibrary
from services.domain.observers import Placement, is_unobserved
from services.domain.pattern import Covering, uncovered

Items = Sequence[Mapping[str, object]]
"""The items of an approved map, as far as the reader may see them."""


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A behaviour of a person's approved map that no goal covers. Where no goal of the library answers to it, ``why``
    says why; else writing one is the plan's gap.
    """

    person_ref: str
    behaviour: str
    why: str | None = None


def uncovered_behaviours(
    maps: Mapping[str, Items], states: Iterable[GoalState], library: GoalLibrary
) -> tuple[Uncovered, ...]:
    """The behaviours of these approved maps, by person, that no open goal of that person covers."""
    behaviours = {str(goal.code): goal.behaviours for goal in library.goals}
    working = [state.goal for state in states if is_open(state)]
    found = []
    for person, items in sorted(maps.items()):
        goals = [Covering(goal.baseline, goal.codes) for goal in working if goal.person in {None, person}]
        whole = [item for item in items if {"item_id", "behaviour_code"} <= item.keys()]
        bare = uncovered(whole, goals, behaviours)
        found += [Uncovered(person, one, library.uncovered.get(one)) for one in bare]
    return tuple(found)


def unobserved_goals(states: Iterable[GoalState], placement: Placement) -> tuple[GoalState, ...]:
    """The open goals that nobody is placed to observe."""
    return tuple(state for state in states if is_open(state) and is_unobserved(state, placement))


def is_open(state: GoalState) -> bool:
    """Whether a plan holds the goal, and it is not closed."""
    return state.goal.adopted_on is not None and not state.facts.closed
