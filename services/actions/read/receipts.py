"""What became of an event, for the agency that sent it and nobody else.

An event that matched no case stays ``unmatched``, word for word, for a sender that is not on the case to which somebody
has linked it: what is said of it must not tell that there is such a case (practice.md, Settled 7). When it was linked
would tell it too, and so nothing is said of when an unmatched event was looked at.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.domain.actors import Actor
from services.storage import receipts
from services.system import System


@dataclass(frozen=True, slots=True)
class Receipt:
    """``status`` is ``accepted`` (not yet handled), ``processed``, ``unmatched``, ``refused`` or ``quarantined``;
    ``code`` says why, where it was refused or set aside; ``at`` when that was decided, and None where it is unmatched.
    """

    receipt: UUID
    source: str
    source_id: str
    type: str
    received: datetime
    status: str
    code: str | None
    at: datetime | None


def find_receipt(system: System, actor: Actor, receipt: UUID) -> Receipt | None:
    """The receipt of an event of the actor's own agency; None for any other, and for one that does not exist."""
    if actor.agency_id is None:
        return None
    with system.database.begin(actor) as connection:
        found = receipts.find(connection, receipt, actor.agency_id)
    if found is None:
        return None
    known = found.state is not None and (found.matched_at_intake or found.sender_on_case)
    if known:
        status, code, at = found.state or "accepted", found.code, found.at
    else:
        status, code, at = ("unmatched" if found.state else "accepted"), None, None
    return Receipt(
        receipt=receipt,
        source=found.source,
        source_id=found.source_id,
        type=found.type,
        received=found.accepted,
        status=status,
        code=code,
        at=at,
    )
