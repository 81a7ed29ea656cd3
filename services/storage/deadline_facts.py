"""What moving deadlines asks of the event log and the cases, set-wise: later events, homes, what was said already."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select, text

from services.storage.tables import cases, event_log


@dataclass(frozen=True, slots=True)
class LookBack:
    """Which events of a case are asked for: those of ``types`` that happened at ``since`` or later."""

    case_id: UUID
    types: frozenset[str]
    since: datetime


@dataclass(frozen=True, slots=True)
class Home:
    """By which token the wire knows a case, and the agency whose case it is."""

    token: str
    agency_id: UUID


_LATER = text(
    """
    WITH wanted AS (
        SELECT * FROM unnest(CAST(:cases AS uuid[]), CAST(:types AS text[]), CAST(:since AS timestamptz[]))
            AS w(case_id, type, since)
    ), placed AS (
        SELECT e.id, e.case_id, e.type, e.time FROM event_log AS e WHERE e.case_id = ANY(CAST(:cases AS uuid[]))
        UNION ALL
        SELECT e.id, l.case_id, e.type, e.time FROM event_links AS l JOIN event_log AS e ON e.id = l.event_id
        WHERE l.case_id = ANY(CAST(:cases AS uuid[])) AND l.unlinked_by_event_id IS NULL
    )
    SELECT DISTINCT p.id, p.case_id FROM placed AS p
    JOIN wanted AS w ON w.case_id = p.case_id AND w.type = p.type AND p.time >= w.since
    LEFT JOIN event_outcomes AS o ON o.event_id = p.id
    WHERE o.state IS NULL OR o.state NOT IN ('refused', 'quarantined')
    """
)


def events_since(connection: Connection, wanted: Sequence[LookBack]) -> dict[UUID, UUID]:
    """The accepted events of these cases and types, linked ones too, that are neither refused nor in quarantine.

    By event, the case that it is on.
    """
    asked = [(one.case_id, name, one.since) for one in wanted for name in sorted(one.types)]
    if not asked:
        return {}
    case_ids, types, since = (list(column) for column in zip(*asked, strict=True))
    rows = connection.execute(_LATER, {"cases": case_ids, "types": types, "since": since})
    return {row.id: row.case_id for row in rows}


def homes(connection: Connection, case_ids: Collection[UUID]) -> dict[UUID, Home]:
    """Where these cases are at home."""
    rows = connection.execute(select(cases.c.id, cases.c.token, cases.c.agency_id).where(cases.c.id.in_(case_ids)))
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
