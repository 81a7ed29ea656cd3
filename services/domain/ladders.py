"""What happens on the way to a due date and after it: reminders, alarms, and the end (practice.md §4.2 rule 7).

A rule's ladder is a tuple of ``Rung``: so many days or hours before or after the due date, do this. ``plan_steps``
turns it into ``Step`` values with instants, once for each deadline. Compression for short periods:

- a rung before the due date is left out where it lies before the opening (a reminder: in the first tenth of the time);
- a rung at or after the due date is never lost: where its time is over already, it is done at the opening;
- of several that are done at one moment, the same role is told once, by the last of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.domain.calendars import BusinessCalendar, day_of_month, local_instant, plus_days
from services.domain.due_dates import Due, Limit
from services.domain.predicates import values_at
from services.domain.roles import Role
from services.domain.urgency import Urgency

QUIET_START = 10
"""Reminders in the first tenth of a period say nothing new: the opening has just been told."""

Fact = str | int | bool


class DeadlineFact(StrEnum):
    """What an emitted event may take from the deadline itself."""

    KEY = "key"
    """What the deadline is about, as it stands in the trigger's key field."""
    PERIOD = "period"
    """The calendar month it is about, ``YYYY-MM``."""
    DUE_ON = "due_on"
    ANCHOR_ON = "anchor_on"
    DAYS_LEFT = "days_left"
    """Days from the step to the due date; 0 once that is over."""
    DAYS_LATE = "days_late"
    """Days from the due date to the step; 0 before that."""


@dataclass(frozen=True, slots=True)
class TriggerFact:
    """A field of the payload of the event that opened the deadline, by its dotted path."""

    path: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that the rule itself states."""

    value: Fact


Source = DeadlineFact | TriggerFact | Literal


@dataclass(frozen=True, slots=True)
class Tell:
    """Remind or alert those who hold these roles on the case."""

    roles: tuple[Role, ...]
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class Emit:
    """Say it as an event of the system, which is routed like any other. ``data`` names where each field comes from."""

    event_type: str
    data: tuple[tuple[str, Source], ...]


@dataclass(frozen=True, slots=True)
class OpenTask:
    """Open a coordination task of a kind for whoever holds a role, due within ``limit`` of the step."""

    kind: str
    role: Role
    urgency: Urgency
    limit: Limit


@dataclass(frozen=True, slots=True)
class BecomeOverdue:
    """The last day is over and the thing is not done: the deadline is overdue from now on, and stays open.

    With ``says_missed`` the system says ``deadline.missed``; a ladder with an alarm of its own says that instead.
    """

    says_missed: bool = True


@dataclass(frozen=True, slots=True)
class CloseMissed:
    """The time is over for good: the deadline closes, missed. ``says_missed`` as for ``BecomeOverdue``."""

    says_missed: bool = True


@dataclass(frozen=True, slots=True)
class CloseReached:
    """The date that was waited for has come: the deadline closes, met."""


@dataclass(frozen=True, slots=True)
class OpenNext:
    """The next of a recurring deadline opens, whatever becomes of this one."""


Action = Tell | Emit | OpenTask | BecomeOverdue | CloseMissed | CloseReached | OpenNext


@dataclass(frozen=True, slots=True)
class DayOffset:
    """So many days after the due date (before, where negative), at a local time of the day."""

    days: int
    business: bool = False


@dataclass(frozen=True, slots=True)
class TimeOffset:
    """So long after the due instant (before, where negative)."""

    length: timedelta


@dataclass(frozen=True, slots=True)
class OnDayOfMonth:
    """A day of the month in which it is due."""

    day: int


Offset = DayOffset | TimeOffset | OnDayOfMonth


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of a ladder: when, what, and at which local time of the day (days only)."""

    offset: Offset
    action: Action
    at: time


@dataclass(frozen=True, slots=True)
class Step:
    """A rung of one deadline: what is done at which instant (UTC)."""

    at: datetime
    action: Action


AT_DUE = TimeOffset(timedelta(0))


def plan_steps(
    rungs: Iterable[Rung],
    due: Due,
    opened_at: datetime,
    zone: ZoneInfo,
    calendar: BusinessCalendar,
    *,
    remind_of_internal: bool = False,
) -> tuple[Step, ...]:
    """The steps of a deadline that opened at ``opened_at``, in the order in which they are to be done.

    With ``remind_of_internal``, days before the due date are counted from the agency's own due day.
    """
    quiet_until = opened_at + (due.rolled - opened_at) / QUIET_START
    kept: list[Step] = []
    for rung in rungs:
        at = _instant(rung, due, zone, calendar, remind_of_internal=remind_of_internal)
        if not is_before(rung.offset):
            kept.append(Step(max(at, opened_at), rung.action))
        elif at > (quiet_until if isinstance(rung.action, Tell) else opened_at):
            kept.append(Step(at, rung.action))
    kept.sort(key=lambda step: step.at)
    overdue_at_once = tuple(step for step in kept if step.at <= opened_at)
    return told_once(overdue_at_once) + tuple(kept[len(overdue_at_once) :])


def told_once(steps: Iterable[Step]) -> tuple[Step, ...]:
    """These steps as they are done at one moment: of several that say the same to the same, only the last is left."""
    left: list[Step] = []
    said: set[object] = set()
    for step in reversed(tuple(steps)):
        match step.action:
            case Tell(roles, _):
                new = tuple(role for role in roles if role not in said)
                if new:
                    left.append(replace(step, action=replace(step.action, roles=new)))
                said.update(roles)
            case Emit(event_type, _) | OpenTask(event_type, _, _, _):
                if event_type not in said:
                    left.append(step)
                said.add(event_type)
            case _:
                left.append(step)
    return tuple(reversed(left))


def emitted_data(emit: Emit, facts: Mapping[DeadlineFact, Fact], trigger: Mapping[str, object]) -> dict[str, Fact]:
    """The payload of an event that a step says. A field that the trigger did not have is left out."""
    data: dict[str, Fact] = {}
    for field, source in emit.data:
        match source:
            case Literal(value):
                data[field] = value
            case TriggerFact(path):
                found = next(values_at(trigger, path), None)
                if isinstance(found, str | int):
                    data[field] = found
            case _:
                data[field] = facts[source]
    return data


def is_before(offset: Offset) -> bool:
    """Whether a rung lies before the due date."""
    match offset:
        case DayOffset(days, _):
            return days < 0
        case TimeOffset(length):
            return length < timedelta(0)
        case OnDayOfMonth():
            return True


def _instant(rung: Rung, due: Due, zone: ZoneInfo, calendar: BusinessCalendar, *, remind_of_internal: bool) -> datetime:
    match rung.offset:
        case TimeOffset(length):
            return due.rolled + length
        case OnDayOfMonth(number):
            return local_instant(day_of_month(due.due_on, number), rung.at, zone)
        case DayOffset(days, business):
            day = due.internal_on if remind_of_internal and days <= 0 else due.due_on
            day = calendar.add_business_days(day, days) if business else plus_days(day, days)
            return local_instant(day, rung.at, zone)
