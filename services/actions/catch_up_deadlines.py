"""Doing what was left to do for deadlines of a case while somebody else was moving them.

Whoever moves the deadlines of a case holds it until the commit, and a large batch holds many cases for a second. Nobody
waits for that: an event is told at once, and what it does to deadlines follows as a job of its own, in any order
(``move_deadlines`` goes through later events again).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from services.actions.deadline_events import ACTOR
from services.actions.move_deadlines import hold_free_cases, move_deadlines
from services.domain.events import Event
from services.domain.urgency import Lane
from services.storage import deadline_facts, event_log, jobs, rosters
from services.storage.jobs import Job, NewJob
from services.system import System

_KIND = "catch_up"


def catch_up_job(event: Event, lane: Lane, due_at: datetime, now: datetime) -> NewJob:
    """The job that moves the deadlines of the event's case on. It is due since ``due_at``, when the event was to be
    routed, so that it stands before what came later; one more than is needed (another ``now``) does no harm.

    After an urgent event it is routine work: it asks again and again whether the case is free by now, and whoever tells
    urgent events must not be the one who asks.
    """
    return NewJob(
        key=f"{_KIND}:{event.id}:{event.case_id}:{now.isoformat()}",
        lane=Lane.ROUTINE if lane is Lane.URGENT else lane,
        kind=_KIND,
        ref=event.id,
        due_at=due_at,
        case_id=event.case_id,
        agency_id=event.agency_id,
    )


def catch_up_deadlines(system: System, batch: Sequence[Job]) -> None:
    """Move deadlines on by the events of these jobs, as far as these are on the jobs' cases still; all in one
    transaction. Raises LeaseLostError, and then wrote nothing.
    """
    now = system.clock()
    with system.database.begin(ACTOR) as connection:
        mine = hold_free_cases(connection, batch)
        if mine:
            jobs.finish(connection, mine, system.done_by)
            _catch_up(system, connection, mine, now)


def _catch_up(system: System, connection: Connection, mine: Sequence[Job], now: datetime) -> None:
    on_case = deadline_facts.routed_on(connection, [job.ref for job in mine])
    here = {job.ref: job.case_id for job in mine if job.case_id and on_case.get(job.ref) == job.case_id}
    if here:
        loaded = event_log.load(connection, system.keys, list(here))
        events = [replace(loaded[event_id], case_id=case_id) for event_id, case_id in here.items()]
        move_deadlines(system, connection, events, rosters.case_facts(connection, set(here.values()), (), now), now)
