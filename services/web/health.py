"""For machines that watch: is the process alive, can it work, and the figures of the whole system."""

from collections.abc import Iterator
from hmac import compare_digest
from importlib.metadata import version
from typing import cast

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from services.actions.read.watch import Watched, Watcher
from services.domain.errors import FieldProblem
from services.storage.watch import Figures
from services.system import System
from services.telemetry.measures import families
from services.web import context
from services.web.authentication import public
from services.web.kinds import ProblemError, not_found, unavailable

blueprint = APIBlueprint("health", __name__, tag="Health")

_NAME = "tallystick-watch"
_SAID = {
    "database_silent": "The database does not answer in time.",
    "database_away": "The database cannot be reached.",
    "not_migrated": "The database is not at the version of this program.",
}


def install(app: Flask, system: System) -> None:
    """Let ``app`` ask about ``system``."""
    app.extensions[_NAME] = Watcher(system)


def _watcher() -> Watcher:
    return cast(Watcher, current_app.extensions[_NAME])


@blueprint.get("/healthz")
@public
def alive() -> dict[str, str]:
    """Whether the process lives. Asks nothing of anybody else."""
    return {"status": "alive"}


@blueprint.get("/readyz")
@public
def ready() -> dict[str, object]:
    """Whether requests may be sent to this process; else 503, with the reason. Answers within two seconds.

    A lane that stands still is no fault of the web: it goes on taking events in, and says ``degraded``, with 200.
    """
    found = _watcher().readiness()
    if not found.able:
        errors = [FieldProblem("database", reason, _SAID[reason]) for reason in found.reasons]
        raise ProblemError("unavailable", errors[0].message, errors, unavailable().headers)
    return {"status": "degraded", "reasons": found.reasons} if found.reasons else {"status": "ready"}


@blueprint.get("/metrics")
@public
@blueprint.doc(responses={401: "Not with the token for figures.", 404: "Nobody reads figures here: no token is set."})
def metrics() -> Response:
    """The figures of the whole system, for Prometheus; with the token for them alone."""
    _require_token(context.settings().metrics_token)
    registry = CollectorRegistry()
    registry.register(Collected(_watcher().watched()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _require_token(token: str | None) -> None:
    if token is None:
        raise not_found()
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not compare_digest(given.strip().encode(), token.encode()):
        raise ProblemError("not-signed-in", headers={"WWW-Authenticate": 'Bearer realm="tallystick metrics"'})


class Collected:
    """What one request found, as prometheus-client takes it."""

    def __init__(self, watched: Watched | None) -> None:
        self._watched = watched

    def collect(self) -> Iterator[Metric]:
        """Every family of figures; where the database gave none, that alone."""
        reached = self._watched is not None
        yield _gauge("tallystick_database_reachable", "Whether the database gave these figures.", reached)
        about = GaugeMetricFamily("tallystick_build_info", "The version of this web process.", labels=["version"])
        about.add_metric([version("tallystick")], 1)
        yield about
        if self._watched is not None:
            yield from _families(self._watched.figures)
            yield from families(self._watched.measured)


def _families(figures: Figures) -> Iterator[Metric]:
    oldest = GaugeMetricFamily("tallystick_oldest_due_job_seconds", "Age of the oldest due job.", labels=["lane"])
    due = GaugeMetricFamily("tallystick_due_jobs", "Due jobs, counted up to 10,000.", labels=["lane"])
    for lane, waiting in figures.waiting.items():
        oldest.add_metric([lane.value], waiting.seconds)
        due.add_metric([lane.value], waiting.jobs)
    aside = GaugeMetricFamily(
        "tallystick_set_aside_jobs", "Jobs that failed and wait for a person.", labels=["lane", "kind"]
    )
    for labels, jobs in sorted(figures.set_aside.items()):
        aside.add_metric(labels, jobs)
    done = CounterMetricFamily("tallystick_jobs_done", "Jobs done, by whom.", labels=["done_by", "lane", "kind"])
    for names, jobs in sorted(figures.done.items()):
        done.add_metric(names, jobs)
    yield from (oldest, due, aside, done)
    for name, about, value in (
        ("attempts_without_outcome", "Messages whose last attempt has outlived its lease.", figures.open_attempts),
        ("failing_endpoints", "Endpoints with messages that wait for another try.", figures.failing_endpoints),
        ("unacknowledged_alerts", "U0 of a week that nobody at the agency has acknowledged.", figures.alerts),
        ("oldest_unacknowledged_alert_seconds", "Age of the oldest of them; 0 for none.", figures.alert_seconds),
        ("database_connections", "Connections to the database.", figures.connections),
        ("database_connections_limit", "How many the database takes.", figures.most_connections),
    ):
        yield _gauge(f"tallystick_{name}", about, value)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
