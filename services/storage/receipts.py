"""The log's answer to a sender: that an event was kept, and what routing made of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select

from services.storage.tables import case_agencies, event_log, event_outcomes


@dataclass(frozen=True, slots=True)
class Kept:
    """An event in the log and its outcome. ``state``, ``code`` and ``at`` are None until routing has seen it.

    ``matched_at_intake`` says that it was known to be of a case when it came in; ``sender_on_case`` that its agency
    is on the case that it was put on since.
    """

    source: str
    source_id: str
    type: str
    accepted: datetime
    state: str | None
    code: str | None
    at: datetime | None
    matched_at_intake: bool
    sender_on_case: bool


def find(connection: Connection, event_id: UUID, agency_id: UUID) -> Kept | None:
    """An event that this agency sent; None for any other."""
    on_case = (
        select(case_agencies.c.case_id)
        .where(
            case_agencies.c.case_id == event_outcomes.c.case_id,
            case_agencies.c.agency_id == agency_id,
            case_agencies.c.until.is_(None),
        )
        .exists()
    )
    row = connection.execute(
        select(
            event_log.c.source,
            event_log.c.source_id,
            event_log.c.type,
            event_log.c.accepted,
            event_log.c.case_id,
            event_outcomes.c.state,
            event_outcomes.c.code,
            event_outcomes.c.at,
            on_case.label("sender_on_case"),
        )
        .join(event_outcomes, event_outcomes.c.event_id == event_log.c.id, isouter=True)
        .where(event_log.c.id == event_id, event_log.c.agency_id == agency_id)
    ).one_or_none()
    if row is None:
        return None
    return Kept(
        source=row.source,
        source_id=row.source_id,
        type=row.type,
        accepted=row.accepted,
        state=row.state,
        code=row.code,
        at=row.at,
        matched_at_intake=row.case_id is not None,
        sender_on_case=row.sender_on_case,
    )
