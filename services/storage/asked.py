"""What somebody is asked about who is to find the case of an event: the open tasks, who sent it and under which number.

In the web role all of this is seen only as long as the task is open (`app_asked_about`), or the agency is on the case.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, select, union_all

from services.domain.linking import COMPARE_TASK, LINK_TASK
from services.domain.tasks import OPEN
from services.storage.tables import agencies, case_agencies, case_identifiers, cases, event_log, tasks


@dataclass(frozen=True, slots=True)
class AskedTask:
    """An open task about an event of no case."""

    id: UUID
    kind: str
    assignee_id: UUID


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sent an event, and under which number (the envelope's ``subject``)."""

    agency_id: UUID
    agency: str
    number: str


def open_about(connection: Connection, event_ids: Collection[UUID], agency_id: UUID) -> dict[UUID, list[AskedTask]]:
    """The open tasks by which an agency is asked about these events as of no case, by event; to link comes first."""
    if not event_ids:
        return {}
    rows = connection.execute(
        select(tasks.c.event_id, tasks.c.id, tasks.c.kind, tasks.c.assignee_id)
        .where(
            tasks.c.event_id.in_(list(event_ids)),
            tasks.c.agency_id == agency_id,
            tasks.c.case_id.is_(None),
            tasks.c.kind.in_([LINK_TASK, COMPARE_TASK]),
            tasks.c.state.in_([state.value for state in OPEN]),
        )
        .order_by(tasks.c.kind.desc(), tasks.c.created_at, tasks.c.id)
    )
    found: dict[UUID, list[AskedTask]] = {}
    for row in rows:
        found.setdefault(row.event_id, []).append(AskedTask(row.id, row.kind, row.assignee_id))
    return found


def origins(connection: Connection, event_ids: Collection[UUID]) -> dict[UUID, Origin]:
    """Who sent these events, and under which numbers."""
    if not event_ids:
        return {}
    rows = connection.execute(
        select(event_log.c.id, event_log.c.agency_id, event_log.c.subject, agencies.c.name)
        .join(agencies, agencies.c.id == event_log.c.agency_id)
        .where(event_log.c.id.in_(list(event_ids)))
    )
    return {row.id: Origin(row.agency_id, row.name, row.subject) for row in rows}


def number_here(connection: Connection, origin: Origin, reader: UUID) -> str | None:
    """By which number an agency knows the case that a sender's number means by now: its own, or the token. None where
    it means none, or a case that the agency is not on.
    """
    linked = select(case_identifiers.c.case_id).where(
        case_identifiers.c.agency_id == origin.agency_id,
        case_identifiers.c.value == origin.number,
        case_identifiers.c.unlinked_by_event_id.is_(None),
    )
    named = select(cases.c.id.label("case_id")).where(cases.c.token == origin.number)
    meant = union_all(linked, named).subquery()
    return connection.execute(
        select(_own_number(reader))
        .join(meant, meant.c.case_id == cases.c.id)
        .join(case_agencies, case_agencies.c.case_id == cases.c.id)
        .where(case_agencies.c.agency_id == reader, case_agencies.c.until.is_(None))
        .limit(1)
    ).scalar()


def numbers(connection: Connection, case_ids: Collection[UUID], reader: UUID) -> dict[UUID, str]:
    """By which numbers an agency knows these cases, of those that it sees: its own, or the token."""
    if not case_ids:
        return {}
    rows = connection.execute(select(cases.c.id, _own_number(reader).label("number")).where(cases.c.id.in_(case_ids)))
    return {row.id: row.number for row in rows}


def _own_number(reader: UUID) -> ColumnElement[str]:
    own = (
        select(case_identifiers.c.value)
        .where(
            case_identifiers.c.case_id == cases.c.id,
            case_identifiers.c.agency_id == reader,
            case_identifiers.c.unlinked_by_event_id.is_(None),
        )
        .order_by(case_identifiers.c.value)
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(own, cases.c.token)
