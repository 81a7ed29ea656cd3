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


def may_emit(emitters: Collection[Role], held: Collection[Role], claimed: Role | None) -> Allowed | Refused:
    """Whether a sender that holds the roles ``held`` may send a type that only ``emitters`` may say.

    ``claimed`` is the role that the payload names (``reported_by.role``), if it names one. Without a claim the sender
    speaks as the first of its roles, by name, that may say it.
    """
    if claimed is not None and claimed not in held:
        return Refused("role_not_held")
    able = sorted(role for role in ([claimed] if claimed else held) if role in emitters)
    if not able:
        return Refused("type_not_allowed")
    return Allowed(able[0])
