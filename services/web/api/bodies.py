"""What the API takes and gives, described for OpenAPI. What it takes is read strictly: unknown fields are refused."""

from typing import Any

from apiflask import Schema
from marshmallow import fields

from schemas.fields import NULL, REQUIRED, UNKNOWN


class Body(Schema):
    """The base of every document of the API; its error messages are those of event payloads."""

    error_messages = {"unknown": UNKNOWN}  # noqa: RUF012 (declared by marshmallow)

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:  # noqa: ARG002 (marshmallow's own)
        """Say what is missing or null in the words that payloads use."""
        field_obj.error_messages.update(required=REQUIRED, null=NULL)


class PageQuery(Body):
    """Where in a list to begin."""

    start = fields.String(metadata={"description": "The place that the page before gave as its next."})
