"""Moving the deadlines of cases on as their events are routed: what opens, moves, is met and cancelled, and by which
job each is looked at next.

Everything is decided in memory, event by event, and written set-wise within the transaction that routes the events.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.actions.append_events import lanes_of
from services.actions.deadline_events import Saying, met, recomputed, say
from services.actions.routing_plan import PlannedTask
from services.domain.calendars import Venue
from services.domain.deadline_changes import Changes, Recomputed, changes_by_all, look_back_types, rules_of
from services.domain.deadline_effects import Cancelled, Met
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
from services.storage.deadlines import Concerned, Move, NewDeadline
from services.storage.jobs import Job, NewJob
from services.system import System

KIND = "deadline"
"""The kind of the job that looks at one deadline."""

_AGAIN_AFTER_SECONDS = 0.2

AFTER = "after"
"""In a job's arguments: the instant of the last step that was done, or null before the first."""


def move_deadlines(
    system: System,
    connection: Connection,
    events: Sequence[Event],
    facts: Mapping[UUID, CaseFacts],
    now: datetime,
) -> list[Event]:
    """Move the deadlines of the events' cases on, as the events happened one after the other.

    ``events`` are routed and on their cases, ``facts`` those of the cases. To be called after the outcomes of the
    events and their tasks are written. The same event once more changes nothing. Nobody is waited for: returned are
    the events of cases whose deadlines somebody else moves at this moment, for which this is still to be done.
    """
    by_case = _moving(system, events, facts)
    free = deadlines.lock_free_cases(connection, by_case) if by_case else set()
    mine = {case_id: here for case_id, here in by_case.items() if case_id in free}
    if mine:
        _move(system, connection, mine, _gone_through(system, connection, mine), facts, now)
    return [event for case_id, here in by_case.items() if case_id not in free for event in here]


def hold_free_cases(connection: Connection, batch: Sequence[Job]) -> list[Job]:
    """Lock the deadlines of those of the jobs' cases that are free, and give the jobs of the others back for a moment,
    uncounted. Returns the jobs that can be done; those of no case are among them.
    """
    case_ids = {job.case_id for job in batch if job.case_id}
    held = deadlines.lock_free_cases(connection, case_ids) if case_ids else set()
    busy = [job for job in batch if job.case_id and job.case_id not in held]
    jobs.give_back(connection, busy, _AGAIN_AFTER_SECONDS)
    return [job for job in batch if job.case_id is None or job.case_id in held]


def hear_again(
    system: System, connection: Connection, events: Sequence[Event], facts: Mapping[UUID, CaseFacts], now: datetime
) -> None:
    """Go through events again, in the order in which they happened: what they did may be another thing today. The
    deadlines of their cases are held (``storage.deadlines.lock_cases``).
    """
    by_case = _moving(system, events, facts)
    if by_case:
        _move(system, connection, by_case, {case_id: here[1:] for case_id, here in by_case.items()}, facts, now)


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


def load_standing(
    system: System,
    connection: Connection,
    case_ids: Collection[UUID],
    rule_ids: Collection[str],
    events: Collection[UUID] = (),
    again: Mapping[UUID, Collection[UUID]] | None = None,
) -> Standing:
    """The deadlines that these rules made of these cases, as far as they concern ``events`` and those by case that are
    gone through ``again``. Lock the cases first (``storage.deadlines.lock_cases``).
    """
    rules = system.policy.deadlines.rules
    recurring = [one for one in rule_ids if one in rules and rules[one].recurs is not None]
    found = deadlines.concerned(connection, Concerned(case_ids, rule_ids, recurring, events, again or {}))
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


def _moving(system: System, events: Sequence[Event], facts: Mapping[UUID, CaseFacts]) -> dict[UUID, list[Event]]:
    """Those of the events that have to do with deadlines, by case, in the order in which they happened."""
    book = system.policy.deadlines
    by_case: dict[UUID, list[Event]] = {}
    for event in sorted(events, key=_place):
        concerns = event.type in book.triggered_by or event.type in book.touched_by
        if event.case_id is not None and event.case_id in facts and concerns:
            by_case.setdefault(event.case_id, []).append(event)
    return by_case


def _move(
    system: System,
    connection: Connection,
    by_case: Mapping[UUID, Sequence[Event]],
    again: Mapping[UUID, Sequence[Event]],
    facts: Mapping[UUID, CaseFacts],
    now: datetime,
) -> None:
    """Move the deadlines of these cases on by these events, each in its place among those that are gone through
    ``again`` because they happened after the first of them.
    """
    book = system.policy.deadlines
    standing = load_standing(
        system,
        connection,
        by_case.keys(),
        frozenset[str]().union(*(rules_of(event, book) for event in _one_a_type(by_case.values()))),
        [event.id for events in by_case.values() for event in events],
        {case_id: [event.id for event in events] for case_id, events in again.items()},
    )
    for case_id, events in by_case.items():
        venue, track = venue_of(system, facts[case_id]), facts[case_id].track
        here, later = standing.of(case_id), again.get(case_id, ())
        standing.take(changes_by_all(events, here, later, book, venue, now, track=track))
    write_changes(system, connection, standing, facts, now)


def _gone_through(
    system: System, connection: Connection, by_case: Mapping[UUID, Sequence[Event]]
) -> dict[UUID, list[Event]]:
    """By case, what was gone through already and happened after the first of these events: it has to be gone through
    again, because what came first may have made another thing of it.
    """
    book = system.policy.deadlines
    own = {event.id for events in by_case.values() for event in events}
    types = {event.type: look_back_types(event, book) for event in _one_a_type(by_case.values())}
    wanted = [
        LookBack(case_id, frozenset[str]().union(*(types[event.type] for event in events)), *_place(events[0])[:2])
        for case_id, events in by_case.items()
    ]
    on_case = deadline_facts.routed_since(connection, wanted)
    late = [event_id for event_id in on_case if event_id not in own]
    known = event_log.load(connection, system.keys, late) if late else {}
    found: dict[UUID, list[Event]] = {}
    for event_id in late:
        case_id = on_case[event_id]
        found.setdefault(case_id, []).append(replace(known[event_id], case_id=case_id))
    return found


def _one_a_type(groups: Iterable[Sequence[Event]]) -> Iterable[Event]:
    return {event.type: event for events in groups for event in events}.values()


def _place(event: Event) -> tuple[datetime, int, UUID]:
    """What happened at one instant happened as it stands in the log."""
    return event.time, event.sequence, event.id


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
