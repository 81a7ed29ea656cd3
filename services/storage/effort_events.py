"""The events that efforts and counts of cases are made from, set-wise, and the agencies that sent them."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection, select

from services.storage import deadline_facts
from services.storage.deadline_facts import LookBack
from services.storage.tables import agencies

_FROM_THE_FIRST = datetime(1900, 1, 1, tzinfo=UTC)


def of_types(connection: Connection, case_ids: Collection[UUID], types: frozenset[str]) -> dict[UUID, UUID]:
    """The events of these types that were routed on these cases, linked ones too. By event, the case."""
    wanted = [LookBack(case_id, types, _FROM_THE_FIRST, 0) for case_id in case_ids]
    return deadline_facts.routed_since(connection, wanted)


def names_of(connection: Connection, agency_ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of these agencies."""
    rows = connection.execute(select(agencies.c.id, agencies.c.name).where(agencies.c.id.in_(list(agency_ids))))
    return {row.id: row.name for row in rows}
