"""Who could observe a goal: the kinds of observer that it names, and who of them is placed to look.

An agency is placed where it holds that role on the case, and a provider only once it has acknowledged its briefing
(verification.md §5). Nobody of the family is placed by anybody: they are not asked to watch.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from services.domain.case_goals import PROVIDERS, GoalState
from services.domain.disclosure import DataClass
from services.domain.explained import ObserverSaid
from services.domain.goal_words import KIND_WORDS, record_class
from services.domain.roles import CHILD_WELFARE, Role

_WORKER: Final = Role.CPS_WORKER.value
_SEATED_AS: Final[Mapping[str, frozenset[str]]] = {
    _WORKER: frozenset(role.value for role in CHILD_WELFARE),
    "KIN": frozenset({Role.CARER.value}),
}
"""The roles on a case that are a kind of observer of another name."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Who is on a case: ``seats`` are roles with the short names of the agencies that hold them, ``roles`` those in
    which each agency of the county may speak.
    """

    seats: frozenset[tuple[str, str]] = frozenset()
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def placed(self, kind: str, state: GoalState) -> frozenset[str]:
        """The agencies that are placed to observe a goal as this kind of observer."""
        seated = self.seated(kind)
        if kind not in PROVIDERS:
            return seated
        return frozenset(one for one in state.briefed if one in seated or kind in self.roles.get(one, frozenset()))

    def seated(self, kind: str) -> frozenset[str]:
        """The agencies that are on the case as this kind of observer."""
        roles = _SEATED_AS.get(kind, frozenset({kind}))
        return frozenset(agency for role, agency in self.seats if role in roles)


def kinds_of(state: GoalState, placement: Placement) -> tuple[str, ...]:
    """The kinds of observer that a goal names; where it names none, everybody who is on the case."""
    vantage = state.goal.vantage or {_WORKER if role in _SEATED_AS[_WORKER] else role for role, _ in placement.seats}
    return tuple(sorted(vantage))


def nameable(kinds: Iterable[str], held: Collection[DataClass]) -> tuple[str, ...]:
    """Those of these kinds of whose records a view may know. That somebody asks a therapist can say too much."""
    return tuple(kind for kind in kinds if record_class(kind) in held)


def observers_said(
    state: GoalState, placement: Placement, held: Collection[DataClass], names: Mapping[str, str]
) -> tuple[ObserverSaid, ...]:
    """The kinds of observer that a view may know of, each with the agencies that are placed, or wait for a briefing."""
    found = []
    for kind in nameable(kinds_of(state, placement), held):
        placed = placement.placed(kind, state)
        waiting = placement.seated(kind) - placed
        found.append(
            ObserverSaid(
                kind=kind,
                words=KIND_WORDS.get(kind, kind.lower()),
                placed=tuple(sorted(names.get(one, one) for one in placed)),
                wait=tuple(sorted(names.get(one, one) for one in waiting)),
            )
        )
    return tuple(found)


def is_unobserved(state: GoalState, placement: Placement) -> bool:
    """Whether nobody is placed to observe a goal (practice.md, Settled 11)."""
    return not any(placement.placed(kind, state) for kind in kinds_of(state, placement))
