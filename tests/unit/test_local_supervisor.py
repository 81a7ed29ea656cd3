"""The supervisor with small stand-in programs: order of start and stop, deaths, and that nothing is left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.local.errors import AlreadyRunningError
from services.local.folders import DataFolder
from services.local.guardian import follow
from services.local.processes import LOG_LIMIT, trim_log
from services.local.service import RestartPolicy
from services.local.status import ServiceStatus, State, read_status
from services.local.supervisor import Service, Supervisor

PATIENCE = 15.0
"""Seconds for which a test waits for what must come; nothing is measured."""

PREAMBLE = """
import signal, sys
from pathlib import Path
from services.local.folders import DataFolder
from services.local.supervisor import RestartPolicy, Service, Supervisor

folder = DataFolder.open(Path(sys.argv[1]))
notes = folder.run

def program(name, code, **more):
    more.setdefault("steady_after", 0.05)
    more.setdefault("restart", RestartPolicy(first=0.05, longest=0.2))
    return Service(name=name, command=(sys.executable, "-I", "-S", "-c", code, str(notes)), **more)

def writing(name):
    "A program that notes its start and its end, and lives until it is asked to stop."
    return (
        "import pathlib, signal, sys, time\\n"
        "def note(what):\\n"
        "    with open(sys.argv[1] + '/order', 'a') as file: file.write(what + '\\\\n')\\n"
        f"def end(*_): note('{name} ends'); sys.exit(0)\\n"
        "signal.signal(signal.SIGTERM, end)\\n"
        f"note('{name} starts')\\n"
        "while True: time.sleep(0.05)\\n"
    )

LIVES = "import time; time.sleep(600)"

def run(*services):
    with folder.lock():
        sys.exit(Supervisor(services, folder).run())
"""

PARENT = (
    "import pathlib, subprocess, sys, time, signal\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = subprocess.Popen([sys.executable, '-I', '-S', '-c', 'import signal, time;"
    " signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)'])\n"
    "pathlib.Path(sys.argv[1], 'grandchild').write_text(str(child.pid))\n"
    "time.sleep(600)\n"
)
"""A program that does not want to end, nor does the process that it starts."""


class System:
    """A supervisor that runs as a process of its own on a data folder."""

    def __init__(self, folder: DataFolder, services: str) -> None:
        self.folder = folder
        self.script = PREAMBLE + f"PARENT = {PARENT!r}\n" + textwrap.dedent(services)
        self.process = self.spawn()

    def spawn(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", self.script, str(self.folder.root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def service(self, name: str) -> ServiceStatus:
        status = read_status(self.folder)
        assert status is not None
        return status.service(name)

    def wait_for(self, name: str, state: State, *, restarts: int = 0) -> ServiceStatus:
        """Waits until the service is in that state after at least so many restarts."""

        def there() -> bool:
            status = read_status(self.folder)
            if status is None or status.pid != self.process.pid:
                return False
            found = status.service(name)
            return found.state is state and found.restarts >= restarts

        until(there)
        return self.service(name)

    def noted(self, name: str) -> str:
        path = self.folder.run / name
        until(lambda: path.exists() and path.read_text() != "")
        return path.read_text()

    def end(self, number: signal.Signals = signal.SIGTERM) -> str:
        """Sends a signal, waits for the end and returns what was said."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=PATIENCE)[0]


def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not yet collected does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state not in "ZX"


def until_ended(pid: int) -> None:
    until(lambda: not alive(pid))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    opened = DataFolder.open(tmp_path / "home")
    yield opened
    opened.discard()


@pytest.fixture
def system(folder: DataFolder) -> Iterator[Callable[[str], System]]:
    systems: list[System] = []

    def start(services: str) -> System:
        systems.append(System(folder, services))
        return systems[-1]

    yield start
    for system in systems:
        if system.process.poll() is None:
            system.process.kill()
        system.process.communicate()


def test_a_service_that_dies_is_started_again(system: Callable[[str], System]) -> None:
    running = system("run(program('worker', LIVES))")
    first = running.wait_for("worker", State.READY)
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    second = running.wait_for("worker", State.READY, restarts=1)
    assert second.pid not in (None, first.pid)
    assert second.healthy
    assert "was ended by SIGKILL, again in" in running.end()


def test_a_service_starts_once_what_it_needs_is_ready(system: Callable[[str], System]) -> None:
    running = system(
        """
        once = "import sys; open(sys.argv[1] + '/order', 'a').write('once runs\\\\n')"
        run(
            program('last', writing('last'), needs=('once',)),
            program('once', once, one_shot=True, needs=('first',)),
            program('first', writing('first'), ready=lambda: (notes / 'order').exists()),
        )
        """
    )
    running.wait_for("last", State.READY)
    until(lambda: "last starts" in running.noted("order"))
    assert running.noted("order").splitlines() == ["first starts", "once runs", "last starts"]
    assert running.service("once").state is State.DONE
    running.end()


def test_services_stop_stage_by_stage_the_highest_first(system: Callable[[str], System]) -> None:
    running = system(
        """
        def noted(name):
            return lambda: (notes / 'order').exists() and name in (notes / 'order').read_text()

        stages = {'store': 0, 'web': 1, 'beat': 2}
        run(*(program(name, writing(name), stop_stage=stage, ready=noted(name)) for name, stage in stages.items()))
        """
    )
    for name in ("store", "web", "beat"):
        running.wait_for(name, State.READY)
    said = running.end()
    assert running.noted("order").splitlines()[-3:] == ["beat ends", "web ends", "store ends"]
    assert "Tallystick has stopped." in said
    assert running.process.returncode == 0
    assert running.service("store").state is State.STOPPED


def test_an_orderly_stop_leaves_no_grandchild(system: Callable[[str], System]) -> None:
    running = system("run(program('stubborn', PARENT, stop_timeout=0.2))")
    parent = running.wait_for("stubborn", State.READY).pid
    grandchild = int(running.noted("grandchild"))
    assert parent is not None
    assert alive(grandchild)
    said = running.end()
    assert not alive(parent)
    until_ended(grandchild)
    assert "did not stop within" in said


def test_a_grandchild_does_not_outlive_its_dead_parent(system: Callable[[str], System]) -> None:
    running = system("run(program('parent', PARENT))")
    parent = running.wait_for("parent", State.READY).pid
    grandchild = int(running.noted("grandchild"))
    assert parent is not None
    os.kill(parent, signal.SIGKILL)
    running.wait_for("parent", State.READY, restarts=1)
    until_ended(grandchild)


def test_a_killed_supervisor_leaves_no_process_behind(system: Callable[[str], System]) -> None:
    running = system("run(program('plain', LIVES), program('parent', PARENT))")
    pids = [running.wait_for(name, State.READY).pid for name in ("plain", "parent")]
    grandchild = int(running.noted("grandchild"))
    running.end(signal.SIGKILL)
    for pid in (*pids, grandchild):
        assert pid is not None
        until_ended(pid)
    status = read_status(running.folder)
    assert status is not None
    assert not status.running


def test_a_second_signal_ends_what_does_not_want_to_stop(system: Callable[[str], System]) -> None:
    running = system("run(program('stubborn', PARENT, stop_timeout=600))")
    running.wait_for("stubborn", State.READY)
    grandchild = int(running.noted("grandchild"))
    running.process.send_signal(signal.SIGINT)
    running.wait_for("stubborn", State.STOPPING)
    running.end(signal.SIGINT)
    assert running.process.returncode == 0
    until_ended(grandchild)


def test_a_second_system_on_the_same_folder_is_refused_and_told_who_holds_it(system: Callable[[str], System]) -> None:
    running = system("run(program('worker', LIVES))")
    running.wait_for("worker", State.READY)
    with pytest.raises(AlreadyRunningError, match=f"process {running.process.pid} holds it"), running.folder.lock():
        pass
    status = read_status(running.folder)
    assert status is not None
    assert status.running
    running.end()
    with running.folder.lock():
        assert running.folder.holder() == os.getpid()


def test_a_one_shot_that_others_need_and_that_fails_ends_the_start(system: Callable[[str], System]) -> None:
    running = system(
        """
        run(
            program('store', LIVES),
            program('migrate', "raise SystemExit('column case_id is missing')", one_shot=True, needs=('store',)),
            program('web', LIVES, needs=('migrate',)),
        )
        """
    )
    said = running.process.communicate(timeout=PATIENCE)[0]
    assert running.process.returncode == 1
    assert "migrate: ended with code 1" in said
    assert "column case_id is missing" in said
    assert running.service("web").pid is None


def test_a_one_shot_that_nobody_needs_may_fail(system: Callable[[str], System]) -> None:
    running = system("run(program('story', 'raise SystemExit(4)', one_shot=True), program('web', LIVES))")
    running.wait_for("web", State.READY)
    running.wait_for("story", State.STOPPED)
    assert "ended with code 4; see" in running.end()


def test_a_service_that_never_becomes_ready_is_given_up(system: Callable[[str], System]) -> None:
    running = system("run(program('web', 'raise SystemExit(\"no module named web\")', steady_after=5))")
    said = running.process.communicate(timeout=PATIENCE)[0]
    assert running.process.returncode == 1
    assert "no module named web" in said


def test_a_service_that_refuses_to_start_says_why(system: Callable[[str], System]) -> None:
    running = system(
        """
        from services.local.errors import StartError
        def refuse():
            raise StartError("port 1 cannot be used")
        run(program('web', LIVES, prepare=refuse))
        """
    )
    said = running.process.communicate(timeout=PATIENCE)[0]
    assert running.process.returncode == 1
    assert "web: port 1 cannot be used" in said


def test_a_lost_guardian_is_replaced(system: Callable[[str], System]) -> None:
    running = system("run(program('parent', PARENT))")
    running.wait_for("parent", State.READY)
    grandchild = int(running.noted("grandchild"))
    first = guardian_of(running.process.pid)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: guardian_of(running.process.pid) not in (None, first))
    running.end(signal.SIGKILL)
    until_ended(grandchild)


def guardian_of(parent: int) -> int | None:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_text()
            owner = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if "guardian.py" in command and int(owner) == parent:
            return int(entry.name)
    return None


def test_a_need_that_nobody_meets_is_refused(folder: DataFolder) -> None:
    with pytest.raises(ValueError, match="web needs store"):
        Supervisor([Service(name="web", command=("true",), needs=("store",))], folder)


def test_each_start_has_its_own_log_with_private_access(system: Callable[[str], System]) -> None:
    running = system("run(program('web', \"print('hello', flush=True); \" + LIVES))")
    log = Path(running.wait_for("web", State.READY).log)
    until(lambda: log.read_text() == "hello\n")
    assert log.stat().st_mode & 0o777 == 0o600
    running.end()


def test_a_log_that_has_grown_too_large_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * (LOG_LIMIT + 1))
    trim_log(log)
    assert log.stat().st_size == 0
    assert (tmp_path / "web.log.1").stat().st_size == LOG_LIMIT + 1


@given(st.floats(0.01, 10), st.floats(1, 4), st.floats(0.01, 60), st.integers(1, 10_000))
def test_waits_between_restarts_grow_up_to_a_limit(first: float, factor: float, longest: float, deaths: int) -> None:
    policy = RestartPolicy(first=first, factor=factor, longest=longest)
    assert 0 < policy.wait(deaths) <= policy.wait(deaths + 1) <= longest
    assert policy.wait(1) == min(first, longest)


def test_the_guardian_knows_the_groups_that_were_not_taken_back() -> None:
    assert follow(["+ 11 9\n", "+ 12 3\n", "- 11 0\n", "+ 13 9\n"]) == {12: 3, 13: 9}


def test_the_guardian_ignores_a_word_that_was_cut_off() -> None:
    assert follow(["+ 11 9\n", "+ 1"]) == {11: 9}
