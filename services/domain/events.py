"""An accepted event as every decision sees it, and the names of event types (practice.md §3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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


_OF_TRACES = frozenset({"traceparent", "tracestate"})
"""Extensions that say how an event is sent, not what: they may differ when it is sent again."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event as its sender wrapped it (CloudEvents 1.0), its attributes checked and its payload not yet.

    ``id`` and ``source`` together name the event for its sender; ``type`` is the short name; ``subject`` the sender's
    own case number, or the case's token. ``time`` (when it happened), ``recorded`` (the extension ``recordedtime``,
    otherwise the same as ``time``) and ``expires`` (``expirytime``) are aware and in UTC. ``data`` is the payload as a
    JSON value; ``extensions`` what else was sent, by attribute name, as text.
    """

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    recorded: datetime
    data: object
    datacontenttype: str = "application/json"
    dataschema: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    dataclassification: str | None = None
    dataregulation: str | None = None
    expires: datetime | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)

    @property
    def attributes(self) -> dict[str, object]:
        """The attributes, as JSON values, that are neither named by the log's own columns nor the payload."""
        named: dict[str, object] = {
            "datacontenttype": self.datacontenttype,
            "dataschema": self.dataschema,
            "correlationid": self.correlationid,
            "causationid": self.causationid,
            "dataclassification": self.dataclassification,
            "dataregulation": self.dataregulation,
            "expirytime": self.expires and self.expires.isoformat(),
        }
        return {name: value for name, value in named.items() if value is not None} | dict(self.extensions)

    def said(self) -> dict[str, object]:
        """Everything that the sender said, as one JSON value: the same in every mode of transport and time zone, and
        whatever trace the sending was part of.
        """
        return {
            "id": self.id,
            "source": self.source,
            "type": wire_type(self.type),
            "subject": self.subject,
            "time": self.time.isoformat(),
            "recordedtime": self.recorded.isoformat(),
            "data": self.data,
            **{name: value for name, value in self.attributes.items() if name not in _OF_TRACES},
        }


def wire_type(name: str) -> str:
    """The CloudEvents ``type`` of a short name: ``order.violated`` → ``org.dvcw.order.violated.v1``."""
    return f"{WIRE_PREFIX}{name}{WIRE_VERSION}"


def short_type(wire: str) -> str | None:
    """The short name of a CloudEvents ``type``, or None where it is not one of ours."""
    if wire.startswith(WIRE_PREFIX) and wire.endswith(WIRE_VERSION):
        return wire[len(WIRE_PREFIX) : -len(WIRE_VERSION)] or None
    return None
