"""Cases for machines: by the agency's own case number or the case's token, always through disclosure."""

from collections.abc import Mapping
from typing import Any, TypeVar

from apiflask import APIBlueprint
from flask import url_for
from marshmallow import fields

from services.actions.read.cases import find_case
from services.actions.read.deadlines import ShownDeadline, case_deadlines
from services.actions.read.tasks import case_tasks
from services.actions.read.timeline import Entry, timeline_by_reference
from services.domain.disclosure import Purpose
from services.domain.scopes import Scope
from services.web import context
from services.web.api.bodies import Body, PageQuery
from services.web.api.events import ObjectionOut
from services.web.api.tasks import TasksOut, TasksQuery, page_of_tasks
from services.web.authentication import scope
from services.web.kinds import not_found
from services.web.paging import Place, place_of, word_of

blueprint = APIBlueprint("cases", __name__, tag="Cases")

Found = TypeVar("Found")
_ABSENT = {404: "No such case for this agency."}


class CaseOut(Body):
    """A case, as far as the reader may see it."""

    token = fields.String(required=True)
    number = fields.String(required=True, metadata={"description": "The agency's own number, or the token."})
    zone = fields.String(required=True, metadata={"description": "The time zone in which its days are counted."})
    roles = fields.List(fields.String(), required=True, metadata={"description": "In which it is read."})
    agency = fields.String()
    county = fields.String()
    track = fields.String()
    opened_on = fields.Date()
    closed_on = fields.Date()


class LinkedOut(Body):
    """When and by whom an event that matched no case was put on this one."""

    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)


class EntryOut(Body):
    """An event of a case, as far as the reader may see it."""

    event = fields.UUID(required=True, attribute="event_id")
    type = fields.String()
    title = fields.String()
    time = fields.AwareDateTime(required=True, metadata={"description": "When it happened."})
    recorded = fields.AwareDateTime(required=True, metadata={"description": "When its sender entered it."})
    days_late = fields.Integer(required=True)
    agency = fields.String(required=True)
    data = fields.Dict(required=True)
    linked = fields.Nested(LinkedOut)
    objections = fields.List(
        fields.Nested(ObjectionOut), metadata={"description": "What is to be said against the words of a plan."}
    )


class TimelineOut(Body):
    """A page of a timeline."""

    entries = fields.List(fields.Nested(EntryOut), required=True)
    next = fields.String(allow_none=True, metadata={"description": "The address of the next page."})


class DeadlineOut(Body):
    """A due date of a case."""

    id = fields.UUID(required=True)
    rule = fields.String(required=True)
    title = fields.String(required=True)
    task = fields.UUID(allow_none=True)
    role = fields.String(allow_none=True)
    raw_due = fields.AwareDateTime(required=True, metadata={"description": "What the rule gives."})
    due = fields.AwareDateTime(required=True, metadata={"description": "What binds, after closed days."})
    internal_due = fields.AwareDateTime(required=True, metadata={"description": "The agency's own."})
    due_on = fields.Date(required=True)
    zone = fields.String(required=True)
    state = fields.String(required=True)
    overdue = fields.Boolean(required=True)


class DeadlinesOut(Body):
    """A page of due dates."""

    deadlines = fields.List(fields.Nested(DeadlineOut), required=True)
    next = fields.String(allow_none=True, metadata={"description": "The address of the next page."})


@blueprint.get("/v1/cases/<path:reference>")
@scope(Scope.CASES_READ)
@blueprint.output(CaseOut)
@blueprint.doc(responses=_ABSENT)
def case(reference: str) -> dict[str, object]:
    """Read a case."""
    shown = _found(find_case(context.system(), context.actor(), reference))
    known = {name: getattr(shown, name) for name in CaseOut._declared_fields}
    return {name: value for name, value in known.items() if value is not None}


@blueprint.get("/v1/cases/<path:reference>/timeline")
@scope(Scope.CASES_READ)
@blueprint.input(PageQuery, location="query")
@blueprint.output(TimelineOut)
@blueprint.doc(responses=_ABSENT)
def timeline(reference: str, query_data: Mapping[str, str]) -> dict[str, object]:
    """Read what happened on a case, the latest first."""
    before = place_of(query_data.get("start"))
    page = _found(timeline_by_reference(context.system(), context.actor(), reference, before))
    return {
        "entries": [_entry(entry) for entry in page.entries],
        "next": _next("cases.timeline", page.next, reference=reference),
    }


@blueprint.get("/v1/cases/<path:reference>/tasks")
@scope(Scope.CASES_READ)
@blueprint.input(TasksQuery, location="query")
@blueprint.output(TasksOut)
@blueprint.doc(responses=_ABSENT)
def tasks(reference: str, query_data: Mapping[str, str]) -> dict[str, object]:
    """List the tasks of a case that the agency may see."""
    state, place = query_data["state"], place_of(query_data.get("start"))
    page = case_tasks(context.system(), context.actor(), reference, Purpose.API, closed=state == "closed", place=place)
    return page_of_tasks(_found(page), "cases.tasks", reference=reference, state=state)


@blueprint.get("/v1/cases/<path:reference>/deadlines")
@scope(Scope.CASES_READ)
@blueprint.input(PageQuery, location="query")
@blueprint.output(DeadlinesOut)
@blueprint.doc(responses=_ABSENT)
def deadlines(reference: str, query_data: Mapping[str, str]) -> dict[str, object]:
    """List the due dates of a case that are open or were missed and that the agency may see, the first due first."""
    after = place_of(query_data.get("start"))
    page = _found(case_deadlines(context.system(), context.actor(), reference, Purpose.API, after))
    return {
        "deadlines": [_deadline(shown) for shown in page.deadlines],
        "next": _next("cases.deadlines", page.next, reference=reference),
    }


def _found(value: Found | None) -> Found:
    if value is None:
        raise not_found()
    return value


def _next(endpoint: str, place: Place | None, **arguments: Any) -> str | None:
    word = word_of(place)
    return url_for(endpoint, **arguments, start=word) if word else None


def _entry(entry: Entry) -> dict[str, object]:
    known = {
        "event_id": entry.event_id,
        "type": entry.type,
        "title": entry.title,
        "time": entry.time,
        "recorded": entry.recorded,
        "days_late": entry.days_late,
        "agency": entry.agency,
        "data": dict(entry.data),
        "linked": entry.linked,
        "objections": entry.objections or None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _deadline(shown: ShownDeadline) -> dict[str, object]:
    line = shown.line
    return {
        "id": line.id,
        "rule": line.rule_id,
        "title": shown.title,
        "task": line.task_id,
        "role": line.role.value if line.role else None,
        "raw_due": line.raw_due,
        "due": line.rolled_due,
        "internal_due": line.internal_due,
        "due_on": line.due_on,
        "zone": line.zone,
        "state": line.state,
        "overdue": shown.overdue,
    }
