"""The status of a goal as one kind of reader may know it: computed over what that reader may know, and nothing else.

`disclosable` decides what a view holds (practice.md §5.3, §5.5; verification.md §2 and §5, *Per recipient*). The view
of whoever faces the subject holds nothing that comes from her, from a child, or from a treatment record.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.domain.case_goals import CaseContext, CaseGoals, GoalState, Item, goals_on
from services.domain.consents import ConsentOnRecord, consents_of
from services.domain.disclosure import DataClass
from services.domain.evidence import Direction, Evidence, ObserverRole, Ruling, Weight, weight_of
from services.domain.incidents_against import Incident
from services.domain.known_events import KnownEvent
from services.domain.status import Reason, ReasonCode, Status
from services.domain.verification import Assessment, Picture, decide, look
from services.domain.verification_policy import VerificationPolicy, View

VERIFIED = frozenset({Status.VERIFIED, Status.VERIFIED_BY_WAIVER})
_COUNTS = (Weight.A, Weight.B, Weight.N)
_SET_ASIDE = (Ruling.REJECTED, Ruling.COERCED, Ruling.DISPUTED)


@dataclass(frozen=True, slots=True)
class Assessed:
    """A goal as a view has it. ``review_required``: a serious incident since asks a supervisor to look again.
    ``last_status`` is what a closed goal was when it was closed; ``picture`` is what the status rests on.
    """

    state: GoalState
    view: View
    as_of: date
    assessment: Assessment
    items: tuple[Item, ...]
    picture: Picture
    review_required: bool = False
    last_status: Assessment | None = None


def assess_case(
    events: Sequence[KnownEvent],
    as_of: date,
    context: CaseContext,
    policy: VerificationPolicy,
    views: Collection[View] | None = None,
) -> tuple[Assessed, ...]:
    """Every adopted goal of a case on the day ``as_of``, as known then, for each view (all of the policy's where None
    is given): in the order of the goals' first writing, then of the views.
    """
    days: dict[date, CaseGoals] = {}

    def on(day: date) -> CaseGoals:
        if day not in days:
            days[day] = goals_on(events, day, context, policy)
        return days[day]

    case = on(as_of)
    consents = consents_of(case.known)
    found: list[Assessed] = []
    for state in case.goals.values():
        if state.goal.adopted_on is not None:
            own = [consent for consent in consents if consent.is_about(state.goal.person)]
            for view in policy.views if views is None else views:
                assessed = _with_review(_assess(state, case, view, own, policy), on, own, policy)
                found.append(_with_last(assessed, on, own, policy) if state.facts.closed else assessed)
    return tuple(found)


def disclosable(
    items: Iterable[Item],
    view: View,
    as_of: date,
    consents: Sequence[ConsentOnRecord],
    *,
    after_expiry: bool = False,
) -> tuple[Item, ...]:
    """The items that a view holds on a day: every class that an item carries must be one that it may hold.

    ``after_expiry`` keeps what came while a consent was in force after it has ended (policy ``p2_use_after_expiry``,
    which counsel decides).
    """
    return tuple(
        item
        for item in items
        if may_hold(
            item.observed.classes,
            view,
            (as_of, item.observed.known_on) if after_expiry else (as_of,),
            consents,
        )
    )


def may_hold(
    classes: Iterable[DataClass], view: View, days: Sequence[date], consents: Sequence[ConsentOnRecord]
) -> bool:
    """Whether a view may hold something of all of these classes on the first of the days; substance-use records on any
    of them. Nothing without a class.
    """
    carried = list(classes)
    return bool(carried) and all(
        one in view.holds
        or any(
            consent.covers(one, view.with_release[one], view.roles, day)
            for consent in consents
            for day in (days if one is DataClass.P2 else days[:1])
            if one in view.with_release
        )
        for one in carried
    )


def _assess(
    state: GoalState, case: CaseGoals, view: View, consents: Sequence[ConsentOnRecord], policy: VerificationPolicy
) -> Assessed:
    held = disclosable(state.items, view, case.as_of, consents, after_expiry=policy.p2_after_expiry)
    items = tuple(as_corrected(held, view, case.as_of, consents))
    facts = replace(state.facts, opportunities=_opportunities(state, items))
    evidence = [item.evidence for item in items]
    picture = look(facts, evidence, state.day(case.as_of), view.name, state.thresholds)
    return Assessed(state, view, case.as_of, decide(picture), items, picture)


def as_corrected(items: Iterable[Item], view: View, as_of: date, consents: Sequence[ConsentOnRecord]) -> Iterator[Item]:
    """The items as they stand after the corrections that the view may know of: another one must not be betrayed by
    what is missing.
    """
    for item in items:
        known = [one for one in item.corrections if may_hold(one.classes, view, (as_of,), consents)]
        if not known:
            yield item
        elif all(one.disputes for one in known):
            ruling = item.evidence.ruling or Ruling.DISPUTED
            if not (item.inherited and ruling is Ruling.DISPUTED):
                yield replace(item, evidence=replace(item.evidence, ruling=ruling))


def _opportunities(state: GoalState, items: Iterable[Item]) -> tuple[int, ...]:
    """The days on which somebody who counts documented a real chance to do otherwise."""
    return tuple(
        sorted(state.day(day) for item in items if _supports(item.evidence) for day in item.observed.opportunity_days)
    )


def _supports(evidence: Evidence) -> bool:
    counts = evidence.direction is Direction.SUPPORT and weight_of(evidence) in _COUNTS
    return counts and evidence.observer is not ObserverRole.ADVERSE and evidence.ruling not in _SET_ASIDE


def _with_last(
    assessed: Assessed, on: Callable[[date], CaseGoals], consents: Sequence[ConsentOnRecord], policy: VerificationPolicy
) -> Assessed:
    """A closed goal with what it was on the day on which it was closed, as known then."""
    state = assessed.state
    then = on(state.goal.closed_on or assessed.as_of)
    if state.goal.id not in then.goals:
        return assessed
    state = then.goals[state.goal.id]
    state = replace(state, facts=replace(state.facts, closed=False))
    last = _with_review(_assess(state, then, assessed.view, consents, policy), on, consents, policy)
    return replace(assessed, last_status=last.assessment)


def _with_review(
    assessed: Assessed,
    on: Callable[[date], CaseGoals],
    consents: Sequence[ConsentOnRecord],
    policy: VerificationPolicy,
) -> Assessed:
    """With the banner of a review that a serious incident asks for: where the goal was verified, in this view, when
    the incident became known. A view that may be shown in court then shows no verified status (verification.md §5).
    """
    shown = assessed.assessment
    if shown.status not in VERIFIED:
        return assessed
    days = {one.known.on for one in _seen(assessed.state.incidents, assessed, consents)}
    if not any(_was_verified(assessed, on(day), consents, policy) for day in sorted(days)):
        return assessed
    if assessed.view.banner_holds:
        shown = Assessment(Status.UNDER_REVIEW, (Reason(ReasonCode.REVIEW_REQUIRED),))
    return replace(assessed, assessment=shown, review_required=True)


def _seen(incidents: Iterable[Incident], assessed: Assessed, consents: Sequence[ConsentOnRecord]) -> Iterable[Incident]:
    """The incidents that the view may know of: another one must not be betrayed by a banner."""
    return (one for one in incidents if may_hold(one.classes, assessed.view, (assessed.as_of,), consents))


def _was_verified(
    assessed: Assessed, then: CaseGoals, consents: Sequence[ConsentOnRecord], policy: VerificationPolicy
) -> bool:
    state = then.goals.get(assessed.state.goal.id)
    return state is not None and _assess(state, then, assessed.view, consents, policy).assessment.status in VERIFIED
