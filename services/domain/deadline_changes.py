"""How the deadlines of a case move on when an event arrives, or the calendar changes.

A deadline is never edited: where a corrected trigger, a continued hearing or a court's closure order moves it, the old
one is kept as ``recomputed`` and a new one takes its place (practice.md §4.2 rules 1 and 8).

What is open does not depend on the order in which events arrive, because a fact counts by when it happened: for a late
event, what known later events did is taken back, and they are gone through again after it. What was closed for good
stays closed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.domain.calendars import Venue, local_date, plus_days, start_of_day
from services.domain.deadline_effects import Cancelled, Effect, Met, effect_on, effects_on_open, extra_days
from services.domain.deadline_rules import Again, DeadlineRule, RuleBook, Trigger
from services.domain.deadline_set import DeadlineSet
from services.domain.deadlines import WHOLE_CASE, Basis, Deadline, State, compute_deadline, facts_of, openings_of
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
    """All that an event does to the deadlines of its case: ``changes_by_all`` of one."""
    return changes_by_all((event,), deadlines, later, book, venue, now, track=track)


def changes_by_all(
    events: Sequence[Event],
    deadlines: Iterable[Deadline],
    later: Iterable[Event],
    book: RuleBook,
    venue: Venue,
    now: datetime,
    *,
    track: str = "investigation",
) -> Changes:
    """All that events do to the deadlines of their case, gone through once in the order in which they happened.

    ``deadlines`` are those of the case in every state, at least of the rules of ``rules_of`` that ``matters`` names;
    ``later`` its other events of ``look_back_types`` that were gone through before and happened after the first of
    ``events`` (nearly always none), in any order.
    """
    rules = frozenset[str]().union(*(rules_of(event, book) for event in events))
    before = [one for one in deadlines if one.rule_id in rules]
    again = {one.id: one for one in later}
    gathering = _Gathering(_taken_back(before, again.keys(), book), rules, book, venue, now, track)
    for one in sorted([*events, *again.values()], key=lambda one: (one.time, one.sequence, one.id)):
        gathering.apply(one)
    return _difference(before, gathering, events)


def next_opened(
    deadline: Deadline, deadlines: Iterable[Deadline], book: RuleBook, venue: Venue, now: datetime
) -> Changes:
    """What the step ``OpenNext`` of a deadline does: the next of its row opens, unless it is there."""
    before = list(deadlines)
    gathering = _Gathering(before, frozenset((deadline.rule_id,)), book, venue, now, "")
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
        rules: frozenset[str],
        book: RuleBook,
        venue: Venue,
        now: datetime,
        track: str,
    ) -> None:
        self.here, self.rules = DeadlineSet(here), rules
        self.book, self.venue, self.now, self.track = book, venue, now, track
        self.replaced: dict[UUID, tuple[Deadline, Event]] = {}
        self.effects: list[Effect] = []

    def apply(self, event: Event) -> None:
        """Close, extend and open what an event closes, extends and opens. The same event again does nothing."""
        facts = facts_of(event)
        touched = self.book.touched_by.get(event.type, frozenset()) & self.rules
        self.meet_ahead(event, facts, touched)
        self.close_all(event, facts, self.here.live(touched))
        self.extend(event, facts, touched)
        for trigger, rule, basis in openings_of(event, facts, self.book, self.venue, track=self.track):
            if rule.id in self.rules:
                self.place(trigger, rule, basis, event)
        own = (one for one in self.here.live(touched) if one.basis.trigger_event_id == event.id)
        self.close_all(event, facts, own)

    def place(self, trigger: Trigger, rule: DeadlineRule, basis: Basis, event: Event) -> None:
        """Open a new deadline, or move those that are there, or leave them as they are."""
        of_all = trigger.unnamed_is_all and basis.key == WHOLE_CASE
        standing = [one for one in self.here.open((rule.id,)) if of_all or one.basis.key == basis.key]
        for old in standing:
            if _moves(basis, old, rule):
                self.replace(old, compute_deadline(_moved(old, basis), rule, self.venue, self.now), event)
        keys = self.here.keys(rule.id) if of_all else (basis.key,)
        if not standing and not trigger.moves_only and not any(self.outdone(basis, rule, key) for key in keys):
            self.here.put(compute_deadline(basis, rule, self.venue, self.now))

    def outdone(self, basis: Basis, rule: DeadlineRule, key: str) -> bool:
        """Whether deadlines of a key, none of them open, show that a trigger was dealt with, or came too late to
        count.
        """
        if self.here.knows(rule.id, key, basis.trigger_event_id):
            return True
        latest = self.here.latest(rule.id, key)
        return rule.again is Again.REPLACE and latest is not None and latest > basis.trigger_time

    def extend(self, event: Event, facts: Mapping[str, object], touched: Iterable[str]) -> None:
        """Give more days to the deadlines that an event extends."""
        for old in self.here.open(touched):
            rule = self.book.rules[old.rule_id]
            if (days := extra_days(event, facts, old, rule)) is not None:
                anchor_on = plus_days(local_date(old.basis.anchor, self.venue.zone), days)
                anchor = start_of_day(anchor_on, self.venue.zone)
                basis = replace(old.basis, anchor=anchor, trigger_event_id=event.id, trigger_time=event.time)
                self.replace(old, compute_deadline(basis, rule, self.venue, self.now), event)

    def meet_ahead(self, event: Event, facts: Mapping[str, object], touched: Iterable[str]) -> None:
        """Where a report comes before its deadline is open: open that one, so that the report meets it."""
        for rule_id in sorted(touched):
            rule = self.book.rules[rule_id]
            if rule.recurs is None or not _by_period(rule):
                continue
            for row in self.rows_going_on(rule_id):
                there = {one.basis.occurrence for one in row}
                for ahead in sorted(set(range(min(there), max(there) + _EARLY_PERIODS)) - there):
                    draft = compute_deadline(replace(row[0].basis, occurrence=ahead), rule, self.venue, self.now)
                    if isinstance(effect_on(event, facts, draft, rule), Met):
                        self.here.put(draft)
                        break

    def rows_going_on(self, rule_id: str) -> list[list[Deadline]]:
        """The rows of recurring deadlines of which at least one is open."""
        names = dict.fromkeys((one.basis.key, one.basis.anchor) for one in self.here.open((rule_id,)))
        return [self.here.row(rule_id, key, anchor) for key, anchor in names]

    def replace(self, old: Deadline, new: Deadline, event: Event) -> None:
        """Put a new deadline in the place of an old one, unless it is the same."""
        if old.id != new.id:
            self.replaced[old.id] = new, event
            self.here.put(replace(old, state=State.RECOMPUTED))
            self.here.put(new)

    def close_all(self, event: Event, facts: Mapping[str, object], deadlines: Iterable[Deadline]) -> None:
        """Close those of these deadlines that an event meets or cancels; what is met may come again."""
        for effect in effects_on_open(event, facts, deadlines, self.book.rules):
            old = effect.deadline
            self.effects.append(effect)
            self.here.put(replace(old, state=State.MET if isinstance(effect, Met) else State.CANCELLED))
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
        row = {one.basis.occurrence: one.state for one in self.here.row(rule.id, basis.key, basis.anchor)}
        following = basis.occurrence + 1
        if _by_period(rule) and not row.keys() >= set(range(following)):
            return  # met ahead of its time: the next one opens when those before it are over
        while row.get(following, State.OPEN) is not State.OPEN:
            following += 1
        if following not in row:
            basis = replace(basis, occurrence=following)
            self.here.put(compute_deadline(basis, rule, self.venue, self.now))


def _taken_back(deadlines: Collection[Deadline], later: Collection[UUID], book: RuleBook) -> Iterator[Deadline]:
    """The deadlines as they would stand without these events: what they opened is gone, what they closed is open.

    Of several of a thing that they closed, the one that counts by its rule is open again.
    """
    gone = {one.id: one for one in deadlines if one.basis.trigger_event_id in later}
    left = [one for one in deadlines if one.id not in gone]
    opened = _by_what_opened(gone.values())
    again: dict[tuple[str, str, int], Deadline] = {}
    for one in left:
        if one.state is not State.OPEN and one.rule_id in book.rules and _was_open(one, gone, opened, later):
            row = one.rule_id, one.basis.key, one.basis.occurrence
            again[row] = _that_counts(again.get(row, one), one, book.rules[one.rule_id].again)
    reopened = {one.id for one in again.values()}
    for one in left:
        yield replace(one, state=State.OPEN, closed_by=None, superseded_by=None) if one.id in reopened else one


_What = tuple[UUID | None, str, str]
"""An event, a rule and a key."""


def _by_what_opened(deadlines: Iterable[Deadline]) -> dict[_What, list[Deadline]]:
    found: dict[_What, list[Deadline]] = {}
    for one in deadlines:
        found.setdefault((one.basis.trigger_event_id, one.rule_id, one.basis.key), []).append(one)
    return found


def _was_open(
    one: Deadline,
    gone: Mapping[UUID, Deadline],
    opened: Mapping[_What, Sequence[Deadline]],
    later: Collection[UUID],
) -> bool:
    """Whether a deadline would be open without these events: it is, or they closed it and nothing else did since."""
    if one.state is State.OPEN:
        return True
    if one.state is State.RECOMPUTED:
        by = gone.get(one.superseded_by) if one.superseded_by is not None else None
        return by is not None and _was_open(by, gone, opened, later)
    if one.state not in _DONE_WITH or one.closed_by not in later:
        return False
    following = opened.get((one.closed_by, one.rule_id, one.basis.key), ())
    return not following or any(_was_open(new, gone, opened, later) for new in following)


def _that_counts(one: Deadline, other: Deadline, again: Again) -> Deadline:
    """Which of two deadlines of the same thing counts where a rule knows only one."""
    match again:
        case Again.KEEP:
            return min(one, other, key=lambda deadline: deadline.basis.trigger_time)
        case Again.REPLACE:
            return max(one, other, key=lambda deadline: deadline.basis.trigger_time)
        case Again.EARLIER:
            return min(one, other, key=lambda deadline: deadline.basis.anchor)


def _difference(before: Iterable[Deadline], gathering: _Gathering, events: Sequence[Event]) -> Changes:
    """What has to be written so that what is stored becomes what was gathered. What was closed stays closed."""
    stored = {one.id: one for one in before}
    after = gathering.here.by_id()
    opening = {one.id for one in after.values() if _opens(one, stored.get(one.id))}
    still_open = {one.id for one in stored.values() if one.state is State.OPEN}
    ending = still_open | opening
    recomputed: list[Recomputed] = []
    ended: list[Cancelled] = []
    for one in after.values():
        if one.state is State.RECOMPUTED and one.id in ending:
            by, cause = _taken_over(one, gathering, opening)
            if by is None:
                ended.append(Cancelled(_as_opened(one), cause))
            else:
                recomputed.append(Recomputed(_as_opened(one), _as_opened(by)))
    latest = {_thing(one): one for one in after.values() if one.id in opening}
    for one in (stored[gone] for gone in sorted(still_open - after.keys())):
        if (instead := latest.get(_thing(one))) is not None:
            recomputed.append(Recomputed(one, _as_opened(instead)))
        else:
            ended.append(Cancelled(one, _concerned(events, one, gathering.book)))
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


def _thing(one: Deadline) -> tuple[str, str]:
    return one.rule_id, one.basis.key


def _concerned(events: Sequence[Event], one: Deadline, book: RuleBook) -> Event:
    """The event among these because of which a deadline is moot."""
    return next((event for event in events if one.rule_id in rules_of(event, book)), events[0])


def _as_opened(deadline: Deadline) -> Deadline:
    return replace(deadline, state=State.OPEN)


def _moves(basis: Basis, old: Deadline, rule: DeadlineRule) -> bool:
    """Whether a further trigger moves a deadline that is open. One that counts from the last time it was met stays."""
    if old.basis.occurrence > 0 and rule.recurs is not None and rule.recurs.every is None:
        return False
    match rule.again:
        case Again.KEEP:
            return basis.trigger_time < old.basis.trigger_time and old.basis.occurrence == 0
        case Again.REPLACE:
            return basis.trigger_time >= old.basis.trigger_time
        case Again.EARLIER:
            return basis.anchor < old.basis.anchor


def _moved(old: Deadline, trigger: Basis) -> Basis:
    """What a deadline is counted from once a further trigger moved it.

    An occurrence that an earlier one's meeting opened is still not met by what came before that.
    """
    basis = replace(old.basis, anchor=trigger.anchor)
    if trigger.trigger_time < old.basis.trigger_time and old.basis.occurrence > 0:
        return basis
    return replace(basis, trigger_event_id=trigger.trigger_event_id, trigger_time=trigger.trigger_time)


def _dates(deadline: Deadline) -> tuple[datetime, datetime, datetime]:
    return deadline.raw_due, deadline.rolled_due, deadline.internal_due
