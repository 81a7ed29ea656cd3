"""An event whose routing failed for good is put before people: what is kept must be heard of."""

from collections.abc import Sequence

from services.actions.move_deadlines import task_deadlines
from services.actions.routing_plan import RoutingPlan
from services.domain.actors import system_actor
from services.storage import event_log, jobs, rosters
from services.storage.jobs import Job
from services.system import System


def report_set_aside(system: System, batch: Sequence[Job]) -> None:
    """Tell every county's on-call desk, and the administrators, of events whose jobs were set aside, with a task to see
    to it. The event itself stays unrouted until its job is replayed.
    """
    now = system.clock()
    with system.database.begin(system_actor("router")) as connection:
        loaded = event_log.envelopes(connection, [job.ref for job in batch])
        plan = RoutingPlan(system=system, now=now, facts={}, asked={})
        counties = rosters.county_facts(connection)
        for job in batch:
            if job.ref in loaded:
                plan.put_set_aside(loaded[job.ref], job.key, counties)
        plan.write(connection)
        task_deadlines(system, connection, plan.tasks, {}, now)
        jobs.finish(connection, batch, system.done_by)
    system.bells.ring(plan.lanes())
