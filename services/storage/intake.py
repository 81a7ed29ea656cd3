"""What intake asks the database and what it writes, in one statement each: every round trip is paid by every sender.

The statements are written out, not composed: what they say is the same for one event and for a thousand, so they are
parsed and planned once. Each look-up is a LATERAL of its own with a LIMIT, so that the plan, made when tables were
small, still goes by the keys when they are large. Rows go in as one JSON document each (as in `services.storage.bulk`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection

from services.storage.clients import ClientStanding
from services.storage.database import run
from services.storage.event_log import ChainedEntry, Known, Stream, place_of_key
from services.storage.jobs import NewJob
from services.storage.sealing import KeyRing

_FIND = """
WITH meant AS MATERIALIZED (
    SELECT u.subject, c.id AS case_id FROM unnest(%(subjects)s::text[]) AS u(subject)
    CROSS JOIN LATERAL (SELECT id FROM cases WHERE token = u.subject LIMIT 1) AS c
    CROSS JOIN LATERAL (
        SELECT FROM case_agencies WHERE case_id = c.id AND agency_id = %(agency)s AND until IS NULL LIMIT 1
    ) AS a
    UNION ALL
    SELECT u.subject, i.case_id FROM unnest(%(subjects)s::text[]) AS u(subject)
    CROSS JOIN LATERAL (
        SELECT case_id FROM case_identifiers
        WHERE agency_id = %(agency)s AND value = u.subject AND unlinked_by_event_id IS NULL LIMIT 1
    ) AS i
    CROSS JOIN LATERAL (
        SELECT FROM case_agencies WHERE case_id = i.case_id AND agency_id = %(agency)s AND until IS NULL LIMIT 1
    ) AS a
), of_cases AS MATERIALIZED (
    SELECT s.id, s.case_id, s.length, s.head, s.key_wrapped
    FROM (SELECT DISTINCT case_id FROM meant) AS m JOIN streams AS s ON s.case_id = m.case_id
    ORDER BY s.id FOR UPDATE OF s
), of_intake AS MATERIALIZED (
    SELECT s.id, s.agency_id, s.length, s.head, s.key_wrapped FROM streams AS s
    WHERE s.agency_id = %(agency)s
      AND (SELECT count(DISTINCT subject) FROM meant) < cardinality(%(subjects)s::text[])
    FOR UPDATE OF s
)
SELECT 'said' AS what, n.source AS text, n.source_id AS other, e.id, NULL::uuid AS owner, NULL::bigint AS length,
    e.body_mac AS bytes, NULL::bytea AS key, e.accepted AS at, NULL::text[] AS scopes, NULL::text[] AS roles,
    NULL::text[] AS held
FROM unnest(%(sources)s::text[], %(source_ids)s::text[]) AS n(source, source_id)
CROSS JOIN LATERAL (
    SELECT id, body_mac, accepted FROM event_log
    WHERE agency_id = %(agency)s AND source = n.source AND source_id = n.source_id LIMIT 1
) AS e
UNION ALL SELECT 'meant', subject, NULL, case_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM meant
UNION ALL SELECT 'stream', NULL, NULL, id, case_id, length, head, key_wrapped, NULL, NULL, NULL, NULL FROM of_cases
UNION ALL SELECT 'intake', NULL, NULL, id, agency_id, length, head, key_wrapped, NULL, NULL, NULL, NULL FROM of_intake
UNION ALL SELECT 'client', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, c.scopes, c.roles, a.roles
FROM clients AS c JOIN agencies AS a ON a.id = c.agency_id
WHERE c.client_id = %(client)s AND c.agency_id = %(agency)s AND c.active
"""

_ENTRY = {
    "id": "uuid",
    "stream_id": "uuid",
    "sequence": "bigint",
    "case_id": "uuid",
    "agency_id": "uuid",
    "type": "text",
    "source": "text",
    "source_id": "text",
    "subject": "text",
    "emitter": "text",
    "actor": "text",
    "time": "timestamptz",
    "recorded": "timestamptz",
    "accepted": "timestamptz",
    "urgency": "text",
    "attributes": "jsonb",
    "body_mac": "bytea",
    "commitment": "bytea",
    "previous_hash": "bytea",
    "hash": "bytea",
}
_PAYLOAD = {"event_id": "uuid", "stream_id": "uuid", "agency_id": "uuid", "case_id": "uuid", "sealed": "bytea"}
_LOCATION = {"id": "uuid", "event_id": "uuid", "agency_id": "uuid", "path": "text", "sealed": "bytea"}
_HEAD = {"id": "uuid", "length": "bigint", "head": "bytea"}
_JOB = {
    "key": "text",
    "lane": "text",
    "kind": "text",
    "ref": "uuid",
    "due_at": "timestamptz",
    "case_id": "uuid",
    "agency_id": "uuid",
    "arguments": "jsonb",
}


def _rows(document: str, columns: Mapping[str, str]) -> str:
    """The rows of a document as a table `n`; bytes travel as PostgreSQL writes them (``\\x…``)."""
    typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return f"json_to_recordset(%({document})s::json) AS n({typed})"


def _insert(table: str, document: str, columns: Mapping[str, str]) -> str:
    names = ", ".join(columns)
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM {_rows(document, columns)}"  # noqa: S608


_WRITE = f"""
WITH logged AS ({_insert("event_log", "entries", _ENTRY)}),
sealed AS ({_insert("event_payloads", "payloads", _PAYLOAD)}),
moved AS (UPDATE streams SET length = n.length, head = n.head FROM {_rows("heads", _HEAD)} WHERE streams.id = n.id)
"""  # noqa: S608
_WRITE_LOCATED = f"{_WRITE}, located AS ({_insert('vault', 'located', _LOCATION)})"
_JOBS = f"{_insert('jobs', 'jobs', _JOB)} ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class Found:
    """What the database knows of what a sender says.

    ``said`` are the events that are in the log already, by source and id. ``cases`` are the cases that its references
    mean: its own linked numbers, and the tokens of cases that it is on; a number of a case that the agency is no longer
    on means nothing, exactly like an unknown one. ``streams`` are the streams of these cases, by case, and that of
    the agency's intake, by agency, where a reference means no case and there is one: locked until the end of the
    transaction, in one order for everybody. ``client`` is how the client that was asked about stands; None where it was
    switched off, or none was asked about.
    """

    said: dict[tuple[str, str], Known]
    cases: dict[str, UUID]
    streams: dict[UUID, Stream]
    client: ClientStanding | None


def find(
    connection: Connection,
    keys: KeyRing,
    agency_id: UUID,
    names: Sequence[tuple[str, str]],
    subjects: Iterable[str],
    client_id: str | None = None,
) -> Found:
    """Look up what an agency says under these names (source, id) about these subjects, and lock where it belongs."""
    rows = run(
        connection,
        _FIND,
        {
            "agency": agency_id,
            "subjects": sorted(set(subjects)),
            "sources": [source for source, _ in names],
            "source_ids": [source_id for _, source_id in names],
            "client": client_id,
        },
    )
    found = Found({}, {}, {}, None)
    for what, text, other, row_id, owner, length, head, key, at, scopes, roles, held in rows:
        match what:
            case "said":
                found.said[text, other] = Known(row_id, at, head)
            case "meant":
                found.cases[text] = row_id
            case "client":
                found = Found(found.said, found.cases, found.streams, ClientStanding(scopes, roles, held))
            case _:
                case_id = owner if what == "stream" else None
                opened = keys.unwrap(key, place_of_key(row_id))
                found.streams[owner] = Stream(row_id, case_id, length, head, opened)
    return found


def write(
    connection: Connection, entries: Sequence[ChainedEntry], streams: Iterable[Stream], jobs: Sequence[NewJob]
) -> None:
    """Write entries with their sealed payloads and locations, the new ends of their streams, and jobs; jobs whose key
    is there already are left as they are.
    """
    located = [location for entry in entries for location in entry.located]
    parameters = {
        "entries": _document(entry.row for entry in entries),
        "payloads": _document(entry.payload for entry in entries),
        "heads": _document({"id": one.id, "length": one.length, "head": one.head} for one in streams),
        "jobs": _document(_job(job) for job in jobs),
    }
    if located:
        run(connection, _WRITE_LOCATED + _JOBS, parameters | {"located": _document(located)})
    else:
        run(connection, _WRITE + _JOBS, parameters)


def _job(job: NewJob) -> dict[str, object]:
    return {
        "key": job.key,
        "lane": job.lane.value,
        "kind": job.kind,
        "ref": job.ref,
        "due_at": job.due_at,
        "case_id": job.case_id,
        "agency_id": job.agency_id,
        "arguments": dict(job.arguments),
    }


def _document(rows: Iterable[Mapping[str, Any]]) -> str:
    return orjson.dumps(list(rows), default=_as_written).decode()


def _as_written(value: object) -> str:
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"{type(value).__name__} is no value of a row")
