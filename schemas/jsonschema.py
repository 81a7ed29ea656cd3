"""JSON Schema (2020-12) of a payload, made from its marshmallow schema, so that senders can check what they send.

Everything a field knows is in it, the disclosure classes too (``x-disclosure-classes``). Of the rules across fields,
those that JSON Schema can say are said; all of them stand in words under ``x-rules``.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from marshmallow.fields import Field

from schemas.catalogue import EventSchema
from schemas.fields import Declared
from schemas.rules import Distinct, NeededWhen, OneOf, Rule
from schemas.structures import Document, Many, Object, document_of

Json: TypeAlias = dict[str, Any]


def json_schema(event: EventSchema) -> Json:
    """The JSON Schema of the payload (CloudEvents ``data``) of one type of event."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{event.type.wire}",
        "title": event.type.title,
        "description": event.meaning,
        **_object(event.schema),
        "x-type": event.type.wire,
        "x-emitters": sorted(event.type.emitters),
        "x-classes-by-holder": event.by_holder,
    }


def _object(document: Document) -> Json:
    made: Json = {
        "type": "object",
        "properties": {name: _described(field) for name, field in document.load_fields.items()},
        "required": sorted(name for name, field in document.load_fields.items() if field.required),
        "additionalProperties": False,
    }
    conditions = [condition for rule in document.rules if (condition := _condition(rule))]
    if conditions:
        made["allOf"] = conditions
    if document.rules:
        made["x-rules"] = [rule.text.replace("`", "") for rule in document.rules]
    return made


def _described(field: Field[Any]) -> Json:
    return {
        **_shape(field),
        "description": field.metadata["meaning"],
        "x-disclosure-classes": sorted(field.metadata["classes"]),
    }


def _shape(field: Field[Any]) -> Json:
    match field:
        case Object():
            return _object(document_of(field))
        case Many():
            return {**field.shape(), "items": _shape(field.inner)}
        case Declared():
            return field.shape()
        case _:
            raise TypeError(f"{type(field).__name__} is not a kind of field that a payload may have")


def _condition(rule: Rule) -> Mapping[str, Any] | None:
    match rule:
        case NeededWhen(field, condition, value):
            holds = {"properties": {condition: {"const": value}}, "required": [condition]}
            return {"if": holds, "then": {"required": [field]}}
        case OneOf(names, exactly):
            return {"oneOf" if exactly else "anyOf": [{"required": [name]} for name in names]}
        case Distinct(items, ""):
            return {"properties": {items: {"uniqueItems": True}}}
        case _:
            return None
