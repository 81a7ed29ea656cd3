"""Due dates: how long something may take, and the instants that follow from it (practice.md §4.2 rules 2 to 6).

Day 0 is excluded and the last day included. A limit of hours begins at its instant and ignores weekends and holidays
unless it says otherwise. A limit of days is over when its last local day is over, so "overdue" begins on the day after
the last day (practice.md, Settled 17).
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.domain.calendars import (
    BusinessCalendar,
    day_of_month,
    end_of_day,
    local_date,
    month_end,
    plus_days,
    plus_months,
    start_of_day,
)


@dataclass(frozen=True, slots=True)
class Elapsed:
    """A length of time from an instant. With ``open_days_only``, time on closed days is not counted (some states)."""

    length: timedelta
    open_days_only: bool = False


@dataclass(frozen=True, slots=True)
class CalendarDays:
    """So many days, open or closed.

    A period shorter than ``open_days_under`` days counts open days only (a court's short-period rule, practice.md §4.2
    rule 3); 0 switches that off.
    """

    count: int
    open_days_under: int = 0


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """So many open days."""

    count: int


@dataclass(frozen=True, slots=True)
class Months:
    """So many calendar months: the same day of the month, clamped to the month's end."""

    count: int


@dataclass(frozen=True, slots=True)
class DayOfNextMonth:
    """A day of the month that follows, clamped to that month's end."""

    day: int


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """The last day of the same month."""


@dataclass(frozen=True, slots=True)
class DaysBefore:
    """So many calendar days counted back from a day, such as a hearing."""

    count: int


DaySpan = CalendarDays | BusinessDays | Months | DayOfNextMonth | MonthEnd | DaysBefore
Limit = Elapsed | DaySpan


class Roll(StrEnum):
    """Where a due day goes that falls on a closed day (practice.md §4.2 rule 3)."""

    NONE = "none"
    FORWARD = "forward"
    BACK = "back"


class Internal(StrEnum):
    """The agency's own due day, by which it wants to be ready."""

    SAME = "same"
    """The due day itself."""
    BACK = "back"
    """The raw due day, or the last open day before it where it is closed."""
    BEFORE = "before"
    """The last open day before the raw due day, always."""


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due. Instants are in UTC, days local.

    ``raw`` is what the limit gives, ``rolled`` the due date that binds, ``internal`` the agency's own, never later than
    ``rolled``. ``by_day`` says that the limit counts days: its instants are then the ends of their local days, at which
    the thing is no longer in time.
    """

    raw: datetime
    rolled: datetime
    internal: datetime
    raw_on: date
    due_on: date
    internal_on: date
    by_day: bool


def compute_due(
    limit: Limit,
    anchor: datetime,
    zone: ZoneInfo,
    calendar: BusinessCalendar,
    roll: Roll = Roll.NONE,
    internal: Internal = Internal.SAME,
) -> Due:
    """When something is due that is counted from an aware instant. A limit of hours never rolls."""
    if isinstance(limit, Elapsed):
        due = _elapse(limit, anchor, zone, calendar)
        day = local_date(due, zone)
        return Due(due, due, due, day, day, day, by_day=False)
    raw_on = due_day(limit, local_date(anchor, zone), calendar)
    due_on = _rolled(raw_on, roll, calendar)
    internal_on = min(due_on, _internal(raw_on, due_on, internal, calendar))
    raw, rolled, own = (end_of_day(day, zone) for day in (raw_on, due_on, internal_on))
    return Due(raw, rolled, own, raw_on, due_on, internal_on, by_day=True)


def task_due(limit: Limit, accepted_at: datetime, zone: ZoneInfo, calendar: BusinessCalendar) -> Due:
    """When a coordination task is due that was put to somebody, or taken on, at an aware instant."""
    return compute_due(limit, accepted_at, zone, calendar)


def due_day(limit: DaySpan, day: date, calendar: BusinessCalendar) -> date:
    """The last day of a limit that is counted from ``day``, before any rolling."""
    match limit:
        case CalendarDays(count, open_days_under) if 0 < count < open_days_under:
            return calendar.add_business_days(day, count)
        case CalendarDays(count, _):
            return plus_days(day, count)
        case BusinessDays(count):
            return calendar.add_business_days(day, count)
        case Months(count):
            return plus_months(day, count)
        case DayOfNextMonth(number):
            return day_of_month(plus_months(day.replace(day=1), 1), number)
        case MonthEnd():
            return month_end(day)
        case DaysBefore(count):
            return plus_days(day, -count)


_COUNTED = re.compile(r"(?P<count>[1-9][0-9]{0,3}) (?P<unit>min|h|CD|BD|months?)")
_WORDED: dict[str, Limit] = {
    "same day": CalendarDays(0),
    "next business day": BusinessDays(1),
    "month end": MonthEnd(),
}


def limit_from_text(text: str) -> Limit | None:
    """The limit that a few words say, as a task's due date is written in policy; None where they say none.

    ``30 min``, ``4 h``, ``30 CD`` (calendar days), ``5 BD`` (business days), ``6 months``, ``same day``,
    ``next business day``, ``month end``.
    """
    if (counted := _COUNTED.fullmatch(text)) is None:
        return _WORDED.get(text)
    count = int(counted["count"])
    match counted["unit"]:
        case "min":
            return Elapsed(timedelta(minutes=count))
        case "h":
            return Elapsed(timedelta(hours=count))
        case "CD":
            return CalendarDays(count)
        case "BD":
            return BusinessDays(count)
        case _:
            return Months(count)


def _rolled(day: date, roll: Roll, calendar: BusinessCalendar) -> date:
    match roll:
        case Roll.NONE:
            return day
        case Roll.FORWARD:
            return calendar.next_open(day)
        case Roll.BACK:
            return calendar.previous_open(day)


def _internal(raw_on: date, due_on: date, internal: Internal, calendar: BusinessCalendar) -> date:
    match internal:
        case Internal.SAME:
            return due_on
        case Internal.BACK:
            return calendar.previous_open(raw_on)
        case Internal.BEFORE:
            return calendar.add_business_days(raw_on, -1)


def _elapse(limit: Elapsed, anchor: datetime, zone: ZoneInfo, calendar: BusinessCalendar) -> datetime:
    if not limit.open_days_only:
        return anchor + limit.length
    left, at = limit.length, anchor
    while True:
        day = local_date(at, zone)
        if not calendar.is_open(day):
            at = start_of_day(calendar.next_open(day), zone)
            continue
        over = end_of_day(day, zone)
        if left <= over - at:
            return at + left
        left, at = left - (over - at), over
