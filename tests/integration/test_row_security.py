"""The second net under disclosure: what the database itself lets a role see and change."""

from uuid import uuid4

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import ProgrammingError

from services.domain.actors import Actor
from services.storage.database import Database, DatabaseRole
from tests.alder import Alder
from tests.payloads import minimal_payload

TABLES = (
    "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c JOIN pg_namespace n ON n.oid = "
    "c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'"
)


def test_row_security_is_on_and_forced_for_every_table(database: Database, someone: Actor) -> None:
    with database.begin(someone) as connection:
        rows = connection.execute(text(TABLES)).all()
    assert rows
    assert [row.relname for row in rows if not (row.relrowsecurity and row.relforcerowsecurity)] == []


def test_a_transaction_without_an_actor_sees_nothing(database: Database, someone: Actor) -> None:
    with database.begin(someone) as connection:
        connection.execute(
            text("INSERT INTO audit_log (at, actor, act, object, outcome) VALUES (now(), 'a', 'b', 'c', 'd')")
        )
        connection.execute(text("SELECT set_config('app.actor', '', true)"))
        assert connection.execute(text("SELECT count(*) FROM audit_log")).scalar() == 0


@pytest.mark.parametrize("role", list(DatabaseRole))
@pytest.mark.parametrize("table", ["event_log", "audit_log", "intake_conflicts"])
def test_no_role_changes_or_removes_what_is_kept_for_ever(
    database: Database, someone: Actor, role: DatabaseRole, table: str
) -> None:
    for statement in (f"UPDATE {table} SET agency_id = NULL", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(ProgrammingError), database.as_role(role).begin(someone) as connection:
            connection.execute(text(statement))


def test_the_web_role_cannot_read_the_vault(database: Database, someone: Actor) -> None:
    with pytest.raises(ProgrammingError), database.as_role(DatabaseRole.WEB).begin(someone) as connection:
        connection.execute(text("SELECT * FROM vault"))


# What intake may do (migration 0008)

READABLE = {
    "agencies": {"id", "roles"},
    "clients": {"client_id", "agency_id", "scopes", "roles", "active"},
    "case_agencies": {"case_id", "agency_id", "until"},
    "case_identifiers": {"case_id", "agency_id", "value", "unlinked_by_event_id"},
    "cases": {"id", "token"},
    "streams": {"id", "case_id", "agency_id", "length", "head", "key_wrapped"},
    "event_log": {"id", "agency_id", "source", "source_id", "body_mac", "accepted"},
}
GRANTED = text(
    """
    SELECT c.relname AS of, NULL AS name, p.privilege_type AS may
    FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS p
    WHERE p.grantee = 'tallystick_intake'::regrole AND c.relkind = 'r'
    UNION ALL
    SELECT c.relname, a.attname, p.privilege_type
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid CROSS JOIN LATERAL aclexplode(a.attacl) AS p
    WHERE p.grantee = 'tallystick_intake'::regrole
    """
)


def test_intake_reads_what_finds_the_place_of_an_event_and_nothing_else(database: Database, someone: Actor) -> None:
    with database.begin(someone) as connection:
        rows = connection.execute(GRANTED).all()
    assert {(row.of, row.name) for row in rows if row.may == "SELECT"} == {
        (table, column) for table, columns in READABLE.items() for column in columns
    }
    assert {(row.of, row.name, row.may) for row in rows if row.may != "SELECT"} == {
        *((table, None, "INSERT") for table in ("event_log", "event_payloads", "vault", "jobs")),
        *(("streams", column, "UPDATE") for column in ("length", "head")),
    }


def test_intake_sees_what_the_agencies_of_its_transaction_are_on(county: Alder) -> None:
    county.open_case("probation")
    county.accept("programme", "provider.absence", minimal_payload("provider.absence"))
    database, ids = county.system.database, {slug: sender.agency_id for slug, sender in county.senders.items()}
    for acting, cases, streams in (
        ([ids["probation"]], 1, 1),
        ([ids["police"]], 0, 0),
        ([ids["programme"]], 0, 1),
        ([ids["police"], ids["probation"], ids["programme"]], 1, 2),
        ([], 0, 0),
    ):
        with database.begin_intake([one for one in acting if one]) as connection:
            for table, expected in (("cases", cases), ("streams", streams), ("clients", 0), ("agencies", len(acting))):
                found = connection.execute(text(f"SELECT count(id) FROM {table}" if table != "clients" else _CLIENTS))
                assert found.scalar() == expected, (acting, table)
            seen = {row.agency_id for row in connection.execute(text("SELECT DISTINCT agency_id FROM event_log"))}
            assert seen <= set(acting)


_CLIENTS = "SELECT count(client_id) FROM clients"


@pytest.mark.parametrize("table", ["event_log", "event_payloads", "vault", "jobs"])
def test_intake_adds_for_the_agencies_of_its_transaction_alone(county: Alder, table: str) -> None:
    county.open_case("probation")
    mine, other = (county.senders[slug].agency_id for slug in ("probation", "police"))
    with county.system.database.begin(county.senders["cps"]) as connection:
        columns = connection.execute(_COLUMNS, {"table": table}).scalars().all()
        row = connection.execute(text(f"SELECT to_jsonb(t) FROM {table} AS t LIMIT 1")).scalar() or {"path": "x"}
    row |= {"agency_id": str(other), "id": str(uuid4()), "event_id": str(uuid4()), "key": str(uuid4())}
    if table == "jobs":
        del row["id"]
    names = ", ".join(name for name in columns if name in row)
    adding = text(f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, :row)")
    assert mine is not None
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        county.system.database.begin_intake([mine]) as connection,
    ):
        connection.execute(adding.bindparams(bindparam("row", type_=JSONB)), {"row": row})


_COLUMNS = text("SELECT column_name FROM information_schema.columns WHERE table_name = :table AND is_identity = 'NO'")
