"""What would count next: how many observations are still missing, over how many days, and when it can be enough.

It is found by looking once more as if the behaviour were seen today by somebody outside the family: whatever the run
that comes of it lacks is what is missing, by the rules of verification.md §3 and §4 and no others.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from services.domain.evidence import Basis, Direction, Evidence, ObserverRole, Weight
from services.domain.explained import NextSaid
from services.domain.explained_evidence import Seen
from services.domain.goal_views import VERIFIED
from services.domain.goal_words import calendar, counted, listed
from services.domain.status import Status
from services.domain.verification import Picture, Run, look, shortfalls

_SEEN_TODAY: Final = "\0today"
"""The id and the group of the observation that is only supposed: no sender can give such a name."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing, counted; ``earliest`` is the first day of the goal on which it could be enough. ``begun`` says
    that what was observed so far still counts towards it.
    """

    begun: bool
    sources: int
    outside: bool
    observations: int
    opportunities: int
    days: int
    earliest: int


def what_is_missing(picture: Picture) -> Missing:
    """What a goal still lacks, from the day of the picture on, if nothing speaks against it."""
    thresholds, contradicted_on = picture.thresholds, picture.contradicted_on
    first = picture.as_of if contradicted_on is None else max(picture.as_of, contradicted_on + 1)
    run = _supposed(picture, first)
    real = [one for one in run.items if one[0].id != _SEEN_TODAY]
    sources = max(0, thresholds.groups - len({item.group for item, _ in real}))
    observations = max(1, sources, thresholds.observations - sum(item.count for item, _ in real))
    opportunities = thresholds.opportunities - run.opportunities if picture.goal.asks_for_opportunity else 0
    days = max(0, thresholds.period(picture.goal.kind) - run.span)
    held = first if contradicted_on is None else contradicted_on + thresholds.contradiction_holds
    return Missing(
        begun=bool(real),
        sources=sources,
        outside=all(weight is not Weight.A for _, weight in real),
        observations=observations,
        opportunities=max(0, opportunities),
        days=days,
        earliest=max(first + days, held),
    )


def _supposed(picture: Picture, day: int) -> Run:
    """The newest run, if somebody outside the family saw the behaviour on this day."""
    seen = Evidence(
        id=_SEEN_TODAY,
        basis=Basis.DIRECT,
        observer=ObserverRole.PROFESSIONAL,
        group=_SEEN_TODAY,
        start=day,
        end=day,
        direction=Direction.SUPPORT,
        recorded=picture.as_of,
    )
    known = (item for item, _ in picture.considered)
    run = look(picture.goal, (*known, seen), day, "", picture.thresholds).run
    if run is None:
        raise ValueError("what is supposed to be seen makes a run")
    return run


def next_said(seen: Seen) -> NextSaid | None:
    """What would count next, in words; None for a closed goal."""
    status = seen.assessed.assessment.status
    if status is Status.CLOSED:
        return None
    kinds = _kinds(seen)
    if status in VERIFIED and seen.picture.run is not None:
        return NextSaid(says=_kept(seen, seen.picture.run), kinds=kinds)
    if _only_ruling(seen):
        return NextSaid(says=("Nothing more needs to be seen: a supervisor's ruling is missing.",), kinds=kinds)
    missing = what_is_missing(seen.picture)
    unsure = status in _UNSURE or seen.picture.goal.hold
    earliest = None if unsure else seen.day(missing.earliest)
    return NextSaid(
        says=_sentences(seen, missing, earliest),
        kinds=kinds,
        sources=missing.sources,
        outside=missing.outside,
        observations=missing.observations,
        opportunities=missing.opportunities,
        days=missing.days,
        earliest=earliest,
    )


_UNSURE: Final = frozenset({Status.UNDER_REVIEW, Status.SUSPENDED})
"""When the goal can be verified depends on a ruling, or on when there is an opportunity again; so it does on a hold."""


def _only_ruling(seen: Seen) -> bool:
    """Whether a ruling is all that is in the way: but for it the goal would be verified."""
    picture, run = seen.picture, seen.picture.run
    if seen.assessed.assessment.status is not Status.UNDER_REVIEW or run is None:
        return False
    recent = picture.as_of - run.last <= picture.thresholds.fresh
    return recent and not shortfalls(picture.goal, run, picture.thresholds)


def _kept(seen: Seen, run: Run) -> tuple[str, ...]:
    last = seen.day(run.last + seen.picture.thresholds.fresh)
    again = f"To stay verified it has to be borne out again by {calendar(last)}."
    waiver = seen.picture.goal.waiver
    if seen.assessed.assessment.status is not Status.VERIFIED_BY_WAIVER or waiver is None:
        return (again,)
    return again, f"The rest of the required time has to be borne out by {calendar(seen.day(waiver.expires))}."


def _sentences(seen: Seen, missing: Missing, earliest: date | None) -> tuple[str, ...]:
    again = "more observation" if missing.begun else "observation"
    says = [f"{counted(missing.observations, again)}{_from_new(missing)}."]
    if missing.outside:
        says.append("One of them at least has to come from outside the family, seen directly or on official record.")
    if missing.opportunities:
        days = counted(missing.opportunities, "more recorded day" if missing.begun else "recorded day")
        says.append(f"{days} with a real chance to do otherwise.")
    if missing.days:
        more = "more days" if missing.begun else "days"
        says.append(f"Over {missing.days} {more}, with no hole of more than {seen.picture.thresholds.max_gap} days.")
    if earliest is not None:
        says.append(f"It can be verified on {calendar(earliest)} at the earliest.")
    return tuple(says)


def _from_new(missing: Missing) -> str:
    if not missing.sources:
        return ""
    other = "other independent source" if missing.begun else "independent source"
    return f", from at least {counted(missing.sources, other).lower()}"


def _kinds(seen: Seen) -> tuple[str, ...]:
    if seen.assessed.state.goal.speech:
        return ("What the person says, as somebody heard it who is trained or neutral.",)
    alone = listed(("the person's own word", "attendance", "a certificate", "an opinion"), between="or")
    return (
        "What somebody trained or neutral saw.",
        "What was recorded for another purpose.",
        f"Never {alone}.",
    )
