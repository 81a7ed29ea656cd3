"""Events that the system itself says of a case: they are appended like any other and take the same road."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from schemas.catalogue import CATALOGUE
from services.actions.append_events import Draft
from services.domain.actors import Actor
from services.domain.roles import Role
from services.storage.chain import body_mac
from services.storage.deadline_facts import homes
from services.system import System

TELLING_SOURCE: Final = "urn:tallystick:telling"
TELLING_TYPES: Final = frozenset({"notification.undelivered", "notification.escalated"})
"""What is said of telling itself. Where one of these is not told in its turn, that is not said again."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One event about to be said of a case. ``name`` is unique for its source; ``about`` the event that caused it."""

    type: str
    name: str
    case_id: UUID
    about: UUID
    data: dict[str, object]


def system_drafts(
    system: System,
    connection: Connection,
    actor: Actor,
    statements: Sequence[Statement],
    now: datetime,
    source: str = TELLING_SOURCE,
) -> list[Draft]:
    """These statements of ``actor`` as drafts for the log, each in the stream of its case and from the agency whose
    case it is; ``source`` is the part of the system that says it.
    """
    if not statements:
        return []
    at_home = homes(connection, {one.case_id for one in statements})
    return [
        Draft(
            type=one.type,
            source=source,
            source_id=one.name,
            subject=at_home[one.case_id].token,
            emitter=Role.SYSTEM,
            agency_id=at_home[one.case_id].agency_id,
            actor=actor.name,
            time=now,
            recorded=now,
            data=CATALOGUE[one.type].load(one.data),
            body_mac=body_mac(system.keys.payloads, {"type": one.type, "id": one.name, "data": one.data}),
            case_id=one.case_id,
            attributes={"causationid": str(one.about)},
        )
        for one in statements
    ]
