"""Who acts: every transaction carries one of these."""

from dataclasses import dataclass
from uuid import UUID

from services.domain.roles import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a client or a part of the system, and the agency for which it acts.

    ``name`` is stable and holds no personal data: ``staff:okafor``, ``client:ac-probation``, ``system:router``.
    ``roles`` are the roles in which it may speak; ``party_id`` its address as a recipient, where it has one.
    """

    name: str
    agency_id: UUID | None = None
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[str] = frozenset()
    administrates: bool = False
    party_id: UUID | None = None


def system_actor(part: str) -> Actor:
    """The system itself, named by its part: ``router``, ``sweeper``, ``replay``."""
    return Actor(name=f"system:{part}", roles=frozenset({Role.SYSTEM}))


SIGN_IN = Actor(name="sign-in")
"""Somebody who is not known yet. May read what proves an identity, and nothing else."""
