"""Whether the pipeline keeps its pace as the store fills: 1,000,000 events beside 10,000, on one server, in turn."""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import Column, Connection, Engine, Table, TextClause, Uuid, create_engine, text

from benchmarks.county import by_agency, case_numbers, found_county, open_cases, today, traffic
from benchmarks.figures import AtLeast, Figure, Report, median_ratio
from benchmarks.options import Options
from benchmarks.stage import KEYS, POLICY, stores
from services.actions.play_story import agency_actors
from services.actions.receive_events import Accepted, receive_events
from services.actions.run_jobs import run_jobs
from services.clock import machine_clock
from services.domain.actors import system_actor
from services.domain.urgency import Lane
from services.local.machine import LocalStores
from services.policy.book import load_policy_book
from services.storage.database import DatabaseRole, connect
from services.storage.event_log import place_of_key
from services.storage.migrating import migrate
from services.storage.tables import metadata
from services.system import System

SMALL, COPIES = 10_000, 100
EVENTS_A_CASE = 200
ROUNDS = 7
EVENTS_A_ROUND = 2_000
_BATCH = 500
_PARTS = 10
_KEPT = frozenset({"agencies", "counties", "parties", "staff", "teams", "clients", "endpoints"})
"""What the copies of a case share: the county."""
_NAMING_KEPT = frozenset({"agency_id", "requester_agency_id", "recipient_id", "endpoint_id"})
"""Columns that refer to it without a foreign key."""


def run(options: Options) -> Report:
    """Route the same traffic in a small and in a large store, by turns."""
    events = options.scaled(EVENTS_A_ROUND, 200)
    base = case_numbers(options.scaled(SMALL // EVENTS_A_CASE, 5))
    with stores() as running:
        _fill(running, base)
        with ExitStack() as closing:
            small, large = (
                _Side(closing.enter_context(_system(running, name)), base, copies, options.random())
                for name, copies in (("small", 1), ("large", COPIES))
            )
            sizes = [small.size(), large.size()]
            for side in (small, large):
                side.rate(events)
            ratio, of_large, of_small = median_ratio(lambda: large.rate(events), lambda: small.rate(events), ROUNDS)
    return Report(
        "growth",
        "Does the pipeline, from accepted batch to notifications written, keep its pace as the store fills?",
        options.seed,
        figures=[
            Figure("rate in the large store, of that in the small", 100 * ratio, "%", AtLeast(80)),
            Figure("rate in the large store", statistics.median(of_large), "events/s"),
            Figure("rate in the small store", statistics.median(of_small), "events/s"),
        ],
        setting={
            "events": " and ".join(f"{size:,}" for size in sizes),
            "cases": f"{len(base):,} and {len(base) * COPIES:,}",
            "rounds": ROUNDS,
            "events a round": f"{events:,}, in both about {len(base)} cases",
        },
    )


def _fill(running: LocalStores, base: Sequence[str]) -> None:
    """A database of these cases and their past, all of it through the pipeline, and one of as many copies of it."""
    running.postgres.ensure_database("small")
    migrate(running.dsn_owner("small"))
    with _system(running, "small") as system:
        _Side(system, base, 1, Random(0)).fill()
    running.postgres.create_from_template("large", "small")
    for name, copies in (("small", 1), ("large", COPIES)):
        owner = create_engine(running.dsn_owner(name))
        if copies > 1:
            _copy(owner, copies)
        _settle(owner)
        owner.dispose()


@contextmanager
def _system(running: LocalStores, name: str) -> Iterator[System]:
    database = connect(running.dsn_app(name), DatabaseRole.WORKER)
    try:
        yield System(database=database, clock=machine_clock, keys=KEYS, policy=load_policy_book(POLICY))
    finally:
        database.close()


@dataclass(slots=True)
class _Side:
    """A store: the numbers of the cases that went through the pipeline, and how often each is there."""

    system: System
    numbers: Sequence[str]
    copies: int
    random: Random
    rounds: int = 0

    def fill(self) -> None:
        """Set the county up, open the cases, and send the events of a month through the pipeline."""
        open_cases(self.system, found_county(self.system), self.numbers, today() - timedelta(days=31))
        self._work()
        for part in range(_PARTS):
            count = len(self.numbers) * EVENTS_A_CASE // _PARTS
            self._send(self.numbers, count, f"past-{part}", days_ago=30 - part)
            self._work()

    def rate(self, count: int) -> float:
        """Events a second, of so many about as many cases as the small store has; other ones in each round."""
        self.rounds += 1
        copy = (self.rounds * 7919 + 1) % self.copies
        numbers = [_copied(number, copy) for number in self.numbers]
        began = time.perf_counter()
        self._send(numbers, count, f"round-{self.rounds}", days_ago=0)
        self._work()
        return count / (time.perf_counter() - began)

    def size(self) -> int:
        """How many events there are."""
        with self.system.database.begin(system_actor("benchmark")) as connection:
            return int(connection.execute(text("SELECT count(*) FROM event_log")).scalar_one())

    def _send(self, numbers: Sequence[str], count: int, name: str, days_ago: int) -> None:
        senders = agency_actors(self.system)
        at = today() - timedelta(days=days_ago)
        for agency, envelopes in by_agency(traffic(self.random, numbers, count, at, name)).items():
            for start in range(0, len(envelopes), _BATCH):
                for outcome in receive_events(self.system, senders[agency], envelopes[start : start + _BATCH]):
                    if not isinstance(outcome, Accepted):
                        raise TypeError(f"an event was not accepted: {outcome}")

    def _work(self) -> None:
        while sum(run_jobs(self.system, lane) for lane in Lane):
            pass


def _copied(number: str, copy: int) -> str:
    """The number of a copy of a case; the first is the case itself."""
    return number if copy == 0 else f"{number}-{copy}"


def _copy(owner: Engine, copies: int) -> None:
    """Copy all that belongs to cases, so that there is ``copies`` times as much; ids are made anew, alike everywhere.
    Constraints, indexes and triggers are taken away meanwhile and made again at the end.
    """
    tables = [table for table in metadata.sorted_tables if _of_cases(table)]
    with owner.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(text(f"ALTER TABLE {table.name} NO FORCE ROW LEVEL SECURITY"))
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER USER"))
        made_again = _bare(connection, tables)
        for table in tables:
            connection.execute(_copying(table), {"copies": copies - 1})
        _seal_anew(connection)
        for statement in made_again:
            connection.execute(text(statement))
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table.name} ENABLE TRIGGER USER"))
        for table in metadata.sorted_tables:
            connection.execute(text(f"ALTER TABLE {table.name} FORCE ROW LEVEL SECURITY"))


def _of_cases(table: Table) -> bool:
    return "case_id" in table.c or table.name in {"cases", "attempts", "vault"}


def _copying(table: Table) -> TextClause:
    columns = [column for column in table.c if column.identity is None]
    names = ", ".join(column.name for column in columns)
    values = ", ".join(_value(table, column) for column in columns)
    said = f"INSERT INTO {table.name} ({names}) SELECT {values} "
    return text(f"{said} FROM {table.name} AS o, generate_series(1, :copies) AS n")


def _value(table: Table, column: Column[Any]) -> str:
    name = f"o.{column.name}"
    if isinstance(column.type, Uuid) and not _kept(column):
        return _copied_id(name)
    if (table.name, column.name) in {
        ("cases", "token"),
        ("case_identifiers", "value"),
        ("event_log", "source_id"),
        ("event_log", "subject"),
        ("jobs", "key"),
    }:
        return f"{name} || '-' || n"
    return name


def _copied_id(name: str) -> str:
    """An id for a copy: one that begins with its instant begins with the same (services/ids.py)."""
    digits, digest = f"replace(CAST({name} AS text), '-', '')", f"md5(CAST({name} AS text) || n)"
    timed = f"substr({digits}, 13, 1) IN ('7', '8')"
    return f"CAST(CASE WHEN {timed} THEN left({digits}, 13) || substr({digest}, 14) ELSE {digest} END AS uuid)"


def _kept(column: Column[Any]) -> bool:
    return column.name in _NAMING_KEPT or any(key.column.table.name in _KEPT for key in column.foreign_keys)


def _bare(connection: Connection, tables: Sequence[Table]) -> list[str]:
    """Take constraints and indexes of these tables away. Returns the statements that make them again."""
    names = [table.name for table in tables]
    constraints = connection.execute(_CONSTRAINTS, {"tables": names}).all()
    for one in constraints:
        connection.execute(text(f'ALTER TABLE {one.owner} DROP CONSTRAINT IF EXISTS "{one.name}"'))
    indexes = connection.execute(_INDEXES, {"tables": names}).all()
    for one in indexes:
        connection.execute(text(f'DROP INDEX "{one.name}"'))
    again = [f'ALTER TABLE {one.owner} ADD CONSTRAINT "{one.name}" {one.definition}' for one in reversed(constraints)]
    return [*(one.definition for one in indexes), *again]


# Foreign keys first, wherever they come from: they rest on the keys of these tables.
_CONSTRAINTS = text(
    """
    SELECT c.conname AS name, CAST(CAST(c.conrelid AS regclass) AS text) AS owner,
        pg_get_constraintdef(c.oid) AS definition
    FROM pg_constraint AS c
    WHERE c.contype IN ('f', 'p', 'u') AND (CAST(CAST(c.conrelid AS regclass) AS text) = ANY(:tables)
        OR c.contype = 'f' AND CAST(CAST(c.confrelid AS regclass) AS text) = ANY(:tables))
    ORDER BY c.contype = 'f' DESC, c.conname
    """
)
_INDEXES = text(
    "SELECT indexname AS name, indexdef AS definition FROM pg_indexes "
    "WHERE schemaname = 'public' AND tablename = ANY(:tables) ORDER BY indexname"
)


_COPIED_STREAMS = text(
    "SELECT s.id FROM streams AS s JOIN cases AS c ON c.id = s.case_id WHERE c.token LIKE 'case-%-%'"
)


def _seal_anew(connection: Connection) -> None:
    """Give the copied streams keys that open: a key is sealed for its own place."""
    ids = connection.execute(_COPIED_STREAMS).scalars().all()
    wrapped = [{"of": one, "wrapped": KEYS.new_key(place_of_key(one))[1]} for one in ids]
    connection.execute(text("CREATE TEMPORARY TABLE resealed (id uuid PRIMARY KEY, key_wrapped bytea)"))
    connection.execute(text("INSERT INTO resealed VALUES (:of, :wrapped)"), wrapped)
    connection.execute(
        text("UPDATE streams SET key_wrapped = r.key_wrapped FROM resealed AS r WHERE r.id = streams.id")
    )


def _settle(owner: Engine) -> None:
    """As after a night: vacuumed, analysed, written out."""
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
