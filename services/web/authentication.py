"""Who is asking, and whether the route lets them: decided before any view runs, and closed where nothing is declared.

Every route declares one of three things: a scope (`scope`: machines, by bearer token), a session (`for_people`: pages,
by cookie), or that it is public (`public`). A token opens no page, and a page session opens no API
(docs/decisions/0006-api-and-pages.md).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, url_for

from services.actions.issue_token import client_actor, verify_token
from services.actions.sign_in import find_session
from services.clock import machine_clock
from services.domain.actors import Actor
from services.domain.scopes import Scope
from services.storage.access_tokens import Claims
from services.web import context
from services.web.kinds import ProblemError
from services.web.limits import LOOKUPS_A_MINUTE

View = TypeVar("View", bound=Callable[..., object])

SESSION_COOKIE = "tallystick"
FORM_COOKIE = "tallystick-form"
PUBLIC_OF_LIBRARIES = frozenset({"static", "bootstrap.static", "openapi.spec"})
"""Style sheets and the description of the API: served by libraries, the same for everybody."""

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Access:
    """What a route asks for. ``scope`` is set for machines; ``people`` for pages; neither for the public.
    ``remembered`` says that its view makes sure itself of a client that was only remembered (see `confirm`).
    """

    scope: Scope | None = None
    people: bool = False
    remembered: bool = False


def scope(needed: Scope, *, remembered: bool = False) -> Callable[[View], View]:
    """The route is for machines whose access token holds ``needed``.

    With ``remembered`` a client that has shown its token before is not looked up at the door: the view must make sure
    that it still is who it was before it says or keeps anything, in its own transaction or by `confirm`.
    """
    return _declare(Access(scope=needed, remembered=remembered))


def for_people(view: View) -> View:
    """The route is for people who are signed in."""
    return _declare(Access(people=True))(view)


def public(view: View) -> View:
    """The route is for everybody; it shows nothing of any case."""
    return _declare(Access())(view)


def _declare(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.__dict__["access"] = access
        return view

    return mark


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What the route of an endpoint declares; None where it declares nothing."""
    if endpoint in PUBLIC_OF_LIBRARIES:
        return Access()
    declared = vars(app.view_functions[endpoint]).get("access")
    return declared if isinstance(declared, Access) else None


def cookie_name(name: str) -> str:
    """The name of a cookie, with the prefix by which browsers pin it to this host over HTTPS (RFC 6265bis)."""
    return f"__Host-{name}" if context.settings().secure else name


def install(app: Flask) -> None:
    """Ask who it is before every view of ``app``."""
    app.before_request(_identify)


def _identify() -> Response | None:
    if request.endpoint is None:
        return None
    access = access_of(current_app, request.endpoint)
    if access is None:
        raise ProblemError("not-found")
    if access.scope is not None:
        _identify_client(access.scope, remembered=access.remembered)
        return None
    return _identify_person(needed=access.people)


def confirm() -> bool:
    """Look up a client that was only remembered. Whether it is still who it was; from here on the request is that of
    who it is now. Raises ProblemError as at the door.
    """
    access, was = access_of(current_app, str(request.endpoint)), context.actor()
    if access is None or access.scope is None or context.remembered_claims() is None:
        return True
    _identify_client(access.scope, remembered=False)
    return context.actor() == was


def _identify_client(needed: Scope, *, remembered: bool) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise ProblemError("not-signed-in", headers={"WWW-Authenticate": 'Bearer realm="tallystick"'})
    now = machine_clock()
    known = context.remembered().find(token.strip(), now) if remembered else None
    if known is not None and needed not in known[1].scopes:
        # It may have been given the scope since.
        known = None
    claims, actor = known or _looked_up(token.strip(), now)
    if needed not in actor.scopes:
        challenge = f'Bearer realm="tallystick", error="insufficient_scope", scope="{needed}"'
        raise ProblemError("not-permitted", f"This needs the scope {needed}.", headers={"WWW-Authenticate": challenge})
    g.claims, g.actor, g.remembered = claims, actor, known is not None
    if needed is not Scope.EVENTS_WRITE:
        context.rates().take("look-ups", actor.name, LOOKUPS_A_MINUTE)


def _looked_up(token: str, now: datetime) -> tuple[Claims, Actor]:
    claims = verify_token(context.settings().signer, token, now)
    actor = client_actor(context.system(), claims) if claims else None
    if claims is None or actor is None:
        challenge = 'Bearer realm="tallystick", error="invalid_token"'
        raise ProblemError("not-signed-in", headers={"WWW-Authenticate": challenge})
    context.remembered().keep(token, claims, actor)
    return claims, actor


def _identify_person(*, needed: bool) -> Response | None:
    if request.endpoint in PUBLIC_OF_LIBRARIES:
        return None
    if request.method not in _SAFE_METHODS:
        _require_same_origin()
    token = request.cookies.get(cookie_name(SESSION_COOKIE)) if needed else None
    session = find_session(context.system(), token, machine_clock()) if token else None
    g.session_in_force = session
    if session is not None:
        g.actor = session.actor
        context.rates().take("look-ups", session.actor.name, LOOKUPS_A_MINUTE)
        return None
    return _to_sign_in() if needed else None


def _to_sign_in() -> Response:
    wanted = request.full_path.rstrip("?") if request.method in _SAFE_METHODS else None
    response = redirect(url_for("pages.sign_in", next=wanted), 303)
    return current_app.make_response(response)


def _require_same_origin() -> None:
    """Only a form of ours may change anything. Browsers say where a request comes from; the rest is refused.

    Applies to public pages too: nobody else's page may sign a person in. Machines are not asked: they send no cookie.
    """
    if request.path.startswith("/oauth/"):
        return
    site = request.headers.get("Sec-Fetch-Site")
    same = site == "same-origin" if site else request.headers.get("Origin") == request.host_url.rstrip("/")
    if not same:
        raise ProblemError("not-permitted", "This form was not sent from a page of this system.")


def local_path(asked: str | None) -> str | None:
    """``asked`` where it is a path of ours, to go back to after signing in; else None."""
    if not asked or not asked.startswith("/") or asked[1:2] in {"/", "\\"} or any(ord(c) < 32 for c in asked):
        return None
    parts = urlsplit(asked)
    return asked if not parts.scheme and not parts.netloc else None
