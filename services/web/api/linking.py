"""Events that match no case, for machines: putting them on a case, taking them off again, and who was told of them."""

from collections.abc import Mapping
from uuid import UUID

from apiflask import APIBlueprint
from marshmallow import fields

from services.actions.put_on_case import NotPut, PutOnCase, put_on_case
from services.actions.read.told import told_of
from services.actions.take_off_case import NotSupervising, NotTakenOff, TakenOff, take_off_case
from services.domain.disclosure import Purpose
from services.domain.errors import FieldProblem
from services.domain.scopes import Scope
from services.web import context
from services.web.api.bodies import NOT_BLANK, Body
from services.web.authentication import scope
from services.web.kinds import ProblemError, not_found

blueprint = APIBlueprint("linking", __name__, tag="Cases")

_NOT_PERMITTED = "Only those who supervise the case take an event off it."


class LinkIn(Body):
    """The case on which an event is put."""

    case = fields.String(required=True, metadata={"description": "The agency's own number of it, or its token."})
    why = fields.String(metadata={"description": "What shows that it belongs there."})


class UnlinkIn(Body):
    """An event is taken off a case with a reason."""

    why = fields.String(
        required=True, metadata=NOT_BLANK | {"description": "What shows that it does not belong there."}
    )


class LinkingOut(Body):
    """The act was kept; what follows from it is done from now on."""

    receipt = fields.UUID(required=True, metadata={"description": "The event that the act became."})


class LinkLineOut(Body):
    """How an event was put on the case, and taken off it."""

    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True)
    taken_back_at = fields.AwareDateTime(allow_none=True)
    taken_back_by = fields.String(allow_none=True)


class ToldLineOut(Body):
    """One who was told."""

    recipient = fields.String(required=True)
    agency = fields.String(required=True)
    role = fields.String(required=True)
    channel = fields.String(required=True)
    urgency = fields.String(required=True)
    state = fields.String(required=True)
    told = fields.AwareDateTime(required=True, attribute="told_at")
    acknowledged = fields.AwareDateTime(allow_none=True, attribute="acknowledged_at")
    acknowledged_by = fields.String(allow_none=True)


class ToldOut(Body):
    """Who was told of an event because it is, or was, on a case."""

    event = fields.UUID(required=True, attribute="event_id")
    title = fields.String(allow_none=True)
    links = fields.List(fields.Nested(LinkLineOut), required=True)
    told = fields.List(fields.Nested(ToldLineOut), required=True, attribute="lines")


@blueprint.post("/v1/tasks/<uuid:task_id>/link")
@scope(Scope.TASKS)
@blueprint.input(LinkIn)
@blueprint.output(LinkingOut, status_code=202)
@blueprint.doc(
    responses={404: "No such task of this agency.", 409: "The task is closed.", 422: "The agency has no such case."}
)
def link(task_id: UUID, json_data: Mapping[str, str]) -> dict[str, object]:
    """Put the event that a task is about on a case of the agency. The task is done by that."""
    match put_on_case(context.system(), context.actor(), task_id, json_data["case"], json_data.get("why")):
        case PutOnCase(receipt=receipt):
            return {"receipt": receipt}
        case NotPut(problem):
            raise _problem(problem)
        case _:
            raise not_found()


@blueprint.post("/v1/cases/<path:reference>/events/<uuid:event_id>/unlink")
@scope(Scope.EVENTS_WRITE)
@blueprint.input(UnlinkIn)
@blueprint.output(LinkingOut, status_code=202)
@blueprint.doc(responses={404: "No such event is linked to such a case of this agency."})
def unlink(reference: str, event_id: UUID, json_data: Mapping[str, str]) -> dict[str, object]:
    """Take a linked event off a case. Who was told of it there is listed under `told`."""
    claims = context.claims()
    context.rates().take_events(claims.client_id, claims.events_per_minute, 1)
    match take_off_case(context.system(), context.actor(), reference, event_id, json_data["why"], Purpose.API):
        case TakenOff(receipt=receipt):
            return {"receipt": receipt}
        case NotTakenOff(problem):
            raise _problem(problem)
        case NotSupervising():
            raise ProblemError("not-permitted", _NOT_PERMITTED)
        case _:
            raise not_found()


@blueprint.get("/v1/cases/<path:reference>/events/<uuid:event_id>/told")
@scope(Scope.CASES_READ)
@blueprint.output(ToldOut)
@blueprint.doc(responses={404: "No such event of a case of this agency's own."})
def told(reference: str, event_id: UUID) -> object:
    """List who was told of an event because it is, or was, on a case of the agency's own."""
    found = told_of(context.system(), context.actor(), reference, event_id, Purpose.API)
    if found is None:
        raise not_found()
    return found


def _problem(problem: FieldProblem) -> ProblemError:
    kinds = {"state": "conflict", "": "not-permitted"}
    return ProblemError(kinds.get(problem.field, "invalid"), problem.message, [problem])
