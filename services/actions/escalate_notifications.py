"""An alert that nobody acknowledges climbs its ladder (practice.md §2, U0; config/policy/escalation.yaml).

An alert is what one agency was told of one event. Each look reads the facts again: an alert that is quiet by now, or
whose notification is gone, is moot and its job ends. What is settled here and not in the ladder (Settled 10):

* the duty desk answers for its agency. Where a desk was told, the ladder is quiet once the desk has acknowledged (any
  member on that day), and not when one officer has; where an agency has no desk, anybody's acknowledgement counts;
* whoever was told on a rung and acknowledges quiets it too;
* an agency that is no longer on the case is told nothing more, and its rungs go to the county's on-call desk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Connection

from services import crash_points
from services.actions.append_events import append_events, lanes_of
from services.actions.climb_ladder import Climb, Look, climbs_of
from services.actions.system_events import TELLING_TYPES, Statement, system_drafts
from services.channels.message import Way
from services.domain.actors import system_actor
from services.domain.escalation import Alert, Ladder, next_check, next_rung
from services.domain.routing_decision import Reason
from services.domain.urgency import Lane, lane_of
from services.storage import acknowledgements, audit, escalations, jobs, notifications
from services.storage.acknowledgements import AlertName
from services.storage.audit import AuditEntry
from services.storage.escalations import Told
from services.storage.jobs import Job, NewJob
from services.storage.notifications import NewNotification
from services.system import System

ESCALATION = system_actor("escalation")

_CLIMBED: Final = "climbed"
_WRITTEN: Final = "written"
_log = structlog.get_logger()


def first_escalation_job(notification: NewNotification, ladder: Ladder, now: datetime) -> NewJob | None:
    """The job that looks at an alert for the first time, to be written with the notification; None where it climbs no
    ladder. Of an agency's several notifications of one event the first gives the job: they are one alert.
    """
    alert = Alert(notification.created_at, notification.urgency)
    due_at = next_check(alert, ladder) if notification.channel == Way.INBOX.value else None
    if due_at is None or notification.reason == Reason.ESCALATED.value:
        return None
    return _job(notification, 0, (), max(due_at, now))


def escalate_notifications(system: System, batch: Sequence[Job]) -> None:
    """Look at the alerts of a batch of jobs, each job's ``ref`` the notification with which its alert began, and write
    the rungs that are due, all in one transaction. Raises LeaseLostError, and then wrote nothing.
    """
    now = system.clock()
    with system.database.begin(ESCALATION) as connection:
        looks = _looks(connection, batch)
        quiet = acknowledgements.quieted_at(connection, {look.name: look.written for look in looks})
        due = [
            (look, rung)
            for look in looks
            if (rung := next_rung(look.alert(quiet), system.policy.escalation, now)) is not None
        ]
        climbs = climbs_of(connection, due, now)
        lanes = _write(system, connection, climbs, now)
        jobs.finish(connection, batch, system.done_by)
        jobs.add(connection, _next_jobs(system, looks, climbs, quiet, now))
        crash_points.reached("escalate.written")
    crash_points.reached("escalate.committed")
    if lanes:
        system.bells.ring(lanes)


def _looks(connection: Connection, batch: Sequence[Job]) -> list[Look]:
    found = escalations.told(connection, [job.ref for job in batch])
    return [
        Look(job, found[job.ref], _climbed(job.arguments), _written(job.arguments)) for job in batch if job.ref in found
    ]


def _climbed(arguments: Mapping[str, object]) -> int:
    climbed = arguments.get(_CLIMBED)
    return climbed if isinstance(climbed, int) else 0


def _written(arguments: Mapping[str, object]) -> tuple[UUID, ...]:
    written = arguments.get(_WRITTEN)
    return tuple(UUID(str(one)) for one in written) if isinstance(written, list) else ()


def _write(system: System, connection: Connection, climbs: Sequence[Climb], now: datetime) -> set[Lane]:
    """Write the rungs, their deliveries, and what is kept of them. Returns the lanes in which that made work."""
    rows = [row for one in climbs for row in one.rows]
    written = notifications.add(connection, rows)
    outward = [row for row in rows if row.id in written and row.channel != Way.INBOX.value]
    jobs.add(connection, [_delivery(row, now) for row in outward])
    audit.record(connection, ESCALATION, now, [_entry(one) for one in climbs])
    for one in climbs:
        if not one.rows:
            _log.error("nobody_to_escalate_to", notification=str(one.look.told.id), rung=one.rung.number)
    drafts = system_drafts(system, connection, ESCALATION, _statements(system.policy.escalation, climbs), now)
    events = append_events(system, connection, drafts, now) if drafts else []
    return {lane_of(row.urgency) for row in outward} | lanes_of(system, events)


def _delivery(row: NewNotification, now: datetime) -> NewJob:
    return NewJob(
        key=f"deliver:{row.id}",
        lane=lane_of(row.urgency),
        kind="deliver",
        ref=row.id,
        due_at=now,
        case_id=row.case_id,
        agency_id=row.agency_id,
    )


def _entry(one: Climb) -> AuditEntry:
    told = one.look.told
    return AuditEntry(
        "escalate_notification",
        f"notification:{told.id}",
        "done" if one.rows else "nobody",
        agency_id=told.agency_id,
        case_id=told.case_id,
        detail={"rung": one.rung.number, "told": sorted({str(row.recipient_id) for row in one.rows})},
    )


def _statements(ladder: Ladder, climbs: Sequence[Climb]) -> list[Statement]:
    """The event that a rung was climbed, once a rung: its repetitions stand in the audit log alone."""
    return [
        Statement(
            type="notification.escalated",
            name=f"escalated/{one.look.told.id}/{one.rung.number}",
            case_id=one.look.told.case_id,
            about=one.look.told.event_id,
            data={
                "notification_id": str(one.look.told.id),
                "about_event": str(one.look.told.event_id),
                "rung": one.rung.number,
                "to_role": one.rows[0].role.value,
                "to_recipient": str(one.rows[0].recipient_id),
                "reason_code": "not_acknowledged",
                "urgency": one.look.told.urgency.value,
            },
        )
        for one in climbs
        if one.rows
        and one.look.told.case_id is not None
        and one.look.told.event_type not in TELLING_TYPES
        and one.rung.number <= ladder.rungs[-1].number
    ]


def _next_jobs(
    system: System,
    looks: Sequence[Look],
    climbs: Sequence[Climb],
    quiet: Mapping[AlertName, datetime],
    now: datetime,
) -> list[NewJob]:
    """The next look at every alert that is not quiet and not at the end of its ladder."""
    by_job = {one.look.job.id: one for one in climbs}
    following = []
    for look in looks:
        climbed = by_job.get(look.job.id)
        number = climbed.rung.number if climbed else look.climbed
        new = {row.id for row in (climbed.rows if climbed else ()) if row.channel == Way.INBOX.value}
        due_at = next_check(replace(look.alert(quiet), climbed=number), system.policy.escalation)
        if due_at is not None:
            following.append(
                _job(look.told, number, (*look.written, *sorted(new - set(look.written))), max(due_at, now))
            )
    return following


def _job(told: NewNotification | Told, climbed: int, written: Sequence[UUID], due_at: datetime) -> NewJob:
    cause = told.cause_event_id if told.cause_event_id not in {None, told.event_id} else None
    return NewJob(
        key=":".join(
            str(part) for part in ("escalate", told.event_id, told.agency_id, climbed, cause) if part is not None
        ),
        lane=lane_of(told.urgency),
        kind="escalate",
        ref=told.id,
        due_at=due_at,
        case_id=told.case_id,
        agency_id=told.agency_id,
        arguments={_CLIMBED: climbed, _WRITTEN: [str(one) for one in written]},
    )
