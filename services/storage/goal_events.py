"""The events that bear on the goals of cases, as each case came to know them: one question for many cases."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Connection, text

from services.domain.known_events import KnownEvent
from services.storage import event_log
from services.storage.sealing import KeyRing

# An event of a case is known from when it was accepted; one that was linked, from then until it was taken back. What
# was refused, quarantined or is not routed yet has no effect. Each part by itself (OFFSET 0), so that the planner goes
# by the index of types whatever it guesses.
_KNOWN = text(
    """
    WITH wanted AS MATERIALIZED (SELECT unnest(CAST(:cases AS uuid[])) AS case_id), found AS (
        SELECT w.case_id, e.id, e.actor, e.agency_id, e.accepted AS since, CAST(NULL AS timestamptz) AS until
        FROM wanted AS w CROSS JOIN LATERAL (
            SELECT e.id, e.actor, e.agency_id, e.accepted FROM event_log AS e
            WHERE e.case_id = w.case_id AND e.type = ANY(CAST(:types AS text[])) OFFSET 0) AS e
        CROSS JOIN LATERAL (
            SELECT FROM event_outcomes AS o WHERE o.event_id = e.id AND o.state = 'processed' OFFSET 0) AS o
        UNION ALL
        SELECT w.case_id, e.id, e.actor, e.agency_id, made.accepted, ended.accepted
        FROM wanted AS w JOIN event_links AS l ON l.case_id = w.case_id
        JOIN event_log AS e ON e.id = l.event_id AND e.type = ANY(CAST(:types AS text[]))
        JOIN event_log AS made ON made.id = l.linked_by_event_id
        LEFT JOIN event_log AS ended ON ended.id = l.unlinked_by_event_id
        WHERE ended.id IS NOT NULL OR EXISTS (
            SELECT FROM event_outcomes AS o WHERE o.event_id = l.event_id AND o.state = 'processed')
    )
    SELECT f.case_id, f.id, f.actor, a.slug, f.since, f.until FROM found AS f JOIN agencies AS a ON a.id = f.agency_id
    """
)


def of_cases(
    connection: Connection, keys: KeyRing, case_ids: Collection[UUID], types: Iterable[str]
) -> dict[UUID, list[KnownEvent]]:
    """The events of these types that these cases know, or once knew, by case. An event whose payload was erased is not
    among them: what it said is not known any more.
    """
    if not case_ids:
        return {}
    literal = "{" + ",".join(one.hex for one in case_ids) + "}"
    rows = connection.execute(_KNOWN, {"cases": literal, "types": sorted(types)}).all()
    loaded = event_log.load(connection, keys, list({row.id for row in rows}))
    found: dict[UUID, list[KnownEvent]] = {}
    for row in rows:
        event = loaded.get(row.id)
        if event is not None and event.data:
            found.setdefault(row.case_id, []).append(KnownEvent(event, row.actor, row.slug, row.since, row.until))
    return found


_WRITTEN = text(
    """
    SELECT w.case_id FROM (SELECT unnest(CAST(:cases AS uuid[])) AS case_id) AS w
    WHERE EXISTS (SELECT FROM event_log AS e WHERE e.case_id = w.case_id AND e.type = 'goal.created' OFFSET 0)
    """
)


def cases_with_goals(connection: Connection, case_ids: Collection[UUID]) -> set[UUID]:
    """In which of these cases a goal was ever written, whatever became of it. By an index alone."""
    literal = "{" + ",".join(one.hex for one in case_ids) + "}"
    return set(connection.execute(_WRITTEN, {"cases": literal}).scalars())
