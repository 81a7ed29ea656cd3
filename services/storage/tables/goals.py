"""The statuses of goals as they were last said, by view: what a change is measured against. Computed, never set."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from services.storage.tables.base import INSTANT, metadata

goal_statuses = Table(
    "goal_statuses",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("goal_id", Text, primary_key=True),
    Column("view", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("review_required", Boolean, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    Column("said_by_event_id", Uuid),
)
