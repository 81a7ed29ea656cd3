"""Delivering what leaves the system (ARCHITECTURE.md §4, steps 9 and 10).

Two transactions with the calls between them. In the first, what may be sent is decided *now* and every attempt is
written; no transaction is open while a receiver is called; in the second, what came of the calls is written under the
leases that they were made with. Killed anywhere in between, we leave an attempt without an outcome, and the same
message goes out again with the same id.

A lane waits a moment for its receivers and then goes on: a call that still hangs is settled from its own thread.
"""

from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Connection

from services import crash_points
from services.actions.read.disclosed_event import unread_title
from services.actions.settle_deliveries import DELIVERY, Answered, put_off, settle, withhold
from services.channels.calls import CALLS
from services.channels.message import (
    Channel,
    Delivered,
    NotDelivered,
    OutwardMessage,
    Refused,
    SendResult,
    thin_body,
)
from services.clock import machine_clock
from services.domain.delivery import NotificationState
from services.domain.disclosure import Purpose, Reader, disclose
from services.domain.routing_facts import CaseFacts
from services.domain.standing import may_be_told
from services.storage import endpoints, jobs, notifications, rosters
from services.storage.database import DATABASE_AWAY
from services.storage.jobs import Job
from services.storage.notifications import Outgoing
from services.system import System

PATIENCE: Final = 1.0
"""Seconds that a lane waits for receivers. Deliveries are leased for 12 seconds, a call takes at most 8
(``channels.webhook``): what is begun within this time is written down before somebody else may repeat it."""

_WRITE_EVERY = 0.1
"""Seconds within which what came of calls is gathered, to be written at once."""

_CAME_OF_IT = {Delivered: "delivered", NotDelivered: "failed", Refused: "refused"}
_TO_BE_SENT = frozenset({NotificationState.PENDING, NotificationState.UNDELIVERED})
_log = structlog.get_logger()


class NoChannelError(Exception):
    """A notification asks for a channel that this system does not have: its job is set aside, visibly."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call to be made: one attempt at one notification, allowed and written down."""

    job: Job
    notification: Outgoing
    number: int
    receiver: UUID
    message: OutwardMessage
    channel: Channel


def deliver_notifications(system: System, batch: Sequence[Job]) -> None:
    """Deliver what a batch of jobs asks for; each job's ``ref`` is the id of a notification. Raises LeaseLostError."""
    waiting: dict[UUID, deque[Call]] = {}
    calls = _begin(system, batch)
    crash_points.reached("attempt.committed")
    for call in calls:
        waiting.setdefault(call.receiver, deque()).append(call)
    under_way: dict[Future[SendResult], Call] = {}
    answered = _make(system, waiting, under_way, until=monotonic() + PATIENCE)
    _leave(system, waiting, answered)
    for future, call in under_way.items():
        future.add_done_callback(partial(_settle_late, system, call))


def _make(
    system: System, waiting: dict[UUID, deque[Call]], under_way: dict[Future[SendResult], Call], *, until: float
) -> set[UUID]:
    """Make calls and write what comes of them, until all are made or time is over. Returns who answered at all."""
    answered: set[UUID] = set()
    came: list[Answered] = []
    write_at = monotonic() + _WRITE_EVERY
    while True:
        if monotonic() < until:
            _start(system, waiting, under_way)
        if not under_way:
            break
        left = max(0.0, until - monotonic())
        done, _ = wait(under_way, timeout=min(left, _WRITE_EVERY), return_when=FIRST_COMPLETED)
        for future in done:
            came.append(_answer(under_way.pop(future), future))
            answered.add(came[-1].receiver)
        if came and monotonic() >= write_at:
            settle(system, came)
            came, write_at = [], monotonic() + _WRITE_EVERY
        if not done and not left:
            break
    settle(system, came)
    return answered


def _start(system: System, waiting: dict[UUID, deque[Call]], under_way: dict[Future[SendResult], Call]) -> None:
    """Begin as many of the waiting calls as there are places for."""
    for receiver in list(waiting):
        calls = waiting[receiver]
        while calls:
            future = CALLS.start(receiver, partial(_send, system, calls[0]))
            if future is None:
                break
            under_way[future] = calls.popleft()
        if not calls:
            del waiting[receiver]


def _send(system: System, call: Call) -> SendResult:
    began, outcome = monotonic(), "failed"
    try:
        with system.traces.call(call.job, call.notification.id, call.number):
            result = _sent(call)
        outcome = _CAME_OF_IT[type(result)]
    finally:
        system.measures.called(outcome, monotonic() - began)
    return result


def _sent(call: Call) -> SendResult:
    crash_points.reached("call.begun")
    result = call.channel.send(replace(call.message, sent_at=machine_clock()))
    crash_points.reached("call.answered")
    return result


def _answer(call: Call, future: "Future[SendResult]") -> Answered:
    error = future.exception()
    if error is None:
        return Answered(call.job, call.notification, call.receiver, call.number, future.result())
    code = type(error).__name__
    _log.error("call_failed", notification=str(call.notification.id), code=code)
    return Answered(call.job, call.notification, call.receiver, call.number, NotDelivered(code))


def _leave(system: System, waiting: dict[UUID, deque[Call]], answered: set[UUID]) -> None:
    """Give back what was not begun: at once where the receiver answers, after a while where it only hangs."""
    for busy in (False, True):
        left = [
            (call.job, call.notification, call.number)
            for receiver, calls in waiting.items()
            for call in calls
            if (receiver not in answered) is busy
        ]
        put_off(system, left, busy=busy)


def _settle_late(system: System, call: Call, future: "Future[SendResult]") -> None:
    """In the thread of a call that outlasted the lane's patience. What cannot be written now is repeated later."""
    try:
        settle(system, [_answer(call, future)])
    except DATABASE_AWAY as error:
        _log.warning("not_settled", notification=str(call.notification.id), code=type(error).__name__)


def _begin(system: System, batch: Sequence[Job]) -> list[Call]:
    """The first transaction: which of these may be sent now, and the attempts, written before any call."""
    now = system.clock()
    with system.database.begin(DELIVERY) as connection:
        found = notifications.outgoing(connection, [job.ref for job in batch])
        first = {job.ref: job for job in reversed(batch) if job.ref in found and found[job.ref].state in _TO_BE_SENT}
        sent = [(job, found[job.ref]) for job in batch if first.get(job.ref) is job]
        moot = [job for job in batch if first.get(job.ref) is not job]
        if moot:
            jobs.finish(connection, moot, system.done_by)
        numbers = notifications.start_attempts(connection, [one.id for _, one in sent], now)
        facts = _facts(connection, [one for _, one in sent], now)
        refused = {one.id: code for _, one in sent if (code := _refusal(one, facts))}
        held = [(job, one, numbers[one.id], refused[one.id]) for job, one in sent if one.id in refused]
        withhold(system, connection, held, now)
        allowed = [(job, one, numbers[one.id]) for job, one in sent if one.id not in refused]
        calls = _calls(system, connection, allowed, now)
        crash_points.reached("attempt.written")
    return calls


def _facts(connection: Connection, sent: Sequence[Outgoing], now: datetime) -> dict[UUID, CaseFacts]:
    case_ids = {one.case_id for one in sent if one.case_id}
    return rosters.case_facts(connection, case_ids, (), now) if case_ids else {}


def _refusal(one: Outgoing, facts: dict[UUID, CaseFacts]) -> str | None:
    """Why nothing may be sent to this recipient any more; None where it may."""
    if one.address is None:
        return "no_address"
    if one.taken_back:
        return "taken_back"
    if one.case_id is not None and not may_be_told(one.agency_id, facts[one.case_id]):
        return "not_on_case"
    return None


def _calls(
    system: System, connection: Connection, allowed: Sequence[tuple[Job, Outgoing, int]], now: datetime
) -> list[Call]:
    secrets = endpoints.signing_secrets(
        connection, system.keys, {one.endpoint_id for _, one, _ in allowed if one.endpoint_id}
    )
    calls = []
    for job, one, number in allowed:
        channel = system.channels.get(one.channel)
        if channel is None or one.address is None:
            raise NoChannelError(one.channel)
        receiver = one.endpoint_id or one.recipient_id
        message = OutwardMessage(
            id=one.id,
            address=one.address,
            urgency=one.urgency,
            body=_body(system, one, now),
            secrets=secrets.get(receiver, ()),
            sent_at=now,
        )
        calls.append(Call(job, one, number, receiver, message, channel))
    return calls


def _body(system: System, one: Outgoing, now: datetime) -> dict[str, object]:
    """The thin body, and whatever of the event disclosure lets through on this way out: nothing, for a webhook."""
    reader = Reader(one.recipient_id, one.agency_id, frozenset({one.role}), Purpose(one.channel))
    title = unread_title(one.event_type, one.emitter)
    disclosed = disclose([title] if title else [], reader, system.policy.disclosure, (), now)
    shown = {field.path: field.value for field in disclosed.shown}
    return thin_body(one.id, one.urgency, f"{system.public_url}/inbox/{one.id}") | shown
