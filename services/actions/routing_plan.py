"""Everything that routing a batch of events will write, gathered in memory and written set-wise at the end.

Events of one case see what earlier ones of the batch decided: a task that is asked already is not asked twice, a task
opened by one event is done by the next, a caution raised by one holds for the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.actions.escalate_notifications import first_escalation_job
from services.domain.actors import system_actor
from services.domain.contradictions import put_contradiction, put_set_aside
from services.domain.events import Event
from services.domain.routing import route, route_unmatched
from services.domain.routing_decision import NotificationDraft, Reason, RoutingDecision, TaskDraft
from services.domain.routing_facts import CaseFacts, CountyFacts
from services.domain.urgency import Lane, lane_of
from services.ids import new_id
from services.storage import audit, decisions, jobs, notifications
from services.storage.audit import AuditEntry
from services.storage.notifications import NewNotification, notification_id
from services.system import System

ROUTER = system_actor("router")

_WITHOUT_EFFECT = frozenset({"refused", "quarantined"})
_INBOX = "inbox"
_WEBHOOK = "webhook"


class NobodyToTellError(Exception):
    """An event that must be told and nobody at all to tell it to: its job is set aside, visibly."""


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A task about to be opened, with the event and the draft that it comes from."""

    id: UUID
    case_id: UUID | None
    event: Event
    draft: TaskDraft


@dataclass(slots=True)
class RoutingPlan:
    """The decisions of one batch. ``facts`` moves on as decisions are added; ``asked`` are the open tasks by name.

    ``causes`` holds, for events that are routed because of another one, that one: it linked them to their case, or
    took such a link back.
    """

    system: System
    now: datetime
    facts: dict[UUID, CaseFacts]
    asked: dict[decisions.TaskName, list[decisions.Asked]]
    causes: Mapping[UUID, UUID] = field(default_factory=dict)
    told: list[tuple[Event, NotificationDraft, str]] = field(default_factory=list)
    tasks: list[PlannedTask] = field(default_factory=list)
    done: dict[UUID, UUID] = field(default_factory=dict)
    raised: list[tuple[UUID, UUID]] = field(default_factory=list)
    lifted: dict[UUID, tuple[UUID, datetime]] = field(default_factory=dict)
    outcomes: list[decisions.NewOutcome] = field(default_factory=list)

    def route(self, event: Event) -> None:
        """Decide on an event of a case, and keep the decision for writing. Raises NobodyToTellError."""
        case_id = event.case_id
        if case_id is None:
            raise ValueError("an event without a case is not routed, but put before a person")
        facts = self.facts[case_id]
        decision = route(event, facts, self.system.policy.routing)
        self._take(event, decision, case_id)
        if decision.raises_caution:
            self.raised.append((event.id, case_id))
            self.facts[case_id] = replace(facts, cautioned=True)
        if decision.lifts_caution:
            self.lifted[case_id] = (event.id, event.time)
            self.facts[case_id] = replace(facts, cautioned=False)
        self.settle(event, "processed", None)

    def put_before_people(self, event: Event, counties: Sequence[CountyFacts]) -> None:
        """An event that matches no case: told in each county, since nothing says which is meant."""
        for county in counties:
            self._take(event, route_unmatched(event, county, self.system.policy.routing), None)
        self.settle(event, "unmatched", "unknown_case")

    def contradict(self, event: Event, key: str, counties: Sequence[CountyFacts]) -> None:
        """The event was sent again with another body. Its own outcome stands."""
        facts = self.facts[event.case_id] if event.case_id else None
        decision = put_contradiction(key, facts, counties, self.system.policy.routing.digest)
        if not decision.notifications:
            raise NobodyToTellError(event.type)
        self._take(event, decision, event.case_id)

    def put_set_aside(self, event: Event, key: str, counties: Sequence[CountyFacts]) -> None:
        """The event was kept and could not be routed. It has no outcome yet."""
        self._take(event, put_set_aside(key, counties, self.system.policy.routing.digest), None)

    def refuse(self, event: Event, code: str) -> None:
        """An act that no policy allows is kept and told like any event, and has no effect (practice.md §8 row 53)."""
        if event.case_id is None:
            raise ValueError("an event without a case is not refused, but put before a person")
        decision = route(event, self.facts[event.case_id], self.system.policy.routing)
        told = tuple(one for one in decision.notifications if one.reason is not Reason.TASK)
        self._take(event, replace(decision, notifications=told, tasks=(), completes=()), event.case_id)
        self.settle(event, "refused", code)

    def lanes(self) -> set[Lane]:
        """The lanes in which there is work now."""
        return {lane_of(draft.urgency) for _, draft, _ in self.told}

    def settle(self, event: Event, state: str, code: str | None) -> None:
        """Keep what became of an event."""
        digest = self.system.policy.routing.digest
        self.outcomes.append(
            decisions.NewOutcome(event.id, event.agency_id, event.case_id, state, code, self.now, digest)
        )

    def _take(self, event: Event, decision: RoutingDecision, case_id: UUID | None) -> None:
        if any(not gap.told for gap in decision.gaps):
            raise NobodyToTellError(event.type)
        self.told.extend((event, draft, decision.digest) for draft in decision.notifications)
        for completion in decision.completes:
            for of in {case_id, None}:
                self._complete((of, completion.kind, completion.key), event)
        for draft in decision.tasks:
            self._open(event, draft, case_id)

    def _complete(self, name: decisions.TaskName, event: Event) -> None:
        """An event does what was asked before it happened; what a later event asks stays open."""
        asked = self.asked.pop(name, [])
        later = [one for one in asked if one.since > event.time]
        self.done |= {one.id: event.id for one in asked if one.since <= event.time}
        if later:
            self.asked[name] = later

    def _open(self, event: Event, draft: TaskDraft, case_id: UUID | None) -> None:
        task = PlannedTask(new_id(), case_id, event, draft)
        already = self.asked.setdefault((case_id, draft.kind, draft.key), [])
        if draft.single and case_id is not None and already:
            return
        already.append(decisions.Asked(task.id, event.time))
        self.tasks.append(task)

    def write(self, connection: Connection) -> None:
        """Write everything, and the jobs that follow from it. The same event routed again writes nothing new."""
        rows = self._notifications(connection)
        decisions.keep_policy(connection, self.system.policy.versions, self.now)
        written = notifications.add(connection, rows)
        decisions.add_tasks(connection, [self._task_row(task) for task in self.tasks])
        decisions.complete_tasks(connection, self.done, self.now)
        decisions.raise_cautions(connection, self.raised, self.now)
        decisions.lift_cautions(connection, self.lifted, self.now)
        decisions.add_outcomes(connection, self.outcomes)
        audit.record(
            connection, ROUTER, self.now, [_entry(one) for one in self.outcomes if one.state in _WITHOUT_EFFECT]
        )
        jobs.add(connection, list(self._jobs(row for row in rows if row.id in written)))

    def _notifications(self, connection: Connection) -> list[NewNotification]:
        """An inbox row for each draft; a webhook row for each endpoint of an agency that is told, once an event."""
        rows = [self._row(event, draft, digest, _INBOX, None) for event, draft, digest in self.told]
        hooks = decisions.active_endpoints(connection, {draft.agency_id for _, draft, _ in self.told})
        called: set[tuple[UUID, UUID]] = set()
        for event, draft, digest in sorted(self.told, key=lambda one: one[1].urgency):
            for endpoint_id in hooks.get(draft.agency_id, ()):
                if (event.id, endpoint_id) not in called:
                    called.add((event.id, endpoint_id))
                    rows.append(self._row(event, draft, digest, _WEBHOOK, endpoint_id))
        return rows

    def _row(
        self, event: Event, draft: NotificationDraft, digest: str, channel: str, endpoint_id: UUID | None
    ) -> NewNotification:
        inbox = channel == _INBOX
        cause = self.causes.get(event.id)
        return NewNotification(
            id=notification_id(event.id, cause, draft.rule_id, draft.recipient, channel, endpoint_id),
            event_id=event.id,
            case_id=event.case_id,
            rule_id=draft.rule_id,
            role=draft.role,
            recipient_id=draft.recipient,
            agency_id=draft.agency_id,
            channel=channel,
            endpoint_id=endpoint_id,
            urgency=draft.urgency,
            caution=draft.caution,
            reason=draft.reason.value,
            policy_digest=digest,
            state="delivered" if inbox else "pending",
            created_at=self.now,
            delivered_at=self.now if inbox else None,
            cause_event_id=cause,
        )

    def _task_row(self, task: PlannedTask) -> decisions.NewTask:
        return decisions.NewTask(
            id=task.id,
            event_id=task.event.id,
            cause_event_id=self.causes.get(task.event.id, task.event.id),
            case_id=task.case_id,
            rule_id=task.draft.rule_id,
            kind=task.draft.kind,
            title=task.draft.title,
            key=task.draft.key,
            role=task.draft.role.value,
            assignee_id=task.draft.assignee,
            agency_id=task.draft.agency_id,
            requester_agency_id=task.event.agency_id,
            urgency=task.draft.urgency.value,
            policy_digest=self.system.policy.routing.digest,
            at=self.now,
        )

    def _jobs(self, rows: Iterable[NewNotification]) -> Iterable[jobs.NewJob]:
        for row in rows:
            if row.channel != _INBOX:
                yield jobs.NewJob(
                    key=f"deliver:{row.id}",
                    lane=lane_of(row.urgency),
                    kind="deliver",
                    ref=row.id,
                    due_at=self.now,
                    case_id=row.case_id,
                    agency_id=row.agency_id,
                    arguments=self.system.traces.carried(row.event_id),
                )
            else:
                first = first_escalation_job(row, self.system.policy.escalation, self.now)
                if first is not None:
                    yield first


def _entry(outcome: decisions.NewOutcome) -> AuditEntry:
    """What an audit shows of an event that was kept and had no effect."""
    return AuditEntry(
        "route_event",
        f"event:{outcome.event_id}",
        outcome.state,
        agency_id=outcome.agency_id,
        case_id=outcome.case_id,
        detail={"code": outcome.code},
    )
