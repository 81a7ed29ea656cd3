"""Access tokens for clients: OAuth 2 client credentials (RFC 6749 §4.4)."""

import base64
import binascii
from urllib.parse import unquote_plus

from apiflask import APIBlueprint
from flask import Response, jsonify, request
from marshmallow import fields

from services.actions.issue_token import Refused, Token, issue_token
from services.clock import machine_clock
from services.web import context
from services.web.api.bodies import Body
from services.web.authentication import public
from services.web.limits import TOKENS_A_MINUTE

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
REQUEST_BODIES = {"/oauth/token": {"application/x-www-form-urlencoded": _FORM}}


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
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (unquote_plus(client_id), unquote_plus(secret)) if colon else None


def _refused(code: str) -> Response:
    response = jsonify(error=code, error_description=_WORDS[code])
    response.status_code = 400
    if code == "invalid_client":
        response.status_code = 401
        response.headers["WWW-Authenticate"] = _WAYS
    return response
