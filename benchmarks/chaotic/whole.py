"""The whole system as its user runs it: `tallystick up` as a process of its own, on a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from benchmarks.chaotic.killer import services_of
from config.settings import Settings
from services import wiring
from services.cli.here import settings_here
from services.storage.database import DatabaseRole
from services.system import System

_PATIENCE = 180.0
_STOPPED_WITHIN = 90.0


@dataclass(frozen=True, slots=True)
class Whole:
    """A running system: its data folder, its address, its supervisor, and what the supervisor says."""

    home: Path
    url: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def settings(self) -> Settings:
        """The settings with which a command of this machine works on it."""
        return settings_here(self.home)

    @contextmanager
    def system(self) -> Iterator[System]:
        """A system on its database, in the worker's role, for looking and for setting up."""
        found = wiring.without_bells(wiring.system_of(self.settings, DatabaseRole.WORKER, "command", pool_size=2))
        try:
            yield found
        finally:
            found.database.close()

    def is_up(self) -> bool:
        """Whether every service is ready, and the web says so too."""
        if any(service["state"] not in {"ready", "done"} for service in services_of(self.home)):
            return False
        try:
            return httpx2.get(f"{self.url}/readyz", timeout=2.0).is_success
        except httpx2.HTTPError:
            return False


@contextmanager
def whole(home: Path) -> Iterator[Whole]:
    """A whole system on ``home``, up when the block begins and stopped at its end. Raises TimeoutError."""
    port = _free_port()
    log = home.with_suffix(".log")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TALLYSTICK_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", "up", "--home", str(home), "--port", str(port)],
            env={**environment, "TALLYSTICK_WEBHOOK_ALLOW_PRIVATE": "yes"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Whole(home, f"http://127.0.0.1:{port}", process, log)
    try:
        up = wait_for(lambda: (home / "run" / "status.json").exists() and running.is_up(), _PATIENCE)
        if not up:
            raise TimeoutError(f"the system did not start:\n{log.read_text(encoding='utf-8')}")
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_STOPPED_WITHIN)


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again until it is so, for so many seconds at most. Whether it was so in the end."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])
