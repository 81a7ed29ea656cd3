"""How the deadlines of a case move on when an event arrives, or the calendar changes.

A deadline is never edited: where a corrected trigger, a continued hearing or a court's closure order moves it, the old
one is kept as ``recomputed`` and a new one takes its place (practice.md §4.2 rules 1 and 8).

What is open does not depend on the order in which events arrive, because a fact counts by when it happened: for a late
event, what known later events did is taken back, and they are gone through again after it. What was closed for good
stays closed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.domain.calendars import Venue, local_date, plus_days, start_of_day
from services.domain.deadline_effects import Cancelled, Effect, Met, effect_on, effects_on_open, extra_days
from services.domain.deadline_rules import Again, DeadlineRule, RuleBook, Trigger
from services.domain.deadlines import WHOLE_CASE, Basis, Deadline, State, compute_deadline, drafts_of, facts_of
from services.domain.events import Event

_EARLY_PERIODS = 24
"""How many periods ahead an early report is taken for what it says it is."""

_DONE_WITH = frozenset({State.MET, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Recomputed:
    """``by`` takes the place of ``deadline``, which is kept as history."""

    deadline: Deadline
    by: Deadline

    @property
    def moved(self) -> bool:
        """Whether a date differs. If not, only the event that it rests on is another, which is news to nobody."""
        return _dates(self.deadline) != _dates(self.by)


@dataclass(frozen=True, slots=True)
class Changes:
    """What an event does to the deadlines of its case, in the order in which to write it.

    ``opened`` are new rows, those of ``recomputed`` (``by``) too; ``met`` and ``cancelled`` may close one of them. One
    of ``opened`` may be there already as recomputed: it then stands again.
    """

    opened: tuple[Deadline, ...] = ()
    recomputed: tuple[Recomputed, ...] = ()
    met: tuple[Met, ...] = ()
    cancelled: tuple[Cancelled, ...] = ()


def rules_of(event: Event, book: RuleBook) -> frozenset[str]:
    """The ids of the rules that an event may open, move, meet, cancel or extend a deadline of."""
    return book.touched_by.get(event.type, frozenset()) | {rule.id for rule in book.triggered_by.get(event.type, ())}


def look_back_types(event: Event, book: RuleBook) -> frozenset[str]:
    """The types of known events that matter where they happened later than this event (see ``changes_by``)."""
    rules = rules_of(event, book)
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

    ``deadlines`` are those of the case in every state, at least of the rules of ``rules_of``; ``later`` its other
    accepted events of ``look_back_types`` that happened after this one (nearly always none), in any order.
    """
    rules = rules_of(event, book)
    before = [one for one in deadlines if one.rule_id in rules]
    again = sorted(later, key=lambda one: (one.time, one.id))
    here = _taken_back(before, {one.id for one in again}, book)
    gathering = _Gathering(here, rules, book, venue, now, track)
    for one in (event, *again):
        gathering.apply(one)
    return _difference(before, gathering, event)


def next_opened(
    deadline: Deadline, deadlines: Iterable[Deadline], book: RuleBook, venue: Venue, now: datetime
) -> Changes:
    """What the step ``OpenNext`` of a deadline does: the next of its row opens, unless it is there."""
    before = list(deadlines)
    gathering = _Gathering(before, {deadline.rule_id}, book, venue, now, "")
    gathering.open_following(deadline)
    there = {one.id for one in before}
    return Changes(opened=tuple(one for one in gathering.here if one.id not in there))


def recompute(deadline: Deadline, rule: DeadlineRule, venue: Venue, now: datetime) -> Recomputed | None:
    """What the rule makes of an open deadline today, where its dates differ: a court closed, or the limit was changed.

    None where nothing moved.
    """
    if deadline.state is not State.OPEN:
        return None
    change = Recomputed(deadline, compute_deadline(deadline.basis, rule, venue, now))
    return change if change.moved else None


class _Gathering:
    """The deadlines of a case as they stand by now, while events are gone through in the order of their time."""

    def __init__(
        self,
        here: Iterable[Deadline],
        rules: Collection[str],
        book: RuleBook,
        venue: Venue,
        now: datetime,
        track: str,
    ) -> None:
        self.here, self.rules = list(here), rules
        self.book, self.venue, self.now, self.track = book, venue, now, track
        self.replaced: dict[UUID, tuple[Deadline, Event]] = {}
        self.effects: list[Effect] = []

    def apply(self, event: Event) -> None:
        """Close, extend and open what an event closes, extends and opens. The same event again does nothing."""
        self.meet_ahead(event)
        for effect in effects_on_open(event, self.here, self.book):
            self.close(effect)
        self.extend(event)
        for trigger, draft in drafts_of(event, self.book, self.venue, self.now, track=self.track):
            if draft.rule_id in self.rules:
                self.place(trigger, draft, event)
        for effect in effects_on_open(event, self.here, self.book):
            if effect.deadline.basis.trigger_event_id == event.id:
                self.close(effect)

    def place(self, trigger: Trigger, draft: Deadline, event: Event) -> None:
        """Open a new deadline, or move those that are there, or leave them as they are."""
        rule = self.book.rules[draft.rule_id]
        of_all = trigger.unnamed_is_all and draft.basis.key == WHOLE_CASE
        same = [one for one in self.here if one.rule_id == rule.id and (of_all or one.basis.key == draft.basis.key)]
        standing = [one for one in same if one.state is State.OPEN]
        for old in standing:
            if _moves(draft, old, rule):
                self.replace(old, compute_deadline(_moved(old, draft), rule, self.venue, self.now), event)
        if not standing and not trigger.moves_only and not any(_outdoes(one, draft, rule.again) for one in same):
            self.here.append(draft)

    def extend(self, event: Event) -> None:
        """Give more days to the deadlines that an event extends."""
        facts = facts_of(event)
        for old in [one for one in self.here if one.rule_id in self.book.touched_by.get(event.type, ())]:
            rule = self.book.rules[old.rule_id]
            if (days := extra_days(event, facts, old, rule)) is not None:
                anchor_on = plus_days(local_date(old.basis.anchor, self.venue.zone), days)
                anchor = start_of_day(anchor_on, self.venue.zone)
                basis = replace(old.basis, anchor=anchor, trigger_event_id=event.id, trigger_time=event.time)
                self.replace(old, compute_deadline(basis, rule, self.venue, self.now), event)

    def meet_ahead(self, event: Event) -> None:
        """Where a report comes before its deadline is open: open that one, so that the report meets it."""
        facts = facts_of(event)
        for rule_id in sorted(self.book.touched_by.get(event.type, ())):
            rule = self.book.rules[rule_id]
            if rule.recurs is None or not _by_period(rule):
                continue
            for row in self.rows_going_on(rule_id):
                there = {one.basis.occurrence for one in row}
                for ahead in sorted(set(range(min(there), max(there) + _EARLY_PERIODS)) - there):
                    draft = compute_deadline(replace(row[0].basis, occurrence=ahead), rule, self.venue, self.now)
                    if isinstance(effect_on(event, facts, draft, rule), Met):
                        self.here.append(draft)
                        break

    def rows_going_on(self, rule_id: str) -> list[list[Deadline]]:
        """The rows of recurring deadlines of which at least one is open."""
        rows: dict[tuple[str, datetime], list[Deadline]] = {}
        for one in self.here:
            if one.rule_id == rule_id:
                rows.setdefault((one.basis.key, one.basis.anchor), []).append(one)
        return [row for row in rows.values() if any(one.state is State.OPEN for one in row)]

    def replace(self, old: Deadline, new: Deadline, event: Event) -> None:
        """Put a new deadline in the place of an old one, unless it is the same."""
        if old.id != new.id:
            self.replaced[old.id] = new, event
            self.here[self.here.index(old)] = replace(old, state=State.RECOMPUTED)
            self.here.append(new)

    def close(self, effect: Effect) -> None:
        """Record that a deadline is met or cancelled; what is met may come again."""
        old = effect.deadline
        met = isinstance(effect, Met)
        self.effects.append(effect)
        self.here[self.here.index(old)] = replace(old, state=State.MET if met else State.CANCELLED)
        if isinstance(effect, Met):
            self.open_following(old, effect)

    def open_following(self, deadline: Deadline, met: Met | None = None) -> None:
        """Open the next of a row of recurring deadlines, unless it is there.

        Where ``met`` says what met this one, only later events may meet the next; the month does, where it counts.
        """
        rule = self.book.rules[deadline.rule_id]
        if rule.recurs is None:
            return
        basis = deadline.basis
        if met is not None and not met.of_its_period:
            basis = replace(basis, trigger_event_id=met.event.id, trigger_time=met.event.time)
        if met is not None and rule.recurs.every is None:
            basis = replace(basis, anchor=met.at)
        row = {one.basis.occurrence: one.state for one in self.here if _same_row(one, deadline, basis.anchor)}
        following = basis.occurrence + 1
        if _by_period(rule) and not row.keys() >= set(range(following)):
            return  # met ahead of its time: the next one opens when those before it are over
        while row.get(following, State.OPEN) is not State.OPEN:
            following += 1
        if following not in row:
            basis = replace(basis, occurrence=following)
            self.here.append(compute_deadline(basis, rule, self.venue, self.now))


def _taken_back(deadlines: Collection[Deadline], later: Collection[UUID], book: RuleBook) -> Iterator[Deadline]:
    """The deadlines as they would stand without these events: what they opened is gone, what they closed is open.

    Of several of a thing that they closed, the one that counts by its rule is open again.
    """
    gone = {one.id: one for one in deadlines if one.basis.trigger_event_id in later}
    left = [one for one in deadlines if one.id not in gone]
    again: dict[tuple[str, str, int], Deadline] = {}
    for one in left:
        if one.state is not State.OPEN and one.rule_id in book.rules and _was_open(one, gone, later):
            row = one.rule_id, one.basis.key, one.basis.occurrence
            again[row] = _that_counts(again.get(row, one), one, book.rules[one.rule_id].again)
    reopened = {one.id for one in again.values()}
    for one in left:
        yield replace(one, state=State.OPEN, closed_by=None, superseded_by=None) if one.id in reopened else one


def _was_open(one: Deadline, gone: Mapping[UUID, Deadline], later: Collection[UUID]) -> bool:
    """Whether a deadline would be open without these events: it is, or they closed it and nothing else did since."""
    if one.state is State.OPEN:
        return True
    if one.state is State.RECOMPUTED:
        by = gone.get(one.superseded_by) if one.superseded_by is not None else None
        return by is not None and _was_open(by, gone, later)
    if one.state not in _DONE_WITH or one.closed_by not in later:
        return False
    opened = [new for new in gone.values() if new.basis.trigger_event_id == one.closed_by and _same_thing(new, one)]
    return not opened or any(_was_open(new, gone, later) for new in opened)


def _that_counts(one: Deadline, other: Deadline, again: Again) -> Deadline:
    """Which of two deadlines of the same thing counts where a rule knows only one."""
    match again:
        case Again.KEEP:
            return min(one, other, key=lambda deadline: deadline.basis.trigger_time)
        case Again.REPLACE:
            return max(one, other, key=lambda deadline: deadline.basis.trigger_time)
        case Again.EARLIER:
            return min(one, other, key=lambda deadline: deadline.basis.anchor)


def _difference(before: Iterable[Deadline], gathering: _Gathering, event: Event) -> Changes:
    """What has to be written so that what is stored becomes what was gathered. What was closed stays closed."""
    stored = {one.id: one for one in before}
    after = {one.id: one for one in gathering.here}
    opening = {one.id for one in after.values() if _opens(one, stored.get(one.id))}
    still_open = {one.id for one in stored.values() if one.state is State.OPEN}
    recomputed: list[Recomputed] = []
    ended: list[Cancelled] = []
    for one in after.values():
        if one.state is State.RECOMPUTED and one.id in still_open | opening:
            by, cause = _taken_over(one, gathering, opening)
            if by is None:
                ended.append(Cancelled(_as_opened(one), cause))
            else:
                recomputed.append(Recomputed(_as_opened(one), _as_opened(by)))
    for one in (stored[gone] for gone in sorted(still_open - after.keys())):
        instead = [new for new in after.values() if new.id in opening and _same_thing(new, one)]
        if instead:
            recomputed.append(Recomputed(one, _as_opened(instead[-1])))
        else:
            ended.append(Cancelled(one, event))
    placed = {change.by.id for change in recomputed}
    closable = opening | placed | still_open | {one.id for one in stored.values() if one.state is State.MISSED}
    effects = [effect for effect in gathering.effects if effect.deadline.id in closable]
    return Changes(
        opened=tuple(_as_opened(one) for one in after.values() if one.id in opening - placed),
        recomputed=tuple(recomputed),
        met=tuple(effect for effect in effects if isinstance(effect, Met)),
        cancelled=(*(effect for effect in effects if isinstance(effect, Cancelled)), *ended),
    )


def _opens(gathered: Deadline, stored: Deadline | None) -> bool:
    """Whether a deadline has to be written as a new one, or stands again."""
    if stored is None:
        return True
    return stored.state is State.RECOMPUTED and gathered.state is not State.RECOMPUTED


def _taken_over(old: Deadline, gathering: _Gathering, opening: Collection[UUID]) -> tuple[Deadline | None, Event]:
    """The new deadline that took the place of one, and the event that did it. None where that one is there already."""
    by, cause = gathering.replaced[old.id]
    last = by
    while last.id not in opening and last.id in gathering.replaced:
        last, _ = gathering.replaced[last.id]
    return (last if last.id in opening else None), cause


def _by_period(rule: DeadlineRule) -> bool:
    return any(closing.period for closing in rule.met_by)


def _same_row(one: Deadline, other: Deadline, anchor: datetime) -> bool:
    return _same_thing(one, other) and one.basis.anchor == anchor


def _same_thing(one: Deadline, other: Deadline) -> bool:
    return (one.rule_id, one.basis.key) == (other.rule_id, other.basis.key)


def _as_opened(deadline: Deadline) -> Deadline:
    return replace(deadline, state=State.OPEN)


def _moves(draft: Deadline, old: Deadline, rule: DeadlineRule) -> bool:
    """Whether a further trigger moves a deadline that is open. One that counts from the last time it was met stays."""
    if old.basis.occurrence > 0 and rule.recurs is not None and rule.recurs.every is None:
        return False
    match rule.again:
        case Again.KEEP:
            return draft.basis.trigger_time < old.basis.trigger_time and old.basis.occurrence == 0
        case Again.REPLACE:
            return draft.basis.trigger_time >= old.basis.trigger_time
        case Again.EARLIER:
            return draft.basis.anchor < old.basis.anchor


def _moved(old: Deadline, draft: Deadline) -> Basis:
    """What a deadline is counted from once a further trigger moved it.

    An occurrence that an earlier one's meeting opened is still not met by what came before that.
    """
    basis = replace(old.basis, anchor=draft.basis.anchor)
    if draft.basis.trigger_time < old.basis.trigger_time and old.basis.occurrence > 0:
        return basis
    return replace(basis, trigger_event_id=draft.basis.trigger_event_id, trigger_time=draft.basis.trigger_time)


def _outdoes(old: Deadline, draft: Deadline, again: Again) -> bool:
    """Whether a deadline that is not open shows that a trigger was dealt with, or came too late to count."""
    if old.basis.trigger_event_id == draft.basis.trigger_event_id:
        return True
    return again is Again.REPLACE and old.basis.trigger_time > draft.basis.trigger_time


def _dates(deadline: Deadline) -> tuple[datetime, datetime, datetime]:
    return deadline.raw_due, deadline.rolled_due, deadline.internal_due
