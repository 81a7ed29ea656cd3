"""The event log: streams, entries, sealed payloads, the vault, and what became of each event."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.storage.tables.base import INSTANT, metadata, one_of

streams = Table(
    "streams",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), unique=True),
    Column("agency_id", ForeignKey("agencies.id"), unique=True),
    Column("length", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("key_wrapped", LargeBinary, nullable=False),
    CheckConstraint("(case_id IS NULL) <> (agency_id IS NULL)", name="one_owner"),
)

event_log = Table(
    "event_log",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("stream_id", ForeignKey("streams.id"), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("case_id", Uuid),
    Column("agency_id", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("emitter", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("time", INSTANT, nullable=False),
    Column("recorded", INSTANT, nullable=False),
    Column("accepted", INSTANT, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("attributes", JSONB, nullable=False),
    Column("body_mac", LargeBinary, nullable=False),
    Column("commitment", LargeBinary, nullable=False),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("stream_id", "sequence"),
    UniqueConstraint("agency_id", "source", "source_id"),
    Index("event_log_case_id_idx", "case_id", "sequence"),
    Index("event_log_of_type_idx", "case_id", "type", "time", "sequence"),
)

event_payloads = Table(
    "event_payloads",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("stream_id", Uuid, nullable=False),
    Column("agency_id", Uuid, nullable=False),
    Column("case_id", Uuid),
    Column("sealed", LargeBinary, nullable=False),
)

vault = Table(
    "vault",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("event_id", ForeignKey("event_log.id"), nullable=False, index=True),
    Column("agency_id", Uuid, nullable=False),
    Column("path", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

event_outcomes = Table(
    "event_outcomes",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("agency_id", Uuid, nullable=False),
    Column("case_id", Uuid),
    Column("state", Text, nullable=False),
    Column("code", Text),
    Column("at", INSTANT, nullable=False),
    Column("policy_digest", Text),
    one_of("state", "processed", "unmatched", "refused", "quarantined"),
)

event_links = Table(
    "event_links",
    metadata,
    Column("event_id", ForeignKey("event_log.id"), primary_key=True),
    Column("linked_by_event_id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("unlinked_by_event_id", Uuid),
    Index("event_links_in_force_key", "event_id", unique=True, postgresql_where=text("unlinked_by_event_id IS NULL")),
)

intake_conflicts = Table(
    "intake_conflicts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("event_id", ForeignKey("event_log.id"), nullable=False),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("body_mac", LargeBinary, nullable=False),
    Column("at", INSTANT, nullable=False),
    UniqueConstraint("event_id", "body_mac"),
)
