"""Behaviour goals as the evaluation sees them, and the thresholds by which they are judged (verification.md).

Days are whole days from the goal's first day (its day 0).
"""

from dataclasses import dataclass
from enum import StrEnum


class GoalKind(StrEnum):
    """He starts to do something, or he stops."""

    POSITIVE = "positive"
    CESSATION = "cessation"


class Opportunity(StrEnum):
    """What counts as a real chance to do otherwise."""

    DOCUMENTED = "documented"
    """Days on which there was one are documented."""
    LIBERTY = "liberty"
    """Being free is the opportunity, and jail is no excuse."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The parameters of verification.md, in days where nothing else is said: engineering defaults, no findings."""

    groups: int = 2
    observations: int = 3
    positive_period: int = 90
    cessation_period: int = 180
    max_gap: int = 45
    fresh: int = 45
    expires: int = 120
    contradiction_holds: int = 30
    opportunities: int = 3
    relapse_within: int = 90
    waiver_percent: int = 75

    def period(self, kind: GoalKind) -> int:
        """Days over which the behaviour must have been seen."""
        return self.positive_period if kind is GoalKind.POSITIVE else self.cessation_period


DEFAULTS = Thresholds()


@dataclass(frozen=True, slots=True)
class Waiver:
    """Two people in different reporting lines let part of the period be missing, up to and with the day ``expires``."""

    approver: str | None
    second_approver: str | None
    expires: int

    def in_force(self, day: int) -> bool:
        """Whether it holds on this day: two people have agreed, neither of them the other."""
        both = bool(self.approver) and bool(self.second_approver)
        return both and self.approver != self.second_approver and day <= self.expires


@dataclass(frozen=True, slots=True)
class GoalFacts:
    """What the evaluation needs to know of a goal. ``no_opportunity`` are blocks of days, first and last included;
    ``opportunities`` the days on which there was a real chance to do otherwise, each as often as it is documented.
    """

    kind: GoalKind
    closed: bool = False
    hold: bool = False
    safety_critical: bool = False
    waiver: Waiver | None = None
    opportunity: Opportunity = Opportunity.DOCUMENTED
    no_opportunity: tuple[tuple[int, int], ...] = ()
    opportunities: tuple[int, ...] = ()

    @property
    def asks_for_opportunity(self) -> bool:
        """Whether opportunities must be documented."""
        return self.kind is GoalKind.CESSATION and self.opportunity is Opportunity.DOCUMENTED

    @property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """The blocks without opportunity that count for this goal, in order, those that share a day made one."""
        return () if self.opportunity is Opportunity.LIBERTY else joined(self.no_opportunity)


def joined(blocks: tuple[tuple[int, int], ...] | list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """These blocks of days in order, those that share a day made one."""
    made: list[tuple[int, int]] = []
    for first, last in sorted(blocks):
        if made and first <= made[-1][1]:
            made[-1] = (made[-1][0], max(made[-1][1], last))
        else:
            made.append((first, last))
    return tuple(made)


def blocked_between(first: int, last: int, blocks: tuple[tuple[int, int], ...]) -> int:
    """The days of these (joined) blocks that a span or a hole from ``first`` to ``last`` loses."""
    return sum(max(0, min(last, end) - max(first, start)) for start, end in blocks)
