"""One PostgreSQL server on a unix socket in a data folder. It is durable, or it does not run."""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from services.local.account import PLAIN_ENVIRONMENT, run_as
from services.local.binaries import Binaries, reachable
from services.local.errors import NotDurableError, StartError
from services.local.folders import DataFolder
from services.local.processes import Child, end_processes, processes_in, wait_until
from services.local.service import Service

SUPERUSER, OWNER, APP = "postgres", "tallystick_owner", "tallystick_app"
DATABASE = "tallystick"
"""The database of a running system; tests and replays make others beside it."""

ROLES_SQL = resources.files("services.local").joinpath("roles.sql").read_text(encoding="utf-8")
"""The roles that the migrations build on, without passwords; the same text serves psql and the containers."""

_MUST_BE_ON = ("fsync", "full_page_writes", "synchronous_commit")
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Messages of failed statements quote values of cases: the log gets what concerns the server, the client the rest.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "cluster_name": "tallystick",
}


class PostgresServer:
    """The server in `folder`, run from `binaries`. Use `start` and `stop`, or hand `service()` to a supervisor."""

    def __init__(self, folder: DataFolder, binaries: Binaries) -> None:
        self._folder = folder
        self._binaries = reachable(binaries, folder.account)
        self._data = folder.postgres / "data"
        self._child: Child | None = None

    # Running

    def service(self) -> Service:
        """The server as a value for the supervisor: ready means that it answers, is durable and has its roles."""
        settings = {**_SETTINGS, "unix_socket_directories": str(self._folder.sockets)}
        flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Service(
            name="postgres",
            command=(str(self._binaries.postgres / "postgres"), "-D", str(self._data), *flags),
            environment=PLAIN_ENVIRONMENT,
            inherit=False,
            account=self._folder.account,
            prepare=self.prepare,
            ready=self._made_ready,
            healthy=self.answers,
            stop_signal=signal.SIGINT,
            quick_signal=signal.SIGQUIT,
            stop_timeout=30.0,
        )

    def start(self, within: float = 60.0) -> None:
        """Starts the server and returns when it answers, after recovery from a crash if need be.

        Raises NotDurableError where it could lose what was accepted; StartError, with its last words, where it fails.
        """
        service = self.service()
        self.prepare()
        self._child = child = Child(service, self._folder.log(service.name))
        try:
            ready = wait_until(lambda: child.code is not None or self._made_ready(), within)
        except NotDurableError:
            self.stop()
            raise
        if child.code is not None or not ready:
            self.stop()
            raise StartError(f"PostgreSQL did not start. Its last words ({child.log}):\n{child.output()}")

    def stop(self) -> None:
        """Ends the server in order (open transactions are rolled back) and waits for its end."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    @property
    def pid(self) -> int | None:
        """Number of the server's first process while it was started here."""
        return self._child.pid if self._child else None

    def prepare(self) -> None:
        """What must be true before a start: a cluster, nothing left of an earlier server, durable settings.

        The caller holds the lock of the folder: a process that still runs in it is a leftover of a killed system.
        """
        self._end_leftovers()
        if not self._data.exists():
            self._make_cluster()
        self._forget_stale_pid()
        self._refuse_unsafe_settings()

    def answers(self) -> bool:
        """Whether a query gets its answer."""
        try:
            with self.connect_as_superuser() as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.Error:
            return False

    # Databases

    def dsn(self, database: str, user: str) -> str:
        """SQLAlchemy URL of `database` for `user`, one of SUPERUSER, OWNER and APP."""
        password = quote(self._folder.secret(f"{user}.password"), safe="")
        return f"postgresql+psycopg://{user}:{password}@/{quote(database)}?host={quote(str(self._folder.sockets))}"

    def dsn_owner(self, database: str = DATABASE) -> str:
        """URL for the migrations."""
        return self.dsn(database, OWNER)

    def dsn_app(self, database: str = DATABASE) -> str:
        """URL for web, workers and sweeper, which take one of the group roles after connecting."""
        return self.dsn(database, APP)

    def ensure_database(self, name: str = DATABASE, owner: str = OWNER) -> None:
        """Makes the database `name`, owned by `owner`, unless it exists."""
        with self.connect_as_superuser() as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*_names(name, owner)))
                _close_to_public(connection, name)

    def create_from_template(self, name: str, template: str, owner: str = OWNER) -> None:
        """Makes the database `name` as a copy of `template`, which nobody may be connected to."""
        with self.connect_as_superuser() as connection:
            statement = "CREATE DATABASE {} OWNER {} TEMPLATE {}"
            connection.execute(sql.SQL(statement).format(*_names(name, owner, template)))
            _close_to_public(connection, name)

    def drop_database(self, name: str) -> None:
        """Removes the database `name`, if it exists, with whoever is connected to it."""
        with self.connect_as_superuser() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(*_names(name)))

    @contextlib.contextmanager
    def connect_as_superuser(self, database: str = SUPERUSER) -> Iterator[psycopg.Connection]:
        """A connection that commits every statement, for the server's own housekeeping only."""
        with psycopg.connect(
            host=str(self._folder.sockets),
            dbname=database,
            user=SUPERUSER,
            password=self._folder.secret(f"{SUPERUSER}.password"),
            autocommit=True,
            connect_timeout=2,
            application_name="tallystick local",
        ) as connection:
            yield connection

    # Making ready

    def _made_ready(self) -> bool:
        """Whether the server answers; then that it is durable, and that roles and database are there."""
        if not self.answers():
            return False
        with self.connect_as_superuser() as connection:
            _refuse_unsafe_server(connection)
            connection.execute(ROLES_SQL.encode())
            for role in (OWNER, APP):
                _set_password(connection, role, self._folder.secret(f"{role}.password"))
        self.ensure_database()
        return True

    def _make_cluster(self) -> None:
        """Runs initdb beside the final place and renames: a cluster is whole or not there."""
        draft = self._data.with_name("data.new")
        shutil.rmtree(draft, ignore_errors=True)
        password = self._password_file()
        locale = ["--locale=C"]
        if self._binaries.postgres_version >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        done = run_as(
            self._folder.account,
            [
                *(self._binaries.postgres / "initdb", "--pgdata", draft, "--username", SUPERUSER, "--pwfile", password),
                *("--encoding=UTF8", "--data-checksums", "--auth-local=scram-sha-256", "--auth-host=reject", *locale),
            ],
        )
        password.unlink(missing_ok=True)
        if done.returncode != 0:
            raise StartError(f"initdb failed in {self._folder.postgres}:\n{done.stdout}{done.stderr}")
        draft.rename(self._data)

    def _password_file(self) -> Path:
        """The superuser's password where initdb, under its account, can read it once."""
        path = self._folder.sockets / "initdb.password"
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self._folder.secret(f"{SUPERUSER}.password"))
            if self._folder.account is not None:
                os.fchown(file.fileno(), self._folder.account.uid, self._folder.account.gid)
        return path

    def _refuse_unsafe_settings(self) -> None:
        for name in _MUST_BE_ON:
            asked = run_as(self._folder.account, [self._binaries.postgres / "postgres", "-D", self._data, "-C", name])
            if asked.returncode != 0:
                raise StartError(f"PostgreSQL cannot read its settings in {self._data}:\n{asked.stderr}")
            if asked.stdout.strip() == "off":
                raise NotDurableError(_unsafe(name, f"the configuration in {self._data}"))

    # After a crash

    def _end_leftovers(self) -> None:
        """Ends what a killed system has left running in the data directory: it must not write beside a new server."""

        def find() -> list[int]:
            return processes_in(self._data, "postgres")

        if find() and not end_processes(find, [signal.SIGQUIT, signal.SIGKILL], seconds=6.0):
            raise StartError(
                f"An earlier PostgreSQL still runs in {self._data} (process {find()[0]}) and cannot be ended."
            )

    def _forget_stale_pid(self) -> None:
        """Makes leftover lock files harmless whose number another process has by now (as after a reboot): that of the
        data directory, and that of the socket.

        PostgreSQL takes the number of its own parent for stale, and still checks that no process holds the old
        server's memory; to remove the files would lose that check.
        """
        if not Path("/proc/self").exists():
            return
        for path in (self._data / "postmaster.pid", *self._folder.sockets.glob(".s.PGSQL.*.lock")):
            if not path.exists():
                continue
            _, _, rest = path.read_text().partition("\n")
            descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{os.getpid()}\n{rest}")


def _refuse_unsafe_server(connection: psycopg.Connection) -> None:
    """Asks the running server, and every role and database that may have a setting of its own."""
    rows = connection.execute(
        """
        SELECT name, 'the running server' FROM pg_settings WHERE name = ANY(%(names)s) AND setting = 'off'
        UNION ALL
        SELECT split_part(entry, '=', 1), 'a role or database' FROM pg_db_role_setting, unnest(setconfig) AS entry
        WHERE split_part(entry, '=', 1) = ANY(%(names)s) AND split_part(entry, '=', 2) IN ('off', 'false', 'no', '0')
        """,
        {"names": list(_MUST_BE_ON)},
    ).fetchall()
    if rows:
        raise NotDurableError(_unsafe(rows[0][0], rows[0][1]))


def _unsafe(name: str, where: str) -> str:
    return (
        f"PostgreSQL has {name} off ({where}). What Tallystick has accepted could be lost in a power cut, "
        f"so it does not start: set {name} to on."
    )


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    """Sets a role's password as a verifier computed here: the password itself is never in a statement."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier)))


def _close_to_public(connection: psycopg.Connection, database: str) -> None:
    revoke = sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database))
    grant = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(sql.Identifier(database), sql.Identifier(APP))
    connection.execute(revoke)
    connection.execute(grant)


def _names(*names: str) -> list[sql.Identifier]:
    return [sql.Identifier(name) for name in names]
