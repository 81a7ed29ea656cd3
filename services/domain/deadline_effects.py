"""What an event does to deadlines that are there: meet them, cancel them, or give them more days."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.domain.calendars import local_date
from services.domain.deadline_rules import Closing, DeadlineRule, Extension
from services.domain.deadlines import WHOLE_CASE, Deadline, State, days_late, instant_at, keys_of, period_of
from services.domain.events import Event
from services.domain.predicates import holds, values_at


@dataclass(frozen=True, slots=True)
class Met:
    """A deadline is met by an event; it was done at ``at``, ``late_by`` local days after the due date (0: in time).

    ``late`` is true as well where the limit counts hours and was missed within the same day. ``of_its_period`` says
    that the event was matched by its month.
    """

    deadline: Deadline
    event: Event
    at: datetime
    late: bool
    late_by: int
    of_its_period: bool


@dataclass(frozen=True, slots=True)
class Cancelled:
    """An event made a deadline moot."""

    deadline: Deadline
    event: Event


Effect = Met | Cancelled


def effects_on_open(
    event: Event, facts: Mapping[str, object], deadlines: Iterable[Deadline], rules: Mapping[str, DeadlineRule]
) -> tuple[Effect, ...]:
    """Which of these deadlines of its case an event meets or cancels. ``facts`` are those of the event.

    One that was closed as missed is met all the same by what was done in time and only told late. An event that
    happened before a deadline's trigger does nothing to it.
    """
    effects = (effect_on(event, facts, one, rules[one.rule_id]) for one in deadlines)
    return tuple(effect for effect in effects if effect is not None)


def effect_on(event: Event, facts: Mapping[str, object], deadline: Deadline, rule: DeadlineRule) -> Effect | None:
    """What an event does to one deadline: meet it, cancel it, or nothing."""
    basis = deadline.basis
    if deadline.state not in {State.OPEN, State.MISSED} or event.case_id != basis.case_id:
        return None
    if event.time < basis.trigger_time:
        return None
    is_trigger = event.id == basis.trigger_event_id
    for closing in rule.met_by:
        if is_trigger == closing.itself and _closes(closing, event, facts, deadline, rule):
            met = _met(closing, event, facts, deadline)
            return met if deadline.state is State.OPEN or not met.late else None
    if is_trigger or (deadline.state is State.MISSED and event.time >= deadline.rolled_due):
        return None
    if any(_closes(closing, event, facts, deadline, rule) for closing in rule.cancelled_by):
        return Cancelled(deadline, event)
    return None


def _met(closing: Closing, event: Event, facts: Mapping[str, object], deadline: Deadline) -> Met:
    at = instant_at(facts, closing.at, ZoneInfo(deadline.zone)) or event.time
    late_by = days_late(deadline, at)
    return Met(deadline, event, at, late_by > 0 or at > deadline.rolled_due, late_by, bool(closing.period))


def _closes(
    closing: Closing, event: Event, facts: Mapping[str, object], deadline: Deadline, rule: DeadlineRule
) -> bool:
    if closing.event_type != event.type or not holds(closing.when, facts):
        return False
    if not closing.any_key and not _concerns(facts, closing.key, deadline, unnamed_is_all=closing.unnamed_is_all):
        return False
    zone = ZoneInfo(deadline.zone)
    if closing.same_day is not None:
        day = instant_at(facts, (closing.same_day,), zone)
        return day is not None and local_date(day, zone) == local_date(deadline.basis.anchor, zone)
    return not closing.period or _month_of(facts, closing.period, zone) == period_of(deadline, rule)


def _concerns(facts: Mapping[str, object], key: Sequence[str], deadline: Deadline, *, unnamed_is_all: bool) -> bool:
    keys = keys_of(facts, key)
    return deadline.basis.key in keys or (unnamed_is_all and keys == (WHOLE_CASE,))


def _month_of(facts: Mapping[str, object], fields: Iterable[str], zone: ZoneInfo) -> str | None:
    found = instant_at(facts, fields, zone)
    return None if found is None else f"{local_date(found, zone):%Y-%m}"


def extra_days(event: Event, facts: Mapping[str, object], deadline: Deadline, rule: DeadlineRule) -> int | None:
    """The further days that an event gives to a deadline; None where it gives none, or has done so already."""
    basis = deadline.basis
    if deadline.state is not State.OPEN or event.id == basis.trigger_event_id or event.time < basis.trigger_time:
        return None
    for extension in rule.extended_by:
        if _extends(extension, event, facts, deadline):
            return next((value for value in values_at(facts, extension.days) if isinstance(value, int)), None)
    return None


def _extends(extension: Extension, event: Event, facts: Mapping[str, object], deadline: Deadline) -> bool:
    return (
        extension.event_type == event.type
        and holds(extension.when, facts)
        and _concerns(facts, extension.key, deadline, unnamed_is_all=extension.unnamed_is_all)
    )
