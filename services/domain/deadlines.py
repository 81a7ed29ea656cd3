"""Deadlines as values: what opens one, and when it is due (practice.md §4).

Rules are data (``deadline_rules``). A deadline is never edited: ``deadline_changes`` says how the set of a case's
deadlines moves on, and keeps the old ones. ``deadline_steps`` says what is done on the way to a due date.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from services.domain.calendars import Venue, local_date, plus_days, plus_months, start_of_day
from services.domain.deadline_rules import DeadlineRule, Recurrence, RuleBook, Trigger
from services.domain.due_dates import CalendarDays, Due, Months, Roll, compute_due, due_day
from services.domain.events import Event
from services.domain.ids import beside
from services.domain.predicates import holds, values_at

WHOLE_CASE = ""
"""The key of a deadline that is about the case itself."""


class State(StrEnum):
    """Where a deadline stands."""

    OPEN = "open"
    MET = "met"
    MISSED = "missed"
    """Its time is over for good. A deadline that is overdue but can still be met is open."""
    CANCELLED = "cancelled"
    RECOMPUTED = "recomputed"
    """Another took its place; kept as history."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a deadline is computed from.

    ``anchor`` is the instant from which time is counted (for a day, its beginning), the same for every ``occurrence``
    (0, 1, 2 …) of a recurring one; ``trigger_time`` is when the opening event happened.
    """

    case_id: UUID
    trigger_event_id: UUID
    trigger_time: datetime
    key: str
    anchor: datetime
    occurrence: int = 0


@dataclass(frozen=True, slots=True)
class Deadline:
    """One due date of one case, as it is stored (§4.2 rule 1). Instants are aware and in UTC; days local to ``zone``.

    A due date that counts days has the end of its local day as its instant. ``computed_at`` is when this deadline was
    opened; ``id`` follows from the trigger, the case, the rule, the key and the dates, so opening it twice opens one.
    ``closed_by`` is the event that met or cancelled it, ``superseded_by`` the deadline that took its place.
    """

    id: UUID
    rule_id: str
    rule_version: str
    basis: Basis
    raw_due: datetime
    rolled_due: datetime
    internal_due: datetime
    due_on: date
    roll_policy: Roll
    calendar_id: str
    zone: str
    computed_at: datetime
    state: State = State.OPEN
    closed_by: UUID | None = None
    superseded_by: UUID | None = None


def compute(rule: DeadlineRule, anchor: datetime, venue: Venue, occurrence: int = 0) -> Due:
    """When the ``occurrence``-th deadline of a rule is due that is counted from an anchor (an aware instant)."""
    limit, base = rule.limit, anchor
    match limit, rule.recurs:
        case Months(count), Recurrence(Months(every), _):
            limit = Months(count + every * occurrence)  # in one step, so that month ends do not drift
        case _, Recurrence(Months() | CalendarDays(), _) if occurrence:
            base = start_of_day(_base_day(rule, local_date(anchor, venue.zone), occurrence), venue.zone)
    return compute_due(limit, base, venue.zone, venue.calendars[rule.calendar], rule.roll, rule.internal)


def facts_of(event: Event) -> Mapping[str, object]:
    """What a rule may read of an event.

    That is the payload, and of the envelope ``event.time``, ``event.recorded``, ``event.emitter`` (the role) and
    ``event.agency`` (the id of the agency).
    """
    envelope = {
        "time": event.time.isoformat(),
        "recorded": event.recorded.isoformat(),
        "emitter": event.emitter.value,
        "agency": str(event.agency_id),
    }
    return {**event.data, "event": envelope}


def keys_of(facts: Mapping[str, object], fields: Iterable[str]) -> tuple[str, ...]:
    """What an event is about: each value of the first field that is there, once. With none, the case itself."""
    for field in fields:
        if found := tuple(dict.fromkeys(str(value) for value in values_at(facts, field))):
            return found
    return (WHOLE_CASE,)


def instant_at(facts: Mapping[str, object], fields: Iterable[str], zone: ZoneInfo) -> datetime | None:
    """The instant (UTC) in the first of these fields that is there. A day or a month stands for its beginning."""
    for field in fields:
        text = next((value for value in values_at(facts, field) if isinstance(value, str)), None)
        if text is None:
            continue
        if len(text) == len("2025-01"):
            text += "-01"
        if len(text) == len("2025-01-18"):
            return start_of_day(date.fromisoformat(text), zone)
        return datetime.fromisoformat(text).astimezone(UTC)
    return None


def anchor_of(trigger: Trigger, facts: Mapping[str, object], rule: DeadlineRule, venue: Venue) -> datetime | None:
    """The instant (UTC) from which a trigger counts; None where the event has none of the fields that it names."""
    found = instant_at(facts, trigger.anchor, venue.zone)
    if found is None or not trigger.start:
        return found
    day = local_date(found, venue.zone)
    for span in trigger.start:
        day = due_day(span, day, venue.calendars[rule.calendar])
    return start_of_day(day, venue.zone)


def openings_of(
    event: Event, facts: Mapping[str, object], book: RuleBook, venue: Venue, *, track: str = "investigation"
) -> Iterator[tuple[Trigger, DeadlineRule, Basis]]:
    """What each rule makes of an event by its first trigger that holds, for each key: from what a deadline would be
    computed. ``facts`` are those of the event. An event of no case: nothing.
    """
    if event.case_id is None:
        return
    for rule in book.triggered_by.get(event.type, ()):
        for trigger in rule.triggers if track in rule.tracks else ():
            if trigger.event_type != event.type or not holds(trigger.when, facts):
                continue
            if (anchor := anchor_of(trigger, facts, rule, venue)) is None:
                continue
            for key in keys_of(facts, trigger.key):
                yield trigger, rule, Basis(event.case_id, event.id, event.time, key, anchor)
            break


def deadlines_opened_by(
    event: Event, book: RuleBook, venue: Venue, now: datetime, *, track: str = "investigation"
) -> tuple[Deadline, ...]:
    """The deadlines that an event opens where there are none yet: one for each rule and key.

    What it does to deadlines that are there: ``deadline_changes.changes_by``.
    """
    openings = openings_of(event, facts_of(event), book, venue, track=track)
    return tuple(
        compute_deadline(basis, rule, venue, now) for trigger, rule, basis in openings if not trigger.moves_only
    )


def compute_deadline(basis: Basis, rule: DeadlineRule, venue: Venue, now: datetime) -> Deadline:
    """The deadline that a rule makes of a basis today, open."""
    due = compute(rule, basis.anchor, venue, basis.occurrence)
    dates = "|".join(instant.isoformat() for instant in (due.raw, due.rolled, due.internal))
    return Deadline(
        id=beside(basis.trigger_event_id, f"{basis.case_id}|{rule.id}|{basis.key}|{basis.occurrence}|{dates}"),
        rule_id=rule.id,
        rule_version=rule.version,
        basis=basis,
        raw_due=due.raw,
        rolled_due=due.rolled,
        internal_due=due.internal,
        due_on=due.due_on,
        roll_policy=rule.roll,
        calendar_id=venue.calendars[rule.calendar].id,
        zone=venue.zone.key,
        computed_at=now,
    )


def period_of(deadline: Deadline, rule: DeadlineRule) -> str:
    """The calendar month (``YYYY-MM``) that an occurrence is about: that of its anchor."""
    zone = ZoneInfo(deadline.zone)
    return f"{_base_day(rule, local_date(deadline.basis.anchor, zone), deadline.basis.occurrence):%Y-%m}"


def is_overdue(deadline: Deadline, now: datetime) -> bool:
    """Whether it is open and its last moment is over. For days: from the day after the last day (Settled 17)."""
    return deadline.state is State.OPEN and now >= deadline.rolled_due


def overdue_since(deadline: Deadline) -> date:
    """The first local day on which it is overdue if it is not met: for days, the day after the last day."""
    return local_date(deadline.rolled_due, ZoneInfo(deadline.zone))


def days_late(deadline: Deadline, at: datetime) -> int:
    """By how many local days an instant lies after the due date; 0 where it does not."""
    return max((local_date(at, ZoneInfo(deadline.zone)) - deadline.due_on).days, 0)


def _base_day(rule: DeadlineRule, anchor_on: date, occurrence: int) -> date:
    match rule.recurs:
        case Recurrence(Months(count), _):
            return plus_months(anchor_on, count * occurrence)
        case Recurrence(CalendarDays(count, _), _):
            return plus_days(anchor_on, count * occurrence)
        case _:
            return anchor_on
