"""The goals of a plan as they stand on a day: written, adopted, superseded, closed (practice.md §1.4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.domain.goals import GoalKind, Opportunity, Thresholds
from services.domain.known_events import Known
from services.domain.verification_policy import VerificationPolicy


@dataclass(frozen=True, slots=True)
class PlannedGoal:
    """A goal as its plan has it. ``day_zero`` is the first day that counts; what was seen before it is baseline.

    ``vantage`` are the kinds of observer placed to see the behaviour; none named means that everybody is.
    ``adopted_on`` is None while no plan holds it; ``supersedes`` the goal whose place it takes.
    """

    id: str
    person: str | None
    kind: GoalKind
    day_zero: date
    event_id: str
    label: str | None = None
    codes: frozenset[str] = frozenset()
    vantage: frozenset[str] = frozenset()
    opportunity: Opportunity = Opportunity.DOCUMENTED
    safety_critical: bool = False
    speech: bool = False
    baseline: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    supersedes: str | None = None
    params: Mapping[str, int] | None = None
    adopted_on: date | None = None
    closed_on: date | None = None
    has_own_day: bool = False

    def thresholds(self, policy: Thresholds, *, lowered: bool = False) -> Thresholds:
        """The thresholds of this goal: those of policy, or stricter ones of its own; laxer ones only where two people
        have let them be lowered (practice.md §6.6).
        """
        own = self.params or {}
        changed: dict[str, int] = {}
        for param, (name, stricter_is_more) in _PARAMS.items():
            if param not in own:
                continue
            field = name or ("positive_period" if self.kind is GoalKind.POSITIVE else "cessation_period")
            now = getattr(policy, field)
            if lowered or (own[param] > now if stricter_is_more else own[param] < now):
                changed[field] = own[param]
        return replace(policy, **changed) if changed else policy


_PARAMS: Mapping[str, tuple[str | None, bool]] = {
    "groups": ("groups", True),
    "observations": ("observations", True),
    "period_days": (None, True),
    "opportunities": ("opportunities", True),
    "max_gap_days": ("max_gap", False),
    "fresh_days": ("fresh", False),
    "expire_days": ("expires", False),
}
"""The parameters that a goal may set, as the thresholds' fields, and whether more is stricter."""


def planned_goals(known: Iterable[Known], policy: VerificationPolicy) -> dict[str, PlannedGoal]:
    """The goals that a case has written, by id, each as it stands after what is known. The first writing stands."""
    goals: dict[str, PlannedGoal] = {}
    for one in known:
        match one.event.type:
            case "goal.created":
                written = _written(one, policy)
                goals.setdefault(written.id, written)
            case "caseplan.adopted":
                _adopt(goals, one, [str(goal) for goal in _list(one.data.get("goals"))])
            case "caseplan.revised":
                _revise(goals, one)
    return goals


def _written(one: Known, policy: VerificationPolicy) -> PlannedGoal:
    data = one.data
    codes = frozenset(map(str, _list(data.get("goal_codes"))))
    own_day = one.day("day_0")
    params = data.get("params")
    return PlannedGoal(
        id=str(data["goal_id"]),
        person=one.text("person_ref"),
        kind=GoalKind(str(data["kind"])),
        day_zero=own_day or one.happened_on,
        event_id=str(one.event.id),
        label=one.text("label"),
        codes=codes,
        vantage=frozenset(map(str, _list(data.get("vantage")))),
        opportunity=Opportunity(str(data.get("opportunity", Opportunity.DOCUMENTED))),
        safety_critical=data.get("safety_critical") is True or bool(codes & policy.safety_critical),
        speech=data.get("speech") is True or (bool(codes) and codes <= policy.speech),
        baseline=tuple(map(str, _list(data.get("baseline_item_refs")))),
        services=tuple(map(str, _list(data.get("services")))),
        supersedes=one.text("supersedes"),
        params={str(k): int(v) for k, v in params.items()} if isinstance(params, Mapping) else None,
        has_own_day=own_day is not None,
    )


def _adopt(goals: dict[str, PlannedGoal], one: Known, ids: Iterable[str]) -> None:
    effective = one.day("effective") or one.happened_on
    for goal_id in ids:
        goal = goals.get(goal_id)
        if goal is not None and goal.adopted_on is None:
            day_zero = goal.day_zero if goal.has_own_day else effective
            goals[goal_id] = replace(goal, adopted_on=effective, day_zero=day_zero)
            if goal.supersedes not in {None, goal_id}:
                _close(goals, goal.supersedes, effective)


def _revise(goals: dict[str, PlannedGoal], one: Known) -> None:
    effective = one.day("effective") or one.happened_on
    for change in _list(one.data.get("diff")):
        if not isinstance(change, Mapping):
            continue
        goal_id, op = str(change.get("goal_id")), change.get("op")
        if op in {"added", "superseded"}:
            if op == "superseded" and goal_id in goals and "supersedes" in change:
                goals[goal_id] = replace(goals[goal_id], supersedes=str(change["supersedes"]))
                _close(goals, str(change["supersedes"]), effective)
            _adopt(goals, one, [goal_id])
        elif op == "closed":
            _close(goals, goal_id, effective)


def _close(goals: dict[str, PlannedGoal], goal_id: str, on: date) -> None:
    goal = goals.get(goal_id)
    if goal is not None and goal.closed_on is None:
        goals[goal_id] = replace(goal, closed_on=on)


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
