"""Many rows in one statement and one parameter.

Rows travel as one JSON document, which the server unfolds (``INSERT … SELECT … FROM json_to_recordset``). A VALUES list
of the same rows has thousands of parameters, which each cost time to number, to parse and to plan. COPY would be faster
still, and is refused by PostgreSQL on tables under row-level security.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    LargeBinary,
    Table,
    TableValuedAlias,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import Insert, insert

_ROWS = "rows"


def parameters(rows: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Rows as the parameter of a statement made here. Values are what JSON knows, and bytes, UUIDs, dates, instants
    and enumerations.
    """
    return {_ROWS: orjson.dumps(list(rows), default=_as_json).decode()}


def _as_json(value: object) -> object:
    match value:
        case bytes():
            return value.hex()
        case Mapping():
            return dict(value)
        case tuple() | frozenset() | set():
            return list(value)
    raise TypeError(f"{type(value).__name__} is no value of a row")


def among(wanted: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether a column's value is one of these, as one parameter: the same statement for any number of values. UUIDs
    and whole numbers only. The values are a table to join with: tested row by row, an array is searched from its start.
    """
    literal = "{" + ",".join(value.hex if isinstance(value, UUID) else str(int(value)) for value in values) + "}"
    return wanted.in_(select(func.unnest(cast(bindparam(None, literal, type_=Text), ARRAY(wanted.type)))))


def unfolded(*columns: Column[Any], name: str = "new") -> TableValuedAlias:
    """A table of the rows in the parameter, with these columns of real tables: their names and types. Binary ones are
    hexadecimal text in it; `value_of` turns each into what its column wants.
    """
    typed = [column(one.name, Text if isinstance(one.type, LargeBinary) else one.type) for one in columns]
    document = cast(bindparam(_ROWS, type_=Text), JSON)
    return func.json_to_recordset(document).table_valued(*typed).render_derived(name=name, with_types=True)


def value_of(rows: TableValuedAlias, wanted: Column[Any]) -> ColumnElement[Any]:
    """What a row says for a column of a real table."""
    said: ColumnElement[Any] = rows.c[wanted.name]
    return func.decode(said, "hex") if isinstance(wanted.type, LargeBinary) else said


@cache
def insertion(table: Table, names: tuple[str, ...]) -> Insert:
    """``INSERT`` into these columns of a table, in the order of the rows, to be executed with `parameters`; what it
    does on a conflict is for the caller to add.
    """
    columns = [table.c[name] for name in names]
    rows = unfolded(*columns)
    return insert(table).from_select(names, select(*(value_of(rows, one) for one in columns)), include_defaults=False)


@cache
def _ignoring(table: Table, names: tuple[str, ...]) -> Insert:
    return insertion(table, names).on_conflict_do_nothing()


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, object]], *, ignore_known: bool = False
) -> CursorResult[Any] | None:
    """Insert rows, which all have the same columns, in their order; columns that are left out get their default.

    ``ignore_known`` leaves out those that break a unique key. None where there are no rows.
    """
    if not rows:
        return None
    make = _ignoring if ignore_known else insertion
    return connection.execute(make(table, tuple(rows[0])), parameters(rows))
