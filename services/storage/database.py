"""Connections and transactions: one pool, and no transaction that does not say who acts."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import orjson
import psycopg
from psycopg import sql
from psycopg.pq import ExecStatus
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool

from services.domain.actors import Actor

_TIMEOUTS = "-c statement_timeout=5s -c lock_timeout=2s -c idle_in_transaction_session_timeout=5s"
_IDLE_IN_TRANSACTION = "25P03"
_DURABLE = "-c synchronous_commit=on -c random_page_cost=1.1"


class CutOffError(OperationalError):
    """The database ended the connection because nothing was said in a transaction for too long. To whoever was frozen
    it was away; to whoever computed for so long, it would be again.
    """


class DatabaseRole(StrEnum):
    """The role that a process takes on: each sees and may do only what its policies say."""

    WEB = "tallystick_web"
    INTAKE = "tallystick_intake"
    WORKER = "tallystick_worker"
    READER = "tallystick_reader"


_PLANS = {
    DatabaseRole.WEB: "",
    DatabaseRole.INTAKE: "",
    DatabaseRole.WORKER: "-c plan_cache_mode=force_custom_plan",
    DatabaseRole.READER: "",
}
"""Workers ask few and large questions: each is worth a plan of its own, made for its size and today's tables. A plan
that was kept from when a table was small reads all of it when it is large.
"""

DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
"""What is raised when the database cannot be reached, is shutting down, or does not answer in time."""


class Database:
    """One pool of connections, used in one role."""

    def __init__(self, engine: Engine, role: DatabaseRole) -> None:
        self.engine = engine
        self.role = role

    @contextmanager
    def begin(
        self, actor: Actor, *, idle_seconds: float | None = None, plans_kept: bool = False
    ) -> Iterator[Connection]:
        """A transaction of ``actor``: commits at the end of the block, rolls back when it raises.

        Who says nothing for ``idle_seconds`` in it (5 where that is None) is cut off by the database, which frees what
        the transaction holds: a process that stands still must not make others stand still.

        ``plans_kept`` is for statements that are written so that one plan fits whatever they are asked: prepared ones
        are planned once a connection then, not each time.
        """
        who = _Who(self.role, actor.name, str(actor.agency_id or ""), actor.administrates)
        with self._begun(_beginning(who, idle_seconds, plans_kept)) as connection:
            yield connection

    @contextmanager
    def begin_intake(self, agency_ids: Iterable[UUID]) -> Iterator[Connection]:
        """A transaction that takes in what these agencies send, in the role that may do no more than that.

        It waits for nobody longer than a quarter of a second: what of one sender stands in the way of somebody else is
        not to hold up the others.
        """
        agencies = ",".join(sorted(map(str, agency_ids)))
        who = _Who(DatabaseRole.INTAKE, "intake", "", administrates=False, agencies=agencies)
        with self._begun(_beginning(who, idle_seconds=None, plans_kept=True)) as connection:
            yield connection

    @contextmanager
    def _begun(self, beginning: bytes) -> Iterator[Connection]:
        try:
            with self.engine.begin() as connection:
                _begin(connection, beginning)
                yield connection
        except InternalError as error:
            if getattr(error.orig, "sqlstate", None) == _IDLE_IN_TRANSACTION:
                raise CutOffError(error.statement, None, cast(BaseException, error.orig)) from error
            raise

    def as_role(self, role: DatabaseRole) -> "Database":
        """The same pool, used in another role."""
        return Database(self.engine, role)

    def close(self) -> None:
        """Close every connection of the pool."""
        self.engine.dispose()


@dataclass(frozen=True, slots=True)
class _Who:
    """Who acts in a transaction: ``agency`` for one, ``agencies`` for the several that intake takes events of."""

    role: DatabaseRole
    actor: str
    agency: str
    administrates: bool
    agencies: str = ""


@lru_cache(maxsize=1024)
def _beginning(who: _Who, idle_seconds: float | None, plans_kept: bool) -> bytes:
    """The statements that begin a transaction and say for it alone who acts."""
    settings = {
        "role": who.role.value,
        "app.actor": who.actor,
        "app.agency": who.agency,
        "app.administrates": "yes" if who.administrates else "",
    }
    if who.agencies:
        settings |= {"app.agencies": who.agencies, "lock_timeout": "250ms"}
    if idle_seconds is not None:
        settings["idle_in_transaction_session_timeout"] = f"{round(idle_seconds * 1000)}ms"
    if plans_kept:
        settings["plan_cache_mode"] = "force_generic_plan"
    # Not `set_config`: a query is planned, each time, and this is not.
    said = (f"SET LOCAL {name} = {sql.quote(value)}" for name, value in settings.items())
    return "; ".join(("BEGIN", *said)).encode()


def _begin(connection: Connection, beginning: bytes) -> None:
    """Begin in one round trip: a driver's own BEGIN would be another, which every transaction pays."""
    driver = cast(psycopg.Connection, connection.connection.driver_connection)
    try:
        begun = driver.pgconn.exec_(beginning).status == ExecStatus.COMMAND_OK
    except psycopg.Error:
        begun = False
    if not begun:
        # Once more on SQLAlchemy's way, which raises what is wrong as its own errors and forgets dead connections.
        if not driver.closed:
            driver.rollback()
        connection.exec_driver_sql(beginning.decode().replace("%", "%%"))


def run(connection: Connection, statement: str, parameters: Mapping[str, object]) -> list[Any]:
    """Execute a statement in the driver's own words (``%(name)s``), and give its rows, if it has any, as tuples.

    For the few statements that every request pays: what SQLAlchemy does for each costs as much as the driver does.
    Raises SQLAlchemy's errors.
    """
    driver = cast(psycopg.Connection, connection.connection.driver_connection)
    try:
        done = driver.execute(statement.encode(), parameters)
        # `description` would make an object of every column.
        return done.fetchall() if done.pgresult is not None and done.pgresult.nfields else []
    except psycopg.Error as error:
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, hide_parameters=True, connection_invalidated=driver.closed
        ) from error


def connect(url: str, role: DatabaseRole, *, pool_size: int = 5) -> Database:
    """A pool on ``url`` (``postgresql://`` or ``postgresql+psycopg://``) of up to ``pool_size`` connections and as
    many again under load. Connecting takes at most 2 seconds, a statement 5, waiting for a lock 2. Errors do not show
    the values of their statement: they are case data.
    """
    address = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(
        address,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=2,
        pool_use_lifo=True,
        hide_parameters=True,
        json_deserializer=orjson.loads,
        connect_args={"connect_timeout": 2, "options": f"{_TIMEOUTS} {_DURABLE} {_PLANS[role]} -c timezone=UTC"},
    )
    return Database(engine, role)


def apart(database: Database, role: DatabaseRole) -> Database:
    """The same database in ``role``, over connections that are made for one transaction each: for questions that shall
    neither wait for the pool nor be held up by a connection that hangs. Connecting takes at most 2 seconds.
    """
    engine = create_engine(
        database.engine.url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": 2, "options": f"{_TIMEOUTS} -c timezone=UTC"},
    )
    return Database(engine, role)


def is_away(error: DBAPIError) -> bool:
    """Whether this error says that the database is away (rather than that it refused a statement)."""
    return bool(error.connection_invalidated) or isinstance(error, DATABASE_AWAY)
