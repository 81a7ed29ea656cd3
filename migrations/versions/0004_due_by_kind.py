"""What is due is also looked for by lane and kind: jobs of one kind, or of days to come, stand in nobody's way."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index by which jobs are leased; that by lane alone is for whoever watches."""
    op.create_index(
        "jobs_due_of_kind_idx", "jobs", ["lane", "kind", "due_at", "id"], postgresql_where="state = 'queued'"
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("jobs_due_of_kind_idx", table_name="jobs")
