"""What the API takes and gives, described for OpenAPI. What it takes is read strictly: unknown fields are refused, and
so is JSON that two programs could read in two ways.
"""

from datetime import UTC, date, datetime
from typing import Any

from apiflask import Schema
from apiflask.schema_adapters.marshmallow import parser
from flask import Request, request
from marshmallow import fields, missing, validate

from schemas.fields import NULL, REQUIRED, UNKNOWN
from schemas.strict_json import Unreadable, flaws, read_json
from services.domain.errors import FieldProblem
from services.web.kinds import ProblemError
from services.web.paging import WORD

_JSON = "application/json"
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)
_OF_THE_CALENDAR = "Must lie between 1900 and 2199."
NOT_BLANK = {"minLength": 1, "pattern": r"[^\s\x1c-\x1f\x85]"}
"""How the description of the API says of a text that it must hold some words."""


class Body(Schema):
    """The base of every document of the API; its error messages are those of event payloads."""

    error_messages = {"unknown": UNKNOWN}  # noqa: RUF012 (declared by marshmallow)

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:  # noqa: ARG002 (marshmallow's own)
        """Say what is missing or null in the words that payloads use."""
        field_obj.error_messages.update(required=REQUIRED, null=NULL)


class PageQuery(Body):
    """Where in a list to begin."""

    start = fields.String(
        validate=validate.Regexp(f"^{WORD}$", error="Use the address that the page before gave."),
        metadata={"description": "The place that the page before gave as its next."},
    )


def text(**rest: Any) -> fields.String:
    """A name, or other words, to be looked up or kept as text. No column of text holds a NUL."""
    return fields.String(validate=validate.ContainsNoneOf("\0", error="Holds a NUL."), **rest)


def day(**rest: Any) -> fields.Date:
    """A day that is taken in, 1900 to 2199: what lies beyond, no clock and no database agree on."""
    return fields.Date(validate=validate.Range(_FIRST, _LAST, error=_OF_THE_CALENDAR), **rest)


def instant(**rest: Any) -> fields.AwareDateTime:
    """A moment that is taken in, with its offset from UTC, 1900 to 2199."""
    first = datetime(_FIRST.year, 1, 2, tzinfo=UTC)
    last = datetime(_LAST.year, 12, 30, tzinfo=UTC)
    return fields.AwareDateTime(validate=validate.Range(first, last, error=_OF_THE_CALENDAR), **rest)


def plain_body() -> bytes:
    """The body of this request as it was sent. Raises ProblemError: 415 where it is compressed, 400 where the sender
    went away before all of it had come.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        problem = FieldProblem("Content-Encoding", "unsupported", "Send the body as it is, not compressed.")
        raise ProblemError("unsupported-media-type", problem.message, [problem])
    body = request.get_data()
    if request.content_length is not None and len(body) < request.content_length:
        problem = FieldProblem("Content-Length", "incomplete", "The body ended before its length was reached.")
        raise ProblemError("malformed", problem.message, [problem])
    return body


@parser.location_loader("json")
def read_strictly(sent: Request, _schema: object) -> Any:
    """The JSON document of a request, as `schemas.strict_json` reads it, for every route that takes one. No body is a
    document without fields. Raises ProblemError: 400 for what is no such document, 415 for another media type.
    """
    body = plain_body()
    if not body:
        return missing
    if sent.mimetype != _JSON or sent.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        problem = FieldProblem("Content-Type", "unsupported_media_type", f"Send {_JSON}, in UTF-8.")
        raise ProblemError("unsupported-media-type", problem.message, [problem])
    document = read_json(body)
    if isinstance(document, Unreadable):
        raise ProblemError("malformed", errors=[document.problem])
    if document.suspicious and (wrong := tuple(flaws(document.value))):
        raise ProblemError("malformed", errors=wrong)
    return document.value
