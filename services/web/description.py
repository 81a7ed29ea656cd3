"""The description of the API (OpenAPI 3.1): what decorators cannot say is taken from where it is decided.

The right that an operation needs comes from its declared access, so that the two cannot differ.
"""

from typing import Any

from flask import Flask

from services.domain.scopes import Scope
from services.web.api import events, oauth
from services.web.authentication import access_of
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
_OF_EVERY_SCOPE = {
    "401": "No valid access token.",
    "403": "The token does not hold the scope.",
    "429": "Too many requests.",
    "503": "Nothing was done; try again.",
}
_BODIES: dict[str, dict[str, Any]] = {**events.REQUEST_BODIES, **oauth.REQUEST_BODIES}


def complete(app: Flask, described: dict[str, Any]) -> dict[str, Any]:
    """Add the scopes, the request bodies that are read as they come, and the problems of every operation."""
    components = described.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components["securitySchemes"] = {_SCHEME: _scheme()}
    for rule in app.url_map.iter_rules():
        path = described["paths"].get(_openapi_path(rule.rule))
        access = access_of(app, rule.endpoint)
        for method in (rule.methods or set()) & {name.upper() for name in path or ()}:
            _complete_one(path[method.lower()], access.scope if access else None, _BODIES.get(rule.rule))
    return described


def _complete_one(operation: dict[str, Any], scope: Scope | None, bodies: dict[str, Any] | None) -> None:
    if scope is not None:
        operation["security"] = [{_SCHEME: [scope.value]}]
        for status, words in _OF_EVERY_SCOPE.items():
            operation["responses"].setdefault(status, {"description": words})
    if bodies:
        content = {media_type: {"schema": schema} for media_type, schema in bodies.items()}
        operation["requestBody"] = {"required": True, "content": content}
    for status, response in operation["responses"].items():
        if status.startswith(("4", "5")):
            response["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _scheme() -> dict[str, Any]:
    scopes = {scope.value: scope.value.replace(":", ", ") for scope in Scope}
    return {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": scopes}}}


def _openapi_path(rule: str) -> str:
    parts = [part.partition(":")[2].rstrip(">") if ":" in part else part.strip("<>") for part in rule.split("/")]
    return "/".join(
        f"{{{name}}}" if raw.startswith("<") else name for raw, name in zip(rule.split("/"), parts, strict=True)
    )
