"""Who is told of an event, how urgently, and which tasks it opens: the decision, pure (practice.md §3; *Settled* 1-10).

The policy says what is usual. What is settled and no policy may change is here:

* the survivor and the subject are never recipients and never get a task (Settled 6); what she must hear is a task of
  the worker, whatever is known of reaching her (Settled 3);
* what comes from her, without public record or her release, stays within the child-welfare agency (Settled 1);
* while a caution stands, everybody outside that agency is told not to raise the matter with him (Settled 2);
* a U0 for a person goes to the duty desk of that person's agency too (Settled 10);
* silence is never the outcome of a rule that applies: where nobody holds the role, the supervisor is told, and a task
  to fill it opens.

The agency that sent the event is told of it like anybody else where it holds a role that is told: the officer on the
case is not the system that sent it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from services.domain.due_dates import Limit
from services.domain.events import Event
from services.domain.predicates import holds, values_at
from services.domain.provenance import is_held_back
from services.domain.roles import CHILD_WELFARE, Role
from services.domain.routing_decision import (
    DO_NOT_RAISE,
    NotificationDraft,
    Reason,
    RoleGap,
    RoutingDecision,
    TaskCompletion,
    TaskDraft,
)
from services.domain.routing_drafts import (
    completed_keys,
    items_of,
    missing_role,
    notification,
    standing_task,
    task_key,
)
from services.domain.routing_facts import CaseFacts, CountyFacts, Seat
from services.domain.routing_people import People, people_of
from services.domain.routing_rules import (
    Audience,
    Caution,
    RoutingPolicy,
    Special,
    StandingRule,
    SurvivorRule,
    TaskRule,
    TellRule,
    TypeRules,
    UrgencyRule,
)
from services.domain.urgency import Urgency

NOT_CAUTIONED = CHILD_WELFARE | {Role.AG_ATTY, Role.COUNSEL_SURVIVOR, Role.PRIVACY, Role.ADMIN}
"""Who may be told of violence without the caution: they make the contact, or never speak with him."""

UNFILLED_ROLE_RULE = "standing.unfilled_role"
LATE_FACT_RULE = "standing.late_fact"
UNMATCHED_RULE = "standing.unmatched"
NO_RULE = "standing.no_rule"


def urgency_of(event_type: str, data: Mapping[str, object], policy: RoutingPolicy) -> Urgency:
    """How urgent an event is, from its type and validated payload alone (intake picks the lane by it)."""
    rules = _rules_for(event_type, policy)
    return next(rule.urgency for rule in rules.urgencies if holds(rule.when, data))


def route(event: Event, facts: CaseFacts, policy: RoutingPolicy) -> RoutingDecision:
    """Decide who is told of an event of this case, and what it opens and completes.

    The result does not depend on the order of ``facts.seats``. No (rule, recipient) occurs twice.
    """
    desk = _Desk.at(event, facts, policy)
    if event.type not in policy.types:
        desk.tell_instead(NO_RULE, Reason.NO_RULE)
    elif facts.closed and not desk.rules.as_usual_when_closed:
        desk.put_before_supervisor(policy.late_fact)
    else:
        desk.apply()
    return desk.decision()


def route_unmatched(event: Event, facts: CountyFacts, policy: RoutingPolicy) -> RoutingDecision:
    """Decide who looks at an event that belongs to no case, or to one that its sender is not on (Settled 7).

    A U0 goes to the county's on-call at once, anything else to the intake desk; each stands in for the other.
    """
    urgency = urgency_of(event.type, event.data, policy)
    choice = (facts.on_call, facts.intake) if urgency is Urgency.U0 else (facts.intake, facts.on_call)
    told = next(((seat,) for seat in choice if seat is not None), tuple(sorted(facts.admins)))
    notifications = tuple(notification(UNMATCHED_RULE, seat, urgency, None, Reason.UNMATCHED) for seat in told)
    key = f"event={event.id}"
    tasks = tuple(standing_task(UNMATCHED_RULE, policy.unmatched, seat, urgency, key, policy) for seat in told[:1])
    gaps = () if told else (RoleGap(UNMATCHED_RULE, Role.CPS_INTAKE.value, ()),)
    return RoutingDecision(urgency, notifications, tasks, (), gaps, policy.digest)


@dataclass(slots=True)
class _Desk:
    """The decision while it is being made: what is known, and what has been decided so far, in order."""

    event: Event
    policy: RoutingPolicy
    rules: TypeRules
    people: People
    urgency: Urgency
    held_back: bool
    notifications: dict[tuple[str, UUID], NotificationDraft] = field(default_factory=dict)
    tasks: dict[tuple[str, str, str, UUID], tuple[TaskDraft, Seat]] = field(default_factory=dict)
    gaps: list[RoleGap] = field(default_factory=list)

    @classmethod
    def at(cls, event: Event, facts: CaseFacts, policy: RoutingPolicy) -> "_Desk":
        rules = _rules_for(event.type, policy)
        urgency = urgency_of(event.type, event.data, policy)
        held_back = is_held_back(event, facts, rules.public_record)
        return cls(event, policy, rules, people_of(event, facts), urgency, held_back)

    def apply(self) -> None:
        """Apply the rules of the event's type, in the order of the policy."""
        told = [rule for rule in self.rules.tells if self._applies(rule)]
        for rule in told:
            self._tell(rule)
        for task in self.rules.tasks:
            if self._applies(task) and self._follows_incident(task):
                self._open(task)
        for survivor in self.rules.survivor:
            if self._applies(survivor):
                self._reach_survivor(survivor)
        self._tell_assignees()
        if told and not self.notifications and not self.gaps:
            self.tell_instead(told[0].id, Reason.ROLE_UNFILLED)

    def put_before_supervisor(self, standing: StandingRule) -> None:
        """A fact about a closed case: a person decides what it means, and at U0 the on-call desk knows at once."""
        told = self.tell_instead(LATE_FACT_RULE, Reason.LATE_FACT)
        if self.urgency is Urgency.U0:
            for seat in self.people.on_call():
                self._notify(LATE_FACT_RULE, seat, self.urgency, Reason.LATE_FACT)
        for seat in told[:1]:
            self._add(standing_task(LATE_FACT_RULE, standing, seat, self.urgency, "", self.policy), seat)

    def tell_instead(self, rule_id: str, reason: Reason) -> tuple[Seat, ...]:
        """Tell whoever answers for the case; a gap where there is nobody at all."""
        told = self.people.instead()
        for seat in told:
            self._notify(rule_id, seat, self.urgency, reason)
        if not told:
            self.gaps.append(RoleGap(rule_id, Role.CPS_SUP.value, ()))
        return told

    def decision(self) -> RoutingDecision:
        """What has been decided, as a value."""
        rules = self.rules
        cautions = holds(rules.caution_when, self.event.data)
        return RoutingDecision(
            urgency=self.urgency,
            notifications=tuple(self.notifications.values()),
            tasks=tuple(draft for draft, _ in self.tasks.values()),
            completes=tuple(dict.fromkeys(_completions(self.event, self.policy))),
            gaps=tuple(self.gaps),
            digest=self.policy.digest,
            raises_caution=rules.caution is Caution.OPENS and cautions,
            lifts_caution=rules.caution is Caution.LIFTS and cautions,
            held_back=self.held_back,
        )

    def _applies(self, rule: TellRule | TaskRule | SurvivorRule) -> bool:
        return (not rule.emitters or self.event.emitter in rule.emitters) and holds(rule.when, self.event.data)

    def _follows_incident(self, rule: TaskRule) -> bool:
        """Whether violence came on record as shortly before the event as the rule asks, if it asks."""
        happened = self.people.facts.incident_at
        return rule.after_incident is None or (
            happened is not None and timedelta(0) <= self.event.time - happened <= rule.after_incident
        )

    def _tell(self, rule: TellRule) -> None:
        urgency = rule.urgency or self.urgency
        for audience in rule.audiences:
            for seat in self._answering(rule.id, audience, self.event.data, urgency):
                self._notify(rule.id, seat, urgency, Reason.RULE)

    def _open(self, rule: TaskRule) -> None:
        urgency = rule.urgency or self.urgency
        for data, number in self._removed() if rule.per_removed_child else items_of(rule.per, self.event.data):
            seats = self._answering(rule.id, rule.audience, data, urgency)
            due_on = self._day(rule.due_by, data)
            for seat in seats if rule.each else seats[:1]:
                self._put_to(seat, rule.id, rule.kind, urgency, rule.due, number or task_key(rule.key, data), due_on)

    def _removed(self) -> Iterator[tuple[Mapping[str, object], str]]:
        """The payload for each child who is removed from home and whom the event is about, with what tells it apart."""
        named = set(values_at(self.event.data, "child_refs"))
        for child in self.people.facts.removed:
            if not named or child in named:
                yield self.event.data, f"child={child}"

    def _answering(
        self, rule_id: str, audience: Audience, data: Mapping[str, object], urgency: Urgency
    ) -> tuple[Seat, ...]:
        """Who answers to an audience: those of it who may know; where nobody belongs to it, whoever is told instead."""
        reachable = self._within(audience)
        if reachable is None:
            return ()
        seats = self.people.of(reachable, data)
        if not seats and not audience.if_held:
            return self._miss(rule_id, audience, data, urgency)
        inside_only = self.held_back or (audience.special is Special.REQUESTER and self._is_internal_task())
        return tuple(seat for seat in seats if not inside_only or seat.role in CHILD_WELFARE)

    def _is_internal_task(self) -> bool:
        """Whether the event answers a task that only the agency may hear of; a task of no known kind counts as one."""
        said = self.event.data.get("kind")
        name = self.people.facts.task_kinds.get(str(self.event.data.get("task_id")), said)
        kind = self.policy.kinds.get(name) if isinstance(name, str) else None
        return kind is None or kind.internal

    def _day(self, path: str | None, data: Mapping[str, object]) -> date | None:
        """The day that the payload gives, on the calendar of the case's county."""
        given = next(values_at(data, path), None) if path else None
        if not isinstance(given, str):
            return None
        if len(given) == len("2025-01-18"):
            return date.fromisoformat(given)
        return datetime.fromisoformat(given).astimezone(ZoneInfo(self.people.facts.zone)).date()

    def _reach_survivor(self, rule: SurvivorRule) -> None:
        """A task of the worker: to call her as she has said, or to decide how she may be reached, if at all."""
        standing = self.policy.safe_contact[self.people.facts.safe_contact]
        worker = self.policy.worker
        data = self.event.data
        seats = self.people.of(worker, data) or self._miss(rule.id, worker, data, self.urgency)
        for seat in seats[:1]:
            due = standing.due.get(self.urgency, rule.due)
            self._put_to(seat, rule.id, standing.kind, self.urgency, due, "")

    def _miss(self, rule_id: str, audience: Audience, data: Mapping[str, object], urgency: Urgency) -> tuple[Seat, ...]:
        """Nobody belongs to the audience: somebody is told instead, and asked to fill the role."""
        told = self.people.instead()
        self.gaps.append(RoleGap(rule_id, audience.name, tuple(seat.party_id for seat in told)))
        for seat in told:
            self._notify(rule_id, seat, urgency, Reason.ROLE_UNFILLED)
        for seat in told[:1]:
            key = f"role={missing_role(audience, data)}"
            rule = self.policy.unfilled_role
            self._add(standing_task(UNFILLED_ROLE_RULE, rule, seat, urgency, key, self.policy), seat)
        return told

    def _put_to(
        self, seat: Seat, rule_id: str, kind: str, urgency: Urgency, due: Limit, key: str, due_on: date | None = None
    ) -> None:
        facts = self.policy.kinds[kind]
        at = (self.people.desk_of(seat) if facts.for_desk else None) or seat
        place = (at.role, at.party_id, at.agency_id)
        self._add(TaskDraft(rule_id, kind, facts.title, *place, urgency, due, key, facts.single, due_on), at)

    def _add(self, draft: TaskDraft, seat: Seat) -> None:
        """One task for each (rule, kind, key, assignee)."""
        self.tasks.setdefault((draft.rule_id, draft.kind, draft.key, draft.assignee), (draft, seat))

    def _tell_assignees(self) -> None:
        """Nobody gets a task without being told of the event that opened it."""
        for draft, seat in self.tasks.values():
            if all(told.recipient != draft.assignee for told in self.notifications.values()):
                self._notify(draft.rule_id, seat, draft.urgency, Reason.TASK)

    def _notify(self, rule_id: str, seat: Seat, urgency: Urgency, reason: Reason) -> None:
        self._put(notification(rule_id, seat, urgency, self._caution(seat.role), reason))
        if urgency is Urgency.U0 and seat.party_kind == "person":
            desk = self.people.desk_of(seat)
            if desk is not None:
                self._put(notification(rule_id, desk, urgency, self._caution(desk.role), Reason.DUTY_DESK))

    def _put(self, draft: NotificationDraft) -> None:
        self.notifications.setdefault((draft.rule_id, draft.recipient), draft)

    def _caution(self, role: Role) -> Literal["do_not_raise"] | None:
        if role in NOT_CAUTIONED or not holds(self.rules.caution_when, self.event.data):
            return None
        opens = self.rules.caution is Caution.OPENS
        stands = self.rules.caution is Caution.WHILE_OPEN and self.people.facts.cautioned
        return DO_NOT_RAISE if opens or stands else None

    def _within(self, audience: Audience) -> Audience | None:
        """The part of an audience that may know of the event at all; None where no part may."""
        if not self.held_back or audience.special is Special.ON_CALL:
            return audience
        if audience.special is not None or audience.agency_in is not None:
            return None
        if audience.role_in is not None:
            return audience
        inside = (tuple(role for role in choice if role in CHILD_WELFARE) for choice in audience.choices)
        choices = tuple(choice for choice in inside if choice)
        return replace(audience, choices=choices) if choices else None


def _rules_for(event_type: str, policy: RoutingPolicy) -> TypeRules:
    """The rules of a type. A type that the policy in force does not know is urgent today, and goes to a person."""
    known = policy.types.get(event_type)
    return known if known is not None else TypeRules(event_type, (UrgencyRule(Urgency.U1),))


def _completions(event: Event, policy: RoutingPolicy) -> Iterator[TaskCompletion]:
    for kind, done_by in policy.completions.get(event.type, ()):
        if holds(done_by.when, event.data):
            for key in completed_keys(done_by.key, event.data):
                yield TaskCompletion(kind, key)
