"""Putting an event that matches no case on the case to which a person says it belongs (practice.md, Settled 7).

The person types a number: their agency's own, or a token. Nothing is looked for by a name and nothing is proposed. The
act is an event of that case, and the task is done in the very commit that keeps it; the event is then routed there.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection

from services.actions.answer_task import NotYours
from services.actions.read.cases import case_of_reference
from services.actions.read.tasks import may_answer, parties
from services.actions.receive_events import Accepted, Invalid
from services.actions.record_event import record_event
from services.domain.actors import Actor
from services.domain.errors import FieldProblem
from services.domain.events import Event
from services.domain.linking import LINK_TASK, LINKED
from services.domain.tasks import OPEN
from services.storage import decisions, tasks
from services.storage.tasks import Task
from services.system import System

_MOST_CHARACTERS = 128
_UNKNOWN = FieldProblem("case", "unknown", "Your agency has no case of this number.")
_CLOSED = FieldProblem("state", "closed", "The task is closed: somebody has answered it.")
_NOT_PERMITTED = FieldProblem("", "not_permitted", "Your agency may not link events.")


@dataclass(frozen=True, slots=True)
class PutOnCase:
    """The event is on its way to this case. ``receipt`` is the event that the act became."""

    task_id: UUID
    case_id: UUID
    receipt: UUID


@dataclass(frozen=True, slots=True)
class NotPut:
    """The event was not put on a case, and nothing was changed. A number that means no case, and one that means a case
    that the agency is not on, are the same problem in the same words.
    """

    problem: FieldProblem


class _OvertakenError(Exception):
    """Somebody else answered in between: rolls the event back."""


def put_on_case(
    system: System, actor: Actor, task_id: UUID, reference: str, why: str | None = None
) -> PutOnCase | NotPut | NotYours:
    """Link the event that a task of the actor's is about to the case that ``reference`` means to the actor's agency.

    ``why`` may say what shows that it belongs there. NotYours where the task is not the actor's to answer, or is no
    task to find a case.
    """
    with system.database.begin(actor) as connection:
        task = _task(system, connection, actor, task_id)
        if task is None:
            return NotYours()
        case_id = case_of_reference(connection, actor, reference.strip()) if _could_mean(reference) else None
    if task.state not in OPEN:
        return NotPut(_CLOSED)
    if case_id is None:
        return NotPut(_UNKNOWN)
    return _link(system, actor, task, case_id, (why or "").strip())


def _could_mean(reference: str) -> bool:
    return 0 < len(reference.strip()) <= _MOST_CHARACTERS and reference.isprintable()


def _task(system: System, connection: Connection, actor: Actor, task_id: UUID) -> Task | None:
    if actor.agency_id is None:
        return None
    task = tasks.find(connection, task_id, actor.agency_id)
    if task is None or task.kind != LINK_TASK or task.case_id is not None:
        return None
    mine = may_answer(actor, task.agency_id, task.assignee_id, parties(connection, actor, system.clock()))
    return task if mine else None


def _link(system: System, actor: Actor, task: Task, case_id: UUID, why: str) -> PutOnCase | NotPut:
    def finish(connection: Connection, event: Event) -> None:
        current = tasks.lock(connection, task.id)
        if current is None or current.state not in OPEN:
            raise _OvertakenError
        decisions.complete_tasks(connection, {task.id: event.id}, event.accepted)

    data = {"linked_event": str(task.event_id)} | ({"why": why} if why else {})
    try:
        outcome = record_event(system, actor, LINKED, case_id, data, within=finish)
    except _OvertakenError:
        return NotPut(_CLOSED)
    match outcome:
        case Accepted(receipt):
            return PutOnCase(task.id, case_id, receipt)
        case Invalid(problems):
            return NotPut(replace(problems[0], field=problems[0].field.removeprefix("data.")))
        case _:
            return NotPut(_NOT_PERMITTED)
