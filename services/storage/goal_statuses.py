"""The statuses of goals as they were last said, by view. Set-wise."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, exists, select, text

from services.storage import bulk
from services.storage.tables import goal_statuses

Named = tuple[UUID, str, str]
"""A case, a goal of it, and a view."""


@dataclass(frozen=True, slots=True)
class SaidStatus:
    """What was said of a goal in a view. ``reasons`` are codes with their figures."""

    case_id: UUID
    goal_id: str
    view: str
    status: str
    reasons: tuple[str, ...]
    review_required: bool
    as_of: date
    policy_digest: str
    changed_at: datetime
    said_by_event_id: UUID | None = None

    @property
    def name(self) -> Named:
        """What it is the status of."""
        return self.case_id, self.goal_id, self.view


_HOLD = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('goals:' || id, 0)) "
    "FROM (SELECT unnest(CAST(:cases AS text[])) AS id ORDER BY 1) AS held"
)


def hold(connection: Connection, case_ids: Collection[UUID]) -> None:
    """Nobody else assesses the goals of these cases until the end of the transaction."""
    connection.execute(_HOLD, {"cases": sorted(str(case_id) for case_id in case_ids)})


def cases_with_goals(connection: Connection, case_ids: Collection[UUID]) -> set[UUID]:
    """Which of these cases have goals of which something has been said."""
    wanted = select(goal_statuses.c.case_id).where(bulk.among(goal_statuses.c.case_id, case_ids)).distinct()
    return set(connection.execute(wanted).scalars())


def any_goals(connection: Connection) -> bool:
    """Whether there is any goal at all."""
    return bool(connection.execute(select(exists(select(goal_statuses.c.case_id)))).scalar())


def of_cases(connection: Connection, case_ids: Collection[UUID]) -> dict[Named, SaidStatus]:
    """What was last said of the goals of these cases."""
    rows = connection.execute(select(goal_statuses).where(bulk.among(goal_statuses.c.case_id, case_ids)))
    found = (
        SaidStatus(
            case_id=row.case_id,
            goal_id=row.goal_id,
            view=row.view,
            status=row.status,
            reasons=tuple(row.reasons),
            review_required=row.review_required,
            as_of=row.as_of,
            policy_digest=row.policy_digest,
            changed_at=row.changed_at,
            said_by_event_id=row.said_by_event_id,
        )
        for row in rows
    )
    return {one.name: one for one in found}


_PUT = text(
    """
    INSERT INTO goal_statuses (case_id, goal_id, view, status, reasons, review_required, as_of, policy_digest,
        changed_at, said_by_event_id)
    SELECT r.case_id, r.goal_id, r.view, r.status, r.reasons, r.review_required, r.as_of, r.policy_digest,
        r.changed_at, r.said_by_event_id
    FROM json_to_recordset(CAST(:rows AS json)) AS r(case_id uuid, goal_id text, view text, status text,
        reasons text[], review_required boolean, as_of date, policy_digest text, changed_at timestamptz,
        said_by_event_id uuid)
    ON CONFLICT (case_id, goal_id, view) DO UPDATE SET status = excluded.status, reasons = excluded.reasons,
        review_required = excluded.review_required, as_of = excluded.as_of, policy_digest = excluded.policy_digest,
        changed_at = excluded.changed_at, said_by_event_id = excluded.said_by_event_id
    """
)


def put(connection: Connection, statuses: Iterable[SaidStatus]) -> None:
    """Keep what is said now, in place of what was said before."""
    rows = [{name: getattr(one, name) for name in SaidStatus.__slots__} for one in statuses]
    if rows:
        connection.execute(_PUT, bulk.parameters(rows))
