"""The event log: append-only, in order per stream, hash-chained; payloads lie beside it, sealed and erasable.

A stream belongs to one case, or to one agency's intake, where events wait that match no case.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy import Connection, Select, func, null, select
from sqlalchemy.dialects.postgresql import insert as upsert

from services.domain.events import Event
from services.domain.roles import Role
from services.domain.urgency import Urgency
from services.storage import bulk
from services.storage.chain import GENESIS, SALT_BYTES, canonical, commitment, entry_hash, new_salt
from services.storage.sealing import KeyRing, seal, unseal
from services.storage.tables import event_log, event_payloads, intake_conflicts, streams


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An event on its way into the log. ``location`` holds the values that were taken out of ``event.data`` for the
    vault: pointer, path and value; ``attributes`` the CloudEvents attributes that have no column of their own.
    """

    event: Event
    subject: str
    actor: str
    urgency: Urgency
    attributes: Mapping[str, object]
    body_mac: bytes
    location: tuple[tuple[UUID, str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream, locked by this transaction."""

    id: UUID
    case_id: UUID | None
    length: int
    head: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """An event that is in the log already under the same source and id."""

    id: UUID
    accepted: datetime
    body_mac: bytes


def place_of_key(stream_id: UUID) -> str:
    """Where a stream's wrapped key lies, as additional data of its seal."""
    return f"streams/{stream_id}/key_wrapped"


def open_stream(
    connection: Connection, keys: KeyRing, *, case_id: UUID | None = None, agency_id: UUID | None = None
) -> None:
    """Begin the stream of a case, or of an agency's intake; one that is there already stays as it is."""
    stream_id = uuid4()
    _, wrapped = keys.new_key(place_of_key(stream_id))
    connection.execute(
        upsert(streams)
        .values(id=stream_id, case_id=case_id, agency_id=agency_id, length=0, head=GENESIS, key_wrapped=wrapped)
        .on_conflict_do_nothing()
    )


def case_key(connection: Connection, keys: KeyRing, case_id: UUID) -> bytes:
    """The key of a case."""
    row = connection.execute(select(streams.c.id, streams.c.key_wrapped).where(streams.c.case_id == case_id)).one()
    return keys.unwrap(row.key_wrapped, place_of_key(row.id))


def lock_case_streams(connection: Connection, keys: KeyRing, case_ids: Iterable[UUID]) -> dict[UUID, Stream]:
    """Lock the streams of these cases until the end of the transaction, in one order for everybody. By case."""
    found = _lock(connection, keys, select(streams).where(streams.c.case_id.in_(sorted(set(case_ids)))))
    return {stream.case_id: stream for stream in found if stream.case_id}


def lock_intake_stream(connection: Connection, keys: KeyRing, agency_id: UUID) -> Stream:
    """Lock the stream of an agency's events that match no case; begin it where there is none yet."""
    query = select(streams).where(streams.c.agency_id == agency_id)
    found = _lock(connection, keys, query)
    if not found:
        open_stream(connection, keys, agency_id=agency_id)
        found = _lock(connection, keys, query)
    return found[0]


def _lock(connection: Connection, keys: KeyRing, query: Select[Any]) -> list[Stream]:
    rows = connection.execute(query.order_by(streams.c.id).with_for_update())
    return [
        Stream(
            id=row.id,
            case_id=row.case_id,
            length=row.length,
            head=row.head,
            key=keys.unwrap(row.key_wrapped, place_of_key(row.id)),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """An entry with its place in its stream, as the rows that keep it: in the log, of its sealed payload, and of what
    was taken out of that for the vault.
    """

    event: Event
    row: Mapping[str, object]
    payload: Mapping[str, object]
    located: Sequence[Mapping[str, object]]


def chain(keys: KeyRing, stream: Stream, entries: Iterable[NewEntry]) -> tuple[Stream, list[ChainedEntry]]:
    """Bind entries to the end of a locked stream, in their order. Returns the stream as it then is, and what is to be
    written (see `services.storage.intake`).
    """
    head, length = stream.head, stream.length
    chained = []
    for entry in entries:
        length += 1
        event = replace(entry.event, sequence=length, case_id=stream.case_id)
        salted = new_salt() + canonical(event.data)
        committed = commitment(salted[:SALT_BYTES], salted[SALT_BYTES:])
        hashed = hashed_columns(_row(stream, entry, event, committed))
        previous, head = head, entry_hash(head, hashed)
        row = {
            **hashed,
            "body_mac": entry.body_mac,
            "commitment": committed,
            "previous_hash": previous,
            "hash": head,
        }
        located = _sealed_location(keys, event, entry)
        chained.append(ChainedEntry(event, row, _sealed_payload(stream, event, salted), located))
    return replace(stream, length=length, head=head), chained


def _row(stream: Stream, entry: NewEntry, event: Event, committed: bytes) -> dict[str, object]:
    return {
        "id": event.id,
        "stream_id": stream.id,
        "sequence": event.sequence,
        "case_id": event.case_id,
        "agency_id": event.agency_id,
        "type": event.type,
        "source": event.source,
        "source_id": event.source_id,
        "subject": entry.subject,
        "emitter": event.emitter.value,
        "actor": entry.actor,
        "time": event.time,
        "recorded": event.recorded,
        "accepted": event.accepted,
        "urgency": entry.urgency.value,
        "attributes": dict(entry.attributes),
        "body_mac": entry.body_mac,
        "commitment": committed,
    }


def hashed_columns(row: Mapping[str, object]) -> dict[str, object]:
    """The columns of an entry that its hash covers, as JSON values: all but the two hashes themselves."""
    return {name: _as_json(value) for name, value in row.items() if name not in {"hash", "previous_hash"}}


def _as_json(value: object) -> object:
    match value:
        case bytes():
            return value.hex()
        case UUID():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case _:
            return value


def place_of_payload(event_id: UUID) -> str:
    """Where an event's payload lies, as additional data of its seal."""
    return f"event_payloads/{event_id}/sealed"


def _sealed_payload(stream: Stream, event: Event, salted: bytes) -> dict[str, object]:
    return {
        "event_id": event.id,
        "stream_id": stream.id,
        "agency_id": event.agency_id,
        "case_id": event.case_id,
        "sealed": seal(stream.key, salted, place_of_payload(event.id)),
    }


def _sealed_location(keys: KeyRing, event: Event, entry: NewEntry) -> list[dict[str, object]]:
    return [
        {
            "id": pointer,
            "event_id": event.id,
            "agency_id": event.agency_id,
            "path": path,
            "sealed": seal(keys.vault, orjson.dumps(value), f"vault/{pointer}/sealed"),
        }
        for pointer, path, value in entry.location
    ]


def envelopes(connection: Connection, event_ids: Sequence[UUID]) -> dict[UUID, Event]:
    """These events without their payloads, which are left sealed: ``data`` is empty."""
    query = select(*_ENVELOPE, null().label("sealed")).where(bulk.among(event_log.c.id, event_ids))
    return {row[0]: _event(row[: len(_ENVELOPE)], None, b"") for row in connection.execute(query).all()}


def load(connection: Connection, keys: KeyRing, event_ids: Sequence[UUID]) -> dict[UUID, Event]:
    """These events with their payloads, in one query; one whose payload was erased has an empty ``data``.

    Whoever sees an event of another agency's intake (it was put before them, or linked to a case of theirs) does not
    see that stream, and gets its key for this event alone.
    """
    key = func.coalesce(streams.c.key_wrapped, func.app_key_of(event_log.c.id)).label("key_wrapped")
    rows = connection.execute(
        select(*_ENVELOPE, event_payloads.c.sealed, event_log.c.stream_id, key)
        .select_from(event_log)
        .join(streams, streams.c.id == event_log.c.stream_id, isouter=True)
        .join(event_payloads, event_payloads.c.event_id == event_log.c.id, isouter=True)
        .where(bulk.among(event_log.c.id, event_ids))
    ).all()
    stream_keys = {row.stream_id: row.key_wrapped for row in rows}
    opened = {stream_id: keys.unwrap(wrapped, place_of_key(stream_id)) for stream_id, wrapped in stream_keys.items()}
    return {row[0]: _event(row[: len(_ENVELOPE)], row.sealed, opened[row.stream_id]) for row in rows}


_ENVELOPE = tuple(event_log.c[one.name] for one in fields(Event) if one.name != "data")
"""The columns of an event, in the order of its fields."""

_ROLES = {role.value: role for role in Role}


def _event(envelope: Sequence[Any], sealed: bytes | None, key: bytes) -> Event:
    """An event from its columns, with its payload where that is still there."""
    event_id, event_type, case_id, sequence, source, source_id, agency_id, emitter, time, recorded, accepted = envelope
    data: Mapping[str, object] = {}
    if sealed is not None:
        data = orjson.loads(unseal(key, sealed, place_of_payload(event_id))[SALT_BYTES:])
    return Event(
        event_id,
        event_type,
        case_id,
        sequence,
        source,
        source_id,
        agency_id,
        _ROLES[emitter],
        time,
        recorded,
        accepted,
        data,
    )


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An id that was used again with another body."""

    event_id: UUID
    agency_id: UUID
    body_mac: bytes


def note_conflicts(
    connection: Connection, contradictions: Sequence[Contradiction], at: datetime
) -> list[Contradiction]:
    """Keep contradictions, each body once. Returns those that are new."""
    if not contradictions:
        return []
    written = connection.execute(
        upsert(intake_conflicts)
        .values(
            [
                {
                    "id": uuid4(),
                    "event_id": one.event_id,
                    "agency_id": one.agency_id,
                    "body_mac": one.body_mac,
                    "at": at,
                }
                for one in dict.fromkeys(contradictions)
            ]
        )
        .on_conflict_do_nothing()
        .returning(intake_conflicts.c.event_id, intake_conflicts.c.agency_id, intake_conflicts.c.body_mac)
    )
    return [Contradiction(row.event_id, row.agency_id, row.body_mac) for row in written]


@dataclass(frozen=True, slots=True)
class LoggedStream:
    """A stream as a verifier sees it: what its row says of its end, and its key, where it has not been erased."""

    id: UUID
    length: int
    head: bytes
    key_wrapped: bytes


def streams_after(connection: Connection, after: UUID | None, limit: int) -> list[LoggedStream]:
    """Streams in the order of their ids, after one of them."""
    query = select(streams.c.id, streams.c.length, streams.c.head, streams.c.key_wrapped).order_by(streams.c.id)
    if after is not None:
        query = query.where(streams.c.id > after)
    return [LoggedStream(*row) for row in connection.execute(query.limit(limit))]


def entries_of(connection: Connection, stream_id: UUID, after: int, limit: int) -> list[Mapping[str, Any]]:
    """The entries of a stream in order, after a sequence number: all columns, and the sealed payload where it is
    still there.
    """
    rows = connection.execute(
        select(event_log, event_payloads.c.sealed)
        .join(event_payloads, event_payloads.c.event_id == event_log.c.id, isouter=True)
        .where(event_log.c.stream_id == stream_id, event_log.c.sequence > after)
        .order_by(event_log.c.sequence)
        .limit(limit)
    )
    return [dict(row._mapping) for row in rows]
