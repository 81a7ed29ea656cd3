"""Everything that came of a story, read whole: for replays on a scratch database, where it is bounded by the story."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.domain.roles import Role
from services.domain.tasks import OPEN
from services.domain.urgency import Urgency
from services.storage.tables import (
    agencies,
    case_identifiers,
    cases,
    deadlines,
    event_log,
    event_outcomes,
    notifications,
    parties,
    staff,
    tasks,
    teams,
)

Rows = list[Mapping[str, Any]]


def _party_name() -> ColumnElement[str]:
    """How a report names a recipient: a user name, or ``agency/team``."""
    return func.coalesce(staff.c.username, agencies.c.slug + "/" + teams.c.slug)


def _plain(row: Row[*tuple[Any, ...]]) -> Mapping[str, Any]:
    return {str(name): value for name, value in row._mapping.items()}


def case_numbers(connection: Connection) -> dict[UUID, str]:
    """Every case by the number that the agency whose case it is has for it; by its token where there is none."""
    rows = connection.execute(
        select(cases.c.id, func.coalesce(func.min(case_identifiers.c.value), cases.c.token).label("number"))
        .outerjoin(
            case_identifiers,
            and_(case_identifiers.c.case_id == cases.c.id, case_identifiers.c.agency_id == cases.c.agency_id),
        )
        .group_by(cases.c.id, cases.c.token)
    )
    return {row.id: row.number for row in rows}


def outcomes(connection: Connection) -> Rows:
    """Every event, with what became of it."""
    rows = connection.execute(
        select(
            event_log.c.id,
            event_log.c.source,
            event_log.c.source_id,
            event_log.c.type,
            event_log.c.time,
            event_log.c.recorded,
            event_log.c.accepted,
            event_log.c.urgency,
            event_log.c.attributes,
            event_outcomes.c.state,
            event_outcomes.c.code,
        ).join(event_outcomes, event_outcomes.c.event_id == event_log.c.id, isouter=True)
    )
    return [_plain(row) for row in rows]


def notices(connection: Connection) -> Rows:
    """Every notification, with the id of its event."""
    rows = connection.execute(
        select(
            notifications.c.event_id.label("event"),
            event_log.c.type,
            notifications.c.created_at.label("at"),
            notifications.c.rule_id.label("rule"),
            notifications.c.role,
            _party_name().label("recipient"),
            agencies.c.slug.label("agency"),
            notifications.c.channel,
            notifications.c.urgency,
            notifications.c.caution,
            notifications.c.reason,
            notifications.c.state,
            notifications.c.acknowledged_at,
        )
        .join(event_log, event_log.c.id == notifications.c.event_id)
        .join(parties, parties.c.id == notifications.c.recipient_id)
        .join(agencies, agencies.c.id == parties.c.agency_id)
        .join(staff, staff.c.id == parties.c.id, isouter=True)
        .join(teams, teams.c.id == parties.c.id, isouter=True)
    )
    return [_plain(row) for row in rows]


def asked(connection: Connection) -> Rows:
    """Every task, with its due date, the id of its event, and that of the event that did it."""
    due = deadlines.alias("due")
    rows = connection.execute(
        select(
            tasks.c.event_id.label("event"),
            event_log.c.type,
            tasks.c.kind,
            tasks.c.title,
            tasks.c.role,
            _party_name().label("assignee"),
            tasks.c.urgency,
            tasks.c.state,
            tasks.c.created_at.label("at"),
            tasks.c.changed_at,
            tasks.c.done_by_event_id.label("done_by"),
            due.c.rolled_due.label("due_at"),
            due.c.due_on,
            due.c.overdue_since,
        )
        .join(event_log, event_log.c.id == tasks.c.event_id)
        .join(parties, parties.c.id == tasks.c.assignee_id)
        .join(agencies, agencies.c.id == parties.c.agency_id)
        .join(staff, staff.c.id == parties.c.id, isouter=True)
        .join(teams, teams.c.id == parties.c.id, isouter=True)
        .join(due, due.c.task_id == tasks.c.id, isouter=True)
    )
    return [_plain(row) for row in rows]


def dues(connection: Connection) -> Rows:
    """Every deadline that is not a task's own, with the id of the event that it is counted from."""
    rows = connection.execute(
        select(
            deadlines.c.rule_id.label("rule"),
            deadlines.c.key,
            deadlines.c.trigger_event_id.label("trigger"),
            deadlines.c.raw_due,
            deadlines.c.rolled_due,
            deadlines.c.internal_due,
            deadlines.c.due_on,
            deadlines.c.zone,
            deadlines.c.state,
            deadlines.c.met_at,
            deadlines.c.overdue_since,
        ).where(deadlines.c.task_id.is_(None))
    )
    return [_plain(row) for row in rows]


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that a desk has not acknowledged: one of the desk's notifications of the event."""

    notification_id: UUID
    agency_id: UUID
    agency: str


def open_alerts(connection: Connection) -> list[OpenAlert]:
    """The alerts that desks were given and have not acknowledged, one of each agency and event, the earliest first."""
    first = (
        select(notifications.c.id, notifications.c.agency_id, agencies.c.slug, notifications.c.created_at)
        .join(agencies, agencies.c.id == notifications.c.agency_id)
        .join(teams, teams.c.id == notifications.c.recipient_id)
        .where(
            notifications.c.urgency == Urgency.U0.value,
            notifications.c.channel == "inbox",
            notifications.c.acknowledged_at.is_(None),
        )
        .ext(distinct_on(notifications.c.event_id, notifications.c.agency_id))
        .order_by(notifications.c.event_id, notifications.c.agency_id, notifications.c.created_at)
    ).subquery()
    rows = connection.execute(select(first).order_by(first.c.created_at, first.c.slug))
    return [OpenAlert(row.id, row.agency_id, row.slug) for row in rows]


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that waits for its assignee, who speaks in the ``roles`` of their agency; a team has no ``username``."""

    id: UUID
    kind: str
    agency_id: UUID
    agency: str
    roles: frozenset[Role]
    assignee_id: UUID
    username: str | None


def open_tasks(connection: Connection, kinds: Collection[str]) -> list[OpenTask]:
    """The open tasks of these kinds, in the order in which they were put."""
    rows = connection.execute(
        select(
            tasks.c.id,
            tasks.c.kind,
            tasks.c.agency_id,
            agencies.c.slug,
            agencies.c.roles,
            tasks.c.assignee_id,
            staff.c.username,
        )
        .join(agencies, agencies.c.id == tasks.c.agency_id)
        .join(staff, staff.c.id == tasks.c.assignee_id, isouter=True)
        .where(tasks.c.kind.in_(sorted(kinds)), tasks.c.state.in_([state.value for state in OPEN]))
        .order_by(tasks.c.created_at, tasks.c.kind, agencies.c.slug)
    )
    return [
        OpenTask(
            row.id, row.kind, row.agency_id, row.slug, frozenset(map(Role, row.roles)), row.assignee_id, row.username
        )
        for row in rows
    ]
