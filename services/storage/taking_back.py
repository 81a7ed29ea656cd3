"""Taking linked events off a case again: everything that their routing opened there ends, and what it ended stands
again. Set-wise, in the commit that keeps that the link was taken back (practice.md, Settled 7).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from services.domain.linking import Link

_TAKEN = """
    WITH taken AS (
        SELECT * FROM unnest(CAST(:events AS uuid[]), CAST(:cases AS uuid[]), CAST(:by AS uuid[]))
            AS t(event_id, case_id, by)
    )
"""


def _of_taken(statement: str) -> TextClause:
    return text(_TAKEN + statement)


_LINKS = _of_taken(
    """
    UPDATE event_links AS l SET unlinked_by_event_id = t.by FROM taken AS t
    WHERE l.event_id = t.event_id AND l.case_id = t.case_id AND l.unlinked_by_event_id IS NULL
    """
)
_OUTCOMES = _of_taken(
    """
    UPDATE event_outcomes AS o SET state = 'unmatched', code = 'unknown_case', case_id = NULL, at = :now
    FROM taken AS t WHERE o.event_id = t.event_id
    """
)
_WITHDRAWN = _of_taken(
    """
    UPDATE tasks AS k SET state = 'withdrawn', done_by_event_id = t.by, changed_at = :now FROM taken AS t
    WHERE k.event_id = t.event_id AND k.case_id = t.case_id AND k.state IN ('proposed', 'accepted')
    """
)
_ASKED_AGAIN = _of_taken(
    """
    UPDATE tasks AS k SET state = 'proposed', done_by_event_id = NULL, changed_at = :now FROM taken AS t
    WHERE k.done_by_event_id = t.event_id AND k.case_id = t.case_id AND k.state = 'done' AND k.event_id <> t.event_id
    RETURNING k.id
    """
)
_DUE_AGAIN = text(
    """
    UPDATE deadlines SET state = 'open', met_at = NULL, closed_by_event_id = NULL
    WHERE task_id = ANY(CAST(:tasks AS uuid[])) AND state = 'met'
    RETURNING id, case_id, rolled_due
    """
)
_CANCELLED = _of_taken(
    """
    UPDATE deadlines AS d SET state = 'cancelled', closed_by_event_id = t.by FROM taken AS t
    WHERE d.trigger_event_id = t.event_id AND d.case_id = t.case_id AND d.task_id IS NULL
        AND d.state IN ('open', 'missed')
    RETURNING d.id
    """
)
_MISSED = _of_taken(
    """
    UPDATE tasks AS k SET state = 'withdrawn', done_by_event_id = t.by, changed_at = :now
    FROM taken AS t JOIN event_log AS e ON e.case_id = t.case_id
    WHERE k.event_id = e.id AND k.state IN ('proposed', 'accepted') AND e.source = :system
        AND split_part(e.source_id, ':', 2) = ANY(CAST(:ended AS text[]))
    """
)
_STANDING_AGAIN = _of_taken(
    """
    UPDATE deadlines AS d SET state = 'open', met_at = NULL, closed_by_event_id = NULL, superseded_by = NULL
    FROM taken AS t
    WHERE d.case_id = t.case_id AND d.task_id IS NULL AND d.trigger_event_id <> t.event_id
        AND (d.closed_by_event_id = t.event_id AND d.state IN ('met', 'cancelled')
            OR d.superseded_by = ANY(CAST(:ended AS uuid[])) AND d.state = 'recomputed')
    RETURNING d.id
    """
)
_RAISED = _of_taken(
    """
    UPDATE cautions AS c SET lifted_at = :now, lifted_by_event_id = t.by FROM taken AS t
    WHERE c.event_id = t.event_id AND c.case_id = t.case_id AND c.lifted_at IS NULL
    """
)
_LIFTED = _of_taken(
    """
    UPDATE cautions AS c SET lifted_at = NULL, lifted_by_event_id = NULL FROM taken AS t
    WHERE c.lifted_by_event_id = t.event_id AND c.case_id = t.case_id AND c.event_id <> t.event_id
    """
)


@dataclass(frozen=True, slots=True)
class DueAgain:
    """The due date of a task that is to be done again."""

    id: UUID
    case_id: UUID
    due_at: datetime


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What ended with links, and what stands again: deadlines of rules, and due dates of tasks."""

    ended: frozenset[UUID]
    standing: frozenset[UUID]
    due: tuple[DueAgain, ...]


def take_back(connection: Connection, links: Sequence[Link], now: datetime, system: str) -> TakenBack:
    """Take links back that are in force, with everything that came of them on their cases.

    What the event opened there ends: tasks are withdrawn, deadlines cancelled with the tasks that came of their being
    missed (``system`` is the source under which that was said), a caution is lifted. What it closed
    stands again: tasks that it had done, deadlines that it had met, cancelled or moved, cautions that it had lifted.
    The event waits for a case again. The caller holds the deadlines of the cases (``deadlines.lock_cases``).
    """
    taken: dict[str, Any] = {
        "events": [str(it.event_id) for it in links],
        "cases": [str(it.case_id) for it in links],
        "by": [str(it.by) for it in links],
        "now": now,
        "system": system,
    }
    for statement in (_LINKS, _OUTCOMES, _WITHDRAWN, _RAISED, _LIFTED):
        connection.execute(statement, taken)
    again = _ids(connection, _ASKED_AGAIN, taken)
    due = connection.execute(_DUE_AGAIN, {"tasks": [str(one) for one in again]})
    ended = _ids(connection, _CANCELLED, taken)
    taken["ended"] = [str(one) for one in ended]
    connection.execute(_MISSED, taken)
    standing = _ids(connection, _STANDING_AGAIN, taken)
    return TakenBack(ended, standing, tuple(DueAgain(row.id, row.case_id, row.rolled_due) for row in due))


def _ids(connection: Connection, statement: TextClause, values: Mapping[str, Any]) -> frozenset[UUID]:
    return frozenset(connection.execute(statement, values).scalars())
