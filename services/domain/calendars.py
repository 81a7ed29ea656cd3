"""Open and closed days, and the bounds of a local day (practice.md §4.2 rules 2, 3, 5 and 6).

A business day is a day on which an office is open: neither in its weekend nor among its closed days. Days are dates of
the office's own place; instants come in only through ``start_of_day`` and ``end_of_day``, which know daylight saving.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SATURDAY, SUNDAY = 5, 6
DAYS_IN_WEEK = 7
FIRST_DAY = date(1000, 1, 1)
LAST_DAY = date(9000, 1, 1)
"""Day arithmetic stops at these two days: an absurd date in a payload gives an absurd due date, never a failure."""


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """The open days of one office. ``weekend`` holds weekdays (Monday is 0); ``closed`` holidays and closures.

    Beyond the years for which ``closed`` was filled, only weekends are closed.
    """

    id: str
    weekend: frozenset[int] = frozenset({SATURDAY, SUNDAY})
    closed: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if not self.weekend < frozenset(range(DAYS_IN_WEEK)):
            raise ValueError("weekend: must leave at least one day of the week open, Monday being 0")

    def is_open(self, day: date) -> bool:
        """Whether the office is open on this day."""
        return day.weekday() not in self.weekend and day not in self.closed

    def next_open(self, day: date) -> date:
        """This day if it is open, otherwise the first open day after it."""
        while not self.is_open(day):
            day = plus_days(day, 1)
        return day

    def previous_open(self, day: date) -> date:
        """This day if it is open, otherwise the last open day before it."""
        while not self.is_open(day):
            day = plus_days(day, -1)
        return day

    def add_business_days(self, day: date, count: int) -> date:
        """The ``count``-th open day after ``day`` (before it, where negative). Day 0 is not counted, open or closed.

        A count of 0 gives ``day`` itself, which may be closed.
        """
        step = 1 if count > 0 else -1
        for _ in range(abs(count)):
            day = plus_days(day, step)
            while not self.is_open(day):
                day = plus_days(day, step)
        return day

    def business_days_between(self, after: date, until: date) -> int:
        """How many open days lie after ``after`` up to and including ``until``; negative where ``until`` is earlier."""
        if until < after:
            return -self.business_days_between(until, after)
        span = (until - after).days
        return sum(self.is_open(after + timedelta(days=offset)) for offset in range(1, span + 1))

    def with_closures(self, days: Iterable[date]) -> "BusinessCalendar":
        """This calendar with further closed days, as by a court's closure order."""
        return replace(self, closed=self.closed | frozenset(days))


@dataclass(frozen=True, slots=True)
class Venue:
    """How time is counted where a case is heard: its county's zone, and the calendar of each kind of office there."""

    county: str
    zone: ZoneInfo
    calendars: Mapping[str, BusinessCalendar]


def plus_days(day: date, count: int) -> date:
    """The day ``count`` calendar days later (earlier, where negative), held within the bounds above."""
    if count > (LAST_DAY - day).days:
        return LAST_DAY
    if count < (FIRST_DAY - day).days:
        return FIRST_DAY
    return day + timedelta(days=count)


def plus_months(day: date, count: int) -> date:
    """The same day of the month ``count`` months later, clamped to the month's end (31 January + 1 = 28 February)."""
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    if year >= LAST_DAY.year:
        return LAST_DAY
    if year < FIRST_DAY.year:
        return FIRST_DAY
    return day_of_month(date(year, month + 1, 1), day.day)


def day_of_month(month_of: date, day: int) -> date:
    """Day ``day`` (1 to 31) of the month that holds ``month_of``, clamped to the month's end."""
    return month_of.replace(day=min(day, month_end(month_of).day))


def month_end(day: date) -> date:
    """The last day of the month that holds ``day``."""
    first_of_next = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    return first_of_next - timedelta(days=1)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day on which an aware instant falls in a zone."""
    return instant.astimezone(zone).date()


def local_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, of a local clock time on a day.

    A time that daylight saving leaves out (02:30 in spring) becomes the instant as far after the gap as the time lies
    after the gap's beginning (03:30); one that comes twice is the first of the two (PEP 495, ``fold=0``).
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant, in UTC, of a local day."""
    return local_instant(day, time(), zone)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which a local day is over: the first instant of the next day."""
    return start_of_day(day + timedelta(days=1), zone)
