"""A case that gets another worker: what waited for the one waits for the other."""

from dataclasses import replace

from sqlalchemy import text

from services.actions.receive_events import Accepted
from services.actions.register_staff import register_staff
from services.domain.actors import Actor, system_actor
from services.domain.registry import NewStaff, Registered
from services.storage.database import DatabaseRole
from services.system import System
from tests.alder import Alder
from tests.payloads import minimal_payload

ADMIN = Actor(name="system:test", administrates=True)


def _waiting(system: System) -> list[tuple[str, str, str]]:
    with system.database.begin(system_actor("test")) as connection:
        rows = connection.execute(
            text(
                "SELECT t.kind, s.username, t.state FROM tasks AS t JOIN staff AS s ON s.id = t.assignee_id"
                " ORDER BY t.kind"
            )
        )
        return [(row[0], row[1], row[2]) for row in rows]


def test_open_tasks_follow_the_case_to_its_new_worker_and_done_ones_stay(county: Alder) -> None:
    new = register_staff(county.system, ADMIN, NewStaff("cps", "successor", "Successor"))
    assert isinstance(new, Registered), new
    county.open_case("police")
    county.accept("police", "le.dv_incident", minimal_payload("le.dv_incident"))
    county.work()
    county.accept("cps", "safety.contact_recorded", {"outcome": "done"})
    county.accept("cps", "inv.disposition", {"finding": "indicated", "responsible_ref": "p1"})
    county.work()
    assert _waiting(county.system) == [
        ("appeal_letter", "worker", "proposed"),
        ("find_safe_contact", "worker", "done"),
    ]
    as_web = replace(county, system=replace(county.system, database=county.system.database.as_role(DatabaseRole.WEB)))
    said = as_web.send("cps", "case.worker_reassigned", {"from_worker": "worker", "to_worker": "successor"})
    assert isinstance(said, Accepted), said
    assert _waiting(county.system) == [
        ("appeal_letter", "successor", "proposed"),
        ("find_safe_contact", "worker", "done"),
    ]
