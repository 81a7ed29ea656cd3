"""Violence that stands on record, as routing asks for it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, func, select, union_all

from services.domain.routing_facts import INCIDENTS, ON_RECORD
from services.storage import bulk
from services.storage.tables import event_links, event_log


def last_on_record(connection: Connection, case_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When the last act of violence happened that police, a court, the prosecutor or probation put on record, by case;
    a case that has none is left out. Linked events count as the case's own.
    """
    is_one = (
        event_log.c.type.in_(sorted(INCIDENTS)),
        event_log.c.emitter.in_(sorted(role.value for role in ON_RECORD)),
    )
    own = select(event_log.c.case_id, event_log.c.time).where(bulk.among(event_log.c.case_id, case_ids), *is_one)
    linked = (
        select(event_links.c.case_id, event_log.c.time)
        .join(event_log, event_log.c.id == event_links.c.event_id)
        .where(bulk.among(event_links.c.case_id, case_ids), event_links.c.unlinked_by_event_id.is_(None), *is_one)
    )
    found = union_all(own, linked).subquery()
    rows = connection.execute(select(found.c.case_id, func.max(found.c.time).label("time")).group_by(found.c.case_id))
    return {row.case_id: row.time for row in rows}
