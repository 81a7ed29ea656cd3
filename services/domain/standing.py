"""Whether somebody who was told of a case may still be told, and read, today.

Being told once gives no right to be told again: seats end, desks change, supervisors move on. The roster is read at
the moment of sending and of rendering, and whoever is no longer on it gets nothing (ARCHITECTURE.md law 3).
"""

from dataclasses import dataclass
from uuid import UUID

from services.domain.roles import CHILD_WELFARE, Role
from services.domain.routing_facts import CaseFacts


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who was told, and in which role. ``escalated``: on a rung of the ladder, because nobody before them answered."""

    role: Role
    recipient: UUID
    agency_id: UUID
    escalated: bool = False


def may_read(addressee: Addressee, facts: CaseFacts) -> bool:
    """Whether an addressee may read today, in their role, what was put to them: because they hold the seat, or are the
    duty desk behind one, the county's on-call desk, the supervisor of somebody who holds one, or an administrator.
    Whoever stands on a rung may read as long as their agency holds the role.
    """
    role, recipient, agency_id = addressee.role, addressee.recipient, addressee.agency_id
    if role is Role.ADMIN:
        return any(seat.party_id == recipient for seat in facts.admins)
    if recipient == facts.on_call and role in CHILD_WELFARE:
        return True
    if role is Role.CPS_SUP and _supervises(recipient, agency_id, facts):
        return True
    if addressee.escalated:
        return _holds(agency_id, role, facts)
    behind = facts.desks.get(agency_id) == recipient
    return any(
        seat.role is role and seat.agency_id == agency_id and (behind or seat.party_id == recipient)
        for seat in facts.seats
    )


def _supervises(recipient: UUID, agency_id: UUID, facts: CaseFacts) -> bool:
    """Whether somebody supervises a person of their own child-welfare agency who holds a seat; whoever supervises the
    officer or the clerk on the case is no supervisor of the case.
    """
    return any(
        seat.role in CHILD_WELFARE and seat.agency_id == agency_id and facts.supervisors.get(seat.party_id) == recipient
        for seat in facts.seats
    )


def _holds(agency_id: UUID, role: Role, facts: CaseFacts) -> bool:
    """Whether an agency holds a role on the case; any of its roles stands for the child-welfare agency's others."""
    held = {seat.role for seat in facts.seats if seat.agency_id == agency_id}
    return role in held or (role in CHILD_WELFARE and bool(held & CHILD_WELFARE))


def may_be_told(agency_id: UUID, facts: CaseFacts) -> bool:
    """Whether anybody of an agency may be told of the case today: what its systems are told says nothing more."""
    return (
        agency_id == facts.on_call_agency
        or any(seat.agency_id == agency_id for seat in facts.seats)
        or any(seat.agency_id == agency_id for seat in facts.admins)
    )
