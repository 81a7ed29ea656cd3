"""Every row refers to something that is there, and what is referred to stays (docs/decisions/0012-references.md)."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from services.domain.actors import system_actor
from tests.alder import Alder
from tests.integration.test_receive_events import INCIDENT

REFERENCES = [
    *(("notifications", column) for column in ("event_id", "case_id", "recipient_id", "agency_id", "endpoint_id")),
    *(("tasks", column) for column in ("event_id", "case_id", "assignee_id", "agency_id", "requester_agency_id")),
    *(("deadlines", column) for column in ("case_id", "task_id", "trigger_event_id")),
    *(("event_outcomes", column) for column in ("event_id", "case_id", "agency_id")),
]
KEPT = ["agencies", "parties", "cases", "streams", "endpoints", "tasks", "event_log"]
FIXED = [
    *(one for one in REFERENCES if one[0] != "event_outcomes" and one != ("tasks", "assignee_id")),
    *(("event_payloads", column) for column in ("event_id", "stream_id", "case_id", "agency_id")),
]
ONE = system_actor("test")


@pytest.fixture
def routed(county: Alder) -> Alder:
    """A county in which an incident has been routed, with all that follows."""
    county.open_case("police", "probation")
    county.accept("police", "le.dv_incident", INCIDENT)
    county.work()
    return county


def once_more(table: str, column: str) -> str:
    """A statement that writes a row of a table once more under a new id, referring to nothing in one column."""
    changed = {"id": str(uuid4()), column: str(uuid4())} | ({"key": "other"} if table == "tasks" else {})
    return (
        f"INSERT INTO {table} SELECT c.* FROM (SELECT t FROM {table} AS t LIMIT 1) AS s, "
        f"jsonb_populate_record(s.t, '{json.dumps(changed)}'::jsonb) AS c".replace(":", r"\:")
    )


@pytest.mark.parametrize(("table", "column"), REFERENCES)
def test_a_row_that_refers_to_nothing_is_refused(routed: Alder, table: str, column: str) -> None:
    changes = table == "event_outcomes"
    statement = f"UPDATE {table} SET {column} = gen_random_uuid()" if changes else once_more(table, column)
    with pytest.raises(IntegrityError) as refused, routed.system.database.begin(ONE) as connection:
        connection.execute(text(statement))
    assert getattr(refused.value.orig, "sqlstate", None) == "23503"


@pytest.mark.parametrize("table", KEPT)
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET id = gen_random_uuid()"])
def test_what_is_referred_to_is_never_removed(routed: Alder, table: str, change: str) -> None:
    with pytest.raises(ProgrammingError, match=r"never changed or removed|permission denied"):
        attempt(routed, change.format(table))


@pytest.mark.parametrize(("table", "column"), FIXED)
def test_a_reference_does_not_change(routed: Alder, table: str, column: str) -> None:
    with pytest.raises(ProgrammingError, match="never changed or removed"):
        attempt(routed, f"UPDATE {table} SET {column} = gen_random_uuid()")


def attempt(county: Alder, statement: str) -> None:
    with county.system.database.begin(ONE) as connection:
        connection.execute(text(statement))
