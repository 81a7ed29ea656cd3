"""Reasonable efforts: each coordination act of a case as a dated effort, made from its event by policy.

What counts, toward whom and in which words is data (``config/policy/efforts.yaml``; practice.md §1.8 and §0 rule 4).
A report that did not come counts too (§0 rule 5). Nobody writes an act down twice: whoever does it sends its event, and
the effort follows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from services.domain.events import Event
from services.domain.predicates import ALWAYS, Predicate, fields_of, holds, values_at
from services.domain.roles import Role

_DAY = len("2025-01-18")
PERSON_ADDED = "case.person_added"
DESIGNATION_SET = "pattern.designation_set"


class Toward(StrEnum):
    """To whom an effort is directed (practice.md §1.8). The order is that of the court report."""

    SUBJECT = "subject"
    SURVIVOR = "survivor"
    CHILD = "child"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class FromField:
    """The value is what the payload says in this field."""

    path: str


@dataclass(frozen=True, slots=True)
class OfPerson:
    """Toward whoever the person in this field is in the case; ``otherwise`` where none is named. Whoever is neither
    parent nor child of the case is nobody an effort can be directed at: what is done with them is the system's.
    """

    path: str
    otherwise: Toward


Words = str | FromField
"""Fixed words of the policy, which hold no case content, or the words of the payload."""

Direction = Toward | FromField | OfPerson


@dataclass(frozen=True, slots=True)
class EffortRule:
    """An event of this type is an effort, where ``when`` holds and it comes from one of ``emitters`` (empty: anybody).

    ``on`` is the field with the day on which it was done; without one, the day of the event. ``by`` is the field that
    says who did it. Of the events with the same values in all of ``once_for`` only the first counts. ``instead_of`` is
    the field that names another event of which this one tells more: the two are one effort. ``line`` is the rule's line
    in the policy file.
    """

    event_type: str
    toward: Direction
    action: Words
    outcome: Words | None = None
    barrier: Words | None = None
    when: Predicate = ALWAYS
    emitters: frozenset[Role] = frozenset()
    on: str | None = None
    by: str | None = None
    once_for: tuple[str, ...] = ()
    instead_of: str | None = None
    line: int = 0

    @property
    def rests_on(self) -> frozenset[str]:
        """Every payload field that the effort betrays something of: what is shown of it must not show more of them."""
        parts = (self.toward, self.action, self.outcome, self.barrier)
        said = (part.path for part in parts if isinstance(part, FromField | OfPerson))
        named = (field for field in (self.on, self.by) if field)
        return frozenset({*fields_of(self.when), *said, *named})


@dataclass(frozen=True, slots=True)
class EffortPolicy:
    """What counts as an effort, by type of event, and after how many days without one toward the subject a case stands
    on the supervisor's list (Settled 11). ``digest`` is the version of the file.
    """

    rules: Mapping[str, tuple[EffortRule, ...]]
    silent_after: int
    digest: str = ""

    @property
    def types(self) -> frozenset[str]:
        """The types of event that ``efforts_of`` needs."""
        return frozenset(self.rules) | {PERSON_ADDED, DESIGNATION_SET}

    @property
    def types_toward_subject(self) -> frozenset[str]:
        """The types that may be an effort toward the subject, and those that tell who he is."""
        may = {name for name, rules in self.rules.items() if any(_may_be_toward_subject(one.toward) for one in rules)}
        return frozenset(may | {PERSON_ADDED, DESIGNATION_SET})


def _may_be_toward_subject(toward: Direction) -> bool:
    return toward is Toward.SUBJECT or isinstance(toward, FromField | OfPerson)


@dataclass(frozen=True, slots=True)
class Effort:
    """Something that was done, on a day of the case's own calendar, by an agency (and ``actor``, where it is said who).

    What may be shown of it is what may be shown of its event: an effort inherits the classes of that event and of the
    fields in ``rests_on`` (see ``is_borne_out``).
    """

    toward: Toward
    on: date
    action: str
    outcome: str | None
    barrier: str | None
    actor: str | None
    agency_id: UUID
    event_id: UUID
    rests_on: frozenset[str] = frozenset()


def efforts_of(events: Iterable[Event], policy: EffortPolicy, zone: str) -> tuple[Effort, ...]:
    """The efforts that these events of one case are, the oldest first; ``zone`` is the IANA zone of its days.

    None counts twice: an event that is given again is one event; an event is at most one effort toward each; and what
    tells more of another event, or says the same again, is one effort with it.
    """
    known = {event.id: event for event in events}
    ordered = sorted(known.values(), key=lambda event: (event.time, event.accepted, event.sequence, event.id))
    people, local = people_of(ordered), ZoneInfo(zone)
    made = [one for event in ordered for one in _made_of(event, policy, people, local)]
    kept = _without_repeats(made, _replaced(made, known))
    return tuple(effort for _, _, effort in sorted(kept, key=lambda one: one[2].on))


_Made = tuple[EffortRule, Event, Effort]


def _made_of(event: Event, policy: EffortPolicy, people: Mapping[str, Toward], zone: ZoneInfo) -> list[_Made]:
    """The efforts that one event is: toward each, that of the first rule that holds."""
    made: dict[Toward, _Made] = {}
    for rule in policy.rules.get(event.type, ()):
        if (rule.emitters and event.emitter not in rule.emitters) or not holds(rule.when, event.data):
            continue
        toward = _toward(rule.toward, event.data, people)
        action = _words(rule.action, event.data)
        if toward is not None and action is not None:
            made.setdefault(toward, (rule, event, _effort(rule, event, toward, action, zone)))
    return list(made.values())


def _effort(rule: EffortRule, event: Event, toward: Toward, action: str, zone: ZoneInfo) -> Effort:
    done_on = day_of(_text(event.data, rule.on), zone) if rule.on else None
    return Effort(
        toward=toward,
        on=done_on or event.time.astimezone(zone).date(),
        action=action,
        outcome=_words(rule.outcome, event.data),
        barrier=_words(rule.barrier, event.data),
        actor=_text(event.data, rule.by) if rule.by else None,
        agency_id=event.agency_id,
        event_id=event.id,
        rests_on=rule.rests_on,
    )


def _toward(said: Direction, data: Mapping[str, object], people: Mapping[str, Toward]) -> Toward | None:
    match said:
        case Toward():
            return said
        case OfPerson(path, otherwise):
            person = _text(data, path)
            return otherwise if person is None else people.get(person, Toward.SYSTEM)
        case FromField(path):
            return next((one for one in Toward if one == _text(data, path)), None)


def _words(said: Words | None, data: Mapping[str, object]) -> str | None:
    return _text(data, said.path) if isinstance(said, FromField) else said


def _text(data: Mapping[str, object], path: str) -> str | None:
    return next((value for value in values_at(data, path) if isinstance(value, str)), None)


def day_of(said: str | None, zone: ZoneInfo) -> date | None:
    """The day that a date, or a date and time, of a payload falls on in a zone."""
    if said is None:
        return None
    return date.fromisoformat(said) if len(said) == _DAY else datetime.fromisoformat(said).astimezone(zone).date()


def _replaced(made: Sequence[_Made], known: Mapping[UUID, Event]) -> set[tuple[UUID, Toward]]:
    """The efforts that another one tells more of: by the event that they are made from, and toward whom."""
    by_name = {(event.agency_id, event.source_id): event.id for event in known.values()}
    gone: set[tuple[UUID, Toward]] = set()
    for rule, event, effort in made:
        named = _text(event.data, rule.instead_of) if rule.instead_of else None
        if named is None:
            continue
        by_id = next((event_id for event_id in known if str(event_id) == named.lower()), None)
        told = by_id or by_name.get((event.agency_id, named))
        # Whatever tells of what came after it, or of itself, tells of nothing: two that name each other both stand.
        if told is not None and _comes_before(known[told], event):
            gone.add((told, effort.toward))
    return gone


def _comes_before(one: Event, other: Event) -> bool:
    return (one.accepted, one.sequence, one.id) < (other.accepted, other.sequence, other.id)


def _without_repeats(made: Sequence[_Made], gone: set[tuple[UUID, Toward]]) -> list[_Made]:
    kept: list[_Made] = []
    said: set[tuple[object, ...]] = set()
    for rule, event, effort in made:
        if (event.id, effort.toward) in gone:
            continue
        if rule.once_for:
            values = tuple(tuple(map(str, values_at(event.data, field))) for field in rule.once_for)
            key = (event.type, effort.toward, rule.action, values)
            if key in said:
                continue
            said.add(key)
        kept.append((rule, event, effort))
    return kept


_BY_KIND: Mapping[str, Toward] = {
    "subject": Toward.SUBJECT,
    "protective_parent": Toward.SURVIVOR,
    "child": Toward.CHILD,
}
_BY_DESIGNATION: Mapping[str, Toward] = {"subject": Toward.SUBJECT, "protective": Toward.SURVIVOR}


def people_of(events: Iterable[Event]) -> Mapping[str, Toward]:
    """What the persons of a case are, by token, of those whom an effort can be directed at: as a designation says that
    rests on an approved map, else as they were added (practice.md §1.9). ``events`` are in order; the last word counts.
    """
    added: dict[str, Toward] = {}
    designated: dict[str, Toward] = {}
    for event in events:
        person = _text(event.data, "person_ref")
        if person is None:
            continue
        if event.type == PERSON_ADDED and (is_now := _BY_KIND.get(_text(event.data, "kind") or "")):
            added[person] = is_now
        elif event.type == DESIGNATION_SET and (is_now := _BY_DESIGNATION.get(_text(event.data, "value") or "")):
            designated[person] = is_now
    return {**added, **designated}


def is_borne_out(rests_on: Iterable[str], whole: Mapping[str, object], shown: Mapping[str, object]) -> bool:
    """Whether a reader who is shown this much of an event's payload may be shown what rests on these fields: each is
    shown to them as it is. That a rule held, or did not, would tell of a field that they are not shown.
    """
    return all(list(values_at(whole, field)) == list(values_at(shown, field)) for field in rests_on)


def by_toward(efforts: Iterable[Effort]) -> Mapping[Toward, tuple[Effort, ...]]:
    """Efforts grouped for the court report: every group, in the order of ``Toward``, an empty one too."""
    listed = tuple(efforts)
    return {toward: tuple(one for one in listed if one.toward is toward) for toward in Toward}


@dataclass(frozen=True, slots=True)
class Silence:
    """No effort has been directed at the subject for ``days``: since the last one, on ``last`` (None where there is
    none), or since the case was opened, where that is later.
    """

    since: date
    last: date | None
    days: int


def silent_since(efforts: Iterable[Effort], today: date, opened_on: date, after: int) -> Silence | None:
    """For how long nothing has been directed at the subject, once that is ``after`` days; None before (Settled 11).

    An effort that is dated after today is an intention, and ends no silence.
    """
    days = [one.on for one in efforts if one.toward is Toward.SUBJECT and one.on <= today]
    last = max(days, default=None)
    since = opened_on if last is None else max(last, opened_on)
    passed = (today - since).days
    return Silence(since, last, passed) if passed >= after else None
