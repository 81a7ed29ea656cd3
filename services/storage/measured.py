"""What processes measure of their work, summed over all of them: they come and go, the sums stay."""

from collections.abc import Mapping

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from services.storage.tables import measured


def add(connection: Connection, grown: Mapping[tuple[str, str], float]) -> None:
    """Add to the sums, in one statement; ``grown`` by name and labels."""
    if not grown:
        return
    # In one order for all, so that two processes wait for each other and never cross.
    rows = [{"name": name, "labels": labels, "total": grown[name, labels]} for name, labels in sorted(grown)]
    addition = insert(measured).values(rows)
    connection.execute(
        addition.on_conflict_do_update(
            index_elements=["name", "labels"], set_={"total": measured.c.total + addition.excluded.total}
        )
    )


def totals(connection: Connection) -> dict[tuple[str, str], float]:
    """All sums, by name and labels."""
    return {(row.name, row.labels): row.total for row in connection.execute(select(measured))}
