"""Tasks as rows: who was asked to do what, by when, and what they answered. Lists page by key, never by offset."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, literal, or_, select, true, tuple_, update

from services.domain.tasks import OPEN, TaskState
from services.domain.urgency import Urgency
from services.storage.tables import agencies, case_identifiers, cases, deadlines, staff, tasks, teams

WITHOUT_DUE = datetime(9999, 1, 1, tzinfo=UTC)
"""Where a task without a due date stands in the order of due dates: last."""

Place = tuple[datetime, UUID]
"""A place in a list: the instant that it is ordered by, and the id of the row."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task with what a list shows of it. ``due_at`` is the binding instant (UTC; the end of the local day where days
    are counted), ``due_on`` its day in ``zone``. ``case_number`` is the asking agency's own number of the case, where
    it has linked one, and else the token.
    """

    id: UUID
    event_id: UUID
    case_id: UUID | None
    case_number: str | None
    kind: str
    title: str
    role: str
    assignee_id: UUID
    assignee_name: str
    agency_id: UUID
    agency_name: str
    requester_agency_id: UUID
    requester_name: str
    urgency: Urgency
    state: TaskState
    reason: str | None
    created_at: datetime
    changed_at: datetime
    due_at: datetime | None
    due_on: date | None
    zone: str | None
    overdue_since: date | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A task about to be answered, locked: where it stands and to whom it was put."""

    id: UUID
    case_id: UUID | None
    kind: str
    state: TaskState
    assignee_id: UUID
    agency_id: UUID


@dataclass(frozen=True, slots=True)
class Whose:
    """Which tasks a list is of: those put to any of ``assignees``, or to anybody of ``agency_id``, with those of the
    kinds ``also_asked`` that this agency asked for; of one case, where ``case_id`` is given.
    """

    assignees: Collection[UUID] = ()
    agency_id: UUID | None = None
    also_asked: Collection[str] = ()
    case_id: UUID | None = None


def lock(connection: Connection, task_id: UUID) -> Asked | None:
    """Lock a task until the end of the transaction; None where the actor sees no such task."""
    row = connection.execute(
        select(tasks.c.id, tasks.c.case_id, tasks.c.kind, tasks.c.state, tasks.c.assignee_id, tasks.c.agency_id)
        .where(tasks.c.id == task_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    return Asked(row.id, row.case_id, row.kind, TaskState(row.state), row.assignee_id, row.agency_id)


def move(connection: Connection, task_id: UUID, state: TaskState, reason: str | None, at: datetime) -> bool:
    """Put a locked task into ``state``. False where the actor may not change it."""
    moved = connection.execute(
        update(tasks).where(tasks.c.id == task_id).values(state=state.value, reason=reason, changed_at=at)
    )
    return moved.rowcount == 1


def hand_over(connection: Connection, case_id: UUID, leaving: UUID, coming: UUID) -> int:
    """Put the open tasks of a case that wait for one party to another of the same agency. Returns how many.

    What the other was asked by the same event already is not asked twice, and stays where it is.
    """
    theirs = tasks.alias("theirs")
    asked = (
        select(theirs.c.id)
        .where(
            theirs.c.event_id == tasks.c.event_id,
            theirs.c.cause_event_id == tasks.c.cause_event_id,
            theirs.c.rule_id == tasks.c.rule_id,
            theirs.c.kind == tasks.c.kind,
            theirs.c.key == tasks.c.key,
            theirs.c.assignee_id == coming,
        )
        .exists()
    )
    moved = connection.execute(
        update(tasks)
        .where(
            tasks.c.case_id == case_id,
            tasks.c.assignee_id == leaving,
            tasks.c.state.in_([state.value for state in OPEN]),
            ~asked,
        )
        .values(assignee_id=coming)
    )
    return moved.rowcount


def open_tasks(connection: Connection, whose: Whose, reader: UUID, after: Place | None, limit: int) -> list[Task]:
    """Tasks in which something is still to be done, the first due first; up to ``limit``, after a place in that
    order. ``reader`` is the agency whose own case numbers are shown.
    """
    query, due = _listed(whose, reader)
    query = query.where(tasks.c.state.in_([state.value for state in OPEN])).order_by(due, tasks.c.id)
    if after is not None:
        query = query.where(tuple_(due, tasks.c.id) > tuple_(literal(after[0]), literal(after[1])))
    return [_task(row) for row in connection.execute(query.limit(limit))]


def closed_tasks(connection: Connection, whose: Whose, reader: UUID, before: Place | None, limit: int) -> list[Task]:
    """Tasks in which nothing is to be done any more, the last changed first; up to ``limit``, before a place."""
    query, _ = _listed(whose, reader)
    query = query.where(tasks.c.state.not_in([state.value for state in OPEN]))
    query = query.order_by(tasks.c.changed_at.desc(), tasks.c.id.desc())
    if before is not None:
        query = query.where(tuple_(tasks.c.changed_at, tasks.c.id) < tuple_(literal(before[0]), literal(before[1])))
    return [_task(row) for row in connection.execute(query.limit(limit))]


def find(connection: Connection, task_id: UUID, reader: UUID) -> Task | None:
    """One task, as lists show it; None where the actor sees no such task."""
    query, _ = _listed(Whose(), reader)
    row = connection.execute(query.where(tasks.c.id == task_id)).one_or_none()
    return _task(row) if row else None


def concerning(
    connection: Connection, task_ids: Collection[UUID], agency_id: UUID, also_asked: Collection[str]
) -> set[UUID]:
    """Which of these tasks were put to an agency, or are of the kinds ``also_asked`` and were asked for by it."""
    if not task_ids:
        return set()
    rows = connection.execute(
        select(tasks.c.id).where(tasks.c.id.in_(list(task_ids)), _concerns(agency_id, also_asked))
    )
    return set(rows.scalars())


def _concerns(agency_id: UUID, also_asked: Collection[str]) -> ColumnElement[bool]:
    asked = and_(tasks.c.requester_agency_id == agency_id, tasks.c.kind.in_(sorted(also_asked)))
    return or_(tasks.c.agency_id == agency_id, asked)


def due_place(task: Task) -> Place:
    """The place of a task in the order of due dates."""
    return task.due_at or WITHOUT_DUE, task.id


def _listed(whose: Whose, reader: UUID) -> tuple[Select[Any], Any]:
    asked, requester = agencies.alias("asked"), agencies.alias("requester")
    nearest = (
        select(deadlines.c.rolled_due, deadlines.c.due_on, deadlines.c.zone, deadlines.c.overdue_since)
        .where(deadlines.c.task_id == tasks.c.id, deadlines.c.state.in_(["open", "missed"]))
        .order_by(deadlines.c.rolled_due)
        .limit(1)
        .lateral("nearest")
    )
    due = func.coalesce(nearest.c.rolled_due, WITHOUT_DUE)
    own_number = (
        select(case_identifiers.c.value)
        .where(
            case_identifiers.c.case_id == tasks.c.case_id,
            case_identifiers.c.agency_id == reader,
            case_identifiers.c.unlinked_by_event_id.is_(None),
        )
        .order_by(case_identifiers.c.value)
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(
            tasks,
            asked.c.name.label("agency_name"),
            requester.c.name.label("requester_name"),
            func.coalesce(staff.c.display_name, teams.c.name).label("assignee_name"),
            func.coalesce(own_number, cases.c.token).label("case_number"),
            nearest.c.rolled_due,
            nearest.c.due_on,
            nearest.c.overdue_since,
            func.coalesce(nearest.c.zone, cases.c.zone).label("zone"),
        )
        .join(asked, asked.c.id == tasks.c.agency_id)
        .join(requester, requester.c.id == tasks.c.requester_agency_id)
        .join(staff, staff.c.id == tasks.c.assignee_id, isouter=True)
        .join(teams, teams.c.id == tasks.c.assignee_id, isouter=True)
        .join(cases, cases.c.id == tasks.c.case_id, isouter=True)
        .join(nearest, true(), isouter=True)
    )
    return _of(query, whose), due


def _of(query: Select[Any], whose: Whose) -> Select[Any]:
    put_to: list[ColumnElement[bool]] = []
    if whose.assignees:
        put_to.append(tasks.c.assignee_id.in_(list(whose.assignees)))
    if whose.agency_id is not None:
        put_to.append(_concerns(whose.agency_id, whose.also_asked))
    conditions: list[ColumnElement[bool]] = [or_(*put_to)] if put_to else []
    if whose.case_id is not None:
        conditions.append(tasks.c.case_id == whose.case_id)
    return query.where(and_(*conditions)) if conditions else query


def _task(row: Row[Any]) -> Task:
    columns = row._mapping
    return Task(
        id=columns["id"],
        event_id=columns["event_id"],
        case_id=columns["case_id"],
        case_number=columns["case_number"],
        kind=columns["kind"],
        title=columns["title"],
        role=columns["role"],
        assignee_id=columns["assignee_id"],
        assignee_name=columns["assignee_name"],
        agency_id=columns["agency_id"],
        agency_name=columns["agency_name"],
        requester_agency_id=columns["requester_agency_id"],
        requester_name=columns["requester_name"],
        urgency=Urgency(columns["urgency"]),
        state=TaskState(columns["state"]),
        reason=columns["reason"],
        created_at=columns["created_at"],
        changed_at=columns["changed_at"],
        due_at=columns["rolled_due"],
        due_on=columns["due_on"],
        zone=columns["zone"],
        overdue_since=columns["overdue_since"],
    )
