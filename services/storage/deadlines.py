"""Deadlines as rows: a row is never edited but for how it ended, so that every earlier due date stays as history.

A deadline of a rule belongs to a case. The due date of a task is a row too (see ``task_deadlines``), and belongs to no
case where the task does not. Everything is read and written set-wise.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    text,
    union,
    update,
)

from services.domain.deadlines import Basis, Deadline, State
from services.domain.due_dates import Roll
from services.domain.roles import Role
from services.storage import bulk
from services.storage.tables import deadlines, event_links
from services.storage.tables.owed import LIVE


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


_LOCK_FREE = text(
    "SELECT CAST(asked.id AS uuid) "
    "FROM (SELECT id FROM unnest(CAST(:ids AS text[])) AS id ORDER BY id OFFSET 0) AS asked "
    "WHERE pg_try_advisory_xact_lock(hashtextextended('deadlines:' || asked.id, 0))"
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


def lock_free_cases(connection: Connection, case_ids: Iterable[UUID]) -> set[UUID]:
    """The same, without waiting: those of these cases whose deadlines nobody else moves now, locked."""
    asked = {"ids": sorted({str(case_id) for case_id in case_ids})}
    return set(connection.execute(_LOCK_FREE, asked).scalars())


@dataclass(frozen=True, slots=True)
class Concerned:
    """Which deadlines are asked for: those of these cases and rules to which something can still happen, those that
    rest on one of ``events`` and, of the rules in ``recurring``, the earlier ones of a row that goes on.

    ``again`` are events by case that are about to be taken back and gone through again: what they opened, closed and
    moved is asked for as well, and every row of a recurring rule of their cases.
    """

    case_ids: Collection[UUID]
    rule_ids: Collection[str]
    recurring: Collection[str]
    events: Collection[UUID] = ()
    again: Mapping[UUID, Collection[UUID]] = field(default_factory=dict)


def concerned(connection: Connection, asked: Concerned) -> dict[UUID, list[Deadline]]:
    """The deadlines of rules that are asked for, by case; the earliest opened first. What ended because the link of
    its event was taken back is as if it had never been. It costs what is live, however long the case's history is.
    """
    found = deadlines.alias("found")
    of_rules = and_(bulk.among(found.c.case_id, asked.case_ids), found.c.rule_id.in_(sorted(asked.rule_ids)))
    after = [event_id for ids in asked.again.values() for event_id in ids]
    arms = [and_(of_rules, text(f"found.{LIVE}"))]
    if asked.events or after:
        arms.append(and_(bulk.among(found.c.trigger_event_id, {*asked.events, *after}), of_rules))
    if asked.recurring:
        arms.append(and_(of_rules, found.c.rule_id.in_(sorted(asked.recurring)), _goes_on(found)))
    if after:
        late = and_(bulk.among(found.c.case_id, asked.again), found.c.rule_id.in_(sorted(asked.rule_ids)))
        gone = select(deadlines.c.id).where(bulk.among(deadlines.c.trigger_event_id, after))
        arms.append(and_(late, found.c.rule_id.in_(sorted(asked.recurring))))
        arms.append(and_(late, bulk.among(found.c.closed_by_event_id, after)))
        arms.append(and_(late, found.c.superseded_by.in_(gone)))
    ids = union(*(select(found.c.id).where(arm, found.c.task_id.is_(None)) for arm in arms)).subquery()
    rows = connection.execute(
        select(deadlines)
        .join(ids, ids.c.id == deadlines.c.id)
        .where(~_TAKEN_BACK)
        .order_by(deadlines.c.computed_at, deadlines.c.rolled_due, deadlines.c.id)
    )
    by_case: dict[UUID, list[Deadline]] = {}
    for row in rows:
        by_case.setdefault(row.case_id, []).append(_deadline(row))
    return by_case


def _goes_on(found: FromClause) -> ColumnElement[bool]:
    """One of the same row is open."""
    mate = deadlines.alias("mate")
    return exists().where(
        mate.c.case_id == found.c.case_id,
        mate.c.rule_id == found.c.rule_id,
        mate.c.key == found.c.key,
        mate.c.anchor == found.c.anchor,
        text(f"mate.{LIVE}"),
        mate.c.state == State.OPEN.value,
    )


def load(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Deadline]:
    """These deadlines of rules, by id. The due dates of tasks are not among them."""
    rows = connection.execute(select(deadlines).where(bulk.among(deadlines.c.id, ids), deadlines.c.task_id.is_(None)))
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
    statement = bulk.insertion(deadlines, tuple(rows[0]))
    again = {
        "state": State.OPEN.value,
        "computed_at": statement.excluded.computed_at,
        "superseded_by": None,
        "closed_by_event_id": None,
    }
    gone = or_(deadlines.c.state == State.RECOMPUTED.value, _TAKEN_BACK)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["id"], set_=again, where=gone), bulk.parameters(rows)
    )


_moved = bulk.unfolded(
    deadlines.c.id,
    deadlines.c.state,
    deadlines.c.met_at,
    deadlines.c.closed_by_event_id,
    deadlines.c.superseded_by,
    deadlines.c.overdue_since,
    Column("in_time", Boolean),
    name="moved",
)
_MOVE = (
    update(deadlines)
    .where(
        deadlines.c.id == _moved.c.id,
        or_(deadlines.c.state == State.OPEN.value, deadlines.c.state == State.MISSED.value),
    )
    .values(
        state=_moved.c.state,
        met_at=_moved.c.met_at,
        closed_by_event_id=_moved.c.closed_by_event_id,
        superseded_by=_moved.c.superseded_by,
        overdue_since=case(
            (_moved.c.in_time, None), else_=func.coalesce(_moved.c.overdue_since, deadlines.c.overdue_since)
        ),
    )
)


def move(connection: Connection, moves: Sequence[Move]) -> None:
    """Say what became of deadlines, each of them once. One that has come to its end stays as it is."""
    if moves:
        connection.execute(
            _MOVE,
            bulk.parameters(
                {
                    "id": one.id,
                    "state": one.state,
                    "met_at": one.met_at,
                    "closed_by_event_id": one.by_event,
                    "superseded_by": one.superseded_by,
                    "overdue_since": one.overdue_since,
                    "in_time": one.in_time,
                }
                for one in moves
            ),
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
    rows = connection.execute(select(deadlines).where(bulk.among(deadlines.c.task_id, task_ids)))
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
