"""Linking unmatched events to cases, and taking that back, as a batch of events is routed (practice.md, Settled 7).

What is linked gets a job of its own, to be routed on its case like any other event. What is taken off a case leaves
nothing open there, and is put before people again: it waits for the case to which it does belong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import Connection

from services.actions.deadline_events import SOURCE
from services.actions.move_deadlines import KIND, check_job, hear_again, venue_of
from services.domain.deadlines import State
from services.domain.events import Event
from services.domain.linking import Link, Linking
from services.domain.routing_facts import CaseFacts
from services.domain.urgency import Lane
from services.storage import deadline_facts, deadlines, event_log, jobs, links, taking_back, task_deadlines
from services.storage.deadline_facts import LookBack
from services.storage.jobs import NewJob
from services.storage.taking_back import TakenBack
from services.system import System

LINK = "link"
"""In a routing job's arguments: the event that linked the one to be routed to its case."""

AGAIN = "again"
"""In a routing job's arguments: the event that took a link back, so that another case has to be found."""


def link_events(
    system: System, connection: Connection, linking: Linking, facts: Mapping[UUID, CaseFacts], now: datetime
) -> None:
    """Carry out the links of a batch and what takes them back, in order; each run of one kind set-wise.

    To be called after the batch is written, so that what it did to a case for an event that is taken off it ends too.
    """
    for made, run in groupby(linking.changes, key=lambda change: change.made):
        changes = list(run)
        if made:
            links.put(connection, changes)
            jobs.add(connection, [_job(link, LINK, link.case_id, now) for link in changes])
        else:
            _take_back(system, connection, changes, facts, now)
            jobs.add(connection, [_job(link, AGAIN, None, now) for link in changes])


def _job(link: Link, because: str, case_id: UUID | None, now: datetime) -> NewJob:
    return NewJob(
        key=f"route:{link.event_id}:{link.by}",
        lane=Lane.URGENT,
        kind="route",
        ref=link.event_id,
        due_at=now,
        case_id=case_id,
        arguments={because: str(link.by)},
    )


def _take_back(
    system: System, connection: Connection, taken: Sequence[Link], facts: Mapping[UUID, CaseFacts], now: datetime
) -> None:
    case_ids = {link.case_id for link in taken}
    back = taking_back.take_back(connection, taken, now, SOURCE)
    task_deadlines.settle_of_cases(connection, case_ids)
    if back.ended or back.standing:
        hear_again(system, connection, _later(system, connection, taken), facts, now)
    _look_again(system, connection, back, facts)


def _later(system: System, connection: Connection, taken: Sequence[Link]) -> list[Event]:
    """What happened on the cases after the events that are gone and has to do with deadlines: it is gone through again,
    since what it would have done may have been done already by what is gone.
    """
    book = system.policy.deadlines
    types = frozenset(book.triggered_by) | frozenset(book.touched_by)
    gone = event_log.load(connection, system.keys, [link.event_id for link in taken])
    wanted = [LookBack(link.case_id, types, gone[link.event_id].time, 0) for link in taken]
    on_case = deadline_facts.routed_since(connection, wanted)
    loaded = event_log.load(connection, system.keys, list(on_case)) if on_case else {}
    events = [replace(loaded[event_id], case_id=case_id) for event_id, case_id in on_case.items()]
    return sorted(events, key=lambda event: (event.time, event.sequence))


def _look_again(system: System, connection: Connection, back: TakenBack, facts: Mapping[UUID, CaseFacts]) -> None:
    """What stands again is looked at when its next step is due; what was told of it before is not told twice."""
    standing = deadlines.load(connection, back.standing) if back.standing else {}
    checks = [
        check_job(system, one, venue_of(system, facts[one.basis.case_id]), None)
        for one in standing.values()
        if one.state is State.OPEN
    ]
    tasks = [
        NewJob(
            key=f"deadline:{due.id}:first",
            lane=Lane.ROUTINE,
            kind=KIND,
            ref=due.id,
            due_at=due.due_at,
            case_id=due.case_id,
        )
        for due in back.due
    ]
    jobs.add(connection, [*(job for job in checks if job is not None), *tasks])
