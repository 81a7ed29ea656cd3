"""The description of the API (OpenAPI 3.1): what decorators cannot say is taken from where it is decided.

The right that an operation needs comes from its declared access, so that the two cannot differ.
"""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from services.domain.scopes import Scope
from services.web.api import event_documents, oauth
from services.web.authentication import access_of
from services.web.paths import IdConverter
from services.web.problems import MEDIA_TYPE

_SCHEME = "client"
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string", "description": "Its path; empty for the whole document."},
                    "code": {"type": "string", "description": "Stable, for programs."},
                    "message": {"type": "string", "description": "For people; never repeats what was sent."},
                },
            },
        },
    },
}
_OF_EVERY_SCOPE = {"401": "No valid access token.", "403": "The token does not hold the scope."}
_TRY_LATER = {"429": "Too many requests.", "503": "Nothing was done; try again."}
_OF_A_PATH = {"404": "There is nothing here that you may see."}
_OF_A_QUERY = {"400": "Holds what no text may hold, such as NUL.", "422": "Some fields are not right."}
_OF_A_BODY = {
    "400": "Not what its media type says, or JSON that could be read in two ways.",
    "413": "Too large.",
    "415": "Not a media type that is taken here.",
    "422": "Some fields are not right.",
}
_BODIES: Mapping[str, Mapping[str, Any]] = {**event_documents.REQUEST_BODIES, **oauth.REQUEST_BODIES}
_ANSWERS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    **event_documents.ANSWERS,
    **oauth.ANSWERS,
    "/metrics": {"200": {"text/plain": {"type": "string"}}},
}


def complete(app: Flask, described: dict[str, Any]) -> dict[str, Any]:
    """Add the scopes, the ids in paths, the bodies that are read and answered as they come, and every problem."""
    components = described.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components["securitySchemes"] = {_SCHEME: _scheme()}
    for rule in app.url_map.iter_rules():
        path = described["paths"].get(_openapi_path(rule.rule))
        access = access_of(app, rule.endpoint)
        ids = {name for name, converter in rule._converters.items() if isinstance(converter, IdConverter)}
        for method in (rule.methods or set()) & {name.upper() for name in path or ()}:
            operation = path[method.lower()]
            _say_ids(operation, ids)
            _say_bodies(operation, rule.rule, components["schemas"])
            _say_problems(operation, access.scope if access else None)
    return described


def _say_ids(operation: dict[str, Any], ids: set[str]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path" and parameter["name"] in ids:
            parameter["schema"]["format"] = "uuid"


def _say_bodies(operation: dict[str, Any], path: str, schemas: Mapping[str, Any]) -> None:
    if path in _BODIES:
        operation["requestBody"] = {"required": True, "content": _content(_BODIES[path])}
    elif "requestBody" in operation:
        [content] = operation["requestBody"]["content"].values()
        name = content["schema"]["$ref"].rpartition("/")[2]
        operation["requestBody"]["required"] = bool(schemas[name].get("required"))
    for status, bodies in _ANSWERS.get(path, {}).items():
        operation["responses"].setdefault(status, {})["content"] = _content(bodies)


def _content(bodies: Mapping[str, Any]) -> dict[str, Any]:
    return {media_type: {"schema": schema} for media_type, schema in bodies.items()}


def _say_problems(operation: dict[str, Any], scope: Scope | None) -> None:
    """Say every status that what the operation takes can be answered with, and that the answer is a problem."""
    kinds = {parameter["in"] for parameter in operation.get("parameters", ())}
    said = dict(_TRY_LATER)
    if scope is not None:
        operation["security"] = [{_SCHEME: [scope.value]}]
        said |= _OF_EVERY_SCOPE
    if "path" in kinds:
        said |= _OF_A_PATH
    if "query" in kinds:
        said |= _OF_A_QUERY
    if "requestBody" in operation:
        said |= _OF_A_BODY
    for status, words in said.items():
        operation["responses"].setdefault(status, {"description": words})
    for status, response in operation["responses"].items():
        if status.startswith(("4", "5")):
            response.setdefault("content", {})[MEDIA_TYPE] = {"schema": {"$ref": "#/components/schemas/Problem"}}


def _scheme() -> dict[str, Any]:
    scopes = {scope.value: scope.value.replace(":", ", ") for scope in Scope}
    return {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": scopes}}}


def _openapi_path(rule: str) -> str:
    parts = [part.partition(":")[2].rstrip(">") if ":" in part else part.strip("<>") for part in rule.split("/")]
    return "/".join(
        f"{{{name}}}" if raw.startswith("<") else name for raw, name in zip(rule.split("/"), parts, strict=True)
    )
