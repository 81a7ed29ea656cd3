"""What is noted of every request: on its log lines, which request it was and whose; how long intake took."""

from time import perf_counter
from uuid import uuid4

from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, unbind_contextvars

from services.actions.keep_measures import MeasureKeeper
from services.web import context

_INTAKE = "events.receive"
_OUTCOMES = {200: "batch", 202: "accepted", 409: "conflict", 429: "limited", 503: "unavailable"}
_FAILED = 500


def install(app: Flask) -> None:
    """Note what begins, before any other hook of ``app``, and forget it when it is over."""
    app.before_request(_begin)
    app.after_request(_measure)
    app.teardown_request(_forget)


def install_after_identification(app: Flask) -> None:
    """Note who is asking, once that is known."""
    app.before_request(_say_whose)


def keep(app: Flask, keeper: MeasureKeeper) -> None:
    """Let what ``app`` measures be kept. Begun with the first request to measure: the application may have been made in
    the process from which those that serve it are forked.
    """

    def begin(response: Response) -> Response:
        if request.endpoint == _INTAKE:
            keeper.start()
        return response

    app.after_request(begin)


def _begin() -> None:
    bind_contextvars(request=uuid4().hex)
    g.began = perf_counter()


def _measure(response: Response) -> Response:
    if request.endpoint == _INTAKE:
        status = response.status_code
        outcome = _OUTCOMES.get(status) or ("failed" if status >= _FAILED else "refused")
        context.system().measures.taken_in(outcome, perf_counter() - g.began)
    return response


def _say_whose() -> None:
    actor = g.get("actor")
    if actor is not None:
        bind_contextvars(client=actor.name, agency=actor.agency_id)


def _forget(_: BaseException | None) -> None:
    unbind_contextvars("request", "client", "agency")
