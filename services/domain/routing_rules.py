"""The routing policy as values: for each type of event how urgent it is, who is told, and which tasks it opens.

``services.policy.routing`` compiles them from ``config/policy/routing.yaml`` and ``tasks.yaml``;
``services.domain.routing`` applies them. What is settled and no policy may change stands in the latter.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from services.domain.due_dates import Limit
from services.domain.predicates import ALWAYS, Predicate
from services.domain.roles import Role
from services.domain.routing_facts import SafeContact
from services.domain.urgency import Urgency


class Special(StrEnum):
    """Recipients that are no role, but follow from the event."""

    SENDER = "sender"
    """The agency whose event this is."""
    REQUESTER = "requester"
    """The agency that asked for the task which the event is about."""
    ASSIGNEE = "assignee"
    """The party to which the task that the event is about was put."""
    ON_CALL = "on_call"
    """The county's on-call desk."""


@dataclass(frozen=True, slots=True)
class Audience:
    """One entry of ``tell:`` or ``for:``: ``choices``, ``special``, ``role_in`` or ``agency_in``, one of the four.

    ``name`` is the entry as written (``CPS``, ``TRIBE?``, ``sender``). ``choices`` are sets of roles: everybody who
    holds a role of the first set that anybody holds belongs to the audience; within a set the roles stand in order of
    preference, for where one holder is to be chosen. ``role_in`` and ``agency_in`` are the payload fields that name
    the role, and the agency by its short name. With ``if_held`` it is in order that nobody holds one (written with a
    question mark, as practice.md §3 does).
    """

    name: str
    choices: tuple[tuple[Role, ...], ...] = ()
    special: Special | None = None
    role_in: str | None = None
    agency_in: str | None = None
    if_held: bool = False


@dataclass(frozen=True, slots=True)
class UrgencyRule:
    """The event has this urgency where ``when`` holds; the first that holds counts."""

    urgency: Urgency
    when: Predicate = ALWAYS


@dataclass(frozen=True, slots=True)
class TellRule:
    """Tell these audiences where ``when`` holds and the event comes from one of ``emitters`` (empty: from anybody).

    ``urgency`` replaces that of the event. ``line`` is the rule's line in the policy file.
    """

    id: str
    audiences: tuple[Audience, ...]
    when: Predicate = ALWAYS
    emitters: frozenset[Role] = frozenset()
    urgency: Urgency | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class TaskRule:
    """Open a task of ``kind`` for the audience, due ``due`` after the event's time.

    It goes to one holder, of the first role of the audience that somebody holds; with ``each``, to every holder.
    ``key`` lists (name, payload field): what tells this task from others of its kind on the case. ``due_by`` is the
    payload field with the day by which it is due, where the event gives one. ``per`` is a list in the payload: one
    task opens for each of its elements, and the fields of ``audience`` and ``due_by`` are those of the element.
    With ``after_incident`` it opens only where violence came on record so short a time before the event; with
    ``per_removed_child`` for each child who is removed from home and whom the event is about (its ``child_refs``; all,
    where it names none), whose token is the first part of the key.
    """

    id: str
    kind: str
    audience: Audience
    due: Limit
    when: Predicate = ALWAYS
    emitters: frozenset[Role] = frozenset()
    urgency: Urgency | None = None
    each: bool = False
    per: str | None = None
    due_by: str | None = None
    key: tuple[tuple[str, str], ...] = ()
    after_incident: timedelta | None = None
    per_removed_child: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class SurvivorRule:
    """The survivor must hear of this: a task of the worker, never a message (Settled 3 and 6)."""

    id: str
    due: Limit
    when: Predicate = ALWAYS
    emitters: frozenset[Role] = frozenset()
    line: int = 0


class Caution(StrEnum):
    """Whether the event may not be raised with the subject yet (Settled 2)."""

    NO = "no"
    OPENS = "opens"
    """It may not, until contact with the survivor is recorded or a supervisor lifts it."""
    WHILE_OPEN = "while_open"
    """It may not while an earlier event's caution stands."""
    LIFTS = "lifts"
    """This event ends the caution: contact is recorded, or a supervisor says so."""


@dataclass(frozen=True, slots=True)
class PublicRecord:
    """When a fact is known beyond what the survivor said (Settled 1). The payload's ``public_record`` decides first.

    ``always``: the event is a public act by itself, such as an order or a release. ``presumed_from``: what these roles
    send stands in a public record where the payload does not say. ``required``: without a public record, or her
    release, it stays within the child-welfare agency whoever sent it; otherwise only what comes from her does.
    """

    always: bool = False
    required: bool = False
    presumed_from: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class TypeRules:
    """All that is decided for one type of event.

    ``urgencies`` ends with an entry without condition. ``caution`` counts where ``caution_when`` holds.
    ``as_usual_when_closed``: these rules apply on a closed case too, where otherwise the event is put before the
    supervisor as a late fact. ``because`` says why nobody is told.
    """

    event_type: str
    urgencies: tuple[UrgencyRule, ...]
    tells: tuple[TellRule, ...] = ()
    tasks: tuple[TaskRule, ...] = ()
    survivor: tuple[SurvivorRule, ...] = ()
    public_record: PublicRecord = PublicRecord()
    caution: Caution = Caution.NO
    caution_when: Predicate = ALWAYS
    as_usual_when_closed: bool = False
    because: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class DoneBy:
    """An event that completes open tasks of a kind: those whose key has the values of these payload fields."""

    event_type: str
    key: tuple[tuple[str, str], ...] = ()
    when: Predicate = ALWAYS


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A kind of task. The sentences are fixed: no case data is ever put into them (practice.md §0 rule 7).

    ``for_desk``: the task is the duty desk's where the agency has one, else its holder's. ``internal``: its answers are
    told to nobody outside the child-welfare agency, not even to the agency whose event opened it. ``single``: a second
    one with the same key is not opened on a case while the first is open.
    """

    name: str
    title: str
    accepting: str
    declining: str
    for_desk: bool = False
    internal: bool = False
    single: bool = False
    key_names: tuple[str, ...] = ()
    done_by: tuple[DoneBy, ...] = ()


DueByUrgency = Mapping[Urgency, Limit]


@dataclass(frozen=True, slots=True)
class StandingRule:
    """A task that opens whatever the type of the event, and when it is due at each urgency.

    For an unfilled role, a late fact and an event without a case ``due`` names every urgency. For the survivor's
    tasks it replaces the due time of the rule at the urgencies that it names.
    """

    kind: str
    due: DueByUrgency


@dataclass(frozen=True, slots=True)
class RoutingPolicy:
    """The whole routing policy. ``digest`` identifies its content (SHA-256, hex)."""

    digest: str
    types: Mapping[str, TypeRules]
    kinds: Mapping[str, TaskKind]
    completions: Mapping[str, tuple[tuple[str, DoneBy], ...]]
    """By type of event: the kinds of task that it may complete."""
    safe_contact: Mapping[SafeContact, StandingRule]
    unfilled_role: StandingRule
    late_fact: StandingRule
    unmatched: StandingRule
    worker: Audience
    """Who carries the case: the survivor's tasks go to the first of these that is held."""

    def kinds_concerned_by(self, event_types: Collection[str]) -> frozenset[str]:
        """The kinds of task whose open ones matter to events of these types: those that they may complete, and those of
        which a case has one at a time.
        """
        completed = {kind for event_type in event_types for kind, _ in self.completions.get(event_type, ())}
        return frozenset(completed | {name for name, kind in self.kinds.items() if kind.single})

    def public_record_of(self, event_type: str) -> PublicRecord | None:
        """When a fact of this type is on public record; None for a type that the policy does not know."""
        rules = self.types.get(event_type)
        return rules.public_record if rules else None
