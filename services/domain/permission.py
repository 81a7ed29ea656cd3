"""Who may say what kind of thing. Decided from the token and the type alone, so that a refusal never reveals a case."""

from collections.abc import Collection
from dataclasses import dataclass

from services.domain.roles import Role


@dataclass(frozen=True, slots=True)
class Allowed:
    """The sender may say this, speaking as ``emitter``."""

    emitter: Role


@dataclass(frozen=True, slots=True)
class Refused:
    """The sender may not. ``code`` is stable and says which part of the claim failed."""

    code: str


def may_emit(emitters: Collection[Role], held: Collection[Role]) -> Allowed | Refused:
    """Whether a sender that holds the roles ``held`` may send a type that only ``emitters`` may say.

    It speaks as the first of its roles, by name, that may say it.
    """
    able = sorted(role for role in held if role in emitters)
    return Allowed(able[0]) if able else Refused("type_not_allowed")
