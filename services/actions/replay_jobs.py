"""What a person does with jobs that were set aside: look at them, queue them again, or drop them. Audited."""

from collections.abc import Collection

from services.domain.actors import Actor
from services.storage import audit, jobs
from services.system import System


def list_jobs(system: System, actor: Actor) -> list[jobs.SetAside]:
    """The jobs that were set aside, oldest first."""
    with system.database.begin(actor) as connection:
        return jobs.list_set_aside(connection)


def replay_jobs(system: System, actor: Actor, ids: Collection[int]) -> int:
    """Queue set-aside jobs again, due now. Returns how many there were."""
    now = system.clock()
    with system.database.begin(actor) as connection:
        queued = jobs.replay(connection, ids, now)
        audit.record(connection, actor, now, _entries("replay_job", ids))
    return queued


def drop_jobs(system: System, actor: Actor, ids: Collection[int]) -> int:
    """Remove set-aside jobs for good. Returns how many there were."""
    with system.database.begin(actor) as connection:
        dropped = jobs.drop(connection, ids)
        audit.record(connection, actor, system.clock(), _entries("drop_job", ids))
    return dropped


def _entries(act: str, ids: Collection[int]) -> list[audit.AuditEntry]:
    return [audit.AuditEntry(act=act, thing=f"job:{job_id}") for job_id in sorted(set(ids))]
