"""Rules of deadlines as values (practice.md §4.1): what ``config/policy/deadlines.yaml`` may say, and nothing more."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from services.domain.due_dates import CalendarDays, DaySpan, Internal, Limit, Months, Roll
from services.domain.ladders import Rung
from services.domain.predicates import ALWAYS, Predicate
from services.domain.roles import Role

EVENT_TIME = "event.time"
"""Where a field of the payload may be named: the time at which the event happened. See ``facts_of`` for the others."""

TRACKS = frozenset({"investigation", "differential"})
"""The tracks of a case."""


class Again(StrEnum):
    """What a further trigger does while a deadline of the same rule and key is there."""

    KEEP = "keep"
    """The first trigger stands while its deadline is open."""
    REPLACE = "replace"
    """The latest trigger counts: the deadline is computed anew."""
    EARLIER = "earlier"
    """The trigger with the earliest anchor counts, for good."""


class Ending(StrEnum):
    """What becomes of a deadline when its last moment is over and nothing met it."""

    OVERDUE = "overdue"
    """It stays open and is overdue: it can still be met, late."""
    MISSED = "missed"
    """It is too late (a month without a visit): closed as missed."""
    REACHED = "reached"
    """The date was waited for (the end of an order, the earliest hearing): closed as met."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event that opens a deadline, or moves one.

    ``anchor`` names the fields from which time is counted, of which the first that is there is taken; where none is,
    nothing happens. ``start`` moves the anchor before the limit is counted ("entered care" is removal + 60 days).
    ``key`` names the fields that say what the deadline is about, of which the first that is there is taken; a list
    gives a deadline for each element; with none it is the case itself. ``moves_only``: opens nothing where there is
    nothing. ``unnamed_is_all``: an event without its key moves the deadlines of every key.
    """

    event_type: str
    when: Predicate = ALWAYS
    anchor: tuple[str, ...] = (EVENT_TIME,)
    start: tuple[DaySpan, ...] = ()
    key: tuple[str, ...] = ()
    moves_only: bool = False
    unnamed_is_all: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    """An event that meets or cancels the deadlines with the same key.

    ``any_key`` closes those of every key, ``unnamed_is_all`` those of every key where the event names none. With
    ``period``, the month of the first of these fields must be the deadline's (§4.2 rule 10); with ``same_day``, the
    field's day must be the day of the anchor (the hearing for which a report is). ``at`` names the fields that say when
    it was done, for whether it was late. ``itself``: the event that opens the deadline is what was due, come late or
    in time.
    """

    event_type: str
    when: Predicate = ALWAYS
    key: tuple[str, ...] = ()
    any_key: bool = False
    unnamed_is_all: bool = False
    period: tuple[str, ...] = ()
    same_day: str | None = None
    at: tuple[str, ...] = (EVENT_TIME,)
    itself: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """An event that gives so many more days, as its field ``days`` says (the tribe's request, 25 USC 1912(a))."""

    event_type: str
    days: str
    when: Predicate = ALWAYS
    key: tuple[str, ...] = ()
    unnamed_is_all: bool = False


@dataclass(frozen=True, slots=True)
class Recurrence:
    """The deadline comes again when it is met and, with ``opens_when_due``, when its time is over, met or not.

    ``every`` counts from its first anchor, so that month ends do not drift. None counts the limit again from the day
    on which it was met.
    """

    every: Months | CalendarDays | None
    opens_when_due: bool = False


@dataclass(frozen=True, slots=True)
class DeadlineRule:
    """One rule of practice.md §4.1 as data. ``version`` is the digest of the policy that it was read from.

    ``owner`` is the role whose work it is; ``calendar`` the kind of office whose open days count;
    ``remind_of_internal`` counts reminders from the agency's own due day; ``tracks`` are the kinds of case that have it
    (Settled 12).
    """

    id: str
    version: str
    title: str
    source: str
    owner: Role
    triggers: tuple[Trigger, ...]
    limit: Limit
    calendar: str
    roll: Roll = Roll.NONE
    internal: Internal = Internal.SAME
    again: Again = Again.KEEP
    met_by: tuple[Closing, ...] = ()
    cancelled_by: tuple[Closing, ...] = ()
    extended_by: tuple[Extension, ...] = ()
    recurs: Recurrence | None = None
    rungs: tuple[Rung, ...] = ()
    remind_of_internal: bool = False
    ending: Ending = Ending.OVERDUE
    tracks: frozenset[str] = TRACKS


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules of a policy, by id and by the types of events that they speak of. Build with ``rule_book``."""

    rules: Mapping[str, DeadlineRule]
    triggered_by: Mapping[str, tuple[DeadlineRule, ...]]
    touched_by: Mapping[str, frozenset[str]]
    """Type of event → ids of the rules whose open deadlines it may meet, cancel or extend."""


def rule_book(rules: Iterable[DeadlineRule]) -> RuleBook:
    """Arrange rules for look-up. Their ids are unique (the policy compiler sees to it)."""
    by_id: dict[str, DeadlineRule] = {}
    triggered: dict[str, list[DeadlineRule]] = {}
    touched: dict[str, set[str]] = {}
    for rule in rules:
        by_id[rule.id] = rule
        for event_type in dict.fromkeys(trigger.event_type for trigger in rule.triggers):
            triggered.setdefault(event_type, []).append(rule)
        touching: tuple[Closing | Extension, ...] = (*rule.met_by, *rule.cancelled_by, *rule.extended_by)
        for one in touching:
            touched.setdefault(one.event_type, set()).add(rule.id)
    return RuleBook(
        MappingProxyType(by_id),
        MappingProxyType({event_type: tuple(found) for event_type, found in triggered.items()}),
        MappingProxyType({event_type: frozenset(found) for event_type, found in touched.items()}),
    )
