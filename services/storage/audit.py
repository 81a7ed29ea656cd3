"""The audit log: who did what, to what, and with what outcome. Append-only, and ids and codes only, never content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert

from services.domain.actors import Actor
from services.storage.tables import audit_log


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line. ``act`` is a verb with its thing (``register_staff``, ``sign_in``), ``thing`` a kind and an id
    (``staff:<uuid>``), ``outcome`` a code (``done``, ``created``, ``changed``, ``refused``). ``agency_id`` is the
    acting agency where it is not the actor's own. ``detail`` holds ids, codes and names of fields, never values.
    """

    act: str
    thing: str
    outcome: str = "done"
    agency_id: UUID | None = None
    case_id: UUID | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


def record(connection: Connection, actor: Actor, at: datetime, entries: Sequence[AuditEntry]) -> None:
    """Append ``entries`` as acts of ``actor`` at ``at`` (business time, UTC), in the caller's transaction."""
    if not entries:
        return
    # Inline: the number is not asked back, for whoever may add a line may not read one.
    connection.execute(
        insert(audit_log).inline(),
        [
            {
                "at": at,
                "actor": actor.name,
                "agency_id": entry.agency_id or actor.agency_id,
                "act": entry.act,
                "object": entry.thing,
                "case_id": entry.case_id,
                "outcome": entry.outcome,
                "detail": dict(entry.detail),
            }
            for entry in entries
        ],
    )
