"""What intake takes and what it answers to a batch, as JSON Schema, for the description of the API."""

from collections.abc import Mapping
from typing import Any

from schemas.catalogue import CATALOGUE
from schemas.envelope import BATCH, MAX_BATCH, STRUCTURED
from services.domain.events import wire_type

_EVENT: Mapping[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
    "description": "A CloudEvent; docs/events.md has the schema of each type's data.",
    "properties": {
        "specversion": {"type": "string", "enum": ["1.0"]},
        "id": {"type": "string", "minLength": 1, "maxLength": 256},
        "source": {"type": "string", "format": "uri-reference", "minLength": 1, "maxLength": 256},
        "type": {"type": "string", "enum": sorted(wire_type(name) for name in CATALOGUE)},
        "subject": {
            "type": "string",
            "minLength": 1,
            "maxLength": 128,
            "description": "The case, by the sender's own number of it.",
        },
        "time": {"type": "string", "format": "date-time", "description": "When it happened."},
        "recordedtime": {"type": "string", "format": "date-time", "description": "When its sender entered it."},
        "data": {"type": "object"},
    },
    "propertyNames": {"pattern": "^[a-z0-9]+$"},
    "additionalProperties": {
        "type": ["string", "boolean", "integer"],
        "maxLength": 1024,
        "minimum": -(2**31),
        "maximum": 2**31 - 1,
        "description": "An extension attribute; at most 20 of them.",
    },
}
REQUEST_BODIES: Mapping[str, Any] = {
    "/v1/events": {
        STRUCTURED: _EVENT,
        BATCH: {"type": "array", "maxItems": MAX_BATCH, "items": _EVENT},
        "application/json": {"type": "object", "description": "The data alone: the attributes are ce- headers."},
    }
}
_KEPT: Mapping[str, Any] = {
    "type": "object",
    "required": ["index", "status", "receipt", "received"],
    "properties": {
        "index": {"type": "integer"},
        "status": {"type": "integer", "enum": [202]},
        "receipt": {"type": "string", "format": "uuid"},
        "received": {"type": "string", "format": "date-time"},
        "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/PhraseOut"}},
        "objections": {"type": "array", "items": {"$ref": "#/components/schemas/ObjectionOut"}},
    },
    "additionalProperties": False,
}
_REFUSED: Mapping[str, Any] = {
    "type": "object",
    "required": ["index", "status", "problem"],
    "properties": {
        "index": {"type": "integer"},
        "status": {"type": "integer", "minimum": 400},
        "problem": {"$ref": "#/components/schemas/Problem"},
    },
    "additionalProperties": False,
}
ANSWERS: Mapping[str, Any] = {
    "/v1/events": {"200": {"application/json": {"type": "array", "items": {"oneOf": [_KEPT, _REFUSED]}}}}
}
