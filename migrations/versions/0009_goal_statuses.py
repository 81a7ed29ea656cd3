"""What was last said of each goal, by view: written and read by the workers alone. Readers compute a status anew."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KNOWN = "app_actor() IS NOT NULL"


def upgrade() -> None:
    """Make the table, and open it to the workers and to whoever watches."""
    op.create_table(
        "goal_statuses",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("goal_id", sa.Text(), nullable=False),
        sa.Column("view", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reasons", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("review_required", sa.Boolean(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("policy_digest", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_by_event_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("case_id", "goal_id", "view", name=op.f("goal_statuses_pkey")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("goal_statuses_case_id_fkey")),
    )
    op.execute("ALTER TABLE goal_statuses ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE goal_statuses FORCE ROW LEVEL SECURITY")
    op.execute("GRANT SELECT, INSERT, UPDATE ON goal_statuses TO tallystick_worker")
    op.execute(f"CREATE POLICY worker ON goal_statuses TO tallystick_worker USING ({_KNOWN}) WITH CHECK ({_KNOWN})")
    op.execute("GRANT SELECT ON goal_statuses TO tallystick_reader")
    op.execute(f"CREATE POLICY reader ON goal_statuses FOR SELECT TO tallystick_reader USING ({_KNOWN})")


def downgrade() -> None:
    """Take it away: statuses are computed, and said anew where they differ."""
    op.drop_table("goal_statuses")
