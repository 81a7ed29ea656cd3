"""Whoever watches a lane looks by kind too: one index of what is due is enough, and a job costs one less."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the index by lane alone."""
    op.drop_index("jobs_due_idx", table_name="jobs")


def downgrade() -> None:
    """Make it again."""
    op.create_index("jobs_due_idx", "jobs", ["lane", "due_at", "id"], postgresql_where="state = 'queued'")
