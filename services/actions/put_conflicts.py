"""An id that was used again with another body is put before a person: which of the two is true, nobody can compute."""

from collections.abc import Sequence
from dataclasses import replace

from services.actions.move_deadlines import task_deadlines
from services.actions.routing_plan import RoutingPlan
from services.domain.actors import system_actor
from services.storage import event_log, jobs, links, rosters
from services.storage.jobs import Job
from services.system import System


def put_conflicts(system: System, batch: Sequence[Job]) -> None:
    """Open a task for each contradiction: for the case's supervisor, or for the county's on-call desk where the event
    matches no case.
    """
    now = system.clock()
    with system.database.begin(system_actor("router")) as connection:
        loaded = event_log.load(connection, system.keys, [job.ref for job in batch])
        linked = links.in_force(connection, loaded)
        on_case = {id_: replace(loaded[id_], case_id=link.case_id) for id_, link in linked.items()}
        events = [on_case.get(job.ref, loaded[job.ref]) for job in batch]
        case_ids = {event.case_id for event in events if event.case_id}
        facts = rosters.case_facts(connection, case_ids, (), now) if case_ids else {}
        plan = RoutingPlan(system=system, now=now, facts=facts, asked={})
        counties = rosters.county_facts(connection)
        for event, job in zip(events, batch, strict=True):
            plan.contradict(event, job.key, counties)
        plan.write(connection)
        task_deadlines(system, connection, plan.tasks, facts, now)
        jobs.finish(connection, batch, system.done_by)
    system.bells.ring(plan.lanes())
