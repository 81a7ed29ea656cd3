"""The library of behaviour goals from which plans start (practice.md §1.4, the 30 goals)."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.domain.goals import GoalKind, Opportunity

NAME = "{name}"
"""What stands in a statement for the name of the person whose goal it is."""


@dataclass(frozen=True, slots=True)
class LibraryGoal:
    """A goal to start from. ``code`` is its number, 1 to 30; ``statement`` has ``{name}`` for the person.

    ``opportunity`` is None for a positive goal. ``vantage`` are the kinds of observer who could see it; ``behaviours``
    the codes of the map that it answers to, none where it answers to the map as a whole.
    """

    code: int
    kind: GoalKind
    statement: str
    purpose: str
    success_test: str
    opportunity: Opportunity | None
    safety_critical: bool
    speech: bool
    presence: bool
    vantage: tuple[str, ...]
    behaviours: tuple[str, ...]

    def statement_for(self, name: str) -> str:
        """The statement about a person of this name."""
        return self.statement.replace(NAME, name)


@dataclass(frozen=True, slots=True)
class GoalLibrary:
    """All goals, by number; and why no goal answers to a behaviour, for each to which none does."""

    goals: tuple[LibraryGoal, ...]
    uncovered: Mapping[str, str]
    digest: str

    def answering(self, behaviour: str) -> tuple[LibraryGoal, ...]:
        """The goals that answer to a behaviour of the map."""
        return tuple(goal for goal in self.goals if behaviour in goal.behaviours)
