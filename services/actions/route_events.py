"""Routing: policy decides who is told of an event, which tasks and deadlines follow, and all of it is written in one
commit with the end of the jobs (ARCHITECTURE.md §4, step 7).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from services.actions.link_events import events_to_link, link_events
from services.actions.move_deadlines import move_deadlines, task_deadlines
from services.actions.routing_plan import ROUTER, RoutingPlan
from services.domain.events import Event
from services.domain.overrides import refusal_of
from services.domain.roles import CHILD_WELFARE, Role
from services.domain.routing_facts import CaseFacts
from services.storage import decisions, event_log, jobs, releases, rosters
from services.storage.jobs import Job
from services.system import System

ON_CASE = "case"
"""In a job's arguments: the case that a person has linked an unmatched event to."""

_PART_2 = "42CFR2"
_NO_CONSENT = "no_valid_consent"
_TASK_FIELDS = ("task_id", "task_ref")


def route_events(system: System, batch: Sequence[Job]) -> None:
    """Route the events of a batch of jobs, all in one transaction. Raises LeaseLostError, and then wrote nothing."""
    now = system.clock()
    with system.database.begin(ROUTER) as connection:
        events = _events(system, connection, batch)
        plan = _plan(system, connection, events, now)
        counties = rosters.county_facts(connection) if any(event.case_id is None for event in events) else ()
        unread = _without_consent(connection, events, plan.facts, now)
        routed: list[Event] = []
        for event in events:
            if event.case_id is None:
                plan.put_before_people(event, counties)
            elif event.id in unread:
                plan.settle(event, "quarantined", _NO_CONSENT)
            elif code := _refusal(event):
                plan.refuse(event, code)
            else:
                plan.route(event)
                routed.append(event)
        plan.write(connection)
        move_deadlines(system, connection, routed, plan.facts, now)
        task_deadlines(system, connection, plan.tasks, plan.facts, now)
        link_events(connection, routed, now)
        jobs.finish(connection, batch, system.done_by)
    system.bells.ring(plan.lanes())


def _events(system: System, connection: Connection, batch: Sequence[Job]) -> list[Event]:
    """The events of the jobs in the jobs' order, each on the case that it is routed for."""
    loaded = event_log.load(connection, system.keys, [job.ref for job in batch])
    events = []
    for job in batch:
        linked = job.arguments.get(ON_CASE)
        event = loaded[job.ref]
        events.append(replace(event, case_id=UUID(str(linked))) if linked else event)
    return events


def _plan(system: System, connection: Connection, events: Sequence[Event], now: datetime) -> RoutingPlan:
    case_ids = {event.case_id for event in events if event.case_id}
    facts = rosters.case_facts(connection, case_ids, _named_tasks(events), now) if case_ids else {}
    kinds = list(system.policy.routing.kinds)
    asked = decisions.open_task_names(connection, case_ids, kinds, events_to_link(events)) if case_ids else {}
    return RoutingPlan(system=system, now=now, facts=facts, asked=asked)


def _named_tasks(events: Iterable[Event]) -> set[UUID]:
    named: set[UUID] = set()
    for event in events:
        for field in _TASK_FIELDS:
            value = event.data.get(field)
            if isinstance(value, str):
                try:
                    named.add(UUID(value))
                except ValueError:
                    continue
    return named


def _refusal(event: Event) -> str | None:
    return refusal_of(event) if event.type == "goal.override_requested" else None


def _without_consent(
    connection: Connection, events: Sequence[Event], facts: dict[UUID, CaseFacts], now: datetime
) -> set[UUID]:
    """The reports of substance-use programmes for which no Part 2 consent to child welfare is in force today. They are
    put into quarantine, unread (practice.md §5.1, §8 row 52).
    """
    reports = [event for event in events if event.case_id and _is_part_2_record(event)]
    by_day: dict[date, set[UUID]] = {}
    for event in reports:
        if event.case_id:
            by_day.setdefault(now.astimezone(ZoneInfo(facts[event.case_id].zone)).date(), set()).add(event.case_id)
    released: set[UUID] = set()
    for day, case_ids in by_day.items():
        released |= releases.cases_with(connection, case_ids, _PART_2, {role.value for role in CHILD_WELFARE}, day)
    return {event.id for event in reports if event.case_id not in released}


def _is_part_2_record(event: Event) -> bool:
    return event.emitter is Role.SUD and event.type in {"provider.progress_report", "provider.discharged"}
