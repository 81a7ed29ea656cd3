"""The events of certain types on cases, with their payloads, set-wise: what a decision or a page is folded from."""

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, select, union_all

from services.domain.case_events import CaseEvent
from services.storage import bulk, event_log
from services.storage.sealing import KeyRing
from services.storage.tables import event_links, event_outcomes
from services.storage.tables import event_log as log

_REFUSED = frozenset({"refused", "quarantined"})
_PROCESSED = "processed"


def of_types(
    connection: Connection, keys: KeyRing, case_ids: Collection[UUID], types: Iterable[str]
) -> dict[UUID, list[CaseEvent]]:
    """The events of these types that are on these cases, by case: their own and those that a person linked to them.

    What was refused is left out; what has not had its turn yet is there, and says so. An event whose payload was erased
    is left out.
    """
    if not case_ids:
        return {}
    wanted = log.c.type.in_(sorted(types))
    own = (
        select(log.c.case_id, log.c.id, log.c.actor, event_outcomes.c.state, event_links.c.event_id.label("linked"))
        .outerjoin(event_outcomes, event_outcomes.c.event_id == log.c.id)
        .outerjoin(event_links, and_(event_links.c.event_id == log.c.id, _in_force()))
        .where(bulk.among(log.c.case_id, case_ids), wanted)
    )
    linked = (
        select(event_links.c.case_id, log.c.id, log.c.actor, event_outcomes.c.state, log.c.id.label("linked"))
        .join(log, log.c.id == event_links.c.event_id)
        .outerjoin(
            event_outcomes,
            and_(event_outcomes.c.event_id == log.c.id, event_outcomes.c.case_id == event_links.c.case_id),
        )
        .where(bulk.among(event_links.c.case_id, case_ids), _in_force(), wanted)
    )
    rows = connection.execute(union_all(own, linked)).all()
    kept = [row for row in rows if row.state not in _REFUSED]
    loaded = event_log.load(connection, keys, [row.id for row in kept]) if kept else {}
    found: dict[UUID, list[CaseEvent]] = {}
    for row in kept:
        event = loaded.get(row.id)
        if event is not None and event.data:
            one = CaseEvent(event, row.actor, linked=row.linked is not None, settled=row.state == _PROCESSED)
            found.setdefault(row.case_id, []).append(one)
    return found


def _in_force() -> ColumnElement[bool]:
    return event_links.c.unlinked_by_event_id.is_(None)
