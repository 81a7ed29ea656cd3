"""The web application: an API for machines under /v1, and a few plain pages for people."""

from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from types import TracebackType
from typing import Any, cast

from apiflask import APIFlask
from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from services import wiring
from services.actions.keep_measures import MeasureKeeper
from services.domain.sign_in import ABSOLUTE
from services.system import System
from services.web import authentication, context, description, headers, health, observing, pages, problems
from services.web.api import blueprints as api_blueprints
from services.web.authentication import FORM_COOKIE, PUBLIC_OF_LIBRARIES
from services.web.failures import log_failure
from services.web.kinds import ProblemError, not_found
from services.web.limits import Rates
from services.web.paths import IdConverter
from services.web.settings import WebSettings, web_settings

_OPENAPI = {
    "OPENAPI_VERSION": "3.1.0",
    "AUTO_VALIDATION_ERROR_RESPONSE": False,
    "AUTO_AUTH_ERROR_RESPONSE": False,
    "AUTO_404_RESPONSE": False,
    "AUTO_SERVERS": False,
    "DESCRIPTION": "Agencies send events, read what became of them, and answer what they are asked to do.",
}
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_PROVING = frozenset({"/sign-in", "/oauth/token"})
_STORED = PUBLIC_OF_LIBRARIES - {"openapi.spec"}


class _Sessions(SecureCookieSessionInterface):
    """Flask's own sessions, with one signer for all requests."""

    @cache  # noqa: B019 (there is one of this class, for as long as the process lives)
    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The signer of an application's cookies."""
        return super().get_signing_serializer(app)


class _Application(APIFlask):
    """APIFlask that writes down where something failed, and never what was said (no case data in logs)."""

    session_interface = _Sessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view here is asynchronous, and whether one is would be asked ten times a request."""
        return func

    def log_exception(self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
        """Log an unexpected error by its class and place."""
        if exc_info[1] is not None:
            log_failure(exc_info[1])


def create_app(system: System, settings: WebSettings) -> APIFlask:
    """The application on a system whose database is used in the web role."""
    app = _Application(__name__, title="Tallystick", version=version("tallystick"), docs_path=None)
    app.config.update(_OPENAPI, **_form_config(settings), MAX_CONTENT_LENGTH=system.limits.body_bytes)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.converters["uuid"] = IdConverter
    context.surround(app.extensions, context.Surroundings(system, settings, Rates.counted_in(settings.limits_url)))
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, settings.proxies, settings.proxies)  # type: ignore[method-assign]
    problems.install(app)
    observing.install(app)
    app.before_request(_refuse_nul)
    authentication.install(app)
    observing.install_after_identification(app)
    protection = CSRFProtect(app)
    Bootstrap5(app)
    app.jinja_env.undefined = StrictUndefined
    for blueprint in (*api_blueprints, health.blueprint):
        protection.exempt(blueprint)
        app.register_blueprint(blueprint)
    app.register_blueprint(pages.blueprint)
    app.spec_processor(lambda described: description.complete(app, cast(dict[str, Any], described)))
    app.after_request(lambda response: _hardened(response, settings))
    health.install(app, system)
    system.traces.instrument(app)
    return app


def from_environment() -> APIFlask:
    """The application of a web process, as its environment says. Raises SettingsError or InvalidPolicyError."""
    settings = wiring.read_settings()
    web = web_settings(
        wiring.token_key(settings),
        settings.public_url,
        limits_url=settings.limits_url,
        proxies=settings.proxies,
        metrics_token=settings.metrics_token,
    )
    system = wiring.web_system()
    app = create_app(system, web)
    observing.keep(app, MeasureKeeper(system))
    return app


def _refuse_nul() -> None:
    """No name here holds a NUL, and no text column takes one: a path with it names nothing, a value is malformed."""
    if "\0" in request.path:
        raise not_found()
    said = list(request.args.values())
    if request.path in _PROVING and request.mimetype in _FORMS:
        said += request.form.values()
    if any("\0" in value for value in said):
        raise ProblemError("malformed")


def _form_config(settings: WebSettings) -> dict[str, object]:
    """Flask's own session holds nothing but what protects forms, and the sentence to show after one was sent."""
    return {
        "SECRET_KEY": settings.form_key,
        "SESSION_COOKIE_NAME": f"__Host-{FORM_COOKIE}" if settings.secure else FORM_COOKIE,
        "SESSION_COOKIE_SECURE": settings.secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": int(ABSOLUTE.total_seconds()),
        # Origin and Sec-Fetch-Site are looked at instead: browsers send no Referer under our own policy.
        "WTF_CSRF_SSL_STRICT": False,
        "BOOTSTRAP_SERVE_LOCAL": True,
        "PROPAGATE_EXCEPTIONS": False,
    }


def _hardened(response: Response, settings: WebSettings) -> Response:
    stored = request.endpoint in _STORED and response.status_code < 400
    return headers.harden(response, secure=settings.secure, stored=stored)
