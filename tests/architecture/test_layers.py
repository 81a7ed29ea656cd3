"""The laws that can be read off the source: who imports whom, who speaks SQL, who reads the clock."""

import ast
import re
import sys
from collections.abc import Callable, Sequence

import pytest
from importlinter.cli import lint_imports

from tests.architecture.source import ROOT, Found, Source, calls, imports, sources, texts

Law = Callable[[ast.Module], Found]
"""Finds breaches of one law in a syntax tree."""

# Modules of the standard library that reach outside the process, or answer differently when asked twice.
NOT_PURE = {
    "asyncio",
    "http",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "select",
    "shutil",
    "signal",
    "smtplib",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib.request",
}

SQLALCHEMY = {
    "services/storage": "every line of SQL is there",
    "migrations": "creates the tables that storage speaks to",
}
ONLY_HANDED_ON = {
    "services/actions": {"Connection", "exc"},
    "services/web/problems.py": {"exc"},
}
"""Who else may import from sqlalchemy, and what: a connection to hand on to storage, errors to tell apart."""

PSYCOPG = {
    "services/local/postgres.py": "keeps house on the embedded server as its superuser, before any database",
    "services/storage/database.py": "begins a transaction and says who acts in one round trip",
}

BEGINNING = {
    "services/actions": "an action owns its transaction",
    "services/storage/database.py": "what an action begins a transaction with",
    "services/web/health.py": "asks the database whether it answers and what waits; decides and changes nothing",
}
"""Who may begin a transaction, and why."""

CLOCK = {"services/clock.py": "the only clock"}

_SQL = re.compile(
    r"\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|TRUNCATE\s|WITH\s.*\bSELECT\s"
    r"|(CREATE|ALTER|DROP)\s+(TABLE|INDEX|ROLE|POLICY|FUNCTION|DATABASE|SCHEMA|TRIGGER|VIEW)\b|(GRANT|REVOKE)\s"
    r"|SET LOCAL\s)",
    re.DOTALL,
)
_CLOCKS = re.compile(
    r"(^|\.)(datetime|date)\.(now|utcnow|today)$|^time\.(time|time_ns|localtime|gmtime|ctime|strftime)$"
)
_SQL_CLOCKS = re.compile(
    r"\b(now|statement_timestamp|transaction_timestamp|timeofday|localtimestamp)\s*\(|\bCURRENT_(DATE|TIME|TIMESTAMP)\b",
    re.IGNORECASE,
)


def test_the_contracts_between_the_layers_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True) == 0


def test_the_domain_imports_the_standard_library_and_itself_only() -> None:
    assert _found(sources("services/domain"), foreign_imports) == []


def test_the_domain_reaches_nothing_outside_the_process() -> None:
    assert _found(sources("services/domain"), outside_imports) == []


def test_sqlalchemy_is_storages_and_others_hand_a_connection_on() -> None:
    faults = []
    for source in sources():
        if source.within(*SQLALCHEMY):
            continue
        allowed = {name for place, names in ONLY_HANDED_ON.items() if source.within(place) for name in names}
        faults += [
            f"{source.path}:{line} {name}"
            for line, name in imports(source.tree)
            if name.split(".")[0] == "sqlalchemy" and not set(name.split(".")[1:2]) & allowed
        ]
    assert faults == []


def test_psycopg_is_used_by_the_embedded_server_and_to_begin_transactions_only() -> None:
    found = {source.path for source in sources() for _, name in imports(source.tree) if name.split(".")[0] == "psycopg"}
    assert found <= set(PSYCOPG)


def test_sql_is_written_in_storage_and_migrations_only() -> None:
    speaking = [source for source in sources() if not source.within(*SQLALCHEMY, *PSYCOPG)]
    assert _found(speaking, sql) == []


def test_transactions_begin_in_actions_only() -> None:
    assert _found([source for source in sources() if not source.within(*BEGINNING)], beginnings) == []


def test_the_clock_is_read_in_one_place_only() -> None:
    assert _found([source for source in sources() if not source.within(*CLOCK)], clocks) == []


def test_business_time_is_a_parameter_in_sql_too() -> None:
    # The database's own clock is `clock_timestamp()`, for leases and for when a row was written, never for decisions.
    assert _found(sources("services/storage", "migrations"), sql_clocks) == []


def foreign_imports(tree: ast.Module) -> Found:
    """Imports of anything but the standard library and the domain itself."""
    for line, name in imports(tree):
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("services.domain."):
            yield line, name


def outside_imports(tree: ast.Module) -> Found:
    """Imports of modules that reach outside the process; calls that open a file or ask for a random id."""
    for line, name in imports(tree):
        if name.split(".")[0] in NOT_PURE or ".".join(name.split(".")[:2]) in NOT_PURE:
            yield line, name
    for line, name in calls(tree):
        if name in {"open", "input", "uuid1", "uuid4", "uuid.uuid1", "uuid.uuid4"}:
            yield line, name


def sql(tree: ast.Module) -> Found:
    """String constants that are SQL."""
    for line, text in texts(tree):
        if _SQL.match(text):
            yield line, text[:40]


def beginnings(tree: ast.Module) -> Found:
    """Transactions that are begun, and connections that are opened without one."""
    for line, name in calls(tree):
        if name.endswith((".begin", ".begin_nested", "engine.connect")) or name.split(".")[-1] == "create_engine":
            yield line, name


def clocks(tree: ast.Module) -> Found:
    """Readings of the clock."""
    for line, name in calls(tree):
        if _CLOCKS.search(name):
            yield line, name
    for line, name in imports(tree):
        if name in {"time.time", "time.time_ns"}:
            yield line, name


def sql_clocks(tree: ast.Module) -> Found:
    """Readings of the transaction's clock, in SQL or by `func`."""
    for line, name in calls(tree):
        if re.search(r"\bfunc\.(now|current_\w+|localtimestamp|statement_timestamp)$", name):
            yield line, name
    for line, text in texts(tree):
        if _SQL_CLOCKS.search(text):
            yield line, text[:40]


@pytest.mark.parametrize(
    ("law", "broken"),
    [
        (foreign_imports, "from sqlalchemy import text"),
        (foreign_imports, "import services.storage.jobs"),
        (outside_imports, "import time"),
        (outside_imports, "from urllib.request import urlopen"),
        (outside_imports, "from uuid import uuid4\nx = uuid4()"),
        (sql, "x = 'SELECT 1'"),
        (sql, 'x = """\n  WITH due AS (SELECT 1) SELECT * FROM due"""'),
        (sql, "x = f'UPDATE {table} SET a = 1'"),
        (beginnings, "with system.database.begin(actor) as c:\n    pass"),
        (beginnings, "c = system.database.engine.connect()"),
        (clocks, "x = datetime.now(UTC)"),
        (clocks, "x = datetime.datetime.utcnow()"),
        (clocks, "x = date.today()"),
        (clocks, "x = time.time()"),
        (clocks, "from time import time"),
        (sql_clocks, "x = func.now()"),
        (sql_clocks, "x = text('SELECT now()')"),
        (sql_clocks, "x = 'due < CURRENT_DATE'"),
    ],
)
def test_a_law_that_is_broken_is_seen(law: Law, broken: str) -> None:
    assert list(law(ast.parse(broken)))


@pytest.mark.parametrize(
    ("law", "kept"),
    [
        (sql, "def f():\n    '''SELECT is what this does.'''"),
        (sql, "x = 'Select one of these'"),
        (clocks, "x = time.monotonic()"),
        (clocks, "x = system.clock()"),
        (sql_clocks, "x = 'clock_timestamp()'"),
    ],
)
def test_what_only_looks_like_a_breach_is_let_be(law: Law, kept: str) -> None:
    assert not list(law(ast.parse(kept)))


def _found(looked_at: Sequence[Source], law: Law) -> list[str]:
    assert looked_at
    return [f"{source.path}:{line} {what}" for source in looked_at for line, what in law(source.tree)]
