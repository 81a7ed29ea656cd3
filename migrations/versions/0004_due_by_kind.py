"""What is due is looked for by lane and kind: many jobs of one kind, or of a day to come, stand in nobody's way."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_QUEUED = "state = 'queued'"


def upgrade() -> None:
    """Put the kind into the index of what is due."""
    op.drop_index("jobs_due_idx", table_name="jobs")
    op.create_index("jobs_due_idx", "jobs", ["lane", "kind", "due_at", "id"], postgresql_where=_QUEUED)


def downgrade() -> None:
    """Take it out again."""
    op.drop_index("jobs_due_idx", table_name="jobs")
    op.create_index("jobs_due_idx", "jobs", ["lane", "due_at", "id"], postgresql_where=_QUEUED)
