"""Why a goal is where it is, in plain words: the status, its reasons, what would count next, and whose gap it is.

Everything is said of one view, from what that view holds and nothing else: no word, count or date depends on what is
withheld from it (practice.md, Settled 4; verification.md §5, Explain).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from services.domain.consents import ConsentOnRecord
from services.domain.disclosure import DataClass
from services.domain.explained import Explanation, Gap, GapSaid, HearingSaid, LastSaid, NextSaid, ObserverSaid
from services.domain.explained_evidence import Seen
from services.domain.explained_next import next_said
from services.domain.explained_reasons import reasons_said
from services.domain.goal_views import VERIFIED, Assessed, may_hold
from services.domain.goal_words import ONLY_THIS, STATUS_WORDS, calendar, listed, upper_first
from services.domain.observers import Placement, kinds_of, nameable, observers_said
from services.domain.status import ReasonCode, Status
from services.domain.verification import Assessment
from services.domain.verification_policy import View

BANNER: Final = (
    "Review required: a serious incident has become known since. "
    "A supervisor has to look at this goal before anybody relies on it."
)
_PLAIN: Final[Mapping[Status, str]] = {
    Status.NOT_ASSESSED: "Nothing that could count for this goal has been recorded yet.",
    Status.SELF_REPORTED_ONLY: "That this goal is met is only claimed so far: nothing independent shows it.",
    Status.ATTENDANCE_ONLY: (
        "Only context is recorded for this goal, such as attendance, a certificate or an opinion: none of it "
        "shows the behaviour."
    ),
    Status.PARTIALLY_SUPPORTED: "There is independent evidence for this goal, and it is not enough yet.",
    Status.CONTRADICTED: "Something on record contradicts this goal.",
    Status.UNDER_REVIEW: "A supervisor has to look at this goal before anything can be said of it.",
    Status.SUSPENDED: "The time of this goal stands still: at present there is no real opportunity to show it.",
}


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a goal: who is on the case, the names of agencies by short name, and the next hearing.

    ``held`` are the classes that the view may know of on that day, those let through by a release among them.
    """

    placement: Placement = field(default_factory=Placement)
    names: Mapping[str, str] = field(default_factory=dict)
    held: Collection[DataClass] = frozenset()
    next_hearing: date | None = None


def classes_held(view: View, day: date, consents: Sequence[ConsentOnRecord]) -> frozenset[DataClass]:
    """The classes that a view may know of on a day, with the consents that were in force then."""
    return frozenset(one for one in DataClass if may_hold((one,), view, (day,), consents))


def explain(assessed: Assessed, around: Around) -> Explanation:
    """Explain a goal as one view has it. Never raises on what the schemas let through."""
    seen = Seen(assessed, around.names)
    coming = next_said(seen)
    observers = observers_said(assessed.state, around.placement, around.held, around.names)
    last = assessed.last_status
    return Explanation(
        status=assessed.assessment.status,
        says=_status_said(seen),
        reasons=reasons_said(seen),
        items=seen.items(),
        next=coming,
        observers=observers,
        gap=_gap(seen, around, observers),
        hearing=_hearing(seen, coming, around.next_hearing),
        banner=BANNER if assessed.review_required else None,
        last=LastSaid(last.status, _last_said(last)) if last else None,
    )


def _status_said(seen: Seen) -> str:
    status, run, goal = seen.assessed.assessment.status, seen.picture.run, seen.picture.goal
    on = calendar(seen.day(run.last)) if run else ""
    match status:
        case Status.VERIFIED:
            return f"Verified: independent sources have borne this out for long enough, last on {on}. {ONLY_THIS}"
        case Status.VERIFIED_BY_WAIVER:
            until = f" until {calendar(seen.day(goal.waiver.expires))}" if goal.waiver else ""
            part = f"Verified by waiver{until}: a part of the required time is missing."
            return f"{part} Last borne out on {on}. {ONLY_THIS}"
        case Status.STALE:
            return f"Independent sources bore this out for long enough, but nobody has since {on}."
        case Status.CLOSED:
            last = seen.assessed.last_status
            return "This goal is closed." if last is None else f"This goal is closed. {_last_said(last)}"
        case _:
            return _PLAIN[status]


def _last_said(last: Assessment) -> str:
    only = f" {ONLY_THIS}" if last.status in VERIFIED else ""
    return f"When it was closed it was: {STATUS_WORDS[last.status]}.{only}"


_LOOKED: Final = frozenset({ReasonCode.CONTRADICTED_ON_DAY, ReasonCode.RESET_BY_CONTRADICTION})
_TIME: Final = frozenset({ReasonCode.NEED_DURATION, ReasonCode.RESTARTED_AFTER_GAP})


def _gap(seen: Seen, around: Around, observers: tuple[ObserverSaid, ...]) -> GapSaid | None:
    """Whose gap it is that the goal is not verified; None where it is, or where it is closed."""
    status = seen.assessed.assessment.status
    codes = {reason.code for reason in seen.assessed.assessment.reasons}
    if status in VERIFIED or status is Status.CLOSED:
        return None
    if status is Status.UNDER_REVIEW:
        return GapSaid(Gap.RULING, "A supervisor's ruling is missing.")
    if status is Status.SUSPENDED:
        return GapSaid(Gap.NO_OPPORTUNITY, "Nobody's gap: at present there is no opportunity to be seen.")
    if codes & _LOOKED:
        return GapSaid(Gap.LOOKED, "Somebody looked, and saw the contrary.")
    if codes and codes <= _TIME:
        return GapSaid(Gap.ONLY_TIME, "Only time is missing.")
    return _missing_observer(seen, around, observers)


def _missing_observer(seen: Seen, around: Around, observers: tuple[ObserverSaid, ...]) -> GapSaid:
    """Nobody was placed to look, or somebody is and more is needed. Of kinds that the view may not know, nothing is
    said: neither that somebody of them is placed nor that nobody is.
    """
    kinds = kinds_of(seen.assessed.state, around.placement)
    all_named = len(nameable(kinds, around.held)) == len(kinds)
    placed = tuple(dict.fromkeys(agency for one in observers for agency in one.placed))
    wait = tuple(dict.fromkeys(agency for one in observers for agency in one.wait if agency not in placed))
    briefing = f" {listed(wait)} {_has(wait)} not acknowledged a briefing yet." if wait else ""
    heard = seen.sources(seen.picture.run.items) if seen.picture.run else ()
    if all_named and not placed:
        return GapSaid(Gap.NOBODY_PLACED, f"Nobody was placed to look.{briefing}")
    if all_named and _needs_source(seen) and set(placed) <= set(heard):
        return GapSaid(Gap.NOBODY_PLACED, f"Nobody besides {listed(heard)} was placed to look.{briefing}")
    if not placed:
        return GapSaid(Gap.MORE_NEEDED, "More observations are needed.")
    return GapSaid(Gap.MORE_NEEDED, f"More observations are needed. Placed to look: {listed(placed)}.{briefing}")


def _has(agencies: Collection[str]) -> str:
    return "has" if len(agencies) == 1 else "have"


def _needs_source(seen: Seen) -> bool:
    codes = {reason.code for reason in seen.assessed.assessment.reasons}
    return ReasonCode.NEED_SECOND_INDEPENDENT_SOURCE in codes


def _hearing(seen: Seen, coming: NextSaid | None, on: date | None) -> HearingSaid | None:
    """By when something is needed, so that it can be told at the next hearing."""
    if on is None or coming is None:
        return None
    status, hearing = seen.assessed.assessment.status, f"the hearing on {calendar(on)}"
    if status is Status.UNDER_REVIEW:
        return HearingSaid(on, f"The ruling is needed before {hearing}.")
    if status is Status.SUSPENDED:
        return HearingSaid(on, f"The next hearing is on {calendar(on)}.")
    if status in VERIFIED and seen.picture.run is not None:
        return HearingSaid(on, _still(seen, seen.picture.run.last, on))
    if coming.earliest is not None and coming.earliest <= on:
        return HearingSaid(on, f"It can be verified by {hearing}, if what is missing is recorded by then.")
    return HearingSaid(on, upper_first(f"it cannot be verified by {hearing}."))


def _still(seen: Seen, last: int, on: date) -> str:
    """What keeps a verified goal verified until the hearing."""
    fresh = seen.picture.thresholds.fresh
    until = last + fresh
    if on <= seen.day(until):
        return f"What is recorded is still recent at the hearing on {calendar(on)}."
    since = calendar(date.fromordinal(max(1, on.toordinal() - fresh)))
    return f"For the hearing on {calendar(on)} it has to be borne out again on {since} or later."
