"""A role for taking events in (docs/decisions/0015-one-commit-for-many-senders.md).

It acts for the agencies that a transaction names (`app.agencies`), finds where their events belong, and adds them. It
reads no event, no payload and nothing of any person: of the log, only whether something was said before.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_THEIRS = "agency_id = ANY (app_agencies())"
_OF_THEIR_CASE = "EXISTS (SELECT FROM case_agencies AS a WHERE a.case_id = {} AND a.until IS NULL)"
"""Of those, the role sees only what its agencies are on."""

# table → (columns that may be read, of which rows)
_READ = {
    "agencies": ("id, roles", "id = ANY (app_agencies())"),
    "clients": ("client_id, agency_id, scopes, roles, active", _THEIRS),
    "case_agencies": ("case_id, agency_id, until", _THEIRS),
    "case_identifiers": ("case_id, agency_id, value, unlinked_by_event_id", _THEIRS),
    "cases": ("id, token", _OF_THEIR_CASE.format("cases.id")),
    "streams": (
        "id, case_id, agency_id, length, head, key_wrapped",
        f"{_THEIRS} OR {_OF_THEIR_CASE.format('streams.case_id')}",
    ),
    "event_log": ("id, agency_id, source, source_id, body_mac, accepted", _THEIRS),
}
_ADDED = ("event_log", "event_payloads", "vault", "jobs")


def upgrade() -> None:
    """Say what the role may read, add and move on."""
    op.execute(
        "CREATE FUNCTION app_agencies() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE "
        "RETURN string_to_array(NULLIF(current_setting('app.agencies', true), ''), ',')::uuid[]"
    )
    op.execute("GRANT USAGE ON SCHEMA public TO tallystick_intake")
    op.execute("GRANT USAGE ON SEQUENCE jobs_id_seq TO tallystick_intake")
    for table, (columns, rows) in _READ.items():
        op.execute(f"GRANT SELECT ({columns}) ON {table} TO tallystick_intake")
        op.execute(f"CREATE POLICY intake_select ON {table} FOR SELECT TO tallystick_intake USING ({rows})")
    for table in _ADDED:
        op.execute(f"GRANT INSERT ON {table} TO tallystick_intake")
        op.execute(f"CREATE POLICY intake_insert ON {table} FOR INSERT TO tallystick_intake WITH CHECK ({_THEIRS})")
    theirs = _READ["streams"][1]
    op.execute("GRANT UPDATE (length, head) ON streams TO tallystick_intake")
    op.execute(
        f"CREATE POLICY intake_update ON streams FOR UPDATE TO tallystick_intake USING ({theirs}) WITH CHECK ({theirs})"
    )


def downgrade() -> None:
    """Take it all back; the role itself belongs to the server."""
    op.execute("DROP POLICY intake_update ON streams")
    for table in _ADDED:
        op.execute(f"DROP POLICY intake_insert ON {table}")
        op.execute(f"REVOKE INSERT ON {table} FROM tallystick_intake")
    op.execute("REVOKE UPDATE (length, head) ON streams FROM tallystick_intake")
    for table, (columns, _) in _READ.items():
        op.execute(f"DROP POLICY intake_select ON {table}")
        op.execute(f"REVOKE SELECT ({columns}) ON {table} FROM tallystick_intake")
    op.execute("REVOKE USAGE ON SEQUENCE jobs_id_seq FROM tallystick_intake")
    op.execute("REVOKE USAGE ON SCHEMA public FROM tallystick_intake")
    op.execute("DROP FUNCTION app_agencies()")
