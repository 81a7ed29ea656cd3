"""The second net under disclosure: what the database itself lets a role see and change."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.domain.actors import Actor
from services.storage.database import Database, DatabaseRole

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
