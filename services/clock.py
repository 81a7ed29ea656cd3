"""The only clock. Everything that decides takes ``now`` as an argument and gets it from here."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Gives the business time: an aware datetime in UTC."""


def machine_clock() -> datetime:
    """The time of this machine, in UTC."""
    return datetime.now(UTC)


def shifted_clock(offset: timedelta) -> Clock:
    """A clock that runs at the machine's pace, ``offset`` away from it: the demo lives at the end of its story."""

    def read() -> datetime:
        return machine_clock() + offset

    return read


class StoryClock:
    """A clock that stands still until it is told to move on; never moves back. For replays and tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Move on to ``instant``; an earlier one leaves the clock where it is."""
        self._now = max(self._now, instant)
