"""Deadlines as rows: a row is never edited but for how it ended, so that every earlier due date stays as history.

A deadline of a rule belongs to a case. The due date of a task is a row too (see ``task_deadlines``), and belongs to no
case where the task does not. Everything is read and written set-wise.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, and_, bindparam, case, exists, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.domain.deadlines import Basis, Deadline, State
from services.domain.due_dates import Roll
from services.domain.roles import Role
from services.storage.tables import deadlines, event_links


@dataclass(frozen=True, slots=True)
class NewDeadline:
    """A deadline about to be written. ``role`` is the one whose work it is."""

    deadline: Deadline
    role: Role


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes of a deadline that is open, or was closed as missed.

    ``met_at`` and ``by_event`` say when and by what it was met or cancelled, ``superseded_by`` which took its place,
    ``overdue_since`` the first local day on which it was overdue (None leaves what is there). ``in_time`` takes that
    back: what was done in time was only told late.
    """

    id: UUID
    state: State
    met_at: datetime | None = None
    by_event: UUID | None = None
    superseded_by: UUID | None = None
    overdue_since: date | None = None
    in_time: bool = False


@dataclass(frozen=True, slots=True)
class DueLine:
    """A due date as a list shows it: ``due_on`` is its day in ``zone``, ``rolled_due`` the instant that binds."""

    id: UUID
    case_id: UUID | None
    task_id: UUID | None
    rule_id: str
    key: str
    role: str | None
    raw_due: datetime
    rolled_due: datetime
    internal_due: datetime
    due_on: date
    zone: str
    state: State
    met_at: datetime | None
    overdue_since: date | None


_LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('deadlines:' || asked.id, 0)) "
    "FROM (SELECT id FROM unnest(CAST(:ids AS text[])) AS id ORDER BY id OFFSET 0) AS asked"
)


_TAKEN_BACK = and_(
    deadlines.c.state == State.CANCELLED.value,
    exists().where(
        event_links.c.event_id == deadlines.c.trigger_event_id,
        event_links.c.unlinked_by_event_id == deadlines.c.closed_by_event_id,
    ),
)


def lock_cases(connection: Connection, case_ids: Iterable[UUID]) -> None:
    """Until the end of the transaction nobody else moves the deadlines of these cases. In one order for everybody, and
    to be taken before any stream of the event log is locked.
    """
    connection.execute(_LOCK, {"ids": sorted({str(case_id) for case_id in case_ids})})


def of_cases(
    connection: Connection, case_ids: Collection[UUID], rule_ids: Collection[str]
) -> dict[UUID, list[Deadline]]:
    """The deadlines that these rules made of these cases, in every state, by case; the earliest opened first. What
    ended because the link of its event was taken back is as if it had never been.
    """
    rows = connection.execute(
        select(deadlines)
        .where(
            deadlines.c.case_id.in_(list(case_ids)),
            deadlines.c.rule_id.in_(sorted(rule_ids)),
            deadlines.c.task_id.is_(None),
            ~_TAKEN_BACK,
        )
        .order_by(deadlines.c.computed_at, deadlines.c.rolled_due, deadlines.c.id)
    )
    found: dict[UUID, list[Deadline]] = {}
    for row in rows:
        found.setdefault(row.case_id, []).append(_deadline(row))
    return found


def load(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Deadline]:
    """These deadlines of rules, by id. The due dates of tasks are not among them."""
    rows = connection.execute(select(deadlines).where(deadlines.c.id.in_(list(ids)), deadlines.c.task_id.is_(None)))
    return {row.id: _deadline(row) for row in rows}


def add(connection: Connection, new: Sequence[NewDeadline]) -> None:
    """Write deadlines that open. One that is there already stays as it is, unless another had taken its place, or the
    link of its event was taken back: then it stands again (a court was closed, and is open after all; the event belongs
    to the case after all).
    """
    _insert(connection, [_row(one) for one in new])


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    statement = insert(deadlines)
    again = {
        "state": State.OPEN.value,
        "computed_at": statement.excluded.computed_at,
        "superseded_by": None,
        "closed_by_event_id": None,
    }
    gone = or_(deadlines.c.state == State.RECOMPUTED.value, _TAKEN_BACK)
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=again, where=gone), rows)


def move(connection: Connection, moves: Sequence[Move]) -> None:
    """Say what became of deadlines, in this order. One that has come to its end stays as it is."""
    if not moves:
        return
    connection.execute(
        update(deadlines)
        .where(
            deadlines.c.id == bindparam("of"),
            or_(deadlines.c.state == State.OPEN.value, deadlines.c.state == State.MISSED.value),
        )
        .values(
            state=bindparam("to"),
            met_at=bindparam("done_at"),
            closed_by_event_id=bindparam("by"),
            superseded_by=bindparam("next"),
            overdue_since=case(
                (bindparam("in_time"), None), else_=func.coalesce(bindparam("since"), deadlines.c.overdue_since)
            ),
        ),
        [
            {
                "of": one.id,
                "to": one.state.value,
                "done_at": one.met_at,
                "by": one.by_event,
                "next": one.superseded_by,
                "since": one.overdue_since,
                "in_time": one.in_time,
            }
            for one in moves
        ],
    )


def open_of_case(connection: Connection, case_id: UUID) -> list[DueLine]:
    """The due dates of a case, those of its tasks too, that are open; the first due first."""
    rows = connection.execute(
        select(deadlines)
        .where(deadlines.c.case_id == case_id, deadlines.c.state == State.OPEN.value)
        .order_by(deadlines.c.rolled_due, deadlines.c.id)
    )
    return [_line(row) for row in rows]


def of_case(connection: Connection, case_id: UUID) -> list[DueLine]:
    """All due dates that a case ever had, whatever became of them; the first due first."""
    rows = connection.execute(
        select(deadlines).where(deadlines.c.case_id == case_id).order_by(deadlines.c.rolled_due, deadlines.c.id)
    )
    return [_line(row) for row in rows]


def of_tasks(connection: Connection, task_ids: Collection[UUID]) -> dict[UUID, DueLine]:
    """The due dates of these tasks, by task."""
    rows = connection.execute(select(deadlines).where(deadlines.c.task_id.in_(list(task_ids))))
    return {row.task_id: _line(row) for row in rows}


def _row(new: NewDeadline) -> dict[str, Any]:
    one = new.deadline
    return {
        "id": one.id,
        "case_id": one.basis.case_id,
        "rule_id": one.rule_id,
        "rule_version": one.rule_version,
        "trigger_event_id": one.basis.trigger_event_id,
        "trigger_time": one.basis.trigger_time,
        "key": one.basis.key,
        "anchor": one.basis.anchor,
        "occurrence": one.basis.occurrence,
        "raw_due": one.raw_due,
        "rolled_due": one.rolled_due,
        "internal_due": one.internal_due,
        "due_on": one.due_on,
        "roll_policy": one.roll_policy.value,
        "calendar_id": one.calendar_id,
        "zone": one.zone,
        "computed_at": one.computed_at,
        "state": State.OPEN.value,
        "role": new.role.value,
    }


def _deadline(row: Row[Any]) -> Deadline:
    return Deadline(
        id=row.id,
        rule_id=row.rule_id,
        rule_version=row.rule_version,
        basis=Basis(
            case_id=row.case_id,
            trigger_event_id=row.trigger_event_id,
            trigger_time=row.trigger_time,
            key=row.key,
            anchor=row.anchor,
            occurrence=row.occurrence,
        ),
        raw_due=row.raw_due,
        rolled_due=row.rolled_due,
        internal_due=row.internal_due,
        due_on=row.due_on,
        roll_policy=Roll(row.roll_policy),
        calendar_id=row.calendar_id,
        zone=row.zone,
        computed_at=row.computed_at,
        state=State(row.state),
        closed_by=row.closed_by_event_id,
        superseded_by=row.superseded_by,
    )


def _line(row: Row[Any]) -> DueLine:
    return DueLine(
        id=row.id,
        case_id=row.case_id,
        task_id=row.task_id,
        rule_id=row.rule_id,
        key=row.key,
        role=row.role,
        raw_due=row.raw_due,
        rolled_due=row.rolled_due,
        internal_due=row.internal_due,
        due_on=row.due_on,
        zone=row.zone,
        state=State(row.state),
        met_at=row.met_at,
        overdue_since=row.overdue_since,
    )
