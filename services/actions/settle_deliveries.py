"""What came of calls to receivers, written down: the second transaction of a delivery (ARCHITECTURE.md §4, step 10).

That a call was made, and that a receiver took it, are facts and are kept whatever became of our lease. What follows for
the job is written only under the lease that the call was made with, so a late worker overwrites nothing.
"""

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Connection

from services import crash_points
from services.actions.report_undelivered import Abandoned, report_undelivered
from services.channels.message import Delivered, NotDelivered, Refused, SendResult
from services.domain.actors import system_actor
from services.domain.retry import GiveUp, NeverTaken, NotTaken, TryAgain, decide
from services.domain.urgency import Lane
from services.storage import audit, jobs, notifications
from services.storage.audit import AuditEntry
from services.storage.jobs import Job, LeaseLostError
from services.storage.notifications import Outgoing, Tried
from services.system import System

DELIVERY = system_actor("delivery")

_BUSY_FOR = {Lane.URGENT: timedelta(seconds=2), Lane.ROUTINE: timedelta(seconds=15), Lane.BULK: timedelta(seconds=60)}
_log = structlog.get_logger()
_chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Answered:
    """One call that was made: for which job and notification, to whom, which attempt it was, and what came of it."""

    job: Job
    notification: Outgoing
    receiver: UUID
    number: int
    result: SendResult


def settle(system: System, came: Sequence[Answered]) -> None:
    """Write what came of these calls of one batch. Where a lease was lost, that job is left to whoever has it now."""
    if not came:
        return
    now = system.clock()
    lanes: set[Lane] = set()
    with system.database.begin(DELIVERY) as connection:
        notifications.finish_attempts(connection, [_tried(one) for one in came], now)
        taken = [one.notification.id for one in came if isinstance(one.result, Delivered)]
        notifications.mark_delivered(connection, taken, now)
        try:
            with connection.begin_nested():
                lanes |= _close(system, connection, came, now)
        except LeaseLostError:
            for one in came:
                with suppress(LeaseLostError), connection.begin_nested():
                    lanes |= _close(system, connection, [one], now)
        crash_points.reached("settle.written")
    crash_points.reached("settle.committed")
    for one in came:
        if isinstance(one.result, Delivered):
            system.measures.told(one.job.lane, "webhook", [(now - one.notification.accepted).total_seconds()])
    if lanes:
        system.bells.ring(lanes)


def put_off(system: System, never_made: Sequence[tuple[Job, Outgoing, int]], *, busy: bool) -> None:
    """Give jobs back whose call was never begun. ``busy``: their receiver has all its places taken and gets time;
    otherwise there were only too many at once, and they are due again now.
    """
    if not never_made:
        return
    held = [job for job, _, _ in never_made]
    with system.database.begin(DELIVERY) as connection:
        notifications.drop_attempts(connection, [(sent.id, number) for _, sent, number in never_made])
        if busy:
            due_at = system.clock() + _BUSY_FOR[held[0].lane]
            jobs.postpone_each(connection, [(job, due_at, "receiver_busy") for job in held])
        else:
            jobs.give_back(connection, held)


def withhold(
    system: System, connection: Connection, withheld: Sequence[tuple[Job, Outgoing, int, str]], now: datetime
) -> None:
    """Nothing is sent to those who may not be told any more, or whose endpoint is switched off; kept with the code."""
    if not withheld:
        return
    notifications.finish_attempts(
        connection, [Tried(sent.id, number, "withheld", code) for _, sent, number, code in withheld], now
    )
    notifications.mark_undelivered(connection, [sent.id for _, sent, _, _ in withheld])
    audit.record(
        connection, DELIVERY, now, [_entry(sent, "withheld", number, code) for _, sent, number, code in withheld]
    )
    jobs.finish(connection, [job for job, _, _, _ in withheld], system.done_by)


def _tried(one: Answered) -> Tried:
    match one.result:
        case Delivered():
            return Tried(one.notification.id, one.number, "delivered")
        case NotDelivered(code, _):
            return Tried(one.notification.id, one.number, "failed", code)
        case Refused(code):
            return Tried(one.notification.id, one.number, "refused", code)


def _close(system: System, connection: Connection, came: Sequence[Answered], now: datetime) -> set[Lane]:
    """Finish, put off or give up the jobs of these calls. Returns the lanes in which that made work."""
    done: list[Job] = []
    later: list[tuple[Job, datetime, str]] = []
    given_up: list[Abandoned] = []
    for one in came:
        match _next(one, now):
            case TryAgain(at), code:
                later.append((one.job, at, code))
                _log.warning("delivery_failed", notification=one.notification.id, attempt=one.number, code=code)
            case GiveUp(), code:
                given_up.append(Abandoned(one.notification, one.number, code))
                done.append(one.job)
            case None:
                done.append(one.job)
    if done:
        jobs.finish(connection, done, system.done_by)
    jobs.postpone_each(connection, later)
    return _give_up(system, connection, given_up, now)


def _next(one: Answered, now: datetime) -> tuple[TryAgain | GiveUp, str] | None:
    match one.result:
        case Delivered():
            return None
        case NotDelivered(code, retry_after):
            outcome: NotTaken | NeverTaken = NotTaken(code, retry_after)
        case Refused(code):
            outcome = NeverTaken(code)
    return decide(outcome, one.number, one.notification.urgency, now, _chance.random()), code


def _give_up(system: System, connection: Connection, given_up: Sequence[Abandoned], now: datetime) -> set[Lane]:
    if not given_up:
        return set()
    notifications.mark_undelivered(connection, [one.notification.id for one in given_up])
    entries = [_entry(one.notification, "undelivered", one.attempts, one.code) for one in given_up]
    audit.record(connection, DELIVERY, now, entries)
    system.measures.given_up(len(given_up))
    for one in given_up:
        _log.warning("undelivered", notification=one.notification.id, attempts=one.attempts, code=one.code)
    return report_undelivered(system, connection, DELIVERY, given_up, now)


def _entry(sent: Outgoing, outcome: str, attempts: int, code: str) -> AuditEntry:
    return AuditEntry(
        "deliver_notification",
        f"notification:{sent.id}",
        outcome,
        agency_id=sent.agency_id,
        case_id=sent.case_id,
        detail={"code": code, "attempts": attempts, "endpoint": str(sent.endpoint_id)},
    )
