"""What a machine may ask to do: the scopes of OAuth 2 access tokens (RFC 6749 §3.3)."""

from enum import StrEnum


class Scope(StrEnum):
    """One right of a client. People have none: what they may do follows from their roles and their seats."""

    EVENTS_WRITE = "events:write"
    """Send events."""
    EVENTS_READ = "events:read"
    """Ask what became of events that its own agency sent."""
    INBOX = "inbox"
    """Read and acknowledge the agency's notifications."""
    TASKS = "tasks"
    """Read and answer the agency's tasks."""
    CASES_READ = "cases:read"
    """Read cases that the agency is on, through disclosure."""
    ADMIN = "admin"
    """Administer the registry; only for a client of an agency that holds the role ADMIN."""
