"""References of rows that are written by the hundred are looked up once a statement, not once a row and column
(docs/decisions/0012-references.md). What is referred to is never removed, so it need not be locked either.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CHECKED = {
    "notifications": {
        "event_id": "event_log",
        "case_id": "cases",
        "recipient_id": "parties",
        "agency_id": "agencies",
        "endpoint_id": "endpoints",
    },
    "tasks": {
        "event_id": "event_log",
        "case_id": "cases",
        "agency_id": "agencies",
        "requester_agency_id": "agencies",
    },
    "deadlines": {"case_id": "cases", "task_id": "tasks", "trigger_event_id": "event_log"},
    "event_outcomes": {"event_id": "event_log", "case_id": "cases", "agency_id": "agencies"},
}
COPIED = {
    "event_log": {"case_id": "cases", "agency_id": "agencies"},
    "event_payloads": {"event_id": "event_log", "stream_id": "streams", "case_id": "cases", "agency_id": "agencies"},
    "vault": {"agency_id": "agencies"},
}
"""What is what the row's stream or event says: for row-level security, or because one statement writes both rows."""

MOVING = ("event_outcomes",)
"""An event is linked to a case: what is new is looked up again. Elsewhere a reference stays."""

FIXED = {
    "notifications": tuple(CHECKED["notifications"]),
    "tasks": tuple(CHECKED["tasks"]),
    "deadlines": tuple(CHECKED["deadlines"]),
    "event_payloads": tuple(COPIED["event_payloads"]),
    "vault": ("event_id", *COPIED["vault"]),
}
KEPT = ("agencies", "parties", "cases", "streams", "endpoints", "tasks")
"""What is referred to, beside the event log, which nobody changes."""


def _looks_up(table: str) -> str:
    unknown = " OR ".join(
        f"EXISTS (SELECT FROM (SELECT DISTINCT {column} AS id FROM written WHERE {column} IS NOT NULL) AS w "
        f"WHERE NOT EXISTS (SELECT FROM {parent} AS p WHERE p.id = w.id))"
        for column, parent in CHECKED[table].items()
    )
    return (
        f"CREATE FUNCTION check_references_of_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {unknown} THEN RAISE EXCEPTION 'a row of % refers to something that is not there', TG_TABLE_NAME "
        "USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NULL; END $$"
    )


def upgrade() -> None:
    """Put a look-up a statement in place of constraints, and see to it that what is referred to stays."""
    for table, references in (CHECKED | COPIED).items():
        for column in references:
            op.drop_constraint(f"{table}_{column}_fkey", table, type_="foreignkey")
    for table in CHECKED:
        op.execute(_looks_up(table))
        for verb in ("INSERT", "UPDATE") if table in MOVING else ("INSERT",):
            op.execute(
                f"CREATE TRIGGER references_{verb.lower()} AFTER {verb} ON {table} REFERENCING NEW TABLE AS written "
                f"FOR EACH STATEMENT EXECUTE FUNCTION check_references_of_{table}()"
            )
    for table, columns in FIXED.items():
        op.execute(
            f"CREATE TRIGGER references_stay BEFORE UPDATE OF {', '.join(columns)} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER never_removed BEFORE UPDATE OF id OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    # The id follows from all that makes a notification one of a kind (storage/notifications.py, `notification_id`).
    op.create_index("notifications_event_id_idx", "notifications", ["event_id"])
    op.drop_constraint("notifications_once_key", "notifications")


def downgrade() -> None:
    """Put the constraints back."""
    op.create_unique_constraint(
        "notifications_once_key",
        "notifications",
        ["event_id", "cause_event_id", "rule_id", "recipient_id", "channel", "endpoint_id"],
        postgresql_nulls_not_distinct=True,
    )
    op.drop_index("notifications_event_id_idx", table_name="notifications")
    for table in KEPT:
        op.execute(f"DROP TRIGGER never_removed ON {table}")
    for table in FIXED:
        op.execute(f"DROP TRIGGER references_stay ON {table}")
    for table in CHECKED:
        op.execute(f"DROP FUNCTION check_references_of_{table}() CASCADE")
    for table, references in (CHECKED | COPIED).items():
        for column, parent in references.items():
            op.create_foreign_key(f"{table}_{column}_fkey", table, parent, [column], ["id"])
