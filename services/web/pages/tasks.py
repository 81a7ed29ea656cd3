"""My tasks: what I, or a team of mine, is asked to do; and the answers."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from services.actions.answer_task import Answered, AnswerOutcome, NotAnswered, accept_task, complete_task, decline_task
from services.actions.read.tasks import find_task, my_tasks
from services.domain.disclosure import Purpose
from services.domain.tasks import REASON_CHARACTERS, TaskState, Verb
from services.web import context
from services.web.authentication import for_people, local_path
from services.web.kinds import not_found
from services.web.paging import place_of, word_of

_SAID = {
    TaskState.ACCEPTED: "The task is accepted.",
    TaskState.DECLINED: "The task is declined. Whoever asked will be told.",
    TaskState.DONE: "The task is done.",
}


class DeclineForm(FlaskForm):  # type: ignore[misc]
    """Why a task is not taken on."""

    reason = TextAreaField(
        "Reason",
        [InputRequired("Say why the task is declined."), Length(max=REASON_CHARACTERS)],
        description="It becomes part of the case. Write nothing about where somebody is.",
    )


def add_to(blueprint: APIBlueprint) -> None:
    """Put these pages on the blueprint."""
    blueprint.get("/tasks", endpoint="tasks")(tasks_page)
    blueprint.post("/tasks/<uuid:task_id>/accept")(accept)
    blueprint.post("/tasks/<uuid:task_id>/complete")(complete)
    blueprint.route("/tasks/<uuid:task_id>/decline", methods=["GET", "POST"])(decline)


@for_people
def tasks_page() -> str:
    """The tasks that I may answer: open ones, the first due first; or closed ones, the last first."""
    closed = request.args.get("state") == "closed"
    place = place_of(request.args.get("start"))
    page = my_tasks(context.system(), context.actor(), Purpose.CASE_WORK, closed=closed, place=place)
    return render_template("tasks.html", page=page, closed=closed, following=word_of(page.next), verbs=Verb)


@for_people
def accept(task_id: UUID) -> Response:
    """Take a task on."""
    return _answered(accept_task(context.system(), context.actor(), task_id))


@for_people
def complete(task_id: UUID) -> Response:
    """Say that a task is done."""
    return _answered(complete_task(context.system(), context.actor(), task_id))


@for_people
def decline(task_id: UUID) -> Response | str:
    """Decline a task: a page of its own asks for the reason."""
    form = DeclineForm()
    if form.validate_on_submit():
        return _answered(decline_task(context.system(), context.actor(), task_id, form.reason.data))
    shown = find_task(context.system(), context.actor(), task_id, Purpose.CASE_WORK)
    if shown is None:
        raise not_found()
    if Verb.DECLINE not in shown.answers:
        flash("This task can no longer be declined.")
        return _back()
    return render_template("decline.html", form=form, task=shown.task, back=local_path(request.values.get("back")))


def _answered(outcome: AnswerOutcome) -> Response:
    match outcome:
        case Answered(_, state, _):
            flash(_SAID[state])
        case NotAnswered(problem):
            flash(problem.message)
        case _:
            raise not_found()
    return _back()


def _back() -> Response:
    """To the page from which the answer was given."""
    back = local_path(request.values.get("back")) or url_for("pages.tasks")
    return current_app.make_response(redirect(back, 303))
