"""What the system measures of itself: a table of sums, and small indexes that hold only what is wrong."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KNOWN = "app_actor() IS NOT NULL"
_PROCESSES = ("tallystick_web", "tallystick_worker")


def upgrade() -> None:
    """Make the table, open it to the processes that measure and to whoever watches, and make the indexes."""
    op.create_table(
        "measured",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("total", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", name=op.f("measured_pkey")),
    )
    # The same few rows are written again and again.
    op.execute("ALTER TABLE measured SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.01)")
    op.execute("ALTER TABLE measured ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE measured FORCE ROW LEVEL SECURITY")
    for role in _PROCESSES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON measured TO {role}")
        op.execute(f"CREATE POLICY {role} ON measured TO {role} USING ({_KNOWN}) WITH CHECK ({_KNOWN})")
    op.execute("GRANT SELECT ON measured TO tallystick_reader")
    op.execute(f"CREATE POLICY reader ON measured FOR SELECT TO tallystick_reader USING ({_KNOWN})")
    op.create_index(
        "jobs_troubled_idx",
        "jobs",
        ["kind", "ref"],
        postgresql_where=sa.text("error_code IS NOT NULL OR state = 'set_aside'"),
    )
    op.create_index("attempts_open_idx", "attempts", ["started_at"], postgresql_where=sa.text("finished_at IS NULL"))
    op.create_index(
        "notifications_unacknowledged_idx",
        "notifications",
        ["written_at"],
        postgresql_where=sa.text("channel = 'inbox' AND urgency = 'U0' AND acknowledged_at IS NULL"),
    )


def downgrade() -> None:
    """Take all of it away again."""
    op.drop_index("notifications_unacknowledged_idx", table_name="notifications")
    op.drop_index("attempts_open_idx", table_name="attempts")
    op.drop_index("jobs_troubled_idx", table_name="jobs")
    op.drop_table("measured")
