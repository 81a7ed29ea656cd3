"""What routing decided, written set-wise: tasks opened and done, cautions, outcomes, and the policy in force."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, exists, select, union_all, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.domain.tasks import OPEN, TaskState
from services.storage import bulk
from services.storage.tables import (
    cautions,
    endpoints,
    event_links,
    event_log,
    event_outcomes,
    policy_versions,
    tasks,
)

TaskName = tuple[UUID | None, str, str]
"""A case (None for what belongs to none), a kind of task and its key: whether the same thing is asked already."""


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task about to be put to somebody. ``cause_event_id`` is the event because of which it is asked: the task's own,
    or the one that linked that to its case, or took the link back.
    """

    id: UUID
    event_id: UUID
    cause_event_id: UUID
    case_id: UUID | None
    rule_id: str
    kind: str
    title: str
    key: str
    role: str
    assignee_id: UUID
    agency_id: UUID
    requester_agency_id: UUID
    urgency: str
    policy_digest: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewOutcome:
    """What became of an event: ``processed``, ``unmatched``, ``refused`` or ``quarantined``, with the code of why."""

    event_id: UUID
    agency_id: UUID
    case_id: UUID | None
    state: str
    code: str | None
    at: datetime
    policy_digest: str


class Asked(NamedTuple):
    """An open task, and when the event happened that opened it."""

    id: UUID
    since: datetime


def open_task_names(
    connection: Connection, case_ids: Collection[UUID], kinds: Collection[str], about: Collection[UUID] = ()
) -> dict[TaskName, list[Asked]]:
    """The open tasks of these cases and kinds, by what they ask; also those of no case that these events opened."""
    if not kinds:
        return {}
    wanted = (
        select(tasks.c.id, tasks.c.case_id, tasks.c.kind, tasks.c.key, event_log.c.time)
        .join(event_log, event_log.c.id == tasks.c.event_id)
        .where(tasks.c.kind.in_(sorted(kinds)), tasks.c.state.in_([state.value for state in OPEN]))
    )
    of_cases = wanted.where(bulk.among(tasks.c.case_id, case_ids))
    alone = wanted.where(tasks.c.case_id.is_(None), bulk.among(tasks.c.event_id, about))
    # Each by an index of its own: one condition for both would read the whole table.
    rows = connection.execute(union_all(of_cases, alone) if about else of_cases)
    found: dict[TaskName, list[Asked]] = {}
    for task_id, case_id, kind, key, time in rows.all():
        found.setdefault((case_id, kind, key), []).append(Asked(task_id, time))
    return found


def add_tasks(connection: Connection, new: Sequence[NewTask]) -> None:
    """Put tasks to their assignees; one that was put by the same event, cause and rule before stays as it is."""
    bulk.insert_rows(connection, tasks, [_task_row(task) for task in new], ignore_known=True)


def _task_row(task: NewTask) -> dict[str, Any]:
    return {
        "id": task.id,
        "event_id": task.event_id,
        "cause_event_id": task.cause_event_id,
        "case_id": task.case_id,
        "rule_id": task.rule_id,
        "kind": task.kind,
        "title": task.title,
        "key": task.key,
        "role": task.role,
        "assignee_id": task.assignee_id,
        "agency_id": task.agency_id,
        "requester_agency_id": task.requester_agency_id,
        "urgency": task.urgency,
        "state": TaskState.PROPOSED.value,
        "policy_digest": task.policy_digest,
        "created_at": task.at,
        "changed_at": task.at,
    }


def complete_tasks(connection: Connection, done: Mapping[UUID, UUID], at: datetime) -> None:
    """Tasks that an event has done: by task, the event. One that is closed already stays as it is."""
    if done:
        closed = bulk.unfolded(tasks.c.id, tasks.c.done_by_event_id)
        connection.execute(
            update(tasks)
            .where(tasks.c.id == closed.c.id, tasks.c.state.in_([state.value for state in sorted(OPEN)]))
            .values(state=TaskState.DONE.value, done_by_event_id=closed.c.done_by_event_id, changed_at=at),
            bulk.parameters(
                {"id": task_id, "done_by_event_id": event_id} for task_id, event_id in sorted(done.items())
            ),
        )


def add_outcomes(connection: Connection, outcomes: Sequence[NewOutcome]) -> None:
    """Keep what became of events. A later outcome replaces an earlier one: an unmatched event is linked to a case."""
    rows = [
        {
            "event_id": outcome.event_id,
            "agency_id": outcome.agency_id,
            "case_id": outcome.case_id,
            "state": outcome.state,
            "code": outcome.code,
            "at": outcome.at,
            "policy_digest": outcome.policy_digest,
        }
        for outcome in outcomes
    ]
    if not rows:
        return
    statement = bulk.insertion(event_outcomes, tuple(rows[0]))
    changed = {name: statement.excluded[name] for name in ("case_id", "state", "code", "at", "policy_digest")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["event_id"], set_=changed), bulk.parameters(rows)
    )


def raise_cautions(connection: Connection, events: Iterable[tuple[UUID, UUID]], at: datetime) -> None:
    """From now on these events (with their cases) may not be raised with the subject (Settled 2). A caution that was
    lifted with the event's link stands again where the event is linked to the case again.
    """
    rows = [
        {"event_id": event_id, "case_id": case_id, "kind": "do_not_raise", "raised_at": at}
        for event_id, case_id in events
    ]
    if rows:
        taken_back = exists().where(event_links.c.unlinked_by_event_id == cautions.c.lifted_by_event_id)
        again = {"raised_at": at, "lifted_at": None, "lifted_by_event_id": None}
        statement = bulk.insertion(cautions, tuple(rows[0]))
        connection.execute(
            statement.on_conflict_do_update(index_elements=["event_id", "case_id"], set_=again, where=taken_back),
            bulk.parameters(rows),
        )


def lift_cautions(connection: Connection, by_case: Mapping[UUID, tuple[UUID, datetime]], at: datetime) -> None:
    """Contact with the survivor is recorded, or a supervisor says so: by case, the event that lifts, and when it
    happened. What happened after it stays under its caution.
    """
    if by_case:
        connection.execute(
            update(cautions)
            .where(
                cautions.c.case_id == bindparam("case"),
                cautions.c.lifted_at.is_(None),
                event_log.c.id == cautions.c.event_id,
                event_log.c.time <= bindparam("time"),
            )
            .values(lifted_at=at, lifted_by_event_id=bindparam("event")),
            [{"case": case_id, "event": event, "time": time} for case_id, (event, time) in sorted(by_case.items())],
        )


def active_endpoints(connection: Connection, agency_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The active webhook endpoints of these agencies, by agency."""
    rows = connection.execute(
        select(endpoints.c.id, endpoints.c.agency_id)
        .where(bulk.among(endpoints.c.agency_id, agency_ids), endpoints.c.active)
        .order_by(endpoints.c.created_at, endpoints.c.id)
    )
    found: dict[UUID, list[UUID]] = {}
    for row in rows:
        found.setdefault(row.agency_id, []).append(row.id)
    return found


def keep_policy(connection: Connection, versions: Mapping[tuple[str, str], str], at: datetime) -> None:
    """Keep the policy under its digests, so that each decision can be read against the one that it was made under.

    ``versions`` maps (digest, name of the file) to its content; those that are kept already cost one small query.
    """
    kept = connection.execute(
        select(policy_versions.c.digest, policy_versions.c.kind).where(
            policy_versions.c.digest.in_(sorted({digest for digest, _ in versions}))
        )
    )
    new = versions.keys() - {(row.digest, row.kind) for row in kept}
    if new:
        connection.execute(
            upsert(policy_versions).on_conflict_do_nothing(),
            [
                {"digest": digest, "kind": kind, "content": versions[digest, kind], "first_used_at": at}
                for digest, kind in sorted(new)
            ],
        )
