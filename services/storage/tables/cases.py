"""Cases: their numbers, people, seats, releases, and what is known of reaching the survivor."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.storage.tables.base import INSTANT, metadata, one_of

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
    one_of("track", "investigation", "differential"),
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
