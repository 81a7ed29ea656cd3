"""Bringing rows of the registry to what is asked: those missing are added, those that differ are changed.

Asking twice changes nothing the second time. The lock makes it so that two who ask at once do it one after the other.
"""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID, uuid4

from sqlalchemy import Connection, Table, bindparam, func, insert, select, tuple_, update

from services.domain.registry import Outcome, Registered

Row = Mapping[str, object]
Key = tuple[object, ...]


def lock(connection: Connection) -> None:
    """Let nobody else register anything until the end of this transaction."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("registry"))))


def _nothing_first(new: Sequence[Row]) -> None:
    """Most tables need no other row before their own."""


def put(
    connection: Connection,
    table: Table,
    key: Sequence[str],
    asked: Sequence[Row],
    only_new: Row,
    first: Callable[[Sequence[Row]], None] = _nothing_first,
) -> dict[Key, Registered]:
    """Bring ``table`` to what is ``asked``: rows without their ``id``, told apart by the columns of ``key``.

    ``only_new`` are the columns that a row gets when it is added and never again (``created_at``); ``first`` is called
    with the rows to be added, ids and all, before they are. Answers, by key, under which id each is registered and
    whether it was created, changed or kept. Set-wise: three statements.
    """

    if not asked:
        return {}

    def key_of(row: Row) -> Key:
        return tuple(row[column] for column in key)

    rows = {key_of(row): row for row in asked}
    columns = [table.c[column] for column in key]
    found = connection.execute(select(table).where(tuple_(*columns).in_(list(rows)))).mappings().all()
    there = {key_of(dict(row)): row for row in found}
    ids: dict[Key, UUID] = {at: uuid4() for at in rows if at not in there}
    added = [{**rows[at], **only_new, "id": id_} for at, id_ in ids.items()]
    if added:
        first(added)
        connection.execute(insert(table), added)
    changed = [at for at, row in there.items() if any(row[name] != value for name, value in rows[at].items())]
    if changed:
        change = update(table).where(*(column == bindparam(f"at_{column.name}") for column in columns))
        connection.execute(change, [{**rows[at], **{f"at_{name}": rows[at][name] for name in key}} for at in changed])
    answer = {at: Registered(id_, Outcome.CREATED) for at, id_ in ids.items()}
    for at, row in there.items():
        answer[at] = Registered(row["id"], Outcome.CHANGED if at in changed else Outcome.KEPT)
    return answer
