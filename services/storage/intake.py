"""What intake asks the database and what it writes, in one statement each: every round trip is paid by every sender.

The statements are written out, not composed: what they say is the same for one event and for a thousand, so they are
parsed and planned once (`Database.begin` with ``plans_kept``; left alone, PostgreSQL plans the first one each time, at
the price of all the rest). Each look-up is a LATERAL of its own with a LIMIT, so that the plan, made when tables were
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
    SELECT u.agency_id, u.subject, c.id AS case_id
    FROM unnest(%(subject_agencies)s::uuid[], %(subjects)s::text[]) AS u(agency_id, subject)
    CROSS JOIN LATERAL (SELECT id FROM cases WHERE token = u.subject LIMIT 1) AS c
    CROSS JOIN LATERAL (
        SELECT FROM case_agencies WHERE case_id = c.id AND agency_id = u.agency_id AND until IS NULL LIMIT 1
    ) AS a
    UNION ALL
    SELECT u.agency_id, u.subject, i.case_id
    FROM unnest(%(subject_agencies)s::uuid[], %(subjects)s::text[]) AS u(agency_id, subject)
    CROSS JOIN LATERAL (
        SELECT case_id FROM case_identifiers
        WHERE agency_id = u.agency_id AND value = u.subject AND unlinked_by_event_id IS NULL LIMIT 1
    ) AS i
    CROSS JOIN LATERAL (
        SELECT FROM case_agencies WHERE case_id = i.case_id AND agency_id = u.agency_id AND until IS NULL LIMIT 1
    ) AS a
), of_cases AS MATERIALIZED (
    SELECT s.id, s.case_id, s.length, s.head, s.key_wrapped
    FROM (SELECT DISTINCT case_id FROM meant) AS m JOIN streams AS s ON s.case_id = m.case_id
    ORDER BY s.id FOR UPDATE OF s {locking}
), of_intake AS MATERIALIZED (
    SELECT s.id, s.agency_id, s.length, s.head, s.key_wrapped
    FROM (
        SELECT agency_id, subject
        FROM unnest(%(subject_agencies)s::uuid[], %(subjects)s::text[]) AS u(agency_id, subject)
        EXCEPT SELECT agency_id, subject FROM meant
    ) AS u JOIN streams AS s ON s.agency_id = u.agency_id
    ORDER BY s.id FOR UPDATE OF s {locking}
)
SELECT 'said' AS what, n.agency_id, n.source AS text, n.source_id AS other, e.id, NULL::uuid AS owner,
    NULL::bigint AS length, e.body_mac AS bytes, NULL::bytea AS key, e.accepted AS at, NULL::text[] AS scopes,
    NULL::text[] AS roles, NULL::text[] AS held
FROM unnest(%(agencies)s::uuid[], %(sources)s::text[], %(source_ids)s::text[]) AS n(agency_id, source, source_id)
CROSS JOIN LATERAL (
    SELECT id, body_mac, accepted FROM event_log
    WHERE agency_id = n.agency_id AND source = n.source AND source_id = n.source_id LIMIT 1
) AS e
UNION ALL SELECT 'meant', agency_id, subject, NULL, case_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM meant
UNION ALL SELECT 'stream', NULL, NULL, NULL, id, case_id, length, head, key_wrapped, NULL, NULL, NULL, NULL
FROM of_cases
UNION ALL SELECT 'intake', NULL, NULL, NULL, id, agency_id, length, head, key_wrapped, NULL, NULL, NULL, NULL
FROM of_intake
UNION ALL SELECT 'client', c.agency_id, c.client_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    c.scopes, c.roles, a.roles
FROM unnest(%(clients)s::text[], %(client_agencies)s::uuid[]) AS u(client_id, agency_id)
CROSS JOIN LATERAL (
    SELECT client_id, agency_id, scopes, roles FROM clients
    WHERE client_id = u.client_id AND agency_id = u.agency_id AND active LIMIT 1
) AS c JOIN agencies AS a ON a.id = c.agency_id
"""
_FIND_WAITING = _FIND.format(locking="")
_FIND_FREE = _FIND.format(locking="SKIP LOCKED")

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
    """What the database knows of what agencies say.

    ``said`` are the events that are in the log already, by agency, source and id. ``cases`` are the cases that
    references mean, by agency and reference: its own linked numbers, and the tokens of cases that it is on; a number of
    a case that the agency is no longer on means nothing, exactly like an unknown one. ``streams`` are the streams of
    these cases, by case, and those of the agencies' intakes, by agency, where a reference means no case and there is
    one: locked until the end of the transaction, in one order for everybody. ``clients`` is how the clients that were
    asked about stand, by name; one that was switched off is missing.
    """

    said: dict[tuple[UUID, str, str], Known]
    cases: dict[tuple[UUID, str], UUID]
    streams: dict[UUID, Stream]
    clients: dict[str, ClientStanding]


def find(
    connection: Connection,
    keys: KeyRing,
    said: Sequence[tuple[UUID, str, str, str]],
    clients: Iterable[tuple[str, UUID]] = (),
    *,
    wait: bool = True,
) -> Found:
    """Look up what agencies say (agency, source, id, and the reference to a case), and lock where it belongs.

    ``clients`` are names of clients, each with its agency. Without ``wait``, streams that somebody else holds are left
    out.
    """
    subjects = sorted({(agency, subject) for agency, _, _, subject in said})
    asked = sorted(set(clients))
    rows = run(
        connection,
        _FIND_WAITING if wait else _FIND_FREE,
        {
            "subject_agencies": [agency for agency, _ in subjects],
            "subjects": [subject for _, subject in subjects],
            "agencies": [agency for agency, _, _, _ in said],
            "sources": [source for _, source, _, _ in said],
            "source_ids": [source_id for _, _, source_id, _ in said],
            "clients": [name for name, _ in asked],
            "client_agencies": [agency for _, agency in asked],
        },
    )
    found = Found({}, {}, {}, {})
    for what, agency, text, other, row_id, owner, length, head, key, at, scopes, roles, held in rows:
        match what:
            case "said":
                found.said[agency, text, other] = Known(row_id, at, head)
            case "meant":
                found.cases[agency, text] = row_id
            case "client":
                found.clients[text] = ClientStanding(scopes, roles, held)
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
