"""For machines that watch: is the process alive, can it work, and is anything waiting too long."""

from apiflask import APIBlueprint
from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from services.domain.actors import system_actor
from services.domain.urgency import Lane
from services.storage import jobs, migrating
from services.storage.database import DatabaseRole
from services.web import context
from services.web.authentication import public
from services.web.kinds import unavailable

blueprint = APIBlueprint("health", __name__, tag="Health")

_WATCHER = system_actor("watch")


@blueprint.get("/healthz")
@public
def alive() -> dict[str, str]:
    """Whether the process lives. Asks nothing of anybody else."""
    return {"status": "alive"}


@blueprint.get("/readyz")
@public
def ready() -> dict[str, str]:
    """Whether the process can work: the database answers and has the tables that this version needs; else 503."""
    with context.system().database.begin(_WATCHER) as connection:
        found = migrating.version_of(connection)
    if found != migrating.newest_version():
        raise unavailable()
    return {"status": "ready"}


@blueprint.get("/metrics")
@public
def metrics() -> Response:
    """The health that is watched: per lane, for how many seconds the oldest due job has been waiting."""
    registry = CollectorRegistry()
    waiting = Gauge(
        "tallystick_oldest_due_job_seconds", "Age of the oldest due job.", labelnames=["lane"], registry=registry
    )
    reading = context.system().database.as_role(DatabaseRole.READER)
    with reading.begin(_WATCHER) as connection:
        ages = jobs.oldest_due(connection, context.system().clock())
    for lane in Lane:
        waiting.labels(lane.value).set(ages.get(lane, 0.0))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
