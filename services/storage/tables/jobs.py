"""Work that the system owes itself, and who did how much of it."""

from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.storage.tables.base import INSTANT, metadata, one_of

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
    one_of("lane", "urgent", "routine", "bulk"),
    one_of("state", "queued", "set_aside"),
    Index("jobs_due_of_kind_idx", "lane", "kind", "due_at", "id", postgresql_where=text("state = 'queued'")),
    Index("jobs_troubled_idx", "kind", "ref", postgresql_where=text("error_code IS NOT NULL OR state = 'set_aside'")),
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
