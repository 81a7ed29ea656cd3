"""What a view finds around it: the system, the settings, the rates, and who is asking."""

from dataclasses import dataclass
from typing import cast

from flask import current_app, g

from services.domain.actors import Actor
from services.storage.access_tokens import Claims
from services.storage.sessions import Session
from services.system import System
from services.web.limits import Rates
from services.web.settings import WebSettings

_NAME = "tallystick"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What one application holds for its views."""

    system: System
    settings: WebSettings
    rates: Rates


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


def actor() -> Actor:
    """Who is asking: set by authentication before any view that is not public."""
    return cast(Actor, g.actor)


def claims() -> Claims:
    """What the access token of this request says; only where a view asks for a scope."""
    return cast(Claims, g.claims)


def signed_in() -> Session | None:
    """The page session of this request, or None on a public page without one."""
    return cast(Session | None, g.get("session_in_force"))
