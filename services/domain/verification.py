"""Whether a behaviour goal is independently verified, and if not, why: verification.md §2 to §4, whole and pure.

A status follows from goal, evidence with its rulings, day, view and thresholds; nobody sets one. It is found in two
steps: `look` puts together what counts for and against, and `decide` takes the first line of §4 that fits. Whoever
explains a status looks at the same picture.

Days are whole days from the goal's first day; what lies before it is negative.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from services.domain.evidence import Direction, Evidence, ObserverRole, Ruling, Weight, weight_of
from services.domain.goals import DEFAULTS, GoalFacts, GoalKind, Thresholds, blocked_between, joined
from services.domain.status import Reason, ReasonCode, Status

Weighed = tuple[Evidence, Weight]
"""An item with its weight, looked up once."""

_COUNTS = (Weight.A, Weight.B, Weight.N)
_SEEN = (Weight.A, Weight.B)
_SET_ASIDE = (Ruling.REJECTED, Ruling.COERCED)


@dataclass(frozen=True, slots=True)
class Assessment:
    """The status of a goal on a day, with its reasons in the order of verification.md §4."""

    status: Status
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """Support without a long hole: the newest stretch of it, which alone is judged (verification.md §3).

    ``first`` and ``last`` are the days that it covers from and to, ``span`` the days between them without those on
    which there was no opportunity; ``opportunities`` counts those documented within it. ``restarted_after`` is the hole
    before it in days, where there was one.
    """

    items: tuple[Weighed, ...]
    first: int
    last: int
    span: int
    opportunities: int
    restarted_after: int | None = None

    @property
    def groups(self) -> frozenset[str]:
        """The independent sources."""
        return frozenset(item.group for item, _ in self.items)

    @property
    def observations(self) -> int:
        """How many observations its items stand for."""
        return sum(item.count for item, _ in self.items)


@dataclass(frozen=True, slots=True)
class Picture:
    """All that bears on a status. ``contradicted_on`` is day C of verification.md §2: support up to it is erased."""

    goal: GoalFacts
    as_of: int
    thresholds: Thresholds
    considered: tuple[Weighed, ...]
    against: tuple[Evidence, ...]
    lapse_days: tuple[int, ...]
    contradicted_on: int | None
    support: tuple[Weighed, ...]
    run: Run | None


def evaluate(
    goal: GoalFacts, evidence: Iterable[Evidence], as_of: int, view: str, thresholds: Thresholds = DEFAULTS
) -> Assessment:
    """The status of a goal on the day ``as_of``, from what readers of ``view`` may know, with its reasons.

    The order of ``evidence``, and further copies of an item, change nothing. Never raises.
    """
    return decide(look(goal, evidence, as_of, view, thresholds))


def look(
    goal: GoalFacts, evidence: Iterable[Evidence], as_of: int, view: str, thresholds: Thresholds = DEFAULTS
) -> Picture:
    """What is known on the day ``as_of`` within ``view``, and what of it counts for and against (§2 and §3)."""
    considered = tuple(_considered(evidence, as_of, view))
    against = tuple(i for i, weight in considered if i.direction is Direction.AGAINST and weight is not Weight.C)
    lapse_days = _lapse_days(goal, considered)
    contradicted_on = max((*_firm_days(against), *_relapses(lapse_days, thresholds)), default=None)
    support = tuple(_support(considered, contradicted_on, thresholds))
    return Picture(
        goal=goal,
        as_of=as_of,
        thresholds=thresholds,
        considered=considered,
        against=against,
        lapse_days=lapse_days,
        contradicted_on=contradicted_on,
        support=support,
        run=newest_run(goal, support, thresholds),
    )


def _considered(evidence: Iterable[Evidence], as_of: int, view: str) -> Iterable[Weighed]:
    known = {
        item.id: item
        for item in evidence
        if item.recorded <= as_of and item.ruling not in _SET_ASIDE and view not in item.withheld_from
    }
    return ((item, weight_of(item)) for item in known.values())


def is_adverse(item: Evidence) -> bool:
    """Whether an item against the goal is an adverse party's word that no supervisor has ruled to count."""
    return item.observer is ObserverRole.ADVERSE and item.ruling is not Ruling.COUNTS


def _firm_days(against: Iterable[Evidence]) -> list[int]:
    return [item.end for item in against if item.ruling is not Ruling.DISPUTED and not is_adverse(item)]


def _lapse_days(goal: GoalFacts, considered: Iterable[Weighed]) -> tuple[int, ...]:
    """The distinct days on which something was missed, late or partial, in order; positive goals only."""
    if goal.kind is not GoalKind.POSITIVE:
        return ()
    return tuple(sorted({item.end for item, weight in considered if _counts(item, weight, Direction.LAPSE)}))


def _relapses(lapse_days: Sequence[int], thresholds: Thresholds) -> list[int]:
    """The lapses that follow another closely: one alone is tolerated."""
    return [day for before, day in pairwise(lapse_days) if day - before <= thresholds.relapse_within]


def _counts(item: Evidence, weight: Weight, direction: Direction) -> bool:
    """Whether an item counts in this direction: not disputed, and not from an adverse party, whatever was ruled."""
    return (
        item.direction is direction
        and weight in _COUNTS
        and item.observer is not ObserverRole.ADVERSE
        and item.ruling is not Ruling.DISPUTED
    )


def _support(considered: Iterable[Weighed], contradicted_on: int | None, thresholds: Thresholds) -> list[Weighed]:
    """What counts for the goal, without what a contradiction has erased and what a system alone has not seen."""
    support = [one for one in considered if _counts(*one, Direction.SUPPORT)]
    if contradicted_on is not None:
        support = [(_from(item, contradicted_on + 1), weight) for item, weight in support if item.end > contradicted_on]
    seen = [(item.start, item.end) for item, weight in support if weight in _SEEN]
    if not seen:
        return support
    reaches = joined([(start - thresholds.max_gap, end + thresholds.max_gap) for start, end in seen])
    kept = [one for one in support if one[1] in _SEEN]
    for item, weight in support:
        if weight is Weight.N:
            kept.extend((piece, weight) for piece in _within(item, reaches))
    return kept


def _from(item: Evidence, day: int) -> Evidence:
    """An item without its days before ``day``; it keeps its count."""
    return item if item.start >= day else replace(item, start=day)


def _within(item: Evidence, reaches: Iterable[tuple[int, int]]) -> list[Evidence]:
    """The pieces of an item that lie within these stretches of days, in order; its count stays with the first."""
    cut = ((max(item.start, first), min(item.end, last)) for first, last in reaches)
    pieces = [(start, end) for start, end in cut if start <= end]
    return [
        replace(item, start=start, end=end, count=item.count if at == 0 else 0)
        for at, (start, end) in enumerate(pieces)
    ]


def newest_run(goal: GoalFacts, support: Iterable[Weighed], thresholds: Thresholds) -> Run | None:
    """The stretch of support that is judged (§3). None where there is no support.

    A hole that is too wide ends a run, unless it is bridged: the run up to there lacked nothing, and its evidence had
    not expired.
    """
    in_order = sorted(support, key=lambda one: (one[0].start, one[0].end))
    if not in_order:
        return None
    blocks = goal.blocks
    run: list[Weighed] = []
    reached = in_order[0][0].end
    restarted: int | None = None
    for one in in_order:
        start = one[0].start
        hole = start - reached
        if run and hole > thresholds.max_gap:
            hole -= blocked_between(reached, start, blocks)
            if hole > thresholds.max_gap and not _is_bridged(goal, run, restarted, hole, thresholds):
                run, restarted = [], hole
        run.append(one)
        reached = max(reached, one[0].end)
    return _run(goal, run, restarted)


def _is_bridged(goal: GoalFacts, run: list[Weighed], restarted: int | None, hole: int, thresholds: Thresholds) -> bool:
    """Whether fresh evidence after a wide hole revives what had been verified before it."""
    return hole <= thresholds.expires and not shortfalls(goal, _run(goal, run, restarted), thresholds)


def _run(goal: GoalFacts, items: list[Weighed], restarted: int | None) -> Run:
    first, last = items[0][0].start, max(item.end for item, _ in items)
    return Run(
        items=tuple(items),
        first=first,
        last=last,
        span=last - first - blocked_between(first, last, goal.blocks),
        opportunities=sum(first <= day <= last for day in goal.opportunities),
        restarted_after=restarted,
    )


def shortfalls(goal: GoalFacts, run: Run, thresholds: Thresholds) -> tuple[Reason, ...]:
    """What a run still lacks, in the order of §4 line 8; how fresh it is does not matter here."""
    period = thresholds.period(goal.kind)
    lacking = (
        (len(run.groups) < thresholds.groups, Reason(ReasonCode.NEED_SECOND_INDEPENDENT_SOURCE)),
        (all(weight is not Weight.A for _, weight in run.items), Reason(ReasonCode.NEED_NONFAMILY_DIRECT)),
        (run.observations < thresholds.observations, Reason(ReasonCode.NEED_MORE_OBSERVATIONS)),
        (run.span < period, Reason(ReasonCode.NEED_DURATION, (run.span, period))),
        (
            goal.asks_for_opportunity and run.opportunities < thresholds.opportunities,
            Reason(ReasonCode.NEED_OPPORTUNITY),
        ),
    )
    return tuple(reason for is_lacking, reason in lacking if is_lacking)


def decide(picture: Picture) -> Assessment:
    """The first line of §4 that fits what is known."""
    if picture.goal.closed:
        return Assessment(Status.CLOSED, (Reason(ReasonCode.LIFECYCLE),))
    held_up = _held_up(picture)
    if held_up is not None:
        return held_up
    return _unsupported(picture) if picture.run is None else _judged(picture, picture.run)


def _held_up(picture: Picture) -> Assessment | None:
    """Lines 2 to 5: what stands in the way of judging support at all."""
    contradicted_on = picture.contradicted_on
    if contradicted_on is not None and _still_contradicts(contradicted_on, picture):
        return Assessment(Status.CONTRADICTED, (Reason(ReasonCode.CONTRADICTED_ON_DAY, (contradicted_on,)),))
    if any(item.ruling is Ruling.DISPUTED for item in picture.against):
        return Assessment(Status.UNDER_REVIEW, (Reason(ReasonCode.DISPUTED_CONTRADICTION),))
    if any(map(is_adverse, picture.against)):
        return Assessment(Status.UNDER_REVIEW, (Reason(ReasonCode.UNCORROBORATED_CROSS_ALLEGATION),))
    if any(first <= picture.as_of <= last for first, last in picture.goal.blocks):
        return Assessment(Status.SUSPENDED, (Reason(ReasonCode.NO_OPPORTUNITY_NOW),))
    return None


def _still_contradicts(day: int, picture: Picture) -> bool:
    """Whether a contradiction of this day holds: for its time, and until somebody has seen otherwise."""
    seen = any(weight in _SEEN for _, weight in picture.support)
    return not seen or picture.as_of - day < picture.thresholds.contradiction_holds


def _unsupported(picture: Picture) -> Assessment:
    """Lines 6 and 7: nothing that counts for the goal."""
    claimed = [weight for item, weight in picture.considered if item.direction is Direction.SUPPORT]
    if not claimed:
        return Assessment(Status.NOT_ASSESSED)
    status = Status.ATTENDANCE_ONLY if Weight.C in claimed else Status.SELF_REPORTED_ONLY
    return Assessment(status, (Reason(ReasonCode.NO_COUNTABLE_EVIDENCE),))


def _judged(picture: Picture, run: Run) -> Assessment:
    """Line 8: the newest run."""
    goal, thresholds = picture.goal, picture.thresholds
    age = picture.as_of - run.last
    lapses = tuple(Reason(ReasonCode.LAPSE_ON_DAY, (day,)) for day in picture.lapse_days if day >= run.first)
    aged = (Reason(ReasonCode.NOT_FRESH, (age,)),) if age > thresholds.fresh else ()
    lacking = shortfalls(goal, run, thresholds)
    if lacking:
        if not aged and _is_waived(picture, run, lacking):
            return Assessment(Status.VERIFIED_BY_WAIVER, lacking + lapses)
        return Assessment(Status.PARTIALLY_SUPPORTED, _notes(picture, run) + lacking + aged)
    if not aged:
        if goal.hold:
            return Assessment(Status.UNDER_REVIEW, (Reason(ReasonCode.SUPERVISOR_HOLD),))
        return Assessment(Status.VERIFIED, lapses)
    if age <= thresholds.expires:
        return Assessment(Status.STALE, aged + lapses)
    return Assessment(Status.PARTIALLY_SUPPORTED, (*_notes(picture, run), *aged, Reason(ReasonCode.EXPIRED)))


def _is_waived(picture: Picture, run: Run, lacking: tuple[Reason, ...]) -> bool:
    """Whether two people let the missing part of the period be missing: of nothing else, and of a quarter at most."""
    goal, thresholds = picture.goal, picture.thresholds
    return (
        [reason.code for reason in lacking] == [ReasonCode.NEED_DURATION]
        and 100 * run.span >= thresholds.waiver_percent * thresholds.period(goal.kind)
        and goal.waiver is not None
        and goal.waiver.in_force(picture.as_of)
        and not goal.hold
        and not goal.safety_critical
    )


def _notes(picture: Picture, run: Run) -> tuple[Reason, ...]:
    """What became of earlier support."""
    reset = picture.contradicted_on is not None
    after_gap = run.restarted_after
    return (
        *((Reason(ReasonCode.RESET_BY_CONTRADICTION),) if reset else ()),
        *((Reason(ReasonCode.RESTARTED_AFTER_GAP, (after_gap,)),) if after_gap is not None else ()),
    )
