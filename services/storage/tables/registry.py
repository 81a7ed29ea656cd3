"""Who there is: agencies, their people, teams, clients and endpoints, and the sessions of those who are signed in."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.storage.tables.base import INSTANT, metadata, one_of

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
    one_of("kind", "person", "team"),
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
    one_of("assurance", "password", "second_factor"),
)
