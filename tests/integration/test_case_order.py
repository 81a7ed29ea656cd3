"""The events of a case are routed in the order in which they were accepted, also after a death in between."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from services.actions.receive_events import Accepted, receive_events
from services.domain.actors import Actor
from tests.alder import Alder
from tests.integration.test_jobs import lease, let_leases_run_out
from tests.integration.test_receive_events import INCIDENT

MOMENT = timedelta(milliseconds=10)


def test_the_order_of_a_case_outlives_the_death_of_a_worker(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    county.work()
    first = county.accept("police", "le.dv_incident", INCIDENT)
    [left_behind] = lease(county.system, someone)
    assert left_behind.ref == first
    second = county.accept("police", "le.dv_incident", INCIDENT)
    let_leases_run_out(county.system, someone)
    county.work()
    with county.system.database.begin(someone) as connection:
        told = connection.execute(
            text("SELECT event_id, min(written_at) AS at FROM notifications GROUP BY event_id ORDER BY at")
        )
        assert [row.event_id for row in told if row.event_id in {first, second}] == [first, second]


def test_who_began_first_and_was_kept_second_is_due_second(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    county.work()
    began = county.system.clock()
    overtaking = replace(county.system, clock=lambda: began + MOMENT)
    readings = iter((began, began + 2 * MOMENT))
    overtaken = replace(county.system, clock=lambda: next(readings))
    receipts = []
    for system in (overtaking, overtaken):
        envelope = county.envelope("police", "le.dv_incident", INCIDENT)
        [outcome] = receive_events(system, county.senders["police"], [envelope])
        assert isinstance(outcome, Accepted), outcome
        receipts.append(outcome.receipt)
    later = replace(county.system, clock=lambda: began + 3 * MOMENT)
    assert [job.ref for job in lease(later, someone)] == receipts
