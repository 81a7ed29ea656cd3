"""What a view finds around it: the system, the settings, the rates, and who is asking."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from flask import current_app, g

from services.actions.receive_together import Gathering
from services.domain.actors import Actor
from services.storage.access_tokens import Claims
from services.storage.sessions import Session
from services.system import System
from services.web.limits import Rates
from services.web.settings import WebSettings

_NAME = "tallystick"
_REMEMBERED_AT_MOST = 1_000


class Remembered:
    """The clients that have shown a good token to this process lately. Tokens themselves are not held.

    To be remembered proves nothing but that the token was good: whether the client may still act must be asked anew.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[Claims, Actor]] = {}

    def find(self, token: str, now: datetime) -> tuple[Claims, Actor] | None:
        """What a token said, and who came with it, as long as the token is in force at ``now`` (real time)."""
        known = self._known.get(_fingerprint(token))
        return known if known is not None and now < known[0].expires_at else None

    def keep(self, token: str, claims: Claims, actor: Actor) -> None:
        """Remember who came with a token that was found good."""
        if len(self._known) >= _REMEMBERED_AT_MOST:
            self._known.clear()
        self._known[_fingerprint(token)] = claims, actor


def _fingerprint(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What one application holds for its views."""

    system: System
    settings: WebSettings
    rates: Rates
    remembered: Remembered = field(default_factory=Remembered)
    gathering: Gathering = field(default_factory=Gathering)


def surround(extensions: dict[str, object], surroundings: Surroundings) -> None:
    """Put the surroundings where the views of an application find them."""
    extensions[_NAME] = surroundings


def _around() -> Surroundings:
    return cast(Surroundings, current_app.extensions[_NAME])


def system() -> System:
    """The system of this application."""
    return _around().system


def settings() -> WebSettings:
    """The settings of this application."""
    return _around().settings


def rates() -> Rates:
    """The rates of this application."""
    return _around().rates


def remembered() -> Remembered:
    """The clients that this process remembers."""
    return _around().remembered


def gathering() -> Gathering:
    """The senders whose events this process is keeping at this moment."""
    return _around().gathering


def remembered_claims() -> Claims | None:
    """What the access token of this request says, where its client was remembered and not looked up."""
    return claims() if g.get("remembered") else None


def actor() -> Actor:
    """Who is asking: set by authentication before any view that is not public."""
    return cast(Actor, g.actor)


def claims() -> Claims:
    """What the access token of this request says; only where a view asks for a scope."""
    return cast(Claims, g.claims)


def signed_in() -> Session | None:
    """The page session of this request, or None on a public page without one."""
    return cast(Session | None, g.get("session_in_force"))
