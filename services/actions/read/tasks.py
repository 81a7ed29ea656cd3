"""Reading tasks: those put to a person and their teams, to an agency, or opened on a case.

Whoever a task was put to sees its fixed words, its due date and where it stands. So does the agency whose event asked
for it, unless the kind of task is internal: what child welfare does to keep somebody safe is not told to whoever
reported. The agency whose case it is sees all tasks of the case. A reason that somebody wrote is case information and
is disclosed like any other. Nobody else learns that a task exists.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from services.actions.read import cases as reading
from services.domain.actors import Actor
from services.domain.disclosure import DataClass, Field, Purpose, disclose
from services.domain.tasks import Verb, offered
from services.storage import tasks
from services.storage.tasks import Place, Task, Whose
from services.system import System

PAGE = 25
_NOBODY = (None, None)


@dataclass(frozen=True, slots=True)
class ShownTask:
    """A task as somebody sees it: ``answers`` are those that they may give now; ``readable`` says that its case is
    theirs to open; ``overdue`` that its last day is over.
    """

    task: Task
    answers: tuple[Verb, ...]
    readable: bool
    overdue: bool


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page of tasks. ``next`` is where the page after it begins; None on the last."""

    tasks: tuple[ShownTask, ...]
    next: Place | None


def my_tasks(
    system: System,
    actor: Actor,
    purpose: Purpose,
    *,
    closed: bool = False,
    place: Place | None = None,
    limit: int = PAGE,
) -> TaskPage:
    """The tasks put to a person and their teams, or to a client's agency: the open ones, the first due first; or the
    ``closed`` ones, the last changed first. ``place`` is where the page before ended.
    """
    now = system.clock()
    with system.database.begin(actor) as connection:
        if actor.party_id is not None:
            whose = Whose(assignees=reading.parties_of(connection, actor, now))
        else:
            whose = Whose(agency_id=_agency(actor))
        return _page(system, connection, actor, whose, purpose, now, closed=closed, place=place, limit=limit)


def case_tasks(
    system: System,
    actor: Actor,
    case: UUID | str,
    purpose: Purpose,
    *,
    closed: bool = False,
    place: Place | None = None,
    limit: int = PAGE,
) -> TaskPage | None:
    """The tasks of a case (by id, or by a reference of the actor's agency) that are the actor's to see; None where
    there is no such case for them.
    """
    now = system.clock()
    with system.database.begin(actor) as connection:
        case_id = case if isinstance(case, UUID) else reading.case_of_reference(connection, actor, case)
        opened = reading.open_case(connection, actor, case_id, now, purpose)
        if opened is None:
            return None
        if opened.of_child_welfare:
            whose = Whose(case_id=opened.case.id)
        else:
            whose = Whose(agency_id=_agency(actor), also_asked=told_kinds(system), case_id=opened.case.id)
        return _page(system, connection, actor, whose, purpose, now, closed=closed, place=place, limit=limit)


def find_task(system: System, actor: Actor, task_id: UUID, purpose: Purpose) -> ShownTask | None:
    """One task that the actor may answer; None for any other, and for one that does not exist."""
    now = system.clock()
    with system.database.begin(actor) as connection:
        task = tasks.find(connection, task_id, _agency(actor))
        if task is None or not may_answer(actor, task.agency_id, task.assignee_id, parties(connection, actor, now)):
            return None
        return _shown(system, connection, actor, [task], purpose, now)[0]


def parties(connection: Connection, actor: Actor, now: datetime) -> frozenset[UUID]:
    """The parties as whom the actor answers."""
    return reading.parties_of(connection, actor, now)


def told_kinds(system: System) -> frozenset[str]:
    """The kinds of task whose answers are told to the agency that asked."""
    return frozenset(name for name, kind in system.policy.routing.kinds.items() if not kind.internal)


def may_answer(actor: Actor, agency_id: UUID, assignee_id: UUID, acts_as: frozenset[UUID]) -> bool:
    """Whether a task put to ``assignee_id`` of ``agency_id`` is the actor's to answer: it was put to them or to a team
    of theirs; or they are a client of that agency with the scope for tasks.
    """
    if actor.party_id is not None:
        return assignee_id in acts_as
    return agency_id == actor.agency_id and "tasks" in actor.scopes


def _agency(actor: Actor) -> UUID:
    if actor.agency_id is None:
        raise ValueError("tasks are read by somebody of an agency")
    return actor.agency_id


def _page(
    system: System,
    connection: Connection,
    actor: Actor,
    whose: Whose,
    purpose: Purpose,
    now: datetime,
    *,
    closed: bool,
    place: Place | None,
    limit: int,
) -> TaskPage:
    listing = tasks.closed_tasks if closed else tasks.open_tasks
    found = listing(connection, whose, _agency(actor), place, limit + 1)
    kept = found[:limit]
    last = kept[-1] if len(found) > limit else None
    shown = _shown(system, connection, actor, kept, purpose, now)
    if last is None:
        return TaskPage(shown, None)
    return TaskPage(shown, (last.changed_at, last.id) if closed else tasks.due_place(last))


def _shown(
    system: System, connection: Connection, actor: Actor, found: Sequence[Task], purpose: Purpose, now: datetime
) -> tuple[ShownTask, ...]:
    case_ids = frozenset(task.case_id for task in found if task.case_id)
    readers = reading.readers_of(connection, actor, case_ids, now, purpose) if case_ids else {}
    acts_as = parties(connection, actor, now)
    shown = []
    for task in found:
        reader, _ = readers.get(task.case_id, _NOBODY) if task.case_id else _NOBODY
        told = reader and disclose(_reason(task), reader, system.policy.disclosure, (), now).shown
        mine = may_answer(actor, task.agency_id, task.assignee_id, acts_as)
        shown.append(
            ShownTask(
                task=task if told else replace(task, reason=None),
                answers=offered(task.state) if mine else (),
                readable=reader is not None,
                overdue=task.due_at is not None and task.due_at <= now,
            )
        )
    return tuple(shown)


def _reason(task: Task) -> list[Field]:
    return [Field("reason", task.reason, frozenset({DataClass.CASE}))] if task.reason else []
