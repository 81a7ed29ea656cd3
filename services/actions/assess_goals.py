"""Assessing the goals of cases: every goal of a case for every view, as of today; what changed is said as an event.

A job asks for it: because something that bears on goals was routed, or because a day has passed, for time alone changes
statuses (verification.md §5). Whatever asked, the whole case is read again, so that it does not matter in which order
jobs come, and how often. The same commit writes what is said and the job of the next day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from services.actions.append_events import append_events, lanes_of
from services.actions.system_events import Statement, system_drafts
from services.domain.actors import system_actor
from services.domain.calendars import start_of_day
from services.domain.case_goals import CaseContext
from services.domain.events import Event
from services.domain.goal_views import Assessed, assess_case
from services.domain.known_events import KnownEvent
from services.domain.reporting_lines import ReportingLines
from services.domain.status import Status
from services.domain.urgency import Lane
from services.storage import agencies, case_reading, goal_events, goal_statuses, jobs, reporting_lines
from services.storage.goal_statuses import Named, SaidStatus
from services.storage.jobs import Job, NewJob
from services.system import System

ASSESSOR = system_actor("goals")
SOURCE = "urn:tallystick:goals"
KIND = "assess"
_CHANGES_PLAN = frozenset({"caseplan.adopted", "caseplan.revised"})
_TAKES_BACK = "event.unlinked"
_AFTER_MIDNIGHT = timedelta(minutes=5)


def assess_jobs(system: System, connection: Connection, events: Sequence[Event], lane: Lane) -> list[NewJob]:
    """The jobs that assess the goals of the cases on which these events were routed, one for each event that bears on
    goals of its case. Beside a batch of urgent events it is routine work.
    """
    bearing = system.policy.verification.bearing | {_TAKES_BACK}
    bear = [event for event in events if event.case_id is not None and event.type in bearing]
    if not bear:
        return []
    changed = {event.case_id for event in bear if event.case_id and event.type in _CHANGES_PLAN}
    asked = {event.case_id for event in bear if event.case_id} - changed
    planned = goal_events.cases_with_goals(connection, changed) if changed else set()
    planned |= goal_statuses.cases_with_goals(connection, asked) if asked else set()
    now = system.clock()
    return [
        NewJob(
            key=f"{KIND}:{event.case_id}:{event.id}:{now.isoformat()}",
            lane=Lane.ROUTINE if lane is Lane.URGENT else lane,
            kind=KIND,
            ref=event.id,
            due_at=now,
            case_id=event.case_id,
        )
        for event in bear
        if event.case_id in planned
    ]


def assess_goals(system: System, batch: Sequence[Job]) -> None:
    """Assess the goals of the cases of these jobs, all in one transaction. Raises LeaseLostError, and then wrote
    nothing.
    """
    now = system.clock()
    causes = {job.case_id: job.ref for job in batch if job.case_id is not None}
    with system.database.begin(ASSESSOR) as connection:
        goal_statuses.hold(connection, causes)
        known = read_cases(system, connection, causes)
        before = goal_statuses.of_cases(connection, causes)
        plan = _Plan(system, now, causes, before)
        for case_id, case in known.items():
            plan.take(case_id, case)
        said = plan.write(connection)
        jobs.finish(connection, batch, system.done_by)
    system.bells.ring(lanes_of(system, said))


@dataclass(frozen=True, slots=True)
class ReadCase:
    """What is read of a case to assess its goals."""

    events: Sequence[KnownEvent]
    context: CaseContext

    def today(self, now: datetime) -> date:
        """The day that it is in the case's county."""
        return now.astimezone(self.context.zone).date()


def read_cases(system: System, connection: Connection, case_ids: Iterable[UUID]) -> dict[UUID, ReadCase]:
    """Everything that bears on the goals of these cases, set-wise."""
    wanted = frozenset(case_ids)
    events = goal_events.of_cases(connection, system.keys, wanted, system.policy.verification.bearing)
    zones = case_reading.zones_of(connection, wanted)
    lines = reporting_lines.of_cases(connection, wanted)
    roles = {line.slug: frozenset(line.roles) for line in agencies.listed(connection)}
    return {
        case_id: ReadCase(
            events.get(case_id, ()), CaseContext(ZoneInfo(zone), lines.get(case_id, ReportingLines()), roles)
        )
        for case_id, zone in zones.items()
    }


@dataclass(slots=True)
class _Plan:
    """What the assessment of a batch of cases will write."""

    system: System
    now: datetime
    causes: Mapping[UUID, UUID]
    before: Mapping[Named, SaidStatus]
    changed: list[SaidStatus] = field(default_factory=list)
    statements: dict[Named, Statement] = field(default_factory=dict)
    next_day: list[NewJob] = field(default_factory=list)

    def take(self, case_id: UUID, case: ReadCase) -> None:
        """Assess the goals of a case, and keep what is new."""
        today = case.today(self.now)
        policy = self.system.policy.verification
        views = [view for view in policy.views if view.recorded]
        assessed = assess_case(case.events, today, case.context, policy, views)
        for one in assessed:
            self._compare(case_id, one, today)
        if any(one.assessment.status is not Status.CLOSED for one in assessed):
            self.next_day.append(_tomorrow(case_id, today, case.context.zone))

    def write(self, connection: Connection) -> list[Event]:
        """Write everything. Returns the events that were said."""
        statements = list(self.statements.values())
        drafts = system_drafts(self.system, connection, ASSESSOR, statements, self.now, SOURCE)
        events = append_events(self.system, connection, drafts, self.now) if drafts else []
        goal_statuses.put(connection, self.changed)
        jobs.add(connection, self.next_day)
        return events

    def _compare(self, case_id: UUID, one: Assessed, today: date) -> None:
        status = one.assessment.status.value
        reasons = tuple(map(str, one.assessment.reasons))
        digest = self.system.policy.verification.digest
        review = one.review_required
        said = SaidStatus(case_id, one.state.goal.id, one.view.name, status, reasons, review, today, digest, self.now)
        before = self.before.get(said.name)
        if before is not None and (before.status, before.reasons, before.review_required) == (status, reasons, review):
            return
        self.changed.append(said)
        was = before.status if before else Status.NOT_ASSESSED.value
        if was != status or review != (before is not None and before.review_required):
            self.statements[said.name] = self._statement(said, was, one)

    def _statement(self, said: SaidStatus, was: str, one: Assessed) -> Statement:
        cause = self.causes[said.case_id]
        return Statement(
            type="goal.status_changed",
            name=f"{said.case_id}:{said.goal_id}:{said.view}:{self.now.isoformat()}:{cause}",
            case_id=said.case_id,
            about=cause if cause != said.case_id else UUID(one.state.goal.event_id),
            data={
                "goal_id": said.goal_id,
                "from_status": was,
                "to_status": said.status,
                "reasons": list(said.reasons),
                "view": said.view,
                "as_of": said.as_of.isoformat(),
                "ruleset_version": said.policy_digest,
                "review_required": said.review_required,
            },
        )


def _tomorrow(case_id: UUID, today: date, zone: ZoneInfo) -> NewJob:
    """The job that looks again when the next day has begun in the case's county. One a case and day."""
    day = today + timedelta(days=1)
    return NewJob(
        key=f"{KIND}:{case_id}:{day.isoformat()}",
        lane=Lane.BULK,
        kind=KIND,
        ref=case_id,
        due_at=start_of_day(day, zone) + _AFTER_MIDNIGHT,
        case_id=case_id,
    )
