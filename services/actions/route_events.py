"""Routing: policy decides who is told of an event, which tasks and deadlines follow, and all of it is written in one
commit with the end of the jobs (ARCHITECTURE.md §4, step 7).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from services import crash_points
from services.actions.assess_goals import assess_jobs
from services.actions.catch_up_deadlines import catch_up_job
from services.actions.link_events import AGAIN, LINK, link_events
from services.actions.move_deadlines import move_deadlines, task_deadlines
from services.actions.refuse_pattern_acts import refused_pattern_acts
from services.actions.routing_plan import ROUTER, RoutingPlan
from services.domain.events import Event
from services.domain.linking import LINKED, Linking, targets_of
from services.domain.overrides import refusal_of
from services.domain.removals import REMOVAL_TYPES, removed_children
from services.domain.roles import CHILD_WELFARE, Role
from services.domain.routing_facts import CaseFacts
from services.domain.urgency import Lane
from services.storage import case_events, deadlines, decisions, event_log, incidents, jobs, links, releases, rosters
from services.storage import task_deadlines as task_rows
from services.storage.jobs import Job
from services.system import System

_PART_2 = "42CFR2"
_NO_CONSENT = "no_valid_consent"
_IDLE = {Lane.URGENT: 2.0}
"""Seconds for which a batch may stand still in its transaction: what it holds, others wait for. One event alone may
take as long as anything else.
"""
_TASK_FIELDS = ("task_id", "task_ref")


def route_events(system: System, batch: Sequence[Job]) -> None:
    """Route the events of a batch of jobs, all in one transaction. Raises LeaseLostError, and then wrote nothing."""
    now = system.clock()
    with system.database.begin(ROUTER, idle_seconds=_IDLE.get(batch[0].lane) if len(batch) > 1 else None) as connection:
        crash_points.reached("route.begun")
        events, causes = _events(system, connection, batch)
        plan = _plan(system, connection, events, causes, now)
        linking = links.stand(connection, set(targets_of(events)))
        refused = refused_pattern_acts(system, connection, events)
        routed = _decide(connection, plan, linking, events, refused)
        plan.write(connection)
        if linking.changes:
            deadlines.lock_cases(connection, plan.facts)
        task_deadlines(system, connection, plan.tasks, plan.facts, now)
        task_rows.settle_of_tasks(connection, plan.done.keys() | _named_tasks(routed))
        held_up = move_deadlines(system, connection, routed, plan.facts, now)
        due = {job.ref: job.due_at for job in batch}
        left = [catch_up_job(event, batch[0].lane, due[event.id], now) for event in held_up]
        jobs.add(connection, left)
        assessing = assess_jobs(system, connection, routed, batch[0].lane)
        jobs.add(connection, assessing)
        link_events(system, connection, linking, plan.facts, now)
        jobs.finish(connection, batch, system.done_by)
        crash_points.reached("route.written")
    crash_points.reached("route.committed")
    later = {job.lane for job in (*left, *assessing)}
    system.bells.ring(plan.lanes() | later | ({Lane.URGENT} if linking.changes else set()))


def _decide(
    connection: Connection, plan: RoutingPlan, linking: Linking, events: Sequence[Event], refused: Mapping[UUID, str]
) -> list[Event]:
    """Decide on events in their order. Returns those that are routed on their cases and take effect there.

    ``refused`` are those that have no effect because of what stands on their case.
    """
    counties = rosters.county_facts(connection) if any(event.case_id is None for event in events) else ()
    unread = _without_consent(connection, events, plan.facts, plan.now)
    routed: list[Event] = []
    for event in events:
        if event.case_id is None:
            if event.id not in linking.on:
                plan.put_before_people(event, counties)
        elif event.id in unread:
            plan.settle(event, "quarantined", _NO_CONSENT)
        elif code := refused.get(event.id) or _refusal(event, linking):
            plan.refuse(event, code)
        else:
            plan.route(event)
            routed.append(event)
    return routed


def _events(system: System, connection: Connection, batch: Sequence[Job]) -> tuple[list[Event], dict[UUID, UUID]]:
    """The events of the jobs in the jobs' order, each on the case that it is routed for; and by event the one because
    of which it is routed, where that is another. What was linked elsewhere, or taken back, in the meantime is left out.
    """
    loaded = event_log.load(connection, system.keys, [job.ref for job in batch])
    elsewhere = {job.ref for job in batch if LINK in job.arguments or AGAIN in job.arguments}
    linked = links.hold(connection, elsewhere)
    events: list[Event] = []
    causes: dict[UUID, UUID] = {}
    for job in batch:
        event, link = loaded[job.ref], linked.get(job.ref)
        if (by := job.arguments.get(LINK)) is not None:
            if link is not None and str(link.by) == by:
                causes[event.id] = link.by
                events.append(replace(event, case_id=link.case_id))
        elif (by := job.arguments.get(AGAIN)) is not None:
            if link is None:
                causes[event.id] = UUID(str(by))
                events.append(event)
        else:
            events.append(event)
    return events, causes


def _plan(
    system: System, connection: Connection, events: Sequence[Event], causes: Mapping[UUID, UUID], now: datetime
) -> RoutingPlan:
    case_ids = {event.case_id for event in events if event.case_id}
    facts = rosters.case_facts(connection, case_ids, _named_tasks(events), now) if case_ids else {}
    facts |= _with_incidents(system, connection, facts, events)
    facts |= _with_removals(system, connection, facts, events)
    kinds = system.policy.routing.kinds_concerned_by({event.type for event in events})
    linked = set(targets_of(event for event in events if event.type == LINKED))
    asked = decisions.open_task_names(connection, case_ids, kinds, linked) if case_ids else {}
    return RoutingPlan(system=system, now=now, facts=facts, asked=asked, causes=causes)


def _with_incidents(
    system: System, connection: Connection, facts: Mapping[UUID, CaseFacts], events: Sequence[Event]
) -> dict[UUID, CaseFacts]:
    """The facts of the cases for which a rule asks whether violence came on record, with when it did."""
    asking = {
        name for name, rules in system.policy.routing.types.items() if any(one.after_incident for one in rules.tasks)
    }
    case_ids = {event.case_id for event in events if event.case_id and event.type in asking}
    found = incidents.last_on_record(connection, case_ids) if case_ids else {}
    return {case_id: replace(facts[case_id], incident_at=at) for case_id, at in found.items()}


def _with_removals(
    system: System, connection: Connection, facts: Mapping[UUID, CaseFacts], events: Sequence[Event]
) -> dict[UUID, CaseFacts]:
    """The facts of the cases for which a rule asks whether children are removed, with those who are."""
    asking = {
        name for name, rules in system.policy.routing.types.items() if any(one.per_removed_child for one in rules.tasks)
    }
    case_ids = {event.case_id for event in events if event.case_id and event.type in asking}
    found = case_events.of_types(connection, system.keys, case_ids, REMOVAL_TYPES)
    removed = {
        case_id: removed_children(one.event for one in said if one.settled or not one.linked)
        for case_id, said in found.items()
    }
    return {case_id: replace(facts[case_id], removed=children) for case_id, children in removed.items()}


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


def _refusal(event: Event, linking: Linking) -> str | None:
    return refusal_of(event) if event.type == "goal.override_requested" else linking.take(event)


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
