"""Each reason of a status in plain words, with the observations behind it (verification.md §4 and §5, Explain)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from services.domain.evidence import Direction, Evidence, Ruling
from services.domain.explained import ReasonSaid
from services.domain.explained_evidence import Seen
from services.domain.goal_words import calendar, counted, listed
from services.domain.status import Reason, ReasonCode, Status
from services.domain.verification import Run, Weighed, is_adverse

_Said = tuple[str, tuple[str, ...], date | None]


def reasons_said(seen: Seen) -> tuple[ReasonSaid, ...]:
    """The reasons of a status in their order, each as a sentence."""
    found = []
    for reason in seen.assessed.assessment.reasons:
        says, items, on = _SENTENCES[reason.code](seen, reason)
        found.append(ReasonSaid(reason.code, says, items, on))
    return tuple(found)


def _lifecycle(seen: Seen, _: Reason) -> _Said:
    closed = seen.assessed.state.goal.closed_on
    return ("The goal was closed." if closed is None else f"The goal was closed on {calendar(closed)}."), (), closed


def _contradicted(seen: Seen, reason: Reason) -> _Said:
    on = seen.day(reason.figures[0])
    holds = calendar(on + timedelta(days=seen.picture.thresholds.contradiction_holds))
    until = f"This holds until {holds} at least, and until the goal has been borne out again after it."
    items = tuple(item.id for item in _firm(seen) if item.end == reason.figures[0])
    if items:
        return f"What happened on {calendar(on)} contradicts the goal. {until}", items, on
    within = seen.picture.thresholds.relapse_within
    lapses = _ids(_lapses(seen, reason.figures[0]))
    again = f"A second lapse within {within} days, on {calendar(on)}, works as a contradiction."
    return f"{again} {until}", lapses, on


def _disputed(seen: Seen, _: Reason) -> _Said:
    items = [item for item in seen.picture.against if item.ruling is Ruling.DISPUTED]
    return "Something against the goal is disputed, and a supervisor has to rule on it.", _ids(items), None


def _cross(seen: Seen, _: Reason) -> _Said:
    says = "Something against the goal comes from an adverse party alone, and no supervisor has ruled that it counts."
    return says, _ids(filter(is_adverse, seen.picture.against)), None


def _no_opportunity(seen: Seen, _: Reason) -> _Said:
    now = seen.picture.as_of
    since = next((first for first, last in seen.picture.goal.blocks if first <= now <= last), now)
    return f"Since {calendar(seen.day(since))} there is no real opportunity to show it.", (), seen.day(since)


def _nothing_counts(seen: Seen, _: Reason) -> _Said:
    claimed = [item for item, _ in seen.picture.considered if item.direction is Direction.SUPPORT]
    return "Nothing that speaks for the goal so far can count as evidence of the behaviour.", _ids(claimed), None


def _second_source(seen: Seen, _: Reason) -> _Said:
    run = seen.picture.run
    groups = len(run.groups) if run else 0
    missing = counted(max(1, seen.picture.thresholds.groups - groups), "more independent source")
    verb = "is" if missing.endswith("source") else "are"
    items = run.items if run else ()
    return f"{missing} {verb} needed: everything so far comes from {_from(seen, items)}.", _ids_of(items), None


def _outside(seen: Seen, _: Reason) -> _Said:
    items = seen.picture.run.items if seen.picture.run else ()
    says = (
        "A direct observation by somebody outside the family, or an official record, is needed: "
        f"so far there is only what comes from {_from(seen, items)}."
    )
    return says, _ids_of(items), None


def _observations(seen: Seen, _: Reason) -> _Said:
    run, needed = seen.picture.run, seen.picture.thresholds.observations
    missing = needed - run.observations if run else needed
    verb = "is" if missing == 1 else "are"
    return f"{counted(max(1, missing), 'more observation')} {verb} needed.", _run_ids(run), None


def _duration(seen: Seen, reason: Reason) -> _Said:
    run, (span, period) = seen.picture.run, reason.figures
    so_far = "so far nothing does" if run is None else f"so far that is {span}, {_from_to(seen, run)}"
    waived = seen.assessed.assessment.status is Status.VERIFIED_BY_WAIVER
    waiver = seen.picture.goal.waiver if waived else None
    until = f" Two people let the rest be missing until {calendar(seen.day(waiver.expires))}." if waiver else ""
    return f"It has to be borne out over {period} days: {so_far}.{until}", _run_ids(run), None


def _opportunity(seen: Seen, _: Reason) -> _Said:
    run, needed = seen.picture.run, seen.picture.thresholds.opportunities
    missing = needed - run.opportunities if run else needed
    days = counted(max(1, missing), "more day")
    verb = "is" if missing == 1 else "are"
    return f"{days} on which there was a real chance to do otherwise {verb} to be recorded.", _run_ids(run), None


def _hold(seen: Seen, _: Reason) -> _Said:  # noqa: ARG001 (one shape for all sentences)
    return "A supervisor holds this goal back until it has been reviewed.", (), None


def _not_fresh(seen: Seen, reason: Reason) -> _Said:
    last = seen.picture.as_of - reason.figures[0]
    fresh = seen.picture.thresholds.fresh
    items = seen.picture.run.items if seen.picture.run else ()
    newest = tuple(item.id for item, _ in items if item.end == last)
    on = seen.day(last)
    says = f"It was last borne out on {calendar(on)}, {reason.figures[0]} days ago; recent are the last {fresh} days."
    return says, newest, on


def _expired(seen: Seen, _: Reason) -> _Said:
    days = seen.picture.thresholds.expires
    return f"What was seen more than {days} days ago no longer says how things are now.", (), None


def _lapse(seen: Seen, reason: Reason) -> _Said:
    on = seen.day(reason.figures[0])
    says = f"On {calendar(on)} one instance was missed, late or partial; one alone is tolerated."
    return says, _ids(_lapses(seen, reason.figures[0])), on


def _reset(seen: Seen, _: Reason) -> _Said:
    day = seen.picture.contradicted_on
    if day is None:
        return "What was seen before does not count any more: it was contradicted.", (), None
    items = tuple(item.id for item in _firm(seen) if item.end == day) or _ids(_lapses(seen, day))
    says = f"What speaks for it up to {calendar(seen.day(day))} does not count any more: it was contradicted that day."
    return says, items, seen.day(day)


def _restarted(seen: Seen, reason: Reason) -> _Said:
    run = seen.picture.run
    since = f" from {calendar(seen.day(run.first))} on" if run else ""
    hole = f"Before that, nothing bore it out for {reason.figures[0]} days"
    return f"The time is counted anew{since}. {hole}.", (), seen.day(run.first) if run else None


def _review(seen: Seen, _: Reason) -> _Said:  # noqa: ARG001 (one shape for all sentences)
    return "A serious incident has become known since, and a supervisor has to look at this goal again.", (), None


_SENTENCES: Final[Mapping[ReasonCode, Callable[[Seen, Reason], _Said]]] = {
    ReasonCode.LIFECYCLE: _lifecycle,
    ReasonCode.CONTRADICTED_ON_DAY: _contradicted,
    ReasonCode.DISPUTED_CONTRADICTION: _disputed,
    ReasonCode.UNCORROBORATED_CROSS_ALLEGATION: _cross,
    ReasonCode.NO_OPPORTUNITY_NOW: _no_opportunity,
    ReasonCode.NO_COUNTABLE_EVIDENCE: _nothing_counts,
    ReasonCode.NEED_SECOND_INDEPENDENT_SOURCE: _second_source,
    ReasonCode.NEED_NONFAMILY_DIRECT: _outside,
    ReasonCode.NEED_MORE_OBSERVATIONS: _observations,
    ReasonCode.NEED_DURATION: _duration,
    ReasonCode.NEED_OPPORTUNITY: _opportunity,
    ReasonCode.SUPERVISOR_HOLD: _hold,
    ReasonCode.NOT_FRESH: _not_fresh,
    ReasonCode.EXPIRED: _expired,
    ReasonCode.LAPSE_ON_DAY: _lapse,
    ReasonCode.RESET_BY_CONTRADICTION: _reset,
    ReasonCode.RESTARTED_AFTER_GAP: _restarted,
    ReasonCode.REVIEW_REQUIRED: _review,
}


def _firm(seen: Seen) -> Iterable[Evidence]:
    return (one for one in seen.picture.against if one.ruling is not Ruling.DISPUTED and not is_adverse(one))


def _lapses(seen: Seen, day: int) -> Iterable[Evidence]:
    return (one for one, _ in seen.picture.considered if one.direction is Direction.LAPSE and one.end == day)


def _from(seen: Seen, items: Iterable[Weighed]) -> str:
    return listed(seen.sources(items)) or "nobody"


def _from_to(seen: Seen, run: Run) -> str:
    return f"from {calendar(seen.day(run.first))} to {calendar(seen.day(run.last))}"


def _run_ids(run: Run | None) -> tuple[str, ...]:
    return _ids_of(run.items) if run else ()


def _ids_of(items: Iterable[Weighed]) -> tuple[str, ...]:
    return _ids(item for item, _ in items)


def _ids(items: Iterable[Evidence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.id for item in items))
