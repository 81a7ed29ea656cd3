"""Tasks: what is asked of an agency, and its answers. An answer becomes an event."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import url_for
from marshmallow import fields, validate

from services.actions.answer_task import Answered, AnswerOutcome, NotAnswered, accept_task, complete_task, decline_task
from services.actions.read.tasks import ShownTask, TaskPage, my_tasks
from services.domain.disclosure import Purpose
from services.domain.scopes import Scope
from services.web import context
from services.web.api.bodies import NOT_BLANK, Body, PageQuery
from services.web.authentication import scope
from services.web.kinds import ProblemError, not_found
from services.web.paging import place_of, word_of

blueprint = APIBlueprint("tasks", __name__, tag="Tasks")

_ANSWERING = {404: "No task of this agency.", 409: "The answer does not fit where the task stands."}


class TaskOut(Body):
    """A task, as its agency sees it."""

    id = fields.UUID(required=True)
    event = fields.UUID(required=True, metadata={"description": "The event that it comes from."})
    case = fields.String(allow_none=True, metadata={"description": "The agency's own case number, or the token."})
    kind = fields.String(required=True)
    title = fields.String(required=True)
    role = fields.String(required=True, metadata={"description": "The role that is to do it."})
    assignee = fields.String(required=True)
    agency = fields.String(required=True)
    requested_by = fields.String(required=True, metadata={"description": "The agency whose event asks for it."})
    urgency = fields.String(required=True)
    state = fields.String(required=True)
    reason = fields.String(allow_none=True)
    created = fields.AwareDateTime(required=True)
    changed = fields.AwareDateTime(required=True)
    due = fields.AwareDateTime(allow_none=True)
    due_on = fields.Date(allow_none=True, metadata={"description": "The last day, in the case's zone."})
    overdue = fields.Boolean(required=True)
    answers = fields.List(fields.String(), required=True, metadata={"description": "Answers that fit now."})


class TasksOut(Body):
    """A page of tasks."""

    tasks = fields.List(fields.Nested(TaskOut), required=True)
    next = fields.String(allow_none=True, metadata={"description": "The address of the next page."})


class TasksQuery(PageQuery):
    """Which tasks."""

    state = fields.String(load_default="open", validate=validate.OneOf(["open", "closed"]))


class ReasonIn(Body):
    """What may be said with an answer."""

    reason = fields.String(metadata={"description": "What to know about it, or what came of it, in plain words."})


class DeclineIn(Body):
    """A task is declined with a reason."""

    reason = fields.String(required=True, metadata=NOT_BLANK | {"description": "Why not, in plain words."})


class AnswerOut(Body):
    """Where the task stands now."""

    task = fields.UUID(required=True)
    state = fields.String(required=True)
    receipt = fields.UUID(allow_none=True, metadata={"description": "The event that the answer became, if it did."})


@blueprint.get("/v1/tasks")
@scope(Scope.TASKS)
@blueprint.input(TasksQuery, location="query")
@blueprint.output(TasksOut)
def listed(query_data: Mapping[str, str]) -> dict[str, object]:
    """List the tasks that were put to the agency: open ones, the first due first; or closed ones, the last first."""
    closed = query_data["state"] == "closed"
    place = place_of(query_data.get("start"))
    page = my_tasks(context.system(), context.actor(), Purpose.API, closed=closed, place=place)
    return page_of_tasks(page, "tasks.listed", state=query_data["state"])


@blueprint.post("/v1/tasks/<uuid:task_id>/accept")
@scope(Scope.TASKS)
@blueprint.input(ReasonIn)
@blueprint.output(AnswerOut)
@blueprint.doc(responses=_ANSWERING)
def accept(task_id: UUID, json_data: Mapping[str, str]) -> dict[str, object]:
    """Take a task on. Saying it twice changes nothing."""
    return _answered(accept_task(context.system(), context.actor(), task_id, json_data.get("reason")))


@blueprint.post("/v1/tasks/<uuid:task_id>/decline")
@scope(Scope.TASKS)
@blueprint.input(DeclineIn)
@blueprint.output(AnswerOut)
@blueprint.doc(responses=_ANSWERING)
def decline(task_id: UUID, json_data: Mapping[str, str]) -> dict[str, object]:
    """Do not take a task on, and say why."""
    return _answered(decline_task(context.system(), context.actor(), task_id, json_data["reason"]))


@blueprint.post("/v1/tasks/<uuid:task_id>/complete")
@scope(Scope.TASKS)
@blueprint.input(ReasonIn)
@blueprint.output(AnswerOut)
@blueprint.doc(responses=_ANSWERING)
def complete(task_id: UUID, json_data: Mapping[str, str]) -> dict[str, object]:
    """Say that a task that was accepted is done."""
    return _answered(complete_task(context.system(), context.actor(), task_id, json_data.get("reason")))


def _answered(outcome: AnswerOutcome) -> dict[str, object]:
    match outcome:
        case Answered(task_id, state, receipt):
            return {"task": task_id, "state": state.value, "receipt": receipt}
        case NotAnswered(problem):
            kind = "conflict" if problem.field == "state" else "invalid"
            raise ProblemError(kind, problem.message, [problem])
        case _:
            raise not_found()


def page_of_tasks(page: TaskPage, endpoint: str, **arguments: Any) -> dict[str, object]:
    """A page of tasks as a document, with the address of the next."""
    following = word_of(page.next)
    return {
        "tasks": [_task(shown) for shown in page.tasks],
        "next": url_for(endpoint, **arguments, start=following) if following else None,
    }


def _task(shown: ShownTask) -> dict[str, Any]:
    task = shown.task
    due: datetime | None = task.due_at
    return {
        "id": task.id,
        "event": task.event_id,
        "case": task.case_number,
        "kind": task.kind,
        "title": task.title,
        "role": task.role,
        "assignee": task.assignee_name,
        "agency": task.agency_name,
        "requested_by": task.requester_name,
        "urgency": task.urgency.value,
        "state": task.state.value,
        "reason": task.reason,
        "created": task.created_at,
        "changed": task.changed_at,
        "due": due,
        "due_on": task.due_on,
        "overdue": shown.overdue,
        "answers": [verb.value for verb in shown.answers],
    }
