"""Moving the deadlines of cases on as their events are routed: what opens, moves, is met and cancelled, and by which
job each is looked at next.

Everything is decided in memory, event by event, and written set-wise within the transaction that routes the events.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.actions.append_events import lanes_of
from services.actions.deadline_events import Saying, met, recomputed, say
from services.actions.routing_plan import PlannedTask
from services.domain.calendars import Venue
from services.domain.deadline_changes import Changes, Recomputed, changes_by, look_back_types
from services.domain.deadline_effects import Cancelled, Met
from services.domain.deadline_rules import RuleBook
from services.domain.deadline_steps import next_check, says_missed, steps_of
from services.domain.deadline_telling import lane_of_steps
from services.domain.deadlines import Deadline, State, overdue_since
from services.domain.events import Event
from services.domain.routing_facts import CaseFacts
from services.domain.task_due import TaskDeadline, task_deadline
from services.domain.urgency import Lane
from services.storage import deadline_facts, deadlines, event_log, jobs
from services.storage import task_deadlines as task_rows
from services.storage.deadline_facts import LookBack
from services.storage.deadlines import Move, NewDeadline
from services.storage.jobs import NewJob
from services.system import System

KIND = "deadline"
"""The kind of the job that looks at one deadline."""

AFTER = "after"
"""In a job's arguments: the instant of the last step that was done, or null before the first."""


def move_deadlines(
    system: System,
    connection: Connection,
    events: Sequence[Event],
    facts: Mapping[UUID, CaseFacts],
    now: datetime,
) -> None:
    """Move the deadlines of the events' cases on, in the order of the events; later ones see what earlier ones did.

    ``events`` are routed and on their cases, ``facts`` those of the cases. To be called after their tasks are written:
    the due dates of tasks that are answered for good close too. The same event once more changes nothing.
    """
    on_case = [event for event in events if event.case_id in facts]
    task_rows.settle_of_cases(connection, {event.case_id for event in on_case if event.case_id})
    book = system.policy.deadlines
    moving = [event for event in on_case if event.type in book.triggered_by or event.type in book.touched_by]
    if not moving:
        return
    deadlines.lock_cases(connection, {event.case_id for event in moving if event.case_id})
    standing = load_standing(connection, {event.case_id for event in moving if event.case_id}, _rules_of(moving, book))
    later = _later(system, connection, moving, book)
    for event in moving:
        if event.case_id is not None:
            case = facts[event.case_id]
            venue = venue_of(system, case)
            known = _after(event, later.get(event.case_id, ()), look_back_types(event, book))
            here = standing.of(event.case_id)
            standing.take(changes_by(event, here, known, book, venue, now, track=case.track))
    write_changes(system, connection, standing, facts, now)


def task_deadlines(
    system: System,
    connection: Connection,
    tasks: Sequence[PlannedTask],
    facts: Mapping[UUID, CaseFacts],
    now: datetime,
    since: Mapping[UUID, datetime] | None = None,
) -> None:
    """Write the due dates of new tasks, each with the job that looks at it when it is over.

    A limit counts from the time of the task's event, or from what ``since`` gives for the task. A task of no case
    counts the days of the first county.
    """
    counted_from = since or {}
    digest = system.policy.routing.digest
    rows = [
        task_deadline(
            task.id,
            task.draft,
            replace(task.event, case_id=task.case_id),
            counted_from.get(task.id, task.event.time),
            venue_of(system, facts[task.case_id]) if task.case_id else first_venue(system),
            now,
            digest,
        )
        for task in tasks
    ]
    new = task_rows.add(connection, rows)
    jobs.add(connection, [_task_job(row) for row in new])


@dataclass(slots=True)
class Standing:
    """The deadlines of some cases as they stand by now, and what was done to them since they were read."""

    here: dict[UUID, dict[UUID, Deadline]]
    opened: dict[UUID, Deadline] = field(default_factory=dict)
    moves: dict[UUID, Move] = field(default_factory=dict)
    recomputed: list[Recomputed] = field(default_factory=list)

    def of(self, case_id: UUID) -> tuple[Deadline, ...]:
        """Those of one case, in every state."""
        return tuple(self.here.get(case_id, {}).values())

    def state_of(self, deadline: Deadline) -> State:
        """Where a deadline stands by now."""
        return self.here[deadline.basis.case_id][deadline.id].state

    def take(self, changes: Changes) -> None:
        """Take changes over."""
        for deadline in (*changes.opened, *(change.by for change in changes.recomputed)):
            self._open(deadline)
        for change in changes.recomputed:
            self.recomputed.append(change)
            self.end(change.deadline, Move(change.deadline.id, State.RECOMPUTED, superseded_by=change.by.id))
        for one in changes.met:
            self.end(one.deadline, _met(one))
        for cancelled in changes.cancelled:
            self.end(cancelled.deadline, _cancelled(cancelled))

    def end(self, deadline: Deadline, move: Move) -> None:
        """Say what became of a deadline."""
        self.moves[deadline.id] = move
        self.here[deadline.basis.case_id][deadline.id] = replace(
            deadline, state=move.state, closed_by=move.by_event, superseded_by=move.superseded_by
        )

    def made_good(self, now: datetime) -> Iterator[tuple[Deadline, Move]]:
        """Those that were met after their time was over, so that they had been said to be missed."""
        for deadline in (one for here in self.here.values() for one in here.values() if one.id not in self.opened):
            move = self.moves.get(deadline.id)
            if move is not None and move.state is State.MET and deadline.rolled_due <= now:
                yield deadline, move

    def _open(self, deadline: Deadline) -> None:
        self.opened[deadline.id] = deadline
        self.moves.pop(deadline.id, None)
        self.here.setdefault(deadline.basis.case_id, {})[deadline.id] = deadline


def load_standing(connection: Connection, case_ids: Collection[UUID], rule_ids: Collection[str]) -> Standing:
    """The deadlines that these rules made of these cases. Lock the cases first (``storage.deadlines.lock_cases``)."""
    found = deadlines.of_cases(connection, case_ids, rule_ids)
    return Standing({case_id: {one.id: one for one in here} for case_id, here in found.items()})


def write_changes(
    system: System,
    connection: Connection,
    standing: Standing,
    facts: Mapping[UUID, CaseFacts],
    now: datetime,
    sayings: Sequence[Saying] = (),
) -> set[Lane]:
    """Write what was done to deadlines: rows, the first job of each that is open, and what is said of it, with
    ``sayings``. Returns the lanes in which there is work now.
    """
    rules = system.policy.deadlines.rules
    opened = standing.opened.values()
    deadlines.add(connection, [NewDeadline(one, rules[one.rule_id].owner) for one in opened])
    deadlines.move(connection, list(standing.moves.values()))
    still_open = [one for one in opened if standing.state_of(one) is State.OPEN]
    first = (check_job(system, one, venue_of(system, facts[one.basis.case_id]), None) for one in still_open)
    new = [job for job in first if job is not None]
    jobs.add(connection, new)
    moved = [recomputed(one, rules[one.by.rule_id]) for one in standing.recomputed if one.moved]
    late = ((one, move, rules.get(one.rule_id)) for one, move in standing.made_good(now))
    done = [met(one, move, rule) for one, move, rule in late if rule is not None and says_missed(rule)]
    events = say(system, connection, [*sayings, *moved, *done], now)
    return lanes_of(system, events) | {job.lane for job in new if job.due_at <= now}


def check_job(system: System, deadline: Deadline, venue: Venue, after: datetime | None) -> NewJob | None:
    """The job that looks at an open deadline at its next step later than ``after``; None where no step is left."""
    rule = system.policy.deadlines.rules[deadline.rule_id]
    at = next_check(deadline, rule, venue, after)
    if at is None:
        return None
    done = after.isoformat() if after is not None else None
    steps = [step for step in steps_of(deadline, rule, venue) if step.at == at]
    return NewJob(
        key=f"deadline:{deadline.id}:{done or 'first'}",
        lane=lane_of_steps(steps, system.policy.routing),
        kind=KIND,
        ref=deadline.id,
        due_at=at,
        case_id=deadline.basis.case_id,
        arguments={AFTER: done},
    )


def venue_of(system: System, facts: CaseFacts) -> Venue:
    """How time is counted where a case is heard."""
    return system.policy.calendars.venues[facts.county]


def first_venue(system: System) -> Venue:
    """How time is counted for what belongs to no case: as in the first county."""
    venues = system.policy.calendars.venues
    return venues[min(venues)]


def _rules_of(events: Sequence[Event], book: RuleBook) -> set[str]:
    triggered = {rule.id for event in events for rule in book.triggered_by.get(event.type, ())}
    return triggered.union(*(book.touched_by.get(event.type, frozenset()) for event in events))


def _later(system: System, connection: Connection, events: Sequence[Event], book: RuleBook) -> dict[UUID, list[Event]]:
    """By case, the known events that may have to be gone through again: they happened after the first of ``events``."""
    wanted = [
        LookBack(event.case_id, types, event.time)
        for event in events
        if event.case_id is not None and (types := look_back_types(event, book))
    ]
    on_case = deadline_facts.events_since(connection, wanted)
    known = {event.id: event for event in events}
    unread = [event_id for event_id in on_case if event_id not in known]
    if unread:
        known |= event_log.load(connection, system.keys, unread)
    by_case: dict[UUID, list[Event]] = {}
    for event_id, case_id in on_case.items():
        by_case.setdefault(case_id, []).append(replace(known[event_id], case_id=case_id))
    return by_case


def _after(event: Event, known: Sequence[Event], types: Collection[str]) -> list[Event]:
    """Those that happened after an event; of what happened at one instant, those that stand after it in the log."""
    place = event.time, event.sequence
    return [one for one in known if (one.time, one.sequence) > place and one.type in types]


def _met(met: Met) -> Move:
    late_since = overdue_since(met.deadline) if met.late else None
    return Move(
        met.deadline.id,
        State.MET,
        met_at=met.at,
        by_event=met.event.id,
        overdue_since=late_since,
        in_time=not met.late,
    )


def _cancelled(cancelled: Cancelled) -> Move:
    return Move(cancelled.deadline.id, State.CANCELLED, by_event=cancelled.event.id)


def _task_job(row: TaskDeadline) -> NewJob:
    return NewJob(
        key=f"deadline:{row.id}:first",
        lane=Lane.ROUTINE,
        kind=KIND,
        ref=row.id,
        due_at=row.due_at,
        case_id=row.case_id,
        agency_id=row.agency_id,
        arguments={AFTER: None},
    )
