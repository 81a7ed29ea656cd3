"""First tables: the event log, jobs, cases, people and what is owed to them, behind row-level security."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def create_tables() -> None:
    """The tables as `services/storage/tables/` had them on the day of this migration."""
    op.create_table(
        "agencies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("agencies_pkey")),
        sa.UniqueConstraint("slug", name=op.f("agencies_slug_key")),
    )
    op.create_table(
        "audit_log",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("audit_log_pkey")),
    )
    op.create_table(
        "job_tally",
        sa.Column("done_by", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("done_by", "lane", "kind", name=op.f("job_tally_pkey")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.CheckConstraint("lane IN ('urgent', 'routine', 'bulk')", name=op.f("jobs_lane_check")),
        sa.CheckConstraint("state IN ('queued', 'set_aside')", name=op.f("jobs_state_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("jobs_pkey")),
        sa.UniqueConstraint("key", name=op.f("jobs_key_key")),
    )
    op.create_index(
        "jobs_due_idx", "jobs", ["lane", "due_at", "id"], unique=False, postgresql_where=sa.text("state = 'queued'")
    )
    op.create_index(
        "jobs_leased_idx",
        "jobs",
        ["lane", "case_id", "id"],
        unique=False,
        postgresql_where=sa.text("lease IS NOT NULL"),
    )
    op.create_table(
        "policy_versions",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", "kind", name=op.f("policy_versions_pkey")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("events_per_minute", sa.Integer(), server_default=sa.text("600000"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("clients_agency_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("clients_pkey")),
        sa.UniqueConstraint("client_id", name=op.f("clients_client_id_key")),
    )
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("endpoints_agency_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("endpoints_pkey")),
    )
    op.create_index(op.f("endpoints_agency_id_idx"), "endpoints", ["agency_id"], unique=False)
    op.create_table(
        "parties",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('person', 'team')", name=op.f("parties_kind_check")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("parties_agency_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("parties_pkey")),
    )
    op.create_table(
        "client_secrets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("client_secrets_client_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("client_secrets_pkey")),
    )
    op.create_index(op.f("client_secrets_client_id_idx"), "client_secrets", ["client_id"], unique=False)
    op.create_table(
        "counties",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("on_call_team_id", sa.Uuid(), nullable=True),
        sa.Column("intake_team_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["intake_team_id"], ["parties.id"], name=op.f("counties_intake_team_id_fkey")),
        sa.ForeignKeyConstraint(["on_call_team_id"], ["parties.id"], name=op.f("counties_on_call_team_id_fkey")),
        sa.PrimaryKeyConstraint("slug", name=op.f("counties_pkey")),
    )
    op.create_table(
        "endpoint_secrets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoints.id"], name=op.f("endpoint_secrets_endpoint_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("endpoint_secrets_pkey")),
    )
    op.create_index(op.f("endpoint_secrets_endpoint_id_idx"), "endpoint_secrets", ["endpoint_id"], unique=False)
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("administrator", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("staff_agency_id_fkey")),
        sa.ForeignKeyConstraint(["id"], ["parties.id"], name=op.f("staff_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_pkey")),
        sa.UniqueConstraint("username", name=op.f("staff_username_key")),
    )
    op.create_table(
        "teams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("duty_desk", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("teams_agency_id_fkey")),
        sa.ForeignKeyConstraint(["id"], ["parties.id"], name=op.f("teams_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("teams_pkey")),
        sa.UniqueConstraint("agency_id", "slug", name=op.f("teams_agency_id_slug_key")),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("track", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("track IN ('investigation', 'differential')", name=op.f("cases_track_check")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("cases_agency_id_fkey")),
        sa.ForeignKeyConstraint(["county"], ["counties.slug"], name=op.f("cases_county_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("cases_pkey")),
        sa.UniqueConstraint("token", name=op.f("cases_token_key")),
    )
    op.create_table(
        "on_call_shifts",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("on_call_shifts_staff_id_fkey")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("on_call_shifts_team_id_fkey")),
        sa.PrimaryKeyConstraint("team_id", "staff_id", "starts_at", name=op.f("on_call_shifts_pkey")),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assurance", sa.Text(), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("assurance IN ('password', 'second_factor')", name=op.f("sessions_assurance_check")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("sessions_agency_id_fkey")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("sessions_staff_id_fkey")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("sessions_pkey")),
    )
    op.create_index(op.f("sessions_staff_id_idx"), "sessions", ["staff_id"], unique=False)
    op.create_table(
        "staff_credentials",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("second_factor", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("failed_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("staff_credentials_staff_id_fkey")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("staff_credentials_pkey")),
    )
    op.create_table(
        "supervisions",
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("supervisor_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("supervisions_staff_id_fkey")),
        sa.ForeignKeyConstraint(["supervisor_id"], ["staff.id"], name=op.f("supervisions_supervisor_id_fkey")),
        sa.PrimaryKeyConstraint("staff_id", "since", name=op.f("supervisions_pkey")),
    )
    op.create_table(
        "team_members",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("team_members_staff_id_fkey")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("team_members_team_id_fkey")),
        sa.PrimaryKeyConstraint("team_id", "staff_id", "since", name=op.f("team_members_pkey")),
    )
    op.create_table(
        "case_agencies",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("case_agencies_agency_id_fkey")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("case_agencies_case_id_fkey")),
        sa.PrimaryKeyConstraint("case_id", "agency_id", name=op.f("case_agencies_pkey")),
    )
    op.create_index("case_agencies_agency_id_idx", "case_agencies", ["agency_id"], unique=False)
    op.create_table(
        "case_identifiers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("linked_by_event_id", sa.Uuid(), nullable=False),
        sa.Column("unlinked_by_event_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("case_identifiers_agency_id_fkey")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("case_identifiers_case_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("case_identifiers_pkey")),
    )
    op.create_index(op.f("case_identifiers_case_id_idx"), "case_identifiers", ["case_id"], unique=False)
    op.create_index(
        "case_identifiers_in_force_key",
        "case_identifiers",
        ["agency_id", "value"],
        unique=True,
        postgresql_where=sa.text("unlinked_by_event_id IS NULL"),
    )
    op.create_table(
        "case_persons",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("person_ref", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_by_event_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("case_persons_case_id_fkey")),
        sa.PrimaryKeyConstraint("case_id", "person_ref", name=op.f("case_persons_pkey")),
    )
    op.create_table(
        "case_seats",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("given_by_event_id", sa.Uuid(), nullable=False),
        sa.Column("ended_by_event_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("case_seats_agency_id_fkey")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("case_seats_case_id_fkey")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("case_seats_party_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("case_seats_pkey")),
    )
    op.create_index(op.f("case_seats_case_id_idx"), "case_seats", ["case_id"], unique=False)
    op.create_index(op.f("case_seats_party_id_idx"), "case_seats", ["party_id"], unique=False)
    op.create_table(
        "cautions",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_event_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("cautions_case_id_fkey")),
        sa.PrimaryKeyConstraint("event_id", "case_id", name=op.f("cautions_pkey")),
    )
    op.create_index(op.f("cautions_case_id_idx"), "cautions", ["case_id"], unique=False)
    op.create_table(
        "releases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("law", sa.Text(), nullable=False),
        sa.Column("recipients", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("granted_by_event_id", sa.Uuid(), nullable=False),
        sa.Column("ended_by_event_id", sa.Uuid(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("releases_case_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("releases_pkey")),
        sa.UniqueConstraint(
            "case_id",
            "reference",
            "granted_by_event_id",
            name=op.f("releases_case_id_reference_granted_by_event_id_key"),
        ),
    )
    op.create_index(op.f("releases_case_id_idx"), "releases", ["case_id"], unique=False)
    op.create_table(
        "safe_contacts",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("never", sa.Boolean(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("set_by_event_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("safe_contacts_case_id_fkey")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("safe_contacts_pkey")),
    )
    op.create_table(
        "streams",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("key_wrapped", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("(case_id IS NULL) <> (agency_id IS NULL)", name=op.f("streams_one_owner_check")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("streams_agency_id_fkey")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("streams_case_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("streams_pkey")),
        sa.UniqueConstraint("agency_id", name=op.f("streams_agency_id_key")),
        sa.UniqueConstraint("case_id", name=op.f("streams_case_id_key")),
    )
    op.create_table(
        "event_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("emitter", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.DateTime(timezone=True), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("attributes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body_mac", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("event_log_agency_id_fkey")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("event_log_case_id_fkey")),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name=op.f("event_log_stream_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("event_log_pkey")),
        sa.UniqueConstraint("agency_id", "source", "source_id", name=op.f("event_log_agency_id_source_source_id_key")),
        sa.UniqueConstraint("stream_id", "sequence", name=op.f("event_log_stream_id_sequence_key")),
    )
    op.create_index("event_log_case_id_idx", "event_log", ["case_id", "sequence"], unique=False)
    op.create_table(
        "event_links",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("linked_by_event_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("unlinked_by_event_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("event_links_case_id_fkey")),
        sa.ForeignKeyConstraint(["event_id"], ["event_log.id"], name=op.f("event_links_event_id_fkey")),
        sa.PrimaryKeyConstraint("event_id", "linked_by_event_id", name=op.f("event_links_pkey")),
    )
    op.create_index(op.f("event_links_case_id_idx"), "event_links", ["case_id"], unique=False)
    op.create_index(
        "event_links_in_force_key",
        "event_links",
        ["event_id"],
        unique=True,
        postgresql_where=sa.text("unlinked_by_event_id IS NULL"),
    )
    op.create_table(
        "event_outcomes",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_digest", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('processed', 'unmatched', 'refused', 'quarantined')", name=op.f("event_outcomes_state_check")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("event_outcomes_agency_id_fkey")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("event_outcomes_case_id_fkey")),
        sa.ForeignKeyConstraint(["event_id"], ["event_log.id"], name=op.f("event_outcomes_event_id_fkey")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("event_outcomes_pkey")),
    )
    op.create_table(
        "event_payloads",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("event_payloads_agency_id_fkey")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("event_payloads_case_id_fkey")),
        sa.ForeignKeyConstraint(["event_id"], ["event_log.id"], name=op.f("event_payloads_event_id_fkey")),
        sa.ForeignKeyConstraint(["stream_id"], ["streams.id"], name=op.f("event_payloads_stream_id_fkey")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("event_payloads_pkey")),
    )
    op.create_table(
        "intake_conflicts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("body_mac", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("intake_conflicts_agency_id_fkey")),
        sa.ForeignKeyConstraint(["event_id"], ["event_log.id"], name=op.f("intake_conflicts_event_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("intake_conflicts_pkey")),
        sa.UniqueConstraint("event_id", "body_mac", name=op.f("intake_conflicts_event_id_body_mac_key")),
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("cause_event_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=True),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("caution", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("policy_digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "written_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'delivered', 'acknowledged', 'undelivered')", name=op.f("notifications_state_check")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("notifications_agency_id_fkey")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("notifications_case_id_fkey")),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoints.id"], name=op.f("notifications_endpoint_id_fkey")),
        sa.ForeignKeyConstraint(["event_id"], ["event_log.id"], name=op.f("notifications_event_id_fkey")),
        sa.ForeignKeyConstraint(["recipient_id"], ["parties.id"], name=op.f("notifications_recipient_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("notifications_pkey")),
        sa.UniqueConstraint(
            "event_id",
            "cause_event_id",
            "rule_id",
            "recipient_id",
            "channel",
            "endpoint_id",
            name="notifications_once_key",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("notifications_case_id_idx"), "notifications", ["case_id"], unique=False)
    op.create_index(
        "notifications_inbox_idx",
        "notifications",
        ["recipient_id", "created_at"],
        unique=False,
        postgresql_where=sa.text("channel = 'inbox'"),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("cause_event_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("requester_agency_id", sa.Uuid(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("done_by_event_id", sa.Uuid(), nullable=True),
        sa.Column("policy_digest", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'accepted', 'declined', 'done', 'withdrawn')", name=op.f("tasks_state_check")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("tasks_agency_id_fkey")),
        sa.ForeignKeyConstraint(["assignee_id"], ["parties.id"], name=op.f("tasks_assignee_id_fkey")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("tasks_case_id_fkey")),
        sa.ForeignKeyConstraint(["event_id"], ["event_log.id"], name=op.f("tasks_event_id_fkey")),
        sa.ForeignKeyConstraint(["requester_agency_id"], ["agencies.id"], name=op.f("tasks_requester_agency_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("tasks_pkey")),
        sa.UniqueConstraint(
            "event_id", "cause_event_id", "rule_id", "kind", "key", "assignee_id", name="tasks_once_key"
        ),
    )
    op.create_index(op.f("tasks_assignee_id_idx"), "tasks", ["assignee_id"], unique=False)
    op.create_index(op.f("tasks_case_id_idx"), "tasks", ["case_id"], unique=False)
    op.create_table(
        "vault",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("vault_agency_id_fkey")),
        sa.ForeignKeyConstraint(["event_id"], ["event_log.id"], name=op.f("vault_event_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("vault_pkey")),
    )
    op.create_index(op.f("vault_event_id_idx"), "vault", ["event_id"], unique=False)
    op.create_table(
        "attempts",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["notification_id"], ["notifications.id"], name=op.f("attempts_notification_id_fkey")),
        sa.PrimaryKeyConstraint("notification_id", "number", name=op.f("attempts_pkey")),
    )
    op.create_table(
        "deadlines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("task_id", sa.Uuid(), nullable=True),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.Text(), nullable=False),
        sa.Column("trigger_event_id", sa.Uuid(), nullable=False),
        sa.Column("trigger_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("anchor", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occurrence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("raw_due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rolled_due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("internal_due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("roll_policy", sa.Text(), nullable=False),
        sa.Column("calendar_id", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_event_id", sa.Uuid(), nullable=True),
        sa.Column("overdue_since", sa.Date(), nullable=True),
        sa.Column("superseded_by", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'met', 'missed', 'cancelled', 'recomputed')", name=op.f("deadlines_state_check")
        ),
        sa.CheckConstraint("roll_policy IN ('none', 'forward', 'back')", name=op.f("deadlines_roll_policy_check")),
        sa.CheckConstraint("case_id IS NOT NULL OR task_id IS NOT NULL", name=op.f("deadlines_owner_check")),
        sa.CheckConstraint("internal_due <= rolled_due", name=op.f("deadlines_internal_due_check")),
        sa.CheckConstraint("occurrence >= 0", name=op.f("deadlines_occurrence_check")),
        sa.CheckConstraint("(state = 'met') = (met_at IS NOT NULL)", name=op.f("deadlines_met_at_check")),
        sa.CheckConstraint(
            "(state = 'recomputed') = (superseded_by IS NOT NULL)", name=op.f("deadlines_superseded_by_check")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("deadlines_case_id_fkey")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("deadlines_task_id_fkey")),
        sa.ForeignKeyConstraint(["trigger_event_id"], ["event_log.id"], name=op.f("deadlines_trigger_event_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("deadlines_pkey")),
    )
    op.create_index(op.f("deadlines_case_id_idx"), "deadlines", ["case_id"], unique=False)
    op.create_index(op.f("deadlines_task_id_idx"), "deadlines", ["task_id"], unique=False)


# Row-level security. A transaction that does not say who acts (`app.actor`, set for the transaction alone) sees
# nothing and writes nothing. The web role sees what its agency is on; the worker role acts for the system.

SETTINGS = """
CREATE FUNCTION app_actor() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('app.actor', true), '');
CREATE FUNCTION app_agency() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    RETURN NULLIF(current_setting('app.agency', true), '')::uuid;
CREATE FUNCTION app_administrates() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(current_setting('app.administrates', true), '') = 'yes';
CREATE FUNCTION app_on_case(asked uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public
    BEGIN ATOMIC
        SELECT EXISTS (
            SELECT 1 FROM public.case_agencies
            WHERE case_id = asked AND agency_id = app_agency() AND until IS NULL
        );
    END;
CREATE FUNCTION app_asked_about(asked uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public
    BEGIN ATOMIC
        SELECT EXISTS (
            SELECT 1 FROM public.tasks
            WHERE event_id = asked AND agency_id = app_agency() AND case_id IS NULL
                AND kind IN ('link_event', 'compare_versions') AND state IN ('proposed', 'accepted')
        );
    END;
CREATE FUNCTION app_linked_here(asked uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public
    BEGIN ATOMIC
        SELECT EXISTS (
            SELECT 1 FROM public.event_links
            WHERE event_id = asked AND unlinked_by_event_id IS NULL AND app_on_case(case_id)
        );
    END;
CREATE FUNCTION app_key_of(asked uuid) RETURNS bytea LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public
    BEGIN ATOMIC
        SELECT key_wrapped FROM public.streams JOIN public.event_log ON event_log.stream_id = streams.id
        WHERE event_log.id = asked AND (app_asked_about(asked) OR app_linked_here(asked));
    END;
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""

_KNOWN = "app_actor() IS NOT NULL"
_OWN = "agency_id = app_agency()"
_ON_CASE = "app_on_case(case_id)"
_ON_CASE_OR_OWN = f"({_OWN} OR {_ON_CASE})"
_OF_SEEN_TASK = "EXISTS (SELECT 1 FROM tasks WHERE tasks.id = deadlines.task_id)"
_OF_OWN_CASE = "EXISTS (SELECT 1 FROM cases WHERE cases.id = notifications.case_id AND cases.agency_id = app_agency())"
_ADMINISTRATES = f"({_KNOWN} AND app_administrates())"


def _or_put_before_us(event: str) -> str:
    """What matches no case lies in its sender's intake: others see it while they are asked where it belongs, and
    after that as long as it is linked to a case that they are on (practice.md, Settled 7).
    """
    return f"({_OWN} OR {_ON_CASE} OR app_asked_about({event}) OR app_linked_here({event}))"


# table → (what the web role may read, what it may insert, what it may update; None where never)
WEB: dict[str, tuple[str | None, str | None, str | None]] = {
    "agencies": (_KNOWN, _ADMINISTRATES, _ADMINISTRATES),
    "counties": (_KNOWN, _ADMINISTRATES, _ADMINISTRATES),
    "parties": (_KNOWN, _ADMINISTRATES, None),
    "staff": (_KNOWN, _ADMINISTRATES, _ADMINISTRATES),
    "staff_credentials": (
        "app_actor() = 'sign-in' OR app_administrates()",
        _ADMINISTRATES,
        "app_actor() = 'sign-in' OR app_administrates()",
    ),
    "teams": (_KNOWN, _ADMINISTRATES, _ADMINISTRATES),
    "team_members": (_KNOWN, _ADMINISTRATES, _ADMINISTRATES),
    "on_call_shifts": (_KNOWN, _ADMINISTRATES, _ADMINISTRATES),
    "supervisions": (_KNOWN, _ADMINISTRATES, _ADMINISTRATES),
    "clients": (f"({_OWN} OR app_actor() = 'sign-in' OR app_administrates())", _ADMINISTRATES, _ADMINISTRATES),
    "client_secrets": ("app_actor() = 'sign-in' OR app_administrates()", _ADMINISTRATES, _ADMINISTRATES),
    "endpoints": (f"({_OWN} OR app_administrates())", _ADMINISTRATES, _ADMINISTRATES),
    "endpoint_secrets": (_ADMINISTRATES, _ADMINISTRATES, _ADMINISTRATES),
    "sessions": (
        "app_actor() = 'sign-in' OR app_administrates()",
        "app_actor() = 'sign-in'",
        "app_actor() = 'sign-in' OR app_administrates()",
    ),
    "cases": ("app_on_case(id)", _OWN, "app_on_case(id)"),
    "case_agencies": (f"({_OWN} OR {_ON_CASE})", f"({_OWN} OR {_ON_CASE})", _ON_CASE),
    "case_identifiers": (f"({_OWN} OR {_ON_CASE})", _ON_CASE, _ON_CASE),
    "case_persons": (_ON_CASE, _ON_CASE, _ON_CASE),
    "case_seats": (_ON_CASE, _ON_CASE, _ON_CASE),
    "safe_contacts": (_ON_CASE, _ON_CASE, _ON_CASE),
    "cautions": (_ON_CASE, _ON_CASE, _ON_CASE),
    "releases": (_ON_CASE, _ON_CASE, _ON_CASE),
    "streams": (_ON_CASE_OR_OWN, f"({_OWN} OR {_ON_CASE})", _ON_CASE_OR_OWN),
    "event_log": (_or_put_before_us("id"), _OWN, None),
    "event_payloads": (_or_put_before_us("event_id"), _OWN, None),
    "vault": (None, _OWN, None),
    "event_outcomes": (_ON_CASE_OR_OWN, None, None),
    "event_links": (_ON_CASE, _ON_CASE, _ON_CASE),
    "intake_conflicts": (_OWN, _OWN, None),
    "jobs": (None, _KNOWN, None),
    "job_tally": (None, None, None),
    "notifications": (f"({_OWN} OR {_OF_OWN_CASE})", None, _OWN),
    "attempts": (_OWN, None, None),
    "tasks": (_ON_CASE_OR_OWN, None, _OWN),
    "deadlines": (f"({_ON_CASE} OR {_OF_SEEN_TASK})", None, None),
    "policy_versions": (_KNOWN, None, None),
    "audit_log": (_ADMINISTRATES, _KNOWN, None),
}

APPEND_ONLY = ("event_log", "audit_log", "intake_conflicts")
# What the definer functions read for all, so that their owner needs a policy: no more of each table than they ask for.
READ_BY_FUNCTIONS = {
    "case_agencies": "true",
    "tasks": "case_id IS NULL",
    "event_links": "unlinked_by_event_id IS NULL",
    "event_log": "case_id IS NULL",
    "streams": "case_id IS NULL",
}
# What the worker role may do beyond reading and adding; the payload of an event can be erased, its entry never.
WORKER_CHANGES = "UPDATE, DELETE"


def protect(table: str) -> None:
    """Force row-level security on one table and write its policies and grants."""
    read, insert, update = WEB[table]
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    _allow(table, "web", "SELECT", read, None)
    _allow(table, "web", "INSERT", None, insert)
    _allow(table, "web", "UPDATE", update, update)
    changes = "" if table in APPEND_ONLY else f", {WORKER_CHANGES}"
    op.execute(f"GRANT SELECT, INSERT{changes} ON {table} TO tallystick_worker")
    op.execute(f"CREATE POLICY worker ON {table} TO tallystick_worker USING ({_KNOWN}) WITH CHECK ({_KNOWN})")
    op.execute(f"GRANT SELECT ON {table} TO tallystick_reader")
    op.execute(f"CREATE POLICY reader ON {table} FOR SELECT TO tallystick_reader USING ({_KNOWN})")
    if table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _allow(table: str, role: str, verb: str, using: str | None, check: str | None) -> None:
    if using is None and check is None:
        return
    op.execute(f"GRANT {verb} ON {table} TO tallystick_{role}")
    clauses = (f" USING ({using})" if using else "") + (f" WITH CHECK ({check})" if check else "")
    op.execute(f"CREATE POLICY {role}_{verb.lower()} ON {table} FOR {verb} TO tallystick_{role}{clauses}")


def upgrade() -> None:
    """Create the tables, then close every one of them."""
    create_tables()
    op.execute(SETTINGS)
    op.execute("GRANT USAGE ON SCHEMA public TO tallystick_web, tallystick_worker, tallystick_reader")
    op.execute("GRANT SELECT ON alembic_version TO tallystick_web, tallystick_worker, tallystick_reader")
    for table in WEB:
        protect(table)
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tallystick_web, tallystick_worker")
    for table, rows in READ_BY_FUNCTIONS.items():
        op.execute(f"CREATE POLICY owner ON {table} FOR SELECT TO tallystick_owner USING ({rows})")
    op.execute("ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0)")


def downgrade() -> None:
    """The first migration has nothing before it: drop the database instead."""
    raise RuntimeError("There is nothing below the first migration: drop the database instead.")
