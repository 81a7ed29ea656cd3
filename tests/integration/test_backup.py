"""A backup that was never restored is none: base backup of a running server, restored beside it, and proved."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.actions.verify_ledger import verify_ledger
from services.domain.actors import Actor
from services.local.account import run_as
from services.local.binaries import locate, reachable
from services.local.folders import DataFolder
from services.local.machine import LocalStores
from services.local.status import read_status
from services.storage.database import DatabaseRole, connect
from services.storage.sealing import KeyRing
from services.system import System
from tests.alder import Alder
from tests.integration.test_receive_events import INCIDENT


@pytest.fixture
def restored(stores: LocalStores, county: Alder, tmp_path: Path) -> Iterator[System]:
    """The county's system on a server that was restored from a base backup, taken after an event that is not routed."""
    county.open_case("police")
    county.work()
    county.accept("police", "le.dv_incident", INCIDENT)
    folder = DataFolder.open(tmp_path / "restored")
    for secret in (stores.folder.root / "secrets").iterdir():
        shutil.copy(secret, folder.root / "secrets")
    _base_backup(stores, folder)
    url = county.system.database.engine.url
    assert url.database
    with LocalStores(tmp_path / "restored", scratch=True) as again:
        database = connect(again.dsn_app(url.database), DatabaseRole.WORKER)
        yield replace(county.system, database=database)
        database.close()


def test_a_restored_ledger_holds_and_what_was_owed_is_done(restored: System, county: Alder, someone: Actor) -> None:
    found = verify_ledger(restored, someone)
    assert found.breaks == ()
    assert found == verify_ledger(county.system, someone)
    replace(county, system=restored).work()
    with restored.database.begin(someone) as connection:
        told = connection.exec_driver_sql(
            "SELECT count(*) FROM notifications n JOIN event_log e ON e.id = n.event_id WHERE e.type = 'le.dv_incident'"
        ).scalar_one()
    assert told > 0


def test_without_the_keys_nothing_opens(restored: System, someone: Actor) -> None:
    stolen = replace(restored, keys=KeyRing(payloads=b"x" * 32, vault=b"y" * 32))
    found = verify_ledger(stolen, someone)
    assert {one.code for one in found.breaks} == {"key_does_not_open"}
    assert len(found.breaks) == found.streams > 0


def _base_backup(stores: LocalStores, into: DataFolder) -> None:
    """As docs/operations.md says, in the plain form, under the account of the servers."""
    binaries = reachable(locate(), into.account)
    done = run_as(
        into.account,
        [
            *(binaries.postgres / "pg_basebackup", f"--host={stores.folder.sockets}", "--username=postgres"),
            *(f"--pgdata={into.postgres / 'data'}", "--wal-method=fetch", "--checkpoint=fast", "--no-sync"),
        ],
        {"PGPASSWORD": stores.folder.secret("postgres.password"), "LC_ALL": "C"},
    )
    assert done.returncode == 0, done.stderr


def test_the_stores_of_a_folder_run_alone_and_the_commands_find_them(tmp_path: Path) -> None:
    home = str(tmp_path / "home")
    command = (sys.executable, "-m", "services.cli")
    here = {**os.environ, "TALLYSTICK_HOME": home}
    with subprocess.Popen([*command, "stores", "--home", home], stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert any("Tallystick runs" in line for line in running.stdout), "it did not come up"
            status = read_status(DataFolder.open(Path(home)))
            assert status is not None
            assert {service.name for service in status.services} == {"postgres", "valkey"}
            for words, answer in (("migrate", "at the newest version"), ("ledger verify", "Every chain holds")):
                done = subprocess.run([*command, *words.split()], env=here, capture_output=True, text=True, check=False)
                assert answer in done.stdout, done.stderr
        finally:
            running.send_signal(signal.SIGINT)
        assert running.wait(30) == 0
