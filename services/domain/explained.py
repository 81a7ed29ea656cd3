"""An explanation of a goal's status, as values: a sentence, reasons with what is behind them, and what comes next.

`explain` makes it. It holds fixed sentences with names of agencies and days of the calendar, and nothing of what a case
tells.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.domain.status import ReasonCode, Status


@dataclass(frozen=True, slots=True)
class ReasonSaid:
    """A reason in plain words. ``items`` are the ids of the observations behind it, ``on`` the day that it names."""

    code: ReasonCode
    says: str
    items: tuple[str, ...] = ()
    on: date | None = None


class Part(StrEnum):
    """What an observation does to the status, in this view."""

    COUNTS = "counts"
    AGAINST = "against"
    LAPSE = "lapse"
    CONTEXT = "context"
    OWN_WORD = "own_word"
    DISPUTED = "disputed"
    UNCONFIRMED = "unconfirmed"
    BEFORE_CONTRADICTION = "before_contradiction"
    BEFORE_GAP = "before_gap"
    OUT_OF_REACH = "out_of_reach"
    """A check that found nothing, over days of which nobody saw anything."""


@dataclass(frozen=True, slots=True)
class ItemSaid:
    """One observation that was considered, without what it tells. ``event_id`` is the event that brought it."""

    id: str
    event_id: str
    first: date
    last: date
    source: str
    basis: str
    part: Part


@dataclass(frozen=True, slots=True)
class NextSaid:
    """What would count next. The numbers are what is still missing, 0 where nothing is; ``days`` how much longer the
    behaviour must have been seen, ``earliest`` the first day on which the goal could be verified, where that can be
    said. ``kinds`` are the kinds of observation that count.
    """

    says: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    sources: int = 0
    outside: bool = False
    observations: int = 0
    opportunities: int = 0
    days: int = 0
    earliest: date | None = None


@dataclass(frozen=True, slots=True)
class ObserverSaid:
    """A kind of observer who could see the behaviour: the agencies of the case that are ``placed`` to, and those that
    ``wait`` for their briefing.
    """

    kind: str
    words: str
    placed: tuple[str, ...] = ()
    wait: tuple[str, ...] = ()


class Gap(StrEnum):
    """Whose gap it is that a goal is not verified (verification.md §5, Explain)."""

    NOBODY_PLACED = "nobody_placed"
    """Nobody was placed to look."""
    LOOKED = "looked"
    """Somebody looked, and it was not there."""
    ONLY_TIME = "only_time"
    """Only time is missing."""
    MORE_NEEDED = "more_needed"
    """Somebody is placed to look; more from them is needed."""
    RULING = "ruling"
    """A supervisor must rule first."""
    NO_OPPORTUNITY = "no_opportunity"
    """At present nobody could see anything: there is no opportunity."""


@dataclass(frozen=True, slots=True)
class GapSaid:
    """Whose gap it is, and the sentence that says so."""

    gap: Gap
    says: str


@dataclass(frozen=True, slots=True)
class HearingSaid:
    """By when something is needed: the next hearing, and what is needed until then."""

    on: date
    says: str


@dataclass(frozen=True, slots=True)
class LastSaid:
    """What a closed goal was when it was closed."""

    status: Status
    says: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a goal is where it is, in one view, and what comes next. ``banner`` says that a review is required;
    ``next``, ``gap`` and ``hearing`` are None where nothing is missing or the goal is closed.
    """

    status: Status
    says: str
    reasons: tuple[ReasonSaid, ...] = ()
    items: tuple[ItemSaid, ...] = ()
    next: NextSaid | None = None
    observers: tuple[ObserverSaid, ...] = ()
    gap: GapSaid | None = None
    hearing: HearingSaid | None = None
    banner: str | None = None
    last: LastSaid | None = None
