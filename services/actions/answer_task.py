"""Answering a task: an act on a case, so it is an event, and the task moves in the very commit that keeps the event."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection

from services.actions.read.tasks import may_answer, parties
from services.actions.receive_events import Accepted, Invalid
from services.actions.record_event import record_event
from services.domain.actors import Actor
from services.domain.errors import FieldProblem
from services.domain.events import Event
from services.domain.tasks import Moved, Refused, TaskState, Unchanged, Verb, answer
from services.storage import audit, cases, tasks
from services.storage.audit import AuditEntry
from services.storage.tasks import Asked
from services.system import System

_TYPES = {Verb.ACCEPT: "task.accepted", Verb.DECLINE: "task.declined", Verb.COMPLETE: "task.done"}


@dataclass(frozen=True, slots=True)
class Answered:
    """The task stands in ``state``. ``receipt`` is the event that the answer became; None where the task stood there
    already, or is of no case.
    """

    task_id: UUID
    state: TaskState
    receipt: UUID | None


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """The answer does not fit where the task stands, or lacks something. Nothing was changed."""

    problem: FieldProblem
    state: TaskState


@dataclass(frozen=True, slots=True)
class NotYours:
    """There is no such task for the actor to answer."""


AnswerOutcome = Answered | NotAnswered | NotYours


class _OvertakenError(Exception):
    """Somebody else answered in between: rolls the event back."""

    def __init__(self, outcome: AnswerOutcome) -> None:
        self.outcome = outcome


def accept_task(system: System, actor: Actor, task_id: UUID, reason: str | None = None) -> AnswerOutcome:
    """Take a task on. ``reason`` may hold what to know about it."""
    return _answer(system, actor, task_id, Verb.ACCEPT, reason)


def decline_task(system: System, actor: Actor, task_id: UUID, reason: str) -> AnswerOutcome:
    """Do not take a task on, and say why."""
    return _answer(system, actor, task_id, Verb.DECLINE, reason)


def complete_task(system: System, actor: Actor, task_id: UUID, reason: str | None = None) -> AnswerOutcome:
    """Say that a task is done. ``reason`` may hold what came of it."""
    return _answer(system, actor, task_id, Verb.COMPLETE, reason)


def _answer(system: System, actor: Actor, task_id: UUID, verb: Verb, reason: str | None) -> AnswerOutcome:
    """Decide on the task as it stands; then keep the event, deciding once more under the task's lock."""
    said = (reason or "").strip() or None
    with system.database.begin(actor) as connection:
        asked = tasks.lock(connection, task_id)
        mine = asked and may_answer(actor, asked.agency_id, asked.assignee_id, _acts_as(system, connection, actor))
        if asked is None or not mine:
            return NotYours()
        moved = _decided(asked, verb, said)
        if not isinstance(moved, Moved):
            return moved
        if asked.case_id is None or cases.token_of(connection, asked.case_id) is None:
            return _move_alone(system, connection, actor, asked, moved, said)
    return _keep(system, actor, asked, asked.case_id, verb, moved, said)


def _acts_as(system: System, connection: Connection, actor: Actor) -> frozenset[UUID]:
    return parties(connection, actor, system.clock())


def _decided(asked: Asked, verb: Verb, reason: str | None) -> Moved | AnswerOutcome:
    match answer(asked.state, verb, reason):
        case Moved() as moved:
            return moved
        case Unchanged(state):
            return Answered(asked.id, state, None)
        case Refused(code, message):
            field = "reason" if code.startswith("reason") else "state"
            return NotAnswered(FieldProblem(field, code, message), asked.state)


def _move_alone(
    system: System, connection: Connection, actor: Actor, asked: Asked, moved: Moved, reason: str | None
) -> Answered:
    """A task of no case, or put to an agency that is on none: there is no log to which the answer would belong."""
    now = system.clock()
    tasks.move(connection, asked.id, moved.state, reason, now)
    entry = AuditEntry("answer_task", f"task:{asked.id}", moved.state.value, case_id=asked.case_id)
    audit.record(connection, actor, now, [entry])
    return Answered(asked.id, moved.state, None)


def _keep(
    system: System, actor: Actor, asked: Asked, case_id: UUID, verb: Verb, moved: Moved, reason: str | None
) -> AnswerOutcome:
    def move_task(connection: Connection, event: Event) -> None:
        tasks.move(connection, asked.id, _again(connection, asked, verb, reason).state, reason, event.accepted)

    data = {"task_id": str(asked.id), "kind": asked.kind} | ({"reason": reason} if reason else {})
    try:
        outcome = record_event(system, actor, _TYPES[verb], case_id, data, within=move_task)
    except _OvertakenError as overtaken:
        return overtaken.outcome
    match outcome:
        case Accepted(receipt):
            return Answered(asked.id, moved.state, receipt)
        case Invalid(problems):
            wrong = problems[0]
            return NotAnswered(replace(wrong, field=wrong.field.removeprefix("data.")), asked.state)
        case _:
            return NotAnswered(FieldProblem("", "not_permitted", "Your agency may not answer tasks."), asked.state)


def _again(connection: Connection, asked: Asked, verb: Verb, reason: str | None) -> Moved:
    """Decide once more, under the task's lock. Raises where somebody else answered in between."""
    current = tasks.lock(connection, asked.id)
    moved = _decided(current, verb, reason) if current else NotYours()
    if not isinstance(moved, Moved):
        raise _OvertakenError(moved)
    return moved
