"""Which version of a policy file was in force on a past day."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from services.storage.tables import policy_versions


@dataclass(frozen=True, slots=True)
class PastVersion:
    """A version of a policy file: its digest, and its text."""

    digest: str
    content: str


def version_at(connection: Connection, file: str, instant: datetime) -> PastVersion | None:
    """The version of a file that had last come into use by an instant; None where none had."""
    row = connection.execute(
        select(policy_versions.c.digest, policy_versions.c.content)
        .where(policy_versions.c.kind == file, policy_versions.c.first_used_at <= instant)
        .order_by(policy_versions.c.first_used_at.desc())
        .limit(1)
    ).first()
    return PastVersion(row.digest, row.content) if row else None
