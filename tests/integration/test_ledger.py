"""The ledger's own proof: whatever is changed, removed, added or moved behind its back is found, and where."""

import psycopg
import pytest

from services.actions.verify_ledger import verify_ledger
from services.domain.actors import Actor
from services.local.machine import LocalStores
from tests.alder import Alder
from tests.integration.test_receive_events import INCIDENT


def behind_its_back(stores: LocalStores, county: Alder, statement: str) -> None:
    database = county.system.database.engine.url.database
    assert database
    with stores.postgres.connect_as_superuser(database) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(psycopg.sql.SQL(statement))
        connection.commit()


def test_an_untouched_ledger_holds(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    county.accept("police", "le.dv_incident", INCIDENT)
    county.accept("police", "le.dv_incident", INCIDENT, subject="unknown")
    found = verify_ledger(county.system, someone)
    assert found.breaks == ()
    assert found.streams == 2


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE event_log SET time = time + interval '1 hour' WHERE sequence = 2", "entry_changed"),
        ("UPDATE event_log SET type = 'order.served' WHERE sequence = 2", "entry_changed"),
        ("UPDATE event_log SET hash = previous_hash WHERE sequence = 2", "entry_changed"),
        ("DELETE FROM event_log WHERE sequence = 2", "order_differs"),
        ("DELETE FROM event_log WHERE sequence = (SELECT max(sequence) FROM event_log)", "entries_missing"),
        ("UPDATE streams SET head = decode(repeat('00', 32), 'hex')", "end_differs"),
        ("UPDATE event_payloads SET sealed = sealed || '\\x00'::bytea", "payload_does_not_open"),
        ("UPDATE streams SET key_wrapped = key_wrapped || '\\x00'::bytea", "key_does_not_open"),
    ],
)
def test_what_is_done_behind_its_back_is_found(
    stores: LocalStores, county: Alder, someone: Actor, statement: str, code: str
) -> None:
    county.open_case("police")
    behind_its_back(stores, county, statement)
    assert code in {one.code for one in verify_ledger(county.system, someone).breaks}


def test_an_erased_payload_breaks_no_chain(stores: LocalStores, county: Alder, someone: Actor) -> None:
    county.open_case()
    behind_its_back(stores, county, "DELETE FROM event_payloads")
    found = verify_ledger(county.system, someone)
    assert found.breaks == ()
    assert found.erased == found.events
