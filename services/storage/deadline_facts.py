"""What moving deadlines asks of the event log and the cases, set-wise: later events, homes, what was said already."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import Connection, select, text

from services.storage import bulk
from services.storage.links import CASE_NOW, LINK_IN_FORCE
from services.storage.tables import cases, event_links, event_log, event_outcomes


@dataclass(frozen=True, slots=True)
class LookBack:
    """Which events of a case are asked for: those of ``types`` that happened after an event, which happened at
    ``since`` and stands at ``sequence`` in its stream.
    """

    case_id: UUID
    types: frozenset[str]
    since: datetime
    sequence: int


@dataclass(frozen=True, slots=True)
class Home:
    """By which token the wire knows a case, and the agency whose case it is."""

    token: str
    agency_id: UUID


# Each part by itself (OFFSET 0): the planner guesses many rows where there are few, and would read whole tables.
_LATER = text(
    """
    WITH wanted AS MATERIALIZED (
        SELECT * FROM json_to_recordset(CAST(:wanted AS json))
            AS w(case_id uuid, types text[], since timestamptz, sequence bigint)
    ), placed AS (
        SELECT e.id, w.case_id FROM wanted AS w CROSS JOIN LATERAL (
            SELECT e.id FROM event_log AS e
            WHERE e.case_id = w.case_id AND (e.time, e.sequence) > (w.since, w.sequence) AND e.type = ANY(w.types)
            OFFSET 0) AS e
        UNION
        SELECT e.id, w.case_id FROM wanted AS w CROSS JOIN LATERAL (
            SELECT e.id FROM event_links AS l JOIN event_log AS e ON e.id = l.event_id
            WHERE l.case_id = w.case_id AND l.unlinked_by_event_id IS NULL
                AND (e.time, e.sequence) > (w.since, w.sequence) AND e.type = ANY(w.types)
            OFFSET 0) AS e
    )
    SELECT p.id, p.case_id FROM placed AS p CROSS JOIN LATERAL (
        SELECT FROM event_outcomes AS o
        WHERE o.event_id = p.id AND o.case_id = p.case_id AND o.state = 'processed'
        OFFSET 0) AS o
    """
)


def routed_since(connection: Connection, wanted: Sequence[LookBack]) -> dict[UUID, UUID]:
    """The events of these cases and types, linked ones too, that were routed on them by now. By event, the case.

    What was accepted and is not routed yet is left out: it has its own turn.
    """
    if not wanted:
        return {}
    asked = [
        {"case_id": one.case_id, "types": sorted(one.types), "since": one.since, "sequence": one.sequence}
        for one in wanted
    ]
    rows = connection.execute(_LATER, {"wanted": orjson.dumps(asked).decode()})
    return {row.id: row.case_id for row in rows}


def routed_on(connection: Connection, event_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """On which cases those of these events are that were routed on one and are on it still. By event, the case."""
    rows = connection.execute(
        select(event_outcomes.c.event_id, event_outcomes.c.case_id)
        .select_from(event_outcomes.join(event_log, event_log.c.id == event_outcomes.c.event_id))
        .outerjoin(event_links, LINK_IN_FORCE)
        .where(
            bulk.among(event_outcomes.c.event_id, event_ids),
            event_outcomes.c.state == "processed",
            event_outcomes.c.case_id == CASE_NOW,
        )
    )
    return {row.event_id: row.case_id for row in rows}


def homes(connection: Connection, case_ids: Collection[UUID]) -> dict[UUID, Home]:
    """Where these cases are at home."""
    rows = connection.execute(
        select(cases.c.id, cases.c.token, cases.c.agency_id).where(bulk.among(cases.c.id, case_ids))
    )
    return {row.id: Home(row.token, row.agency_id) for row in rows}


def said_already(
    connection: Connection, agency_ids: Collection[UUID], source: str, source_ids: Collection[str]
) -> set[str]:
    """Which of these ids of a source are in the event log."""
    rows = connection.execute(
        select(event_log.c.source_id).where(
            event_log.c.agency_id.in_(list(agency_ids)),
            event_log.c.source == source,
            event_log.c.source_id.in_(list(source_ids)),
        )
    )
    return set(rows.scalars())
