"""What happened on a case is asked for by type and time: an index of both reads the few events that are meant, however
many others the case has.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put the type into the index of what happened."""
    op.create_index("event_log_of_type_idx", "event_log", ["case_id", "type", "time", "sequence"])
    op.drop_index("event_log_happened_idx", table_name="event_log")


def downgrade() -> None:
    """Take it out again."""
    op.create_index("event_log_happened_idx", "event_log", ["case_id", "time", "sequence"])
    op.drop_index("event_log_of_type_idx", table_name="event_log")
