"""Indexes for cases with long histories: what is live of their deadlines, and what happened after an event."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes by which moving deadlines costs the same whatever a case's past."""
    op.create_index("event_log_happened_idx", "event_log", ["case_id", "time", "sequence"])
    op.drop_index("deadlines_case_id_idx", table_name="deadlines")
    op.create_index("deadlines_case_id_idx", "deadlines", ["case_id", "rule_id"])
    op.create_index(
        "deadlines_live_idx", "deadlines", ["case_id", "rule_id"], postgresql_where="state IN ('open', 'missed')"
    )
    op.create_index("deadlines_trigger_event_id_idx", "deadlines", ["trigger_event_id"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("deadlines_trigger_event_id_idx", table_name="deadlines")
    op.drop_index("deadlines_live_idx", table_name="deadlines")
    op.drop_index("deadlines_case_id_idx", table_name="deadlines")
    op.create_index("deadlines_case_id_idx", "deadlines", ["case_id"])
    op.drop_index("event_log_happened_idx", table_name="event_log")
