"""Access tokens for clients: OAuth 2 client credentials (RFC 6749 §4.4)."""

import base64
from urllib.parse import unquote_plus

from apiflask import APIBlueprint
from flask import Response, jsonify, request
from marshmallow import fields

from services.actions.issue_token import Refused, Token, issue_token
from services.clock import machine_clock
from services.web import context
from services.web.api.bodies import Body
from services.web.authentication import public
from services.web.kinds import KINDS, ProblemError
from services.web.limits import TOKENS_A_MINUTE
from services.web.problems import document

blueprint = APIBlueprint("oauth", __name__, tag="Tokens")

_BEARER = "Bearer"
_WAYS = 'Basic realm="tallystick"'
_WORDS = {
    "invalid_request": "Send grant_type, and the client's id and secret by HTTP Basic or in the form, once each.",
    "unsupported_grant_type": "Only client_credentials is supported.",
    "invalid_client": "The client is not known, or its secret is not right.",
    "invalid_scope": "The client does not have one of these scopes.",
}


class TokenOut(Body):
    """An access token (RFC 6749 §5.1)."""

    access_token = fields.String(required=True, metadata={"description": "Send it as a bearer token."})
    token_type = fields.String(required=True, metadata={"example": "Bearer"})
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})
    scope = fields.String(required=True, metadata={"description": "The scopes that it holds, separated by spaces."})


_FORM = {
    "type": "object",
    "required": ["grant_type"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "scope": {"type": "string", "description": "Scopes separated by spaces; without it, all that the client has."},
        "client_id": {"type": "string"},
        "client_secret": {"type": "string"},
    },
}
_ERROR = {
    "type": "object",
    "required": ["error", "error_description", "type", "title", "status", "detail"],
    "properties": {"error": {"type": "string", "enum": sorted(_WORDS)}, "error_description": {"type": "string"}},
    "description": "An error of RFC 6749 §5.2, with the members of a problem document (RFC 9457) beside it.",
}
REQUEST_BODIES = {"/oauth/token": {"application/x-www-form-urlencoded": _FORM}}
ANSWERS = {"/oauth/token": {status: {"application/json": _ERROR} for status in ("400", "401")}}


@blueprint.post("/oauth/token")
@public
@blueprint.output(TokenOut, description="A token for ten minutes.")
@blueprint.doc(responses={400: "The request is not right (RFC 6749 §5.2).", 401: "Not this client, or not its secret."})
def token() -> Response:
    """Ask for an access token.

    The client proves itself by HTTP Basic or in the form, never by both.
    """
    context.rates().take("tokens", request.remote_addr or "unknown", TOKENS_A_MINUTE)
    form = request.form
    if any(len(form.getlist(name)) > 1 for name in form) or "grant_type" not in form:
        return _refused("invalid_request")
    if form["grant_type"] != "client_credentials":
        return _refused("unsupported_grant_type")
    credentials = _credentials()
    if credentials is None:
        return _refused("invalid_request" if _both() else "invalid_client")
    scopes = frozenset(form.get("scope", "").split())
    issued = issue_token(context.system(), context.settings().signer, *credentials, scopes, machine_clock())
    match issued:
        case Token(access_token, expires_in, granted):
            said = {"access_token": access_token, "token_type": _BEARER, "expires_in": expires_in}
            return jsonify(said | {"scope": " ".join(sorted(granted))})
        case Refused(code):
            return _refused(code)


def _both() -> bool:
    return "Authorization" in request.headers and "client_secret" in request.form


def _credentials() -> tuple[str, str] | None:
    """The client's id and secret; None where they are not given, not readable, or given twice."""
    header = request.headers.get("Authorization")
    if header is None:
        client_id, secret = request.form.get("client_id"), request.form.get("client_secret")
        return (client_id, secret) if client_id and secret else None
    if _both():
        return None
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except ValueError:  # no base64, no UTF-8, or signs that no header of this kind has
        return None
    client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    if "\0" in client_id + secret:
        raise ProblemError("malformed")
    return (client_id, secret) if colon else None


def _refused(code: str) -> Response:
    """The error as OAuth clients read it, and as a problem like every other; RFC 6749 gives it its media type."""
    kind = "not-signed-in" if code == "invalid_client" else "malformed"
    response = jsonify(document(kind, _WORDS[code]) | {"error": code, "error_description": _WORDS[code]})
    response.status_code = KINDS[kind].status
    if code == "invalid_client":
        response.headers["WWW-Authenticate"] = _WAYS
    return response
