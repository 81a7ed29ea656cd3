"""Access tokens of clients: short-lived JWTs (RFC 9068) signed with Ed25519 (RFC 9864), so that none need be stored."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

_ALGORITHM = "Ed25519"
_TYPE = "at+jwt"
_LEEWAY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid access token says. ``client_id`` is the public name of the client (``sub``), ``token_id`` its
    ``jti``; ``events_per_minute`` is the limit that was in force when the token was issued.
    """

    client_id: str
    agency_id: UUID
    scopes: frozenset[str]
    token_id: str
    expires_at: datetime
    events_per_minute: int


class TokenSigner:
    """Signs and verifies access tokens of one installation with one key.

    ``seed`` is the private key, 32 raw bytes; ``issuer`` the installation's public address, whose API is the audience.
    A new seed makes every token void at once; clients then ask for another, as they do every ten minutes.
    """

    def __init__(self, seed: bytes, issuer: str) -> None:
        private = Ed25519PrivateKey.from_private_bytes(seed)
        self._key = OKPKey.import_key(
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "d": _base64url(private.private_bytes_raw()),
                "x": _base64url(private.public_key().public_bytes_raw()),
            }
        )
        self._header = {"alg": _ALGORITHM, "typ": _TYPE, "kid": self._key.thumbprint()}
        self._issuer = issuer.rstrip("/")
        self._audience = f"{self._issuer}/v1"

    def sign(self, claims: Claims, issued_at: datetime) -> str:
        """The token, in compact form."""
        document = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": claims.client_id,
            "client_id": claims.client_id,
            "jti": claims.token_id,
            "iat": int(issued_at.timestamp()),
            "exp": int(claims.expires_at.timestamp()),
            "scope": " ".join(sorted(claims.scopes)),
            "agency": str(claims.agency_id),
            "events_per_minute": claims.events_per_minute,
        }
        return jwt.encode(self._header, document, self._key, algorithms=[_ALGORITHM])

    def verify(self, token: str, now: datetime) -> Claims | None:
        """What the token says, where it is ours, whole and in force at ``now`` (real time); else None."""
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            iat={"essential": True},
        )
        try:
            decoded = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
            registry.validate(decoded.claims)
        except (JoseError, ValueError, binascii.Error):
            return None
        return _claims(decoded.claims, now) if decoded.header.get("typ") == _TYPE else None


def _claims(document: Mapping[str, object], now: datetime) -> Claims | None:
    match document:
        case {
            "sub": str(client_id),
            "agency": str(agency),
            "scope": str(scope),
            "jti": str(token_id),
            "exp": int(expires),
            "events_per_minute": int(limit),
        }:
            return Claims(
                client_id=client_id,
                agency_id=UUID(agency),
                scopes=frozenset(scope.split()),
                token_id=token_id,
                expires_at=datetime.fromtimestamp(expires, now.tzinfo),
                events_per_minute=limit,
            )
        case _:
            return None


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
