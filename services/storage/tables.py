"""Every table, as SQLAlchemy Core metadata. `migrations/` creates them, with grants and row-level security.

Instants are `timestamptz` (UTC), days are `date`, counted in the zone of the case's county. Identifiers are random
UUIDs, so that none can be guessed from another. Sealed columns hold AES-GCM ciphertext (`storage/sealing`).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)

INSTANT = DateTime(timezone=True)


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


# --- who there is: agencies, their people, teams, clients and endpoints -------------------------------------------

agencies = Table(
    "agencies",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("created_at", INSTANT, nullable=False),
)

counties = Table(
    "counties",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("calendar", Text, nullable=False),
    Column("on_call_team_id", ForeignKey("parties.id")),
    Column("intake_team_id", ForeignKey("parties.id")),
)

parties = Table(
    "parties",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    _one_of("kind", "person", "team"),
)

staff = Table(
    "staff",
    metadata,
    Column("id", ForeignKey("parties.id"), primary_key=True),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("username", Text, nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("administrator", Boolean, nullable=False, server_default=text("false")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", INSTANT, nullable=False),
)

staff_credentials = Table(
    "staff_credentials",
    metadata,
    Column("staff_id", ForeignKey("staff.id"), primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("second_factor", JSONB),
    Column("failed_attempts", Integer, nullable=False, server_default=text("0")),
    Column("locked_until", INSTANT),
)

teams = Table(
    "teams",
    metadata,
    Column("id", ForeignKey("parties.id"), primary_key=True),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("duty_desk", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("agency_id", "slug"),
)

team_members = Table(
    "team_members",
    metadata,
    Column("team_id", ForeignKey("teams.id"), primary_key=True),
    Column("staff_id", ForeignKey("staff.id"), primary_key=True),
    Column("since", Date, primary_key=True),
    Column("until", Date),
)

on_call_shifts = Table(
    "on_call_shifts",
    metadata,
    Column("team_id", ForeignKey("teams.id"), primary_key=True),
    Column("staff_id", ForeignKey("staff.id"), primary_key=True),
    Column("starts_at", INSTANT, primary_key=True),
    Column("ends_at", INSTANT),
)

supervisions = Table(
    "supervisions",
    metadata,
    Column("staff_id", ForeignKey("staff.id"), primary_key=True),
    Column("supervisor_id", ForeignKey("staff.id"), nullable=False),
    Column("since", Date, primary_key=True),
    Column("until", Date),
)

clients = Table(
    "clients",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", Text, nullable=False, unique=True),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("events_per_minute", Integer, nullable=False, server_default=text("600000")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", INSTANT, nullable=False),
)

client_secrets = Table(
    "client_secrets",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("client_id", ForeignKey("clients.id"), nullable=False, index=True),
    Column("secret_hash", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("revoked_at", INSTANT),
)

endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", INSTANT, nullable=False),
)

endpoint_secrets = Table(
    "endpoint_secrets",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("endpoint_id", ForeignKey("endpoints.id"), nullable=False, index=True),
    Column("secret_sealed", LargeBinary, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("revoked_at", INSTANT),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("staff_id", ForeignKey("staff.id"), nullable=False, index=True),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("last_seen_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT, nullable=False),
    Column("assurance", Text, nullable=False),
    Column("failed_attempts", Integer, nullable=False, server_default=text("0")),
    Column("revoked_at", INSTANT),
    _one_of("assurance", "password", "second_factor"),
)

# --- cases ---------------------------------------------------------------------------------------------------------

cases = Table(
    "cases",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("token", Text, nullable=False, unique=True),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("county", ForeignKey("counties.slug"), nullable=False),
    Column("zone", Text, nullable=False),
    Column("track", Text, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("closed_on", Date),
    _one_of("track", "investigation", "differential"),
)

case_agencies = Table(
    "case_agencies",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("agency_id", ForeignKey("agencies.id"), primary_key=True),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Index("case_agencies_agency_id_idx", "agency_id"),
)

case_identifiers = Table(
    "case_identifiers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("value", Text, nullable=False),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("linked_by_event_id", Uuid, nullable=False),
    Column("unlinked_by_event_id", Uuid),
    Index(
        "case_identifiers_in_force_key",
        "agency_id",
        "value",
        unique=True,
        postgresql_where=text("unlinked_by_event_id IS NULL"),
    ),
)

case_persons = Table(
    "case_persons",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("person_ref", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("added_by_event_id", Uuid, nullable=False),
)

case_seats = Table(
    "case_seats",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("party_id", ForeignKey("parties.id"), nullable=False, index=True),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date),
    Column("given_by_event_id", Uuid, nullable=False),
    Column("ended_by_event_id", Uuid),
)

safe_contacts = Table(
    "safe_contacts",
    metadata,
    Column("case_id", ForeignKey("cases.id"), primary_key=True),
    Column("never", Boolean, nullable=False),
    Column("expires_on", Date),
    Column("set_by_event_id", Uuid, nullable=False),
)

cautions = Table(
    "cautions",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), primary_key=True, index=True),
    Column("kind", Text, nullable=False),
    Column("raised_at", INSTANT, nullable=False),
    Column("lifted_at", INSTANT),
    Column("lifted_by_event_id", Uuid),
)

releases = Table(
    "releases",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), nullable=False, index=True),
    Column("reference", Text, nullable=False),
    Column("law", Text, nullable=False),
    Column("recipients", ARRAY(Text), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("expires_on", Date),
    Column("granted_by_event_id", Uuid, nullable=False),
    Column("ended_by_event_id", Uuid),
    Column("ended_on", Date),
    UniqueConstraint("case_id", "reference", "granted_by_event_id"),
)

# --- the event log -------------------------------------------------------------------------------------------------

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
    Column("case_id", ForeignKey("cases.id")),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
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
)

event_payloads = Table(
    "event_payloads",
    metadata,
    Column("event_id", ForeignKey("event_log.id"), primary_key=True),
    Column("stream_id", ForeignKey("streams.id"), nullable=False),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("case_id", ForeignKey("cases.id")),
    Column("sealed", LargeBinary, nullable=False),
)

vault = Table(
    "vault",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("event_id", ForeignKey("event_log.id"), nullable=False, index=True),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("path", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

event_outcomes = Table(
    "event_outcomes",
    metadata,
    Column("event_id", ForeignKey("event_log.id"), primary_key=True),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("case_id", ForeignKey("cases.id")),
    Column("state", Text, nullable=False),
    Column("code", Text),
    Column("at", INSTANT, nullable=False),
    Column("policy_digest", Text),
    _one_of("state", "processed", "unmatched", "refused", "quarantined"),
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

# --- work that the system owes itself ------------------------------------------------------------------------------

jobs = Table(
    "jobs",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("lane", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ref", Uuid, nullable=False),
    Column("case_id", Uuid),
    Column("agency_id", Uuid),
    Column("arguments", JSONB, nullable=False, server_default=text("'{}'")),
    Column("due_at", INSTANT, nullable=False),
    Column("created_at", INSTANT, nullable=False, server_default=text("clock_timestamp()")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("lease", Uuid),
    Column("lease_until", INSTANT),
    Column("state", Text, nullable=False, server_default=text("'queued'")),
    Column("error_code", Text),
    _one_of("lane", "urgent", "routine", "bulk"),
    _one_of("state", "queued", "set_aside"),
    Index("jobs_due_idx", "lane", "due_at", "id", postgresql_where=text("state = 'queued'")),
    Index("jobs_leased_idx", "lane", "case_id", "id", postgresql_where=text("lease IS NOT NULL")),
    implicit_returning=False,  # the web role adds rows here, and may read none
)

job_tally = Table(
    "job_tally",
    metadata,
    Column("done_by", Text, primary_key=True),
    Column("lane", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("done", BigInteger, nullable=False),
)

# --- what is owed to people ----------------------------------------------------------------------------------------

notifications = Table(
    "notifications",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("event_id", ForeignKey("event_log.id"), nullable=False),
    Column("cause_event_id", Uuid, nullable=False),
    Column("case_id", ForeignKey("cases.id"), index=True),
    Column("rule_id", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("recipient_id", ForeignKey("parties.id"), nullable=False),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("endpoint_id", ForeignKey("endpoints.id")),
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
    UniqueConstraint(
        "event_id",
        "cause_event_id",
        "rule_id",
        "recipient_id",
        "channel",
        "endpoint_id",
        name="notifications_once_key",
        postgresql_nulls_not_distinct=True,
    ),
    Index("notifications_inbox_idx", "recipient_id", "created_at", postgresql_where=text("channel = 'inbox'")),
    _one_of("state", "pending", "delivered", "acknowledged", "undelivered"),
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
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("event_id", ForeignKey("event_log.id"), nullable=False),
    Column("cause_event_id", Uuid, nullable=False),
    Column("case_id", ForeignKey("cases.id"), index=True),
    Column("rule_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("key", Text, nullable=False, server_default=text("''")),
    Column("role", Text, nullable=False),
    Column("assignee_id", ForeignKey("parties.id"), nullable=False, index=True),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("requester_agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("urgency", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("done_by_event_id", Uuid),
    Column("policy_digest", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    UniqueConstraint("event_id", "cause_event_id", "rule_id", "kind", "key", "assignee_id", name="tasks_once_key"),
    _one_of("state", "proposed", "accepted", "declined", "done", "withdrawn"),
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", ForeignKey("cases.id"), index=True),
    Column("task_id", ForeignKey("tasks.id"), index=True),
    Column("rule_id", Text, nullable=False),
    Column("rule_version", Text, nullable=False),
    Column("trigger_event_id", ForeignKey("event_log.id"), nullable=False),
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
    _one_of("state", "open", "met", "missed", "cancelled", "recomputed"),
    _one_of("roll_policy", "none", "forward", "back"),
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
