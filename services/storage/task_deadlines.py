"""The due dates of tasks as rows among the deadlines: rule ``task.<kind>``, key the task's id."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, case, select, update

from services.domain.deadlines import State
from services.domain.due_dates import Roll
from services.domain.roles import Role
from services.domain.task_due import TaskDeadline
from services.domain.tasks import OPEN, TaskState
from services.domain.urgency import Urgency
from services.storage import bulk
from services.storage.tables import deadlines, tasks


def add(connection: Connection, new: Sequence[TaskDeadline]) -> list[TaskDeadline]:
    """Write the due dates of tasks. Returns those whose task was written: what the same event asked before is asked
    already, and has its due date.
    """
    if not new:
        return []
    ids = [one.task_id for one in new]
    asked = set(connection.execute(select(tasks.c.id).where(bulk.among(tasks.c.id, ids))).scalars())
    rows = [one for one in new if one.task_id in asked]
    bulk.insert_rows(connection, deadlines, [_task_row(one) for one in rows], ignore_known=True)
    return rows


def load_waiting(connection: Connection, ids: Collection[UUID]) -> dict[UUID, TaskDeadline]:
    """The due dates among these that are open and whose task still waits to be done, by id."""
    rows = connection.execute(
        select(
            deadlines,
            tasks.c.event_id,
            tasks.c.kind,
            tasks.c.role.label("task_role"),
            tasks.c.assignee_id,
            tasks.c.agency_id,
            tasks.c.urgency,
        )
        .join(tasks, tasks.c.id == deadlines.c.task_id)
        .where(
            bulk.among(deadlines.c.id, ids),
            deadlines.c.state == State.OPEN.value,
            tasks.c.state.in_([state.value for state in OPEN]),
        )
    )
    return {row.id: _task_deadline(row) for row in rows}


def settle_of_cases(connection: Connection, case_ids: Collection[UUID]) -> None:
    """Close the due dates of tasks of these cases that are answered for good: met where done, else cancelled."""
    if case_ids:
        _settle(connection, bulk.among(deadlines.c.case_id, case_ids))


def settle_of_tasks(connection: Connection, task_ids: Collection[UUID]) -> None:
    """Close the due dates of those of these tasks that are answered for good: met where done, else cancelled."""
    if task_ids:
        _settle(connection, bulk.among(deadlines.c.task_id, task_ids))


def settle(connection: Connection, ids: Collection[UUID]) -> None:
    """Close those of these due dates whose tasks are answered for good: met where done, else cancelled."""
    _settle(connection, bulk.among(deadlines.c.id, ids))


def _settle(connection: Connection, condition: ColumnElement[bool]) -> None:
    done = tasks.c.state == TaskState.DONE.value
    connection.execute(
        update(deadlines)
        .where(
            condition,
            deadlines.c.task_id == tasks.c.id,
            deadlines.c.state == State.OPEN.value,
            tasks.c.state.not_in([state.value for state in OPEN]),
        )
        .values(
            state=case((done, State.MET.value), else_=State.CANCELLED.value),
            met_at=case((done, tasks.c.changed_at), else_=None),
            closed_by_event_id=tasks.c.done_by_event_id,
        )
    )


def _task_row(one: TaskDeadline) -> dict[str, Any]:
    return {
        "id": one.id,
        "case_id": one.case_id,
        "task_id": one.task_id,
        "rule_id": one.rule_id,
        "rule_version": one.policy_digest,
        "trigger_event_id": one.event_id,
        "trigger_time": one.event_time,
        "key": str(one.task_id),
        "anchor": one.counted_from,
        "raw_due": one.due_at,
        "rolled_due": one.due_at,
        "internal_due": one.due_at,
        "due_on": one.due_on,
        "roll_policy": Roll.NONE.value,
        "calendar_id": one.calendar_id,
        "zone": one.zone,
        "computed_at": one.computed_at,
        "state": State.OPEN.value,
        "role": one.role.value,
    }


def _task_deadline(row: Row[Any]) -> TaskDeadline:
    return TaskDeadline(
        id=row.id,
        task_id=row.task_id,
        case_id=row.case_id,
        kind=row.kind,
        role=Role(row.task_role),
        assignee=row.assignee_id,
        agency_id=row.agency_id,
        urgency=Urgency(row.urgency),
        event_id=row.event_id,
        event_time=row.trigger_time,
        counted_from=row.anchor,
        due_at=row.rolled_due,
        due_on=row.due_on,
        calendar_id=row.calendar_id,
        zone=row.zone,
        computed_at=row.computed_at,
        policy_digest=row.rule_version,
    )
