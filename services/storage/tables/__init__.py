"""Every table, as SQLAlchemy Core metadata. `migrations/` creates them, with grants and row-level security.

Instants are `timestamptz` (UTC), days are `date`, counted in the zone of the case's county. Identifiers are random
UUIDs, so that none can be guessed from another. Sealed columns hold AES-GCM ciphertext (`storage/sealing`).
"""

from services.storage.tables.base import INSTANT, metadata
from services.storage.tables.cases import (
    case_agencies,
    case_identifiers,
    case_persons,
    case_seats,
    cases,
    cautions,
    releases,
    safe_contacts,
)
from services.storage.tables.goals import goal_statuses
from services.storage.tables.jobs import job_tally, jobs
from services.storage.tables.log import (
    event_links,
    event_log,
    event_outcomes,
    event_payloads,
    intake_conflicts,
    streams,
    vault,
)
from services.storage.tables.owed import attempts, audit_log, deadlines, notifications, policy_versions, tasks
from services.storage.tables.registry import (
    agencies,
    client_secrets,
    clients,
    counties,
    endpoint_secrets,
    endpoints,
    on_call_shifts,
    parties,
    sessions,
    staff,
    staff_credentials,
    supervisions,
    team_members,
    teams,
)
from services.storage.tables.watch import measured

__all__ = [
    "INSTANT",
    "agencies",
    "attempts",
    "audit_log",
    "case_agencies",
    "case_identifiers",
    "case_persons",
    "case_seats",
    "cases",
    "cautions",
    "client_secrets",
    "clients",
    "counties",
    "deadlines",
    "endpoint_secrets",
    "endpoints",
    "event_links",
    "event_log",
    "event_outcomes",
    "event_payloads",
    "goal_statuses",
    "intake_conflicts",
    "job_tally",
    "jobs",
    "measured",
    "metadata",
    "notifications",
    "on_call_shifts",
    "parties",
    "policy_versions",
    "releases",
    "safe_contacts",
    "sessions",
    "staff",
    "staff_credentials",
    "streams",
    "supervisions",
    "tasks",
    "team_members",
    "teams",
    "vault",
]
