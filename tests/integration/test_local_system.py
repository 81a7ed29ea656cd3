"""The whole list of services on real stores, Gunicorn and Celery, with stand-ins for our own programs."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.local.folders import DataFolder
from services.local.machine import KEYS, Wanted, key_files, local_services
from services.local.status import State, SystemStatus, read_status

PATIENCE = 40.0

STAND_IN = """
import os, time
from celery import Celery

def web():
    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [os.environ["TALLYSTICK_DATABASE_URL"].partition("@")[2].encode()]
    return application

bells = Celery(broker=os.environ.get("TALLYSTICK_BROKER_URL"))
bells.conf.update(worker_enable_remote_control=False, task_ignore_result=True)

if __name__ == "__main__":
    time.sleep(600)
"""

RUNNER = """
import dataclasses, os, sys
from pathlib import Path
from services.local.folders import DataFolder
from services.local.machine import Wanted, local_services
from services.local.supervisor import Supervisor

stand_ins = {
    "services.web.app:from_environment()": "stand_in:web()",
    "workers.app:app": "stand_in:bells",
}

def standing_in(service):
    command = tuple(stand_ins.get(word, word) for word in service.command)
    if service.name == "migrate":
        command = (sys.executable, "-c", "import os; os.environ['TALLYSTICK_OWNER_DATABASE_URL']")
    if service.name == "sweeper":
        command = (sys.executable, "-m", "stand_in")
    return dataclasses.replace(service, command=command)

folder = DataFolder.open(Path(sys.argv[1]))
with folder.lock():
    modules = {"PYTHONPATH": os.pathsep.join([sys.argv[3], *sys.path])}
    wanted = Wanted(folder, port=int(sys.argv[2]), environment=modules)
    sys.exit(Supervisor([standing_in(service) for service in local_services(wanted)], folder).run())
"""


class Machine:
    """A data folder with a supervisor that can be started, killed and started again."""

    def __init__(self, folder: DataFolder, modules: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._modules = modules
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> SystemStatus:
        """Starts the system and waits until all of it is ready."""
        words = [sys.executable, "-c", RUNNER, str(self.folder.root), str(self.port), str(self._modules)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.wait(lambda status: all(s.state in (State.READY, State.DONE) for s in status.services))
        return self.status()

    def status(self) -> SystemStatus:
        status = read_status(self.folder)
        assert status is not None
        return status

    def wait(self, condition: Callable[[SystemStatus], bool]) -> None:
        def there() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, self.process.communicate()[0]
            status = read_status(self.folder)
            return status is not None and status.pid == self.process.pid and condition(status)

        until(there)

    def wait_for_restart(self, name: str) -> None:
        """Waits until the service has died, was started again and is healthy."""
        self.wait(lambda status: status.service(name).restarts == 1 and status.service(name).healthy)

    def end(self, number: signal.Signals) -> str:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.communicate(timeout=PATIENCE)[0]


def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def parents() -> dict[int, int]:
    """Every running process with its parent."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state not in "ZX":
            found[int(entry.name)] = int(parent)
    return found


def descendants(root: int) -> set[int]:
    table = parents()
    found = {root}
    while more := {pid for pid, parent in table.items() if parent in found} - found:
        found |= more
    return found


def until_ended(pids: set[int]) -> None:
    until(lambda: not pids & parents().keys())


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "stand_in.py").write_text(textwrap.dedent(STAND_IN))
    started = Machine(DataFolder.open(tmp_path / "home"), tmp_path / "modules")
    yield started
    if started.process is not None and started.process.poll() is None:
        started.process.kill()
        started.process.communicate()
    started.folder.discard()


def test_the_system_heals_itself_and_a_killed_one_leaves_nothing_behind(machine: Machine) -> None:
    before = machine.start()
    with urllib.request.urlopen(f"http://127.0.0.1:{machine.port}/", timeout=5) as answer:
        assert answer.read().decode() == f"/tallystick?host={machine.folder.sockets}"

    niceness = {one.name: os.getpriority(os.PRIO_PROCESS, one.pid) for one in before.services if one.pid}
    assert niceness["worker-bulk"] == 10
    assert {nice for name, nice in niceness.items() if name != "worker-bulk"} == {0}
    for name in ("postgres", "worker-urgent"):
        pid = before.service(name).pid
        assert pid is not None
        family = descendants(pid)
        os.kill(pid, signal.SIGKILL)
        machine.wait_for_restart(name)
        until_ended(family)
    after = machine.status()
    for name in ("valkey", "web", "sweeper", "worker-routine", "worker-bulk", "beat"):
        assert after.service(name).pid == before.service(name).pid

    assert machine.process is not None
    everything = descendants(machine.process.pid)
    assert len(everything) > 12
    machine.end(signal.SIGKILL)
    until_ended(everything)


def test_the_system_stops_in_order_and_leaves_nothing_behind(machine: Machine) -> None:
    machine.start()
    assert machine.process is not None
    everything = descendants(machine.process.pid)
    said = machine.end(signal.SIGTERM)
    assert machine.process.returncode == 0
    assert "did not stop" not in said
    until_ended(everything)
    ended = {service.name: service.since for service in machine.status().services}
    for first, then in (("beat", "worker-bulk"), ("worker-urgent", "web"), ("web", "sweeper"), ("sweeper", "valkey")):
        assert ended[first] <= ended[then]
    assert ended["valkey"] <= ended["postgres"]


def test_a_taken_port_is_said_clearly(machine: Machine) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", machine.port))
        listener.listen()
        words = [sys.executable, "-c", RUNNER, str(machine.folder.root), str(machine.port), "/"]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 1
    assert f"web: 127.0.0.1:{machine.port} cannot be used (Address already in use)" in done.stdout


def test_stores_that_are_given_are_not_started(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path / "home")
    given = Wanted(
        folder,
        database_url="postgresql+psycopg://app@db/tallystick",
        owner_database_url="postgresql+psycopg://owner@db/tallystick",
        broker_url="redis://broker/0",
    )
    services = {service.name: service for service in local_services(given)}
    assert list(services) == [
        *("migrate", "sweeper", "sweeper-2", "web", "worker-urgent", "worker-routine", "worker-bulk", "beat"),
    ]
    assert services["migrate"].needs == ()
    assert services["web"].environment["TALLYSTICK_DATABASE_URL"] == given.database_url
    assert services["beat"].environment["TALLYSTICK_BROKER_URL"] == given.broker_url
    assert [s.name for s in services.values() if "TALLYSTICK_OWNER_DATABASE_URL" in s.environment] == ["migrate"]
    folder.discard()


def test_keys_are_made_where_nobody_gives_them(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path / "home")
    environment = local_services(Wanted(folder, keys=KEYS[:1]))[-1].environment
    assert [name for name in environment if name.endswith("_FILE")] == ["TALLYSTICK_MASTER_KEY_FILE"]
    assert len(Path(environment["TALLYSTICK_MASTER_KEY_FILE"]).read_text()) == 44
    folder.discard()


def test_a_key_that_is_given_is_not_put_in_the_shade_by_one_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setenv("TALLYSTICK_VAULT_KEY", "given")
    folder = DataFolder.open(tmp_path / "home")
    assert sorted(key_files(folder)) == ["TALLYSTICK_MASTER_KEY_FILE", "TALLYSTICK_TOKEN_KEY_FILE"]
    folder.discard()
