"""Intake: events in, receipts out (CloudEvents 1.0 over HTTP, in structured, binary and batch mode)."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

import orjson
from apiflask import APIBlueprint
from flask import Response, request, url_for
from marshmallow import fields
from werkzeug.exceptions import HTTPException

from schemas.envelope import Batch, Malformed, NotAnEvent, One, read_events
from services.actions.check_language import objections_beside, remarks_on
from services.actions.read.receipts import find_receipt
from services.actions.receive_events import (
    Accepted,
    Conflict,
    Forbidden,
    Invalid,
    Outcome,
    StandingChangedError,
    receive_events,
)
from services.domain.errors import FieldProblem
from services.domain.events import Envelope
from services.domain.scopes import Scope
from services.web import context
from services.web.api.bodies import Body, plain_body
from services.web.authentication import confirm, scope
from services.web.kinds import KINDS, ProblemError, not_found
from services.web.problems import document

blueprint = APIBlueprint("events", __name__, tag="Events")

_TOO_LARGE = "An event may have {} bytes at most."
_FORBIDDEN = {
    "type_not_allowed": "This client may not send events of this type.",
    "role_not_held": "This client may not speak in this role.",
}
_CONFLICT = (
    "This source and id were used before, with another body. The first one stands, and a person will look at it."
)


class PhraseOut(Body):
    """A phrase that was found in a text. Nothing is refused for it."""

    field = fields.String(required=True)
    phrase = fields.String(required=True)
    say_instead = fields.String(required=True)


class ObjectionOut(Body):
    """What is to be said against words that are kept all the same."""

    field = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)


class AcceptedOut(Body):
    """An event was kept. The same event sent again gets the same answer."""

    receipt = fields.UUID(required=True, metadata={"description": "Ask with it what became of the event."})
    status = fields.String(required=True, metadata={"example": "accepted"})
    received = fields.AwareDateTime(required=True)
    warnings = fields.List(
        fields.Nested(PhraseOut),
        metadata={"description": "Phrases that its narratives are better without; left out where there are none."},
    )
    objections = fields.List(
        fields.Nested(ObjectionOut),
        metadata={"description": "What stands beside a plan's words that a court ordered; left out where nothing is."},
    )


class ReceiptOut(Body):
    """What became of an event."""

    receipt = fields.UUID(required=True)
    source = fields.String(required=True)
    id = fields.String(required=True, attribute="source_id")
    type = fields.String(required=True)
    received = fields.AwareDateTime(required=True)
    status = fields.String(
        required=True,
        metadata={"enum": ["accepted", "processed", "unmatched", "refused", "quarantined"]},
    )
    code = fields.String(metadata={"description": "Why it was refused or set aside."}, allow_none=True)
    decided = fields.AwareDateTime(attribute="at", allow_none=True)


@blueprint.post("/v1/events")
@scope(Scope.EVENTS_WRITE, remembered=True)
@blueprint.output(AcceptedOut, status_code=202, description="Kept: what follows from it is done from now on.")
@blueprint.doc(
    responses={
        200: "A batch: a list with the answer to each event, in its order.",
        409: "Used before with another body.",
        413: "Too large.",
        415: "Not a media type of events.",
        422: "Some fields are not right.",
        429: "Over the client's rate.",
        503: "Nothing was kept; send the same again.",
    },
)
def receive() -> Response:
    """Send an event, or up to 1,000 in a batch.

    A 202 is sent after the event was stored for good. Sending the same source, id and body again is safe. Each event
    of a batch is answered for itself.
    """
    try:
        return _received()
    except StandingChangedError:
        confirm()
    except (ProblemError, HTTPException):
        # Nothing is said to a client that has been switched off in the meantime, not even what is wrong.
        if confirm():
            raise
    return _received()


def _received() -> Response:
    body = plain_body()
    match read_events(dict(request.headers), body):
        case NotAnEvent(problem):
            raise ProblemError("unsupported-media-type", problem.message, [problem])
        case Malformed(problems):
            raise ProblemError("malformed", errors=problems)
        case One(event):
            return _answer_one(event, len(body))
        case Batch(events):
            return _answer_batch(events, len(body))


def _answer_one(event: Envelope | Malformed, size: int) -> Response:
    refusal = _refusal(event, size)
    if refusal is not None:
        raise refusal
    outcome = _receive_one(event)
    if not isinstance(outcome, Accepted):
        raise _problem(outcome)
    response = _json(_accepted(outcome, event), 202)
    response.headers["Location"] = url_for("events.receipt", receipt=outcome.receipt)
    return response


def _answer_batch(events: Sequence[Envelope | Malformed], size: int) -> Response:
    refusals = {at: refusal for at, event in enumerate(events) if (refusal := _refusal(event, size))}
    received = _receive([event for at, event in enumerate(events) if at not in refusals])
    if not any(isinstance(outcome, Accepted | Conflict) for outcome in received) and not confirm():
        raise StandingChangedError
    outcomes = iter(received)
    answers = [_answer(at, event, refusals.get(at) or next(outcomes)) for at, event in enumerate(events)]
    return _json(answers, 200)


def _refusal(event: Envelope | Malformed, size: int) -> ProblemError | None:
    """What is wrong with an event before anybody looks at what it says. ``size`` is that of the whole request."""
    if isinstance(event, Malformed):
        return ProblemError("invalid", errors=event.problems)
    limit = context.system().limits.event_bytes
    if size > limit and len(orjson.dumps(event.said())) > limit:
        return ProblemError("too-large", _TOO_LARGE.format(limit))
    return None


def _receive_one(event: Envelope | Malformed) -> Outcome:
    if isinstance(event, Malformed):
        return Invalid(event.problems)
    claims, system = context.claims(), context.system()
    context.rates().take_events(claims.client_id, claims.events_per_minute, 1)
    if system.traces.trace_of_now() is not None:
        # A trace is that of one request, and follows its event alone.
        return receive_events(system, context.actor(), [event], claims=context.remembered_claims())[0]
    return context.gathering().receive(system, context.actor(), event, context.remembered_claims())


def _receive(events: Sequence[Envelope | Malformed]) -> list[Outcome]:
    whole = [event for event in events if isinstance(event, Envelope)]
    if not whole:
        return []
    claims = context.claims()
    context.rates().take_events(claims.client_id, claims.events_per_minute, len(whole))
    return receive_events(context.system(), context.actor(), whole, claims=context.remembered_claims())


def _answer(index: int, event: Envelope | Malformed, outcome: Outcome | ProblemError) -> dict[str, object]:
    """The answer to one event of a batch."""
    if isinstance(outcome, Accepted):
        return {"index": index, **_accepted(outcome, event), "status": 202}
    problem = outcome if isinstance(outcome, ProblemError) else _problem(outcome)
    said = document(problem.kind, problem.detail, problem.errors)
    return {"index": index, "status": KINDS[problem.kind].status, "problem": said}


def _accepted(outcome: Accepted, event: Envelope | Malformed) -> dict[str, object]:
    """The answer to an event that was kept, with what is to be said of its words: made from the event alone."""
    said: dict[str, object] = {"receipt": outcome.receipt, "status": "accepted", "received": outcome.accepted_at}
    if isinstance(event, Envelope):
        language = context.system().policy.language
        said["warnings"] = [asdict(remark) for remark in remarks_on(language, event.type, event.data)]
        said["objections"] = [asdict(one) for one in objections_beside(language, event.type, event.data)]
    return {name: value for name, value in said.items() if value != []}


def _problem(outcome: Conflict | Invalid | Forbidden) -> ProblemError:
    match outcome:
        case Conflict():
            return ProblemError("conflict", _CONFLICT, [FieldProblem("id", "used_before", _CONFLICT)])
        case Invalid(problems):
            return ProblemError("invalid", errors=problems)
        case Forbidden(code):
            return ProblemError("not-permitted", _FORBIDDEN[code], [FieldProblem("type", code, _FORBIDDEN[code])])


def _json(value: object, status: int) -> Response:
    return Response(orjson.dumps(value), status, mimetype="application/json")


@blueprint.get("/v1/events/<uuid:receipt>")
@scope(Scope.EVENTS_READ)
@blueprint.output(ReceiptOut, description="What became of it.")
@blueprint.doc(responses={404: "No event of this agency."})
def receipt(receipt: UUID) -> object:
    """Ask what became of an event that the same agency sent."""
    found = find_receipt(context.system(), context.actor(), receipt)
    if found is None:
        raise not_found()
    return found
