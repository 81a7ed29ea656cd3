"""What is owed to people: notifications, tasks, deadlines; the policy behind them, and the audit of acts."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.storage.tables.base import INSTANT, metadata, one_of

# Columns that refer to other rows without a foreign key are looked up once a statement: migration 0005.
notifications = Table(
    "notifications",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("event_id", Uuid, nullable=False, index=True),
    Column("cause_event_id", Uuid, nullable=False),
    Column("case_id", Uuid, index=True),
    Column("rule_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("recipient_id", Uuid, nullable=False),
    Column("agency_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("endpoint_id", Uuid),
    Column("urgency", Text, nullable=False),
    Column("caution", Text),
    Column("reason", Text, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("written_at", INSTANT, nullable=False, server_default=text("clock_timestamp()")),
    Column("delivered_at", INSTANT),
    Column("acknowledged_at", INSTANT),
    Column("acknowledged_by", Text),
    Index(
        "notifications_unacknowledged_idx",
        "written_at",
        postgresql_where=text("channel = 'inbox' AND urgency = 'U0' AND acknowledged_at IS NULL"),
    ),
    Index("notifications_inbox_idx", "recipient_id", "created_at", postgresql_where=text("channel = 'inbox'")),
    one_of("state", "pending", "delivered", "acknowledged", "undelivered"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("notification_id", ForeignKey("notifications.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("agency_id", Uuid, nullable=False),
    Column("started_at", INSTANT, nullable=False),
    Column("finished_at", INSTANT),
    Column("outcome", Text),
    Column("code", Text),
    Index("attempts_open_idx", "started_at", postgresql_where=text("finished_at IS NULL")),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("event_id", Uuid, nullable=False),
    Column("cause_event_id", Uuid, nullable=False),
    Column("case_id", Uuid, index=True),
    Column("rule_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("key", Text, nullable=False, server_default=text("''")),
    Column("role", Text, nullable=False),
    Column("assignee_id", ForeignKey("parties.id"), nullable=False, index=True),
    Column("agency_id", Uuid, nullable=False),
    Column("requester_agency_id", Uuid, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("done_by_event_id", Uuid),
    Column("policy_digest", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    UniqueConstraint("event_id", "cause_event_id", "rule_id", "kind", "key", "assignee_id", name="tasks_once_key"),
    one_of("state", "proposed", "accepted", "declined", "done", "withdrawn"),
)

LIVE = "state IN ('open', 'missed')"
"""The deadlines to which something can still happen. Queries say it in these words, so that their index is used."""

deadlines = Table(
    "deadlines",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid),
    Column("task_id", Uuid, index=True),
    Column("rule_id", Text, nullable=False),
    Column("rule_version", Text, nullable=False),
    Column("trigger_event_id", Uuid, nullable=False, index=True),
    Column("trigger_time", INSTANT, nullable=False),
    Column("key", Text, nullable=False),
    Column("anchor", INSTANT, nullable=False),
    Column("occurrence", Integer, nullable=False, server_default=text("0")),
    Column("raw_due", INSTANT, nullable=False),
    Column("rolled_due", INSTANT, nullable=False),
    Column("internal_due", INSTANT, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("roll_policy", Text, nullable=False),
    Column("calendar_id", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("computed_at", INSTANT, nullable=False),
    Column("state", Text, nullable=False),
    Column("met_at", INSTANT),
    Column("closed_by_event_id", Uuid),
    Column("overdue_since", Date),
    Column("superseded_by", Uuid),
    Column("role", Text),
    Index("deadlines_case_id_idx", "case_id", "rule_id"),
    Index("deadlines_live_idx", "case_id", "rule_id", postgresql_where=text(LIVE)),
    one_of("state", "open", "met", "missed", "cancelled", "recomputed"),
    one_of("roll_policy", "none", "forward", "back"),
    CheckConstraint("case_id IS NOT NULL OR task_id IS NOT NULL", name="owner"),
    CheckConstraint("internal_due <= rolled_due", name="internal_due"),
    CheckConstraint("occurrence >= 0", name="occurrence"),
    CheckConstraint("(state = 'met') = (met_at IS NOT NULL)", name="met_at"),
    CheckConstraint("(state = 'recomputed') = (superseded_by IS NOT NULL)", name="superseded_by"),
)

policy_versions = Table(
    "policy_versions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("first_used_at", INSTANT, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("number", BigInteger, Identity(), primary_key=True),
    Column("at", INSTANT, nullable=False),
    Column("actor", Text, nullable=False),
    Column("agency_id", Uuid),
    Column("act", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("case_id", Uuid),
    Column("outcome", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    implicit_returning=False,  # the web role adds rows here, and may read none
)
