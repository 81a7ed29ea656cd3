"""Links of unmatched events to cases: appended facts, of which at most one is in force for an event (Settled 7)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, and_, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.domain.linking import Link, Linking, linking
from services.storage.tables import event_links, event_log, event_outcomes

_IN_FORCE = event_links.c.unlinked_by_event_id.is_(None)

LINK_IN_FORCE = and_(event_links.c.event_id == event_log.c.id, _IN_FORCE)
"""Joins an event with its link, where one is in force (an outer join)."""

CASE_NOW = func.coalesce(event_log.c.case_id, event_links.c.case_id)
"""The case of an event so joined: the one that it came in on, or is linked to; null where it is on none."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The case that an event is linked to, and the event that says so."""

    case_id: UUID
    by: UUID


def in_force(connection: Connection, event_ids: Collection[UUID]) -> dict[UUID, InForce]:
    """Where those of these events are that are linked to a case; in the web role, to one that the agency is on."""
    return _read(connection, _linked(event_ids)) if event_ids else {}


def hold(connection: Connection, event_ids: Collection[UUID]) -> dict[UUID, InForce]:
    """The same, and nobody takes these links back until the end of the transaction."""
    return _read(connection, _linked(event_ids).with_for_update(read=True)) if event_ids else {}


def _linked(event_ids: Collection[UUID]) -> Select[Any]:
    return select(event_links).where(event_links.c.event_id.in_(list(event_ids)), _IN_FORCE)


def _read(connection: Connection, query: Select[Any]) -> dict[UUID, InForce]:
    rows = connection.execute(query.order_by(event_links.c.event_id))
    return {row.event_id: InForce(row.case_id, row.linked_by_event_id) for row in rows}


def stand(connection: Connection, event_ids: Collection[UUID]) -> Linking:
    """Which of these events wait for a case, and on which those are that are linked to one. Nobody else changes these
    links until the end of the transaction.
    """
    if not event_ids:
        return linking((), {})
    on = _read(connection, _linked(event_ids).with_for_update())
    waiting = connection.execute(
        select(event_outcomes.c.event_id).where(
            event_outcomes.c.event_id.in_(list(event_ids)), event_outcomes.c.state == "unmatched"
        )
    ).scalars()
    return linking(
        [event_id for event_id in waiting if event_id not in on], {id_: it.case_id for id_, it in on.items()}
    )


def causes(connection: Connection, event_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Because of which other events these are told by now: the one that linked them last, or took that link back. Those
    that nobody ever linked are left out.
    """
    if not event_ids:
        return {}
    made = event_log.alias("made")
    rows = connection.execute(
        select(event_links.c.event_id, event_links.c.linked_by_event_id, event_links.c.unlinked_by_event_id)
        .ext(distinct_on(event_links.c.event_id))
        .join(made, made.c.id == event_links.c.linked_by_event_id)
        .where(event_links.c.event_id.in_(list(event_ids)))
        .order_by(event_links.c.event_id, _IN_FORCE.desc(), made.c.accepted.desc(), made.c.sequence.desc())
    )
    return {row.event_id: row.unlinked_by_event_id or row.linked_by_event_id for row in rows}


def put(connection: Connection, made: Sequence[Link]) -> None:
    """Write links. Raises IntegrityError where somebody else linked one of the events in the meantime."""
    connection.execute(
        insert(event_links),
        [{"event_id": it.event_id, "case_id": it.case_id, "linked_by_event_id": it.by} for it in made],
    )
