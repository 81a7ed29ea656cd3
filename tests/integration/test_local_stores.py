"""The real PostgreSQL and Valkey of the wheels on a data folder: start, kill -9, refusals, other users and places."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
import sqlalchemy as sa
from kombu.connection import Connection

from services.local.account import Account, identity, run_as, server_account
from services.local.binaries import Binaries, locate, reachable
from services.local.errors import MissingBinariesError, NotDurableError, StartError
from services.local.folders import DataFolder
from services.local.machine import LocalStores
from services.local.postgres import APP, OWNER, SUPERUSER, PostgresServer
from services.local.processes import processes_in
from services.local.valkey import ValkeyServer

AS_ROOT = os.geteuid() == 0
PATIENCE = 20.0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    opened = DataFolder.open(tmp_path / "home")
    yield opened
    opened.discard()


@pytest.fixture
def postgres(folder: DataFolder) -> Iterator[PostgresServer]:
    server = PostgresServer(folder, locate())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def valkey(folder: DataFolder) -> Iterator[ValkeyServer]:
    server = ValkeyServer(folder, locate())
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStores]:
    """Servers for the tests that only look at them."""
    with LocalStores(tmp_path_factory.mktemp("stores") / "home", scratch=True) as started:
        yield started


def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.02)


def ask(dsn: str, *statements: str) -> object:
    """Runs the statements in one transaction and returns the first value of the last."""
    value: object = None
    with sa.create_engine(dsn, poolclass=sa.NullPool).begin() as connection:
        for statement in statements:
            result = connection.execute(sa.text(statement))
            value = result.scalar() if result.returns_rows else None
    return value


def data_of(folder: DataFolder) -> Path:
    return folder.postgres / "data"


def test_what_was_committed_survives_kill_9_of_the_postmaster(folder: DataFolder, postgres: PostgresServer) -> None:
    ask(postgres.dsn_owner(), "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    idle = psycopg.connect(postgres.dsn_owner().replace("+psycopg", ""))
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    assert (data_of(folder) / "postmaster.pid").exists()
    assert (folder.sockets / ".s.PGSQL.5432").exists()
    postgres.start()
    assert ask(postgres.dsn_owner(), "SELECT n FROM kept") == 7
    idle.close()


def test_a_server_left_running_by_a_killed_system_is_ended_before_a_new_one_starts(
    folder: DataFolder, postgres: PostgresServer
) -> None:
    ask(postgres.dsn_owner(), "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")
    before = set(processes_in(data_of(folder), "postgres"))
    assert postgres.pid in before
    second = PostgresServer(folder, locate())
    second.start()
    try:
        assert not before & set(processes_in(data_of(folder), "postgres"))
        assert ask(second.dsn_owner(), "SELECT n FROM kept") == 7
    finally:
        second.stop()


def test_the_number_of_a_dead_postmaster_may_belong_to_another_process(
    folder: DataFolder, postgres: PostgresServer
) -> None:
    postgres.stop()
    with subprocess.Popen(["sleep", "60"], **identity(folder.account)) as other:
        (data_of(folder) / "postmaster.pid").write_text(f"{other.pid}\n{data_of(folder)}\n1\n5432\n\n\n0 0\n")
        socket_lock = folder.sockets / ".s.PGSQL.5432.lock"
        socket_lock.write_text(f"{other.pid}\n{data_of(folder)}\n1\n5432\n{folder.sockets}\n")
        postgres.start()
        other.kill()
    assert postgres.answers()


def test_an_initdb_that_was_cut_off_is_done_again(folder: DataFolder) -> None:
    draft = folder.postgres / "data.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    server = PostgresServer(folder, locate())
    server.start()
    server.stop()
    assert not draft.exists()


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
def test_a_configuration_that_could_lose_commits_is_refused(
    folder: DataFolder, postgres: PostgresServer, setting: str
) -> None:
    postgres.stop()
    with (data_of(folder) / "postgresql.auto.conf").open("a") as file:
        file.write(f"{setting} = off\n")
    with pytest.raises(NotDurableError, match=f"{setting} off"):
        postgres.start()
    assert postgres.pid is None
    assert not processes_in(data_of(folder), "postgres")


def test_a_role_that_would_commit_without_waiting_is_refused(folder: DataFolder, postgres: PostgresServer) -> None:
    with postgres.connect_as_superuser() as connection:
        connection.execute("ALTER ROLE tallystick_app SET synchronous_commit = off")
    postgres.stop()
    with pytest.raises(NotDurableError, match="synchronous_commit off"):
        postgres.start()
    assert not processes_in(data_of(folder), "postgres")


def test_the_server_has_checksums_utf_8_and_no_network(stores: LocalStores) -> None:
    shown = {
        name: ask(stores.dsn_app(), f"SHOW {name}")
        for name in ("data_checksums", "server_encoding", "listen_addresses", "password_encryption", "TimeZone")
    }
    assert shown == {
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "listen_addresses": "",
        "password_encryption": "scram-sha-256",
        "TimeZone": "UTC",
    }
    assert ask(stores.dsn_app(), "SELECT upper('é')") == "É"


def test_nobody_is_let_in_without_the_password(stores: LocalStores) -> None:
    for user in (SUPERUSER, OWNER, APP):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host=str(stores.folder.sockets), user=user, password="guess", dbname="tallystick")


def test_no_role_is_above_row_level_security(stores: LocalStores) -> None:
    roles = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'tallystick%'"
    assert ask(stores.dsn_app(), roles) == 6
    assert ask(stores.dsn_app(), f"{roles} AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)") == 0
    assert ask(stores.dsn_app(), f"{roles} AND rolcanlogin") == 2


def test_the_application_has_the_rights_of_the_role_it_takes_and_no_others(stores: LocalStores) -> None:
    ask(
        stores.dsn_owner(),
        "CREATE TABLE seen (n int)",
        "GRANT SELECT ON seen TO tallystick_reader",
        "GRANT INSERT ON seen TO tallystick_worker",
    )
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        ask(stores.dsn_app(), "SELECT count(*) FROM seen")
    for role in ("tallystick_web", "tallystick_intake", "tallystick_worker", "tallystick_reader"):
        assert ask(stores.dsn_app(), f"SET ROLE {role}", "SELECT current_user") == role
    assert ask(stores.dsn_app(), "SET ROLE tallystick_reader", "SELECT count(*) FROM seen") == 0
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        ask(stores.dsn_app(), "SET ROLE tallystick_owner")


def test_databases_are_made_once_copied_and_dropped(stores: LocalStores) -> None:
    stores.postgres.ensure_database("template one")
    stores.postgres.ensure_database("template one")
    ask(stores.dsn_owner("template one"), "CREATE TABLE t AS SELECT 5 AS n")
    stores.postgres.create_from_template("copy", "template one")
    assert ask(stores.dsn_owner("copy"), "SELECT n FROM t") == 5
    held = psycopg.connect(stores.dsn_app("copy").replace("+psycopg", ""))
    stores.postgres.drop_database("copy")
    stores.postgres.drop_database("copy")
    with pytest.raises(sa.exc.OperationalError, match="does not exist"):
        ask(stores.dsn_owner("copy"), "SELECT 1")
    held.close()


def test_failed_statements_with_their_values_stay_out_of_the_log(stores: LocalStores) -> None:
    with pytest.raises(sa.exc.DataError):
        ask(stores.dsn_app(), "SELECT 'Ruth Miller'::uuid")
    assert "Ruth" not in stores.folder.log("postgres").read_text()


def test_a_server_that_fails_says_its_last_words(folder: DataFolder, postgres: PostgresServer) -> None:
    postgres.stop()
    (data_of(folder) / "pg_hba.conf").write_text("nonsense\n")
    with pytest.raises(StartError, match=r"pg_hba\.conf"):
        postgres.start()


def test_bells_survive_kill_9_of_valkey(valkey: ValkeyServer) -> None:
    client = redis.Redis.from_url(valkey.redis_url)
    client.rpush("urgent", "bell")
    assert valkey.pid is not None
    os.kill(valkey.pid, signal.SIGKILL)
    valkey.start()
    assert client.lrange("urgent", 0, -1) == [b"bell"]
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    assert client.config_get("port") == {"port": "0"}
    client.close()


def test_celery_finds_valkey_by_its_url(stores: LocalStores) -> None:
    with Connection(stores.broker_url) as connection:  # type: ignore[no-untyped-call]
        connection.ensure_connection(max_retries=1)


def _append_only_file(folder: DataFolder) -> Path:
    return next((folder.valkey / "appendonlydir").glob("*.incr.aof"))


def test_a_cut_off_append_only_file_is_read_as_far_as_it_goes(folder: DataFolder, valkey: ValkeyServer) -> None:
    client = redis.Redis.from_url(valkey.redis_url)
    client.set("first", 1)
    client.set("second", 2)
    valkey.stop()
    file = _append_only_file(folder)
    os.truncate(file, file.stat().st_size - 5)
    valkey.start()
    assert client.mget("first", "second") == [b"1", None]
    client.close()


def test_a_damaged_append_only_file_is_put_aside(folder: DataFolder, valkey: ValkeyServer) -> None:
    client = redis.Redis.from_url(valkey.redis_url)
    client.set("first", 1)
    valkey.stop()
    file = _append_only_file(folder)
    file.write_bytes(b"nonsense\r\n" + file.read_bytes())
    valkey.start()
    assert client.get("first") is None
    assert (folder.valkey / "appendonlydir.damaged").exists()
    client.close()
    valkey.stop()
    valkey.start()
    assert valkey.answers()


def test_stores_start_together_and_a_scratch_folder_goes_with_them(tmp_path: Path) -> None:
    with LocalStores(tmp_path / "home", scratch=True) as stores:
        assert ask(stores.dsn_app(), "SELECT 1") == 1
        assert redis.Redis.from_url(stores.redis_url).ping()
        assert stores.addresses.database_url == stores.dsn_app()
        folder = stores.folder
    assert not folder.root.exists()
    assert not folder.stores.exists()


def test_stores_work_in_a_folder_with_a_long_and_odd_name(tmp_path: Path) -> None:
    with LocalStores(tmp_path / ("y" * 100) / "a b%20c?d#é", scratch=True) as stores:
        assert ask(stores.dsn_owner(), "SELECT 1") == 1
        assert redis.Redis.from_url(stores.redis_url).ping()


def test_a_killed_process_takes_its_stores_along(tmp_path: Path) -> None:
    script = """
        import os, signal, sys
        from pathlib import Path
        from services.local.machine import LocalStores
        with LocalStores(Path(sys.argv[1])):
            os.kill(os.getpid(), signal.SIGKILL)
        """
    home = tmp_path / "home"
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(home)], check=False)
    assert done.returncode == -signal.SIGKILL
    folder = DataFolder.open(home)
    until(lambda: not processes_in(data_of(folder), "postgres"))
    until(lambda: not processes_in(folder.valkey, "valkey-server"))
    with LocalStores(home, scratch=True) as stores:
        assert ask(stores.dsn_app(), "SELECT 1") == 1


@pytest.mark.skipif(not AS_ROOT, reason="all the other tests of this file run as this user already")
def test_stores_work_for_a_user_who_is_not_root() -> None:
    account = server_account()
    assert account is not None
    home = Path(tempfile.mkdtemp(prefix="tallystick-test-", dir="/var/tmp"))
    os.chown(home, account.uid, account.gid)
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()
    try:
        # A fork, not a new interpreter: the one that runs the tests may lie where only root can reach it.
        child = fork.Process(target=_use_stores_as, args=(account, home / "home", answers))
        child.start()
        child.join(PATIENCE)
        assert child.exitcode == 0
        assert answers.get() == (account.uid, "tallystick_app", True)
    finally:
        shutil.rmtree(home)


def _use_stores_as(account: Account, home: Path, answers: "multiprocessing.SimpleQueue[object]") -> None:
    os.setgroups([])
    os.setgid(account.gid)
    os.setuid(account.uid)
    with LocalStores(home, scratch=True) as stores:
        user = ask(stores.dsn_app(), "SELECT current_user")
        answers.put((stores.folder.postgres.stat().st_uid, user, stores.valkey.answers()))


@pytest.mark.skipif(not AS_ROOT, reason="only root hands the servers to another account")
def test_programs_that_the_servers_account_cannot_reach_are_copied_once(tmp_path: Path) -> None:
    found, account = locate(), server_account()
    package = found.postgres.parent.parent
    private, homes = tmp_path / "private", [tmp_path.parent / "public"]
    private.mkdir(mode=0o700)
    for source in (found.postgres.parent, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, private / source.relative_to(package.parent), symlinks=True)
    shutil.copy2(found.valkey, private / "valkey-server")
    hidden = Binaries(private / found.postgres.relative_to(package.parent), private / "valkey-server")
    homes[0].mkdir()

    copied = reachable(hidden, account, homes)
    assert copied != hidden
    assert copied.postgres.is_relative_to(homes[0])
    assert reachable(hidden, account, homes) == copied
    (copied.postgres / "initdb").unlink()
    assert reachable(hidden, account, homes) == copied
    assert run_as(None, [copied.postgres / "initdb", "--version"]).returncode == 0
    for path in homes[0].rglob("*"):
        assert path.stat().st_uid == 0
        assert path.is_symlink() or not path.stat().st_mode & 0o022


def test_programs_can_be_named_and_a_wrong_name_is_an_error(tmp_path: Path) -> None:
    found = locate()
    assert locate(found.postgres, found.valkey) == found
    with pytest.raises(MissingBinariesError, match=f"{tmp_path}/initdb is not a program"):
        locate(tmp_path)
