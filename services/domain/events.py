"""An accepted event as every decision sees it, and the names of event types (practice.md §3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.domain.roles import Role

WIRE_PREFIX = "org.dvcw."
WIRE_VERSION = ".v1"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that an agency says happened, as it was accepted. All instants are aware and in UTC.

    ``type`` is the short name (``order.violated``); ``sequence`` its place in its stream, counted from 1;
    ``time`` when it happened, ``recorded`` when the sender entered it, ``accepted`` when it was kept here;
    ``data`` the validated payload with ISO strings for dates, location fields replaced by pointers into the vault.
    """

    id: UUID
    type: str
    case_id: UUID | None
    sequence: int
    source: str
    source_id: str
    agency_id: UUID
    emitter: Role
    time: datetime
    recorded: datetime
    accepted: datetime
    data: Mapping[str, object]


def wire_type(name: str) -> str:
    """The CloudEvents ``type`` of a short name: ``order.violated`` → ``org.dvcw.order.violated.v1``."""
    return f"{WIRE_PREFIX}{name}{WIRE_VERSION}"


def short_type(wire: str) -> str | None:
    """The short name of a CloudEvents ``type``, or None where it is not one of ours."""
    if wire.startswith(WIRE_PREFIX) and wire.endswith(WIRE_VERSION):
        return wire[len(WIRE_PREFIX) : -len(WIRE_VERSION)] or None
    return None
