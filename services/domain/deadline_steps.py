"""What is done on the way to a deadline and after it: its steps, and when it is next to be looked at.

Steps follow from the rule, the stored dates and when the deadline was opened, so nothing but the deadline is stored.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.domain.calendars import Venue, local_date
from services.domain.deadline_rules import DeadlineRule, Ending
from services.domain.deadlines import Deadline, State, period_of
from services.domain.due_dates import Due, Elapsed
from services.domain.ladders import (
    AT_DUE,
    Action,
    BecomeOverdue,
    CloseMissed,
    CloseReached,
    DeadlineFact,
    Emit,
    Fact,
    OpenNext,
    Rung,
    Step,
    is_before,
    plan_steps,
    told_once,
)


def steps_of(deadline: Deadline, rule: DeadlineRule, venue: Venue) -> tuple[Step, ...]:
    """All that happens on the way of a deadline, in order, if nothing meets it. Counted from when it was opened."""
    due = _due_of(deadline, rule)
    rungs = [*rule.rungs, Rung(AT_DUE, _ending(rule), time())]
    if rule.recurs is not None and rule.recurs.opens_when_due:
        rungs.append(Rung(AT_DUE, OpenNext(), time()))
    calendar = venue.calendars[rule.calendar]
    steps = plan_steps(
        rungs, due, deadline.computed_at, venue.zone, calendar, remind_of_internal=rule.remind_of_internal
    )
    if rule.ending is Ending.OVERDUE:
        return steps
    end = max(deadline.rolled_due, deadline.computed_at)
    return tuple(step for step in steps if step.at <= end)


def steps_due(
    deadline: Deadline, rule: DeadlineRule, venue: Venue, after: datetime | None, now: datetime
) -> tuple[Step, ...]:
    """What is to be done now: the steps later than ``after`` (None: from the first) and not later than ``now``.

    Nothing for a deadline that is not open. Where a check comes late, the same is said to the same role once.
    """
    if deadline.state is not State.OPEN:
        return ()
    steps = steps_of(deadline, rule, venue)
    return told_once(step for step in steps if (after is None or step.at > after) and step.at <= now)


def next_check(deadline: Deadline, rule: DeadlineRule, venue: Venue, after: datetime | None) -> datetime | None:
    """When the next step is due that comes later than ``after`` (None: the first step). None where none is left.

    Each open deadline has one job at that instant, which carries ``after``; when it comes up, ``steps_due`` says what
    is to be done, and the next job is written for ``next_check`` of that moment.
    """
    if deadline.state is not State.OPEN:
        return None
    return next((step.at for step in steps_of(deadline, rule, venue) if after is None or step.at > after), None)


def step_facts(step: Step, deadline: Deadline, rule: DeadlineRule) -> dict[DeadlineFact, Fact]:
    """What an event that a step emits may say of the deadline, on the local day of the step."""
    zone = ZoneInfo(deadline.zone)
    left = (deadline.due_on - local_date(step.at, zone)).days
    return {
        DeadlineFact.KEY: deadline.basis.key,
        DeadlineFact.PERIOD: period_of(deadline, rule),
        DeadlineFact.DUE_ON: deadline.due_on.isoformat(),
        DeadlineFact.ANCHOR_ON: local_date(deadline.basis.anchor, zone).isoformat(),
        DeadlineFact.DAYS_LEFT: max(left, 0),
        DeadlineFact.DAYS_LATE: max(-left, 0),
    }


@dataclass(frozen=True, slots=True)
class Snoozed:
    """Reminders are silent until this instant (UTC)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class SnoozeRefused:
    """Reminders go on. ``reason`` is ``no_reason``, ``not_open`` or ``past_due_date``."""

    reason: str


def snooze(deadline: Deadline, until: datetime, why: str) -> Snoozed | SnoozeRefused:
    """Silence reminders until an instant: only with a reason, and never past the due date (§4.2 rule 7)."""
    if deadline.state is not State.OPEN:
        return SnoozeRefused("not_open")
    if not why.strip():
        return SnoozeRefused("no_reason")
    if until >= deadline.rolled_due:
        return SnoozeRefused("past_due_date")
    return Snoozed(until)


def says_missed(rule: DeadlineRule) -> bool:
    """Whether the system says ``deadline.missed`` of a rule's deadlines: not where it waits for a date, nor where its
    ladder has an alarm of its own.
    """
    own_alarm = any(isinstance(rung.action, Emit) and not is_before(rung.offset) for rung in rule.rungs)
    return rule.ending is not Ending.REACHED and not own_alarm


def _ending(rule: DeadlineRule) -> Action:
    match rule.ending:
        case Ending.OVERDUE:
            return BecomeOverdue(says_missed(rule))
        case Ending.MISSED:
            return CloseMissed(says_missed(rule))
        case Ending.REACHED:
            return CloseReached()


def _due_of(deadline: Deadline, rule: DeadlineRule) -> Due:
    """The stored dates of a deadline as a ``Due``."""
    by_day = not isinstance(rule.limit, Elapsed)
    zone = ZoneInfo(deadline.zone)
    last_instant = timedelta(microseconds=1) if by_day else timedelta(0)
    raw_on, internal_on = (
        local_date(instant - last_instant, zone) for instant in (deadline.raw_due, deadline.internal_due)
    )
    return Due(
        deadline.raw_due, deadline.rolled_due, deadline.internal_due, raw_on, deadline.due_on, internal_on, by_day
    )
