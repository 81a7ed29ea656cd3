"""Doing the work that is due in a lane: lease a batch, hand each kind to its action, isolate what fails.

The same function runs in a Celery worker, in the sweeper and in a replay. An action gets all leased jobs of its kind at
once, owns its transactions, and finishes the jobs in the commit that does their work. Where a batch fails, it is given
back and done one by one, so that only the job that cannot be done is put off, and in the end set aside for a person.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

import structlog

from services import crash_points
from services.actions.assess_goals import assess_goals
from services.actions.catch_up_deadlines import catch_up_deadlines
from services.actions.check_deadlines import check_deadlines
from services.actions.deliver_notifications import deliver_notifications
from services.actions.escalate_notifications import escalate_notifications
from services.actions.put_conflicts import put_conflicts
from services.actions.report_set_aside import report_set_aside
from services.actions.route_events import route_events
from services.domain.actors import system_actor
from services.domain.urgency import Lane
from services.storage import jobs
from services.storage.database import DATABASE_AWAY, CutOffError
from services.storage.jobs import Job, LeaseLostError
from services.system import System
from services.telemetry.logs import place_of

Handler = Callable[[System, Sequence[Job]], None]

HANDLERS: Mapping[str, Handler] = {
    "route": route_events,
    "catch_up": catch_up_deadlines,
    "assess": assess_goals,
    "deadline": check_deadlines,
    "deliver": deliver_notifications,
    "escalate": escalate_notifications,
    "conflict": put_conflicts,
    "set_aside": report_set_aside,
}
"""Which action does a kind of job."""

TRIES = 5
STEP = 5
"""How many jobs are done together that could not be done in a larger batch."""
_IDLE_WHILE_LEASING = 0.5
"""Seconds: whoever leases holds the whole lane, and a process that is frozen meanwhile would hold it up."""
_FIRST_DELAY = timedelta(seconds=1)
_ROUTE = "route"
_OF_EVENTS = frozenset({_ROUTE, "catch_up", "assess"})
"""Kinds of jobs about an event as a whole: where one is set aside, people are told which event it is. (A job that
assesses goals because a day has passed is about a case, and about no event.)
"""
_log = structlog.get_logger()


DECIDING = frozenset(HANDLERS) - {"deliver"}
"""Kinds that only decide and write: milliseconds each."""

CALLING = frozenset({"deliver"})
"""Kinds that call a receiver outside, who may hang: run beside the others, so that they hold nothing up."""


def run_jobs(
    system: System,
    lane: Lane,
    kinds: Collection[str] = tuple(HANDLERS),
    *,
    unclaimed_for: float = 0.0,
    left_alone: bool = False,
) -> int:
    """Lease up to a batch of due jobs of a lane and do them. Returns how many were leased; 0 means nothing is due.

    ``unclaimed_for`` leaves jobs that have not been due for so many seconds to others; ``left_alone`` does nothing
    while others are at work on these kinds in the lane. Raises what DATABASE_AWAY names when the database is away; the
    leases then run out by themselves.
    """
    lease = partial(_lease, system, lane, kinds, unclaimed_for, left_alone=left_alone)
    try:
        leased = lease()
    except CutOffError:
        # This process stood still, and leased nothing. That nothing is due is not known: it asks again.
        _log.warning("cut_off_while_leasing", lane=lane.value)
        leased = lease()
    crash_points.reached("claim.committed")
    for kind, handler in HANDLERS.items():
        for batch in _batches([job for job in leased if job.kind == kind]):
            _do(system, handler, batch)
    return len(leased)


def _lease(
    system: System, lane: Lane, kinds: Collection[str], unclaimed_for: float, *, left_alone: bool
) -> Sequence[Job]:
    with system.database.begin(system_actor("jobs"), idle_seconds=_IDLE_WHILE_LEASING) as connection:
        limit, now = system.limits.leased_in(lane), system.clock()
        leased = jobs.lease(connection, lane, kinds, now, limit, unclaimed_for, left_alone=left_alone)
        crash_points.reached("claim.leased")
    return leased


def _batches(leased: Sequence[Job]) -> Iterator[Sequence[Job]]:
    """One batch, normally. What was tried before, and did not end within its lease or broke, goes on in small steps,
    each with a commit of its own, so that a heavy case is slow and never stands still. The events of a case stay in
    their order: those that are new go behind one that was tried before.
    """
    in_order = sorted(leased, key=lambda job: job.id) if leased and leased[0].kind == _ROUTE else leased
    behind = {job.case_id for job in in_order if job.attempts > 1 and job.kind == _ROUTE} - {None}
    fresh = [job for job in in_order if job.attempts == 1 and job.case_id not in behind]
    if fresh:
        yield fresh
    again = [job for job in in_order if job.attempts > 1 or job.case_id in behind]
    for start in range(0, len(again), STEP):
        yield again[start : start + STEP]


def _do(system: System, handler: Handler, batch: Sequence[Job]) -> None:
    with structlog.contextvars.bound_contextvars(lane=batch[0].lane.value, kind=batch[0].kind):
        _do_bound(system, handler, batch)


def _do_bound(system: System, handler: Handler, batch: Sequence[Job]) -> None:
    try:
        with system.traces.batch(batch):
            handler(system, batch)
        if batch[0].kind == "route":
            now = system.clock()
            system.measures.told(batch[0].lane, "inbox", [(now - job.due_at).total_seconds() for job in batch])
    except LeaseLostError:
        _log.info("lease_lost", jobs=len(batch))
    except CutOffError as error:
        _take_apart(system, handler, batch, error)
    except DATABASE_AWAY:
        raise
    except Exception as error:  # noqa: BLE001 (the one place: whatever an action raises must not stop the lane)
        _take_apart(system, handler, batch, error)


def _take_apart(system: System, handler: Handler, batch: Sequence[Job], error: Exception) -> None:
    """Do the jobs of a batch that failed one by one, so that the others do not wait for the one that cannot be done."""
    if len(batch) > 1:
        for job in batch:
            _do(system, handler, [job])
    else:
        with suppress(LeaseLostError):
            _put_off(system, batch[0], error)


def _put_off(system: System, job: Job, error: Exception) -> None:
    """Try a failed job again later, each time twice as late; after the last try set it aside, visibly."""
    _log.error("job_failed", job=job.id, ref=job.ref, attempts=job.attempts, **place_of(error))
    code = type(error).__name__
    with system.database.begin(system_actor("jobs")) as connection:
        if job.attempts >= TRIES:
            jobs.set_aside(connection, job, code)
            if job.kind in _OF_EVENTS and job.ref != job.case_id:
                jobs.add(connection, [_report(system, job)])
        else:
            jobs.postpone(connection, job, system.clock() + _FIRST_DELAY * 2 ** (job.attempts - 1), code)


def _report(system: System, job: Job) -> jobs.NewJob:
    """The job that puts an unroutable event before people."""
    return jobs.NewJob(
        key=f"set_aside:{job.id}:{job.ref}",
        lane=Lane.URGENT,
        kind="set_aside",
        ref=job.ref,
        due_at=system.clock(),
        agency_id=job.agency_id,
    )
