"""When a message that was not taken is tried again, and when that is given up (ARCHITECTURE.md §4 step 10).

Two schedules: the example of the Standard Webhooks specification (three days) for what can wait, and the urgent ladder
(seconds at first, then every half minute for a quarter of an hour, then every half hour for a day) for U0. Waits are
spread by ± 50 %, so that a receiver that comes back is not met by everything at once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.urgency import Lane, Urgency, lane_of

_MINUTE, _HOUR = 60, 3_600

WEBHOOK_WAITS = (5, 5 * _MINUTE, 30 * _MINUTE, *(hours * _HOUR for hours in (2, 5, 10, 14, 20, 24)))
"""Seconds between the attempts of a message that can wait: ten attempts in some 76 hours."""

_QUICK = (2, 5, 10, 20)
_HALF_MINUTES = (15 * _MINUTE - sum(_QUICK)) // 30
URGENT_WAITS = (*_QUICK, *(30,) * _HALF_MINUTES, *(30 * _MINUTE,) * 48)
"""Seconds between the attempts of an urgent message: a quarter of an hour of quick ones, then a day of slow ones."""

_SPREAD = 0.5
_PATIENCE = 2
"""A receiver that asks us to wait may at most double the wait, so that no answer of its silences an alert."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The receiver did not take it this time. ``retry_after`` is the wait that it asked for, in seconds."""

    code: str
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class NeverTaken:
    """The receiver, or a rule of ours, says never: 410 Gone, an address that is not allowed."""

    code: str


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Try once more at this instant, with the same id."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No more attempts. ``reason`` is ``refused`` or ``exhausted``."""

    reason: str


def decide(
    outcome: NotTaken | NeverTaken, attempts: int, urgency: Urgency, now: datetime, jitter: float
) -> TryAgain | GiveUp:
    """What follows an attempt that failed.

    ``attempts`` counts those made so far, this one among them (from 1); ``now`` is when this one ended, an aware
    instant; ``jitter`` a random number from 0 to 1. A wait that the receiver asks for is kept between once and twice
    the wait of the schedule.
    """
    if isinstance(outcome, NeverTaken):
        return GiveUp("refused")
    waits = URGENT_WAITS if lane_of(urgency) is Lane.URGENT else WEBHOOK_WAITS
    if attempts > len(waits):
        return GiveUp("exhausted")
    wait = waits[attempts - 1]
    if outcome.retry_after is not None:
        return TryAgain(now + timedelta(seconds=min(max(outcome.retry_after, wait), wait * _PATIENCE)))
    return TryAgain(now + timedelta(seconds=wait * (1 - _SPREAD + 2 * _SPREAD * jitter)))
