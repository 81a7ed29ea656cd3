"""Looking at deadlines when a step of theirs is due: reminding, alarming, opening tasks, saying what was missed.

The facts are read again first, and a deadline that is met by now, or moot, is only let go (ARCHITECTURE.md §4, *Time*).
A batch is one transaction, which ends its jobs: what was done once is not done again, whenever the machine stops.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import Connection

from services import crash_points
from services.actions.deadline_events import ACTOR, Saying, emitted, missed
from services.actions.move_deadlines import (
    AFTER,
    Standing,
    check_job,
    hold_free_cases,
    load_standing,
    task_deadlines,
    venue_of,
    write_changes,
)
from services.actions.routing_plan import NobodyToTellError, PlannedTask, RoutingPlan
from services.domain.calendars import Venue
from services.domain.deadline_changes import Changes, next_opened, recompute
from services.domain.deadline_rules import DeadlineRule
from services.domain.deadline_steps import steps_due
from services.domain.deadline_telling import decide_step
from services.domain.deadlines import Deadline, State, overdue_since
from services.domain.events import Event
from services.domain.ladders import BecomeOverdue, CloseMissed, CloseReached, Emit, OpenNext, Step
from services.domain.routing_decision import NotificationDraft, RoutingDecision
from services.domain.routing_facts import CaseFacts, CountyFacts
from services.domain.task_due import TaskDeadline, task_overdue_since, told_of_overdue, told_of_overdue_unmatched
from services.domain.urgency import Lane
from services.ids import new_id
from services.storage import deadline_facts, deadlines, decisions, event_log, jobs, links, rosters
from services.storage import task_deadlines as task_rows
from services.storage.deadlines import Move
from services.storage.jobs import Job, NewJob
from services.system import System


def check_deadlines(system: System, batch: Sequence[Job]) -> None:
    """Do what is due of the deadlines of these jobs, all in one transaction, and write the job of each next step. Those
    of cases whose deadlines somebody else moves at this moment are put off for a moment.

    Raises LeaseLostError, and NobodyToTellError where there is nobody at all to tell; then nothing was written.
    """
    now = system.clock()
    with system.database.begin(ACTOR) as connection:
        mine = hold_free_cases(connection, batch)
        lanes = _do_due(system, connection, mine, now) if mine else set()
        crash_points.reached("deadline.written")
    crash_points.reached("deadline.committed")
    system.bells.ring(lanes)


def _do_due(system: System, connection: Connection, mine: Sequence[Job], now: datetime) -> set[Lane]:
    jobs.finish(connection, mine, system.done_by)
    check = _read(system, connection, [job.ref for job in mine], now)
    for job in mine:
        check.look_at(job)
    return check.write(connection)


def _read(system: System, connection: Connection, ids: Sequence[UUID], now: datetime) -> "_Check":
    """Everything that is known of these deadlines, in a number of queries that does not grow with them."""
    found = deadlines.load(connection, ids)
    due = {one.id: one for one in found.values() if one.state is State.OPEN}
    waiting = task_rows.load_waiting(connection, ids)
    task_rows.settle(connection, ids)
    case_ids = {one.basis.case_id for one in due.values()} | {one.case_id for one in waiting.values() if one.case_id}
    triggers = {one.basis.trigger_event_id for one in due.values()} | {one.event_id for one in waiting.values()}
    facts = rosters.case_facts(connection, case_ids, (), now) if case_ids else {}
    asked = decisions.open_task_names(connection, case_ids, list(system.policy.routing.kinds)) if case_ids else {}
    alone = any(one.case_id is None for one in waiting.values())
    return _Check(
        system=system,
        now=now,
        due=due,
        waiting=waiting,
        facts=facts,
        counties=rosters.county_facts(connection) if alone else (),
        homes=deadline_facts.homes(connection, case_ids) if case_ids else {},
        events=event_log.load(connection, system.keys, list(triggers)) if triggers else {},
        standing=load_standing(system, connection, case_ids, {one.rule_id for one in due.values()})
        if due
        else Standing({}),
        plan=RoutingPlan(system, now, facts, asked, causes=links.causes(connection, triggers)),
    )


@dataclass(slots=True)
class _Check:
    """What is known of the deadlines of a batch, and what follows from it, to be written set-wise."""

    system: System
    now: datetime
    due: Mapping[UUID, Deadline]
    waiting: Mapping[UUID, TaskDeadline]
    facts: dict[UUID, CaseFacts]
    counties: Sequence[CountyFacts]
    homes: Mapping[UUID, deadline_facts.Home]
    events: Mapping[UUID, Event]
    standing: Standing
    plan: RoutingPlan
    sayings: list[Saying] = field(default_factory=list)
    overdue_tasks: list[Move] = field(default_factory=list)
    counted_from: dict[UUID, datetime] = field(default_factory=dict)
    next_jobs: list[NewJob] = field(default_factory=list)

    def look_at(self, job: Job) -> None:
        """Do in memory what is due of the deadline of a job. One that is moot is let go."""
        if (deadline := self.due.get(job.ref)) is not None:
            after = job.arguments.get(AFTER)
            self._look_at(deadline, datetime.fromisoformat(after) if isinstance(after, str) else None)
        elif (task := self.waiting.get(job.ref)) is not None:
            self._task_is_over(task)

    def write(self, connection: Connection) -> set[Lane]:
        """Write everything. Returns the lanes in which there is work now."""
        self.plan.write(connection)
        task_deadlines(self.system, connection, self.plan.tasks, self.facts, self.now, self.counted_from)
        deadlines.move(connection, self.overdue_tasks)
        said = write_changes(self.system, connection, self.standing, self.facts, self.now, self.sayings)
        jobs.add(connection, self.next_jobs)
        return self.plan.lanes() | said | {job.lane for job in self.next_jobs if job.due_at <= self.now}

    def _look_at(self, deadline: Deadline, after: datetime | None) -> None:
        case_id = deadline.basis.case_id
        venue = venue_of(self.system, self.facts[case_id])
        rule = self.system.policy.deadlines.rules.get(deadline.rule_id)
        if rule is None:
            self.standing.end(deadline, Move(deadline.id, State.CANCELLED))
        elif (moved := recompute(deadline, rule, venue, self.now)) is not None:
            self.standing.take(Changes(recomputed=(moved,)))
        else:
            steps = steps_due(deadline, rule, venue, after, self.now)
            for at, together in groupby(steps, key=lambda step: step.at):
                self._do(deadline, rule, venue, at, list(together))
            if self.standing.state_of(deadline) is State.OPEN:
                job = check_job(self.system, deadline, venue, steps[-1].at if steps else after)
                self.next_jobs.extend((job,) if job is not None else ())

    def _do(self, deadline: Deadline, rule: DeadlineRule, venue: Venue, at: datetime, steps: Sequence[Step]) -> None:
        """Do the steps of one instant."""
        case_id = deadline.basis.case_id
        trigger = replace(self.events[deadline.basis.trigger_event_id], case_id=case_id)
        decision = decide_step(deadline, rule, steps, trigger, self.facts[case_id], self.system.policy.routing)
        if decision is not None:
            self._take(decision, trigger, case_id, at)
        for step in steps:
            match step.action:
                case Emit() as emit:
                    self.sayings.append(emitted(emit, step, deadline, rule, trigger))
                case BecomeOverdue(says_missed):
                    self._miss(deadline, rule, at, State.OPEN, says_missed=says_missed)
                case CloseMissed(says_missed):
                    self._miss(deadline, rule, at, State.MISSED, says_missed=says_missed)
                case CloseReached():
                    self.standing.end(deadline, Move(deadline.id, State.MET, met_at=deadline.rolled_due, in_time=True))
                case OpenNext():
                    here = self.standing.of(case_id)
                    self.standing.take(next_opened(deadline, here, self.system.policy.deadlines, venue, self.now))

    def _miss(self, deadline: Deadline, rule: DeadlineRule, at: datetime, state: State, *, says_missed: bool) -> None:
        self.standing.end(deadline, Move(deadline.id, state, overdue_since=overdue_since(deadline)))
        if says_missed:
            self.sayings.append(missed(deadline, rule, at))

    def _take(self, decision: RoutingDecision, trigger: Event, case_id: UUID, at: datetime) -> None:
        """Tell and open what was decided. The agency whose case it is asks for the tasks."""
        if any(not gap.told for gap in decision.gaps):
            raise NobodyToTellError(trigger.type)
        self._tell(trigger, decision.notifications, decision.digest)
        asking = replace(trigger, agency_id=self.homes[case_id].agency_id)
        for draft in decision.tasks:
            asked = self.plan.asked.setdefault((case_id, draft.kind, draft.key), [])
            if draft.single and asked:
                continue
            task = PlannedTask(new_id(), case_id, asking, draft)
            asked.append(decisions.Asked(task.id, self.now))
            self.plan.tasks.append(task)
            self.counted_from[task.id] = at

    def _tell(self, event: Event, drafts: Sequence[NotificationDraft], digest: str) -> None:
        self.plan.told.extend((event, draft, digest) for draft in drafts)

    def _task_is_over(self, task: TaskDeadline) -> None:
        """The last moment of a task passed and it is not done: it is overdue, and somebody above hears of it."""
        event = replace(self.events[task.event_id], case_id=task.case_id)
        if task.case_id is None:
            told = told_of_overdue_unmatched(task, self.counties)
        else:
            told = told_of_overdue(task, event, self.facts[task.case_id])
        if not told:
            raise NobodyToTellError(event.type)
        self._tell(event, told, task.policy_digest)
        self.overdue_tasks.append(Move(task.id, State.OPEN, overdue_since=task_overdue_since(task)))
