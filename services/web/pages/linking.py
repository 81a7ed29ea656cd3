"""An event that matches no case: seeing it, putting it on a case, taking it off again, and who was told of it there."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, current_app, flash, redirect, render_template, url_for
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from services.actions.put_on_case import NotPut, PutOnCase, put_on_case
from services.actions.read.asked_events import AskedEvent, asked_event
from services.actions.read.cases import zones
from services.actions.read.told import told_of
from services.actions.take_off_case import (
    NotLinkedHere,
    NotSupervising,
    NotTakenOff,
    TakenOff,
    may_take_off,
    take_off_case,
)
from services.domain.disclosure import Purpose
from services.domain.errors import FieldProblem
from services.domain.linking import LINK_TASK
from services.domain.tasks import REASON_CHARACTERS, Verb
from services.web import context
from services.web.authentication import for_people
from services.web.kinds import ProblemError, not_found

_PART_OF_CASE = "It becomes part of the case. Write nothing about where somebody is."


class LinkForm(FlaskForm):  # type: ignore[misc]
    """The case on which somebody puts an event."""

    case = StringField(
        "Your agency's number of the case",
        [DataRequired("Give the number of the case."), Length(max=128)],
        description="Your own number, or the token. Look it up in your records: nothing is searched for here.",
    )
    why = TextAreaField(
        "What shows that it belongs there",
        [Length(max=REASON_CHARACTERS)],
        description=_PART_OF_CASE,
    )


class UnlinkForm(FlaskForm):  # type: ignore[misc]
    """Why an event is taken off a case."""

    why = TextAreaField(
        "What shows that it does not belong here",
        [DataRequired("Say what shows that it does not belong here."), Length(max=REASON_CHARACTERS)],
        description=_PART_OF_CASE,
    )


def add_to(blueprint: APIBlueprint) -> None:
    """Put these pages on the blueprint."""
    blueprint.route("/tasks/<uuid:task_id>/event", methods=["GET", "POST"], endpoint="asked_event")(asked_event_page)
    blueprint.route("/cases/<uuid:case_id>/events/<uuid:event_id>/unlink", methods=["GET", "POST"])(unlink)
    blueprint.get("/cases/<uuid:case_id>/events/<uuid:event_id>/told", endpoint="told")(told_page)


@for_people
def asked_event_page(task_id: UUID) -> Response | str:
    """The event that a task is about, and the form that puts it on a case."""
    found = _asked(task_id)
    form = LinkForm() if found.task.task.kind == LINK_TASK and found.task.answers else None
    if form is not None and form.validate_on_submit():
        match put_on_case(context.system(), context.actor(), task_id, form.case.data, form.why.data):
            case PutOnCase():
                flash("The event is put on the case. It is told there like any other.")
                return _to(url_for("pages.tasks"))
            case NotPut(problem):
                _show(problem, form)
            case _:
                raise not_found()
    zone = zones(context.system(), context.actor(), frozenset()).of(None)
    return render_template("asked_event.html", found=found, form=form, zone=zone, verbs=Verb)


@for_people
def unlink(case_id: UUID, event_id: UUID) -> Response | str:
    """Take a linked event off a case: a page of its own asks why."""
    system, actor, form = context.system(), context.actor(), UnlinkForm()
    refusal = may_take_off(system, actor, case_id, event_id, Purpose.CASE_WORK)
    if refusal is None and form.validate_on_submit():
        outcome = take_off_case(system, actor, case_id, event_id, form.why.data, Purpose.CASE_WORK)
        if isinstance(outcome, TakenOff):
            flash("The event is taken off the case. These people were told of it here.")
            return _to(url_for("pages.told", case_id=case_id, event_id=event_id))
        if isinstance(outcome, NotTakenOff):
            _show(outcome.problem, form)
        else:
            refusal = outcome
    match refusal:
        case NotLinkedHere():
            raise not_found()
        case NotSupervising():
            raise ProblemError("not-permitted", "Only those who supervise the case take an event off it.")
    return render_template("unlink.html", form=form, case_id=case_id)


@for_people
def told_page(case_id: UUID, event_id: UUID) -> str:
    """Who was told of an event because it is, or was, on a case."""
    found = told_of(context.system(), context.actor(), case_id, event_id, Purpose.CASE_WORK)
    if found is None:
        raise not_found()
    return render_template("told.html", found=found)


def _asked(task_id: UUID) -> AskedEvent:
    found = asked_event(context.system(), context.actor(), task_id, Purpose.CASE_WORK)
    if found is None:
        raise not_found()
    return found


def _show(problem: FieldProblem, form: FlaskForm) -> None:
    """Say at its field what is wrong; what is wrong with none of them is said above the page."""
    if problem.field in form:
        form[problem.field].errors = [problem.message]
    else:
        flash(problem.message)


def _to(place: str) -> Response:
    return current_app.make_response(redirect(place, 303))
