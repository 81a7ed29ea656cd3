"""How the deadlines of a case move on when an event arrives, or the calendar changes.

A deadline is never edited: where a corrected trigger, a continued hearing or a court's closure order moves it, the old
one is kept as ``recomputed`` and a new one takes its place (practice.md §4.2 rules 1 and 8).

The order in which events arrive does not matter, because a fact counts by when it happened: after a late event the
known later ones are gone through again (each leaves alone what it did before), and an older trigger never undoes a
newer one. The one exception: what was cancelled stays cancelled.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from services.domain.calendars import Venue, local_date, plus_days, start_of_day
from services.domain.deadline_effects import Cancelled, Effect, Met, effect_on, effects_on_open, extra_days
from services.domain.deadline_rules import Again, DeadlineRule, RuleBook, Trigger
from services.domain.deadlines import WHOLE_CASE, Deadline, State, compute_deadline, drafts_of, facts_of
from services.domain.events import Event

_EARLY_PERIODS = 24
"""How many periods ahead an early report is taken for what it says it is."""


@dataclass(frozen=True, slots=True)
class Recomputed:
    """``by`` takes the place of ``deadline``, which is kept as history."""

    deadline: Deadline
    by: Deadline


@dataclass(frozen=True, slots=True)
class Changes:
    """What an event does to the deadlines of its case, in the order in which to write it.

    ``opened`` are new rows, those of ``recomputed`` (``by``) too; ``met`` and ``cancelled`` may close one of them.
    """

    opened: tuple[Deadline, ...] = ()
    recomputed: tuple[Recomputed, ...] = ()
    met: tuple[Met, ...] = ()
    cancelled: tuple[Cancelled, ...] = ()


def look_back_types(event: Event, book: RuleBook) -> frozenset[str]:
    """The types of known events that matter where they happened later than this event (see ``changes_by``)."""
    rules = {rule.id for rule in book.triggered_by.get(event.type, ())} | book.touched_by.get(event.type, frozenset())
    closing = {event_type for event_type, touched in book.touched_by.items() if touched & rules}
    return frozenset(closing | {trigger.event_type for rule in rules for trigger in book.rules[rule].triggers})


def changes_by(
    event: Event,
    deadlines: Iterable[Deadline],
    later: Iterable[Event],
    book: RuleBook,
    venue: Venue,
    now: datetime,
    *,
    track: str = "investigation",
) -> Changes:
    """All that an event does to the deadlines of its case.

    ``deadlines`` are those of the case in every state; ``later`` its other accepted events of ``look_back_types`` that
    happened after this one (nearly always none), in any order.
    """
    gathering = _Gathering(list(deadlines), book, venue, now, track)
    gathering.apply(event)
    for known in sorted(later, key=lambda one: (one.time, one.id)):
        gathering.apply(known)
    return gathering.changes()


def next_opened(
    deadline: Deadline, deadlines: Iterable[Deadline], book: RuleBook, venue: Venue, now: datetime
) -> Changes:
    """What the step ``OpenNext`` of a deadline does: the next of its row opens, unless it is there."""
    gathering = _Gathering(list(deadlines), book, venue, now, "")
    gathering.open_following(deadline)
    return gathering.changes()


def recompute(deadline: Deadline, rule: DeadlineRule, venue: Venue, now: datetime) -> Recomputed | None:
    """What the rule makes of an open deadline today, where its dates differ: a court closed, or the limit was changed.

    None where nothing moved.
    """
    if deadline.state is not State.OPEN:
        return None
    again = compute_deadline(deadline.basis, rule, venue, now)
    return None if _dates(again) == _dates(deadline) else Recomputed(deadline, again)


class _Gathering:
    """Changes in the making: the deadlines as they stand by now, and what was done to them."""

    def __init__(self, here: list[Deadline], book: RuleBook, venue: Venue, now: datetime, track: str) -> None:
        self.here, self.book, self.venue, self.now, self.track = here, book, venue, now, track
        self.opened: list[Deadline] = []
        self.recomputed: list[Recomputed] = []
        self.met: list[Met] = []
        self.cancelled: list[Cancelled] = []

    def changes(self) -> Changes:
        """What was gathered."""
        return Changes(tuple(self.opened), tuple(self.recomputed), tuple(self.met), tuple(self.cancelled))

    def apply(self, event: Event) -> None:
        """Close, extend and open what an event closes, extends and opens."""
        self.meet_ahead(event)
        for effect in effects_on_open(event, self.here, self.book):
            self.close(effect)
        self.extend(event)
        for trigger, draft in drafts_of(event, self.book, self.venue, self.now, track=self.track):
            self.place(trigger, draft)
        for effect in effects_on_open(event, self.here, self.book):
            if effect.deadline.basis.trigger_event_id == event.id:
                self.close(effect)

    def place(self, trigger: Trigger, draft: Deadline) -> None:
        """Open a new deadline, or move those that are there, or leave them as they are."""
        rule = self.book.rules[draft.rule_id]
        of_all = trigger.unnamed_is_all and draft.basis.key == WHOLE_CASE
        same = [one for one in self.here if one.rule_id == rule.id and (of_all or one.basis.key == draft.basis.key)]
        standing = [one for one in same if one.state is State.OPEN]
        for old in standing:
            if _moves(draft, old, rule.again):
                basis = replace(draft.basis, key=old.basis.key, occurrence=old.basis.occurrence)
                self.replace(old, compute_deadline(basis, rule, self.venue, self.now))
        if not standing and not trigger.moves_only and not any(_outdoes(one, draft, rule.again) for one in same):
            self.open(draft)

    def extend(self, event: Event) -> None:
        """Give more days to the deadlines that an event extends."""
        facts = facts_of(event)
        for rule_id in sorted(self.book.touched_by.get(event.type, ())):
            rule = self.book.rules[rule_id]
            for old in [one for one in self.here if one.rule_id == rule_id]:
                if (days := extra_days(event, facts, old, rule)) is not None:
                    anchor_on = plus_days(local_date(old.basis.anchor, self.venue.zone), days)
                    anchor = start_of_day(anchor_on, self.venue.zone)
                    basis = replace(old.basis, anchor=anchor, trigger_event_id=event.id, trigger_time=event.time)
                    self.replace(old, compute_deadline(basis, rule, self.venue, self.now))

    def meet_ahead(self, event: Event) -> None:
        """Where a report comes before its deadline is open: open that one, so that the report meets it."""
        facts = facts_of(event)
        for rule_id in sorted(self.book.touched_by.get(event.type, ())):
            rule = self.book.rules[rule_id]
            if rule.recurs is None or not any(closing.period for closing in rule.met_by):
                continue
            for last in self.last_of_rows(rule_id):
                for ahead in range(1, _EARLY_PERIODS + 1):
                    basis = replace(last.basis, occurrence=last.basis.occurrence + ahead)
                    draft = compute_deadline(basis, rule, self.venue, self.now)
                    if isinstance(effect_on(event, facts, draft, rule), Met):
                        self.open(draft)
                        break

    def last_of_rows(self, rule_id: str) -> list[Deadline]:
        """Of each row of recurring deadlines that still goes on, the last that is there."""
        last: dict[tuple[str, datetime], Deadline] = {}
        for one in self.here:
            row = (one.basis.key, one.basis.anchor)
            if one.rule_id == rule_id and (row not in last or last[row].basis.occurrence < one.basis.occurrence):
                last[row] = one
        going_on = {
            (one.basis.key, one.basis.anchor) for one in self.here if one.rule_id == rule_id and one.state is State.OPEN
        }
        return [one for row, one in last.items() if row in going_on]

    def replace(self, old: Deadline, new: Deadline) -> None:
        """Put a new deadline in the place of an old one, if its dates differ."""
        if _dates(old) != _dates(new):
            self.recomputed.append(Recomputed(old, new))
            self.here[self.here.index(old)] = replace(old, state=State.RECOMPUTED)
            self.here.append(new)

    def open(self, deadline: Deadline) -> None:
        """Open a deadline that takes nobody's place."""
        self.opened.append(deadline)
        self.here.append(deadline)

    def close(self, effect: Effect) -> None:
        """Record that a deadline is met or cancelled; what is met may come again."""
        old = effect.deadline
        at = self.here.index(old)
        match effect:
            case Cancelled():
                self.cancelled.append(effect)
                self.here[at] = replace(old, state=State.CANCELLED)
            case Met():
                self.met.append(effect)
                self.here[at] = replace(old, state=State.MET)
                self.open_following(old, None if effect.of_its_period else effect.event)

    def open_following(self, deadline: Deadline, opener: Event | None = None) -> None:
        """Open the next of a row of recurring deadlines, unless it is there. ``opener`` is the event that did it, where

        only later ones may meet the next.
        """
        rule = self.book.rules[deadline.rule_id]
        if rule.recurs is None:
            return
        row = {
            one.basis.occurrence: one.state
            for one in self.here
            if (one.rule_id, one.basis.key, one.basis.anchor) == (rule.id, deadline.basis.key, deadline.basis.anchor)
        }
        following = deadline.basis.occurrence + 1
        while row.get(following, State.OPEN) is not State.OPEN:
            following += 1
        if following in row:
            return
        basis = replace(deadline.basis, occurrence=following)
        if opener is not None:
            basis = replace(basis, trigger_event_id=opener.id, trigger_time=opener.time)
        self.open(compute_deadline(basis, rule, self.venue, self.now))


def _moves(draft: Deadline, old: Deadline, again: Again) -> bool:
    """Whether a further trigger moves a deadline that is open."""
    match again:
        case Again.KEEP:
            return draft.basis.trigger_time < old.basis.trigger_time
        case Again.REPLACE:
            return draft.basis.trigger_time >= old.basis.trigger_time
        case Again.EARLIER:
            return draft.basis.anchor < old.basis.anchor


def _outdoes(old: Deadline, draft: Deadline, again: Again) -> bool:
    """Whether a deadline that is no longer open shows that a trigger was dealt with, or came too late to count."""
    if old.basis.trigger_event_id == draft.basis.trigger_event_id:
        return True
    return again is Again.REPLACE and old.basis.trigger_time > draft.basis.trigger_time


def _dates(deadline: Deadline) -> tuple[datetime, datetime, datetime]:
    return deadline.raw_due, deadline.rolled_due, deadline.internal_due
