"""The whole system as its user runs it: `tallystick up` in its own process, driven by HTTP and the command line."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

PATIENCE = 300.0


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])


@dataclass
class Running:
    """A running system: its data folder, its address, and the supervisor's process."""

    home: Path
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which commands work on it."""
        return {**os.environ, "TALLYSTICK_HOME": str(self.home)}

    def command(self, *words: str) -> str:
        """Run a command of `tallystick` on it; its output. Fails where the command does."""
        done = subprocess.run(
            [sys.executable, "-m", "services.cli", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def new_client(self, client_id: str, agency: str, *more: str) -> str:
        """Register a client of an agency; its secret."""
        said = self.command("client", "add", client_id, "--agency", agency, "--name", client_id, *more)
        return found_secret(said)

    def token(self, client_id: str, secret: str) -> str:
        """An access token."""
        answer = httpx2.post(
            f"{self.url}/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, secret)
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def pid_of(self, service: str) -> int:
        """The process of a service."""
        found = json.loads((self.home / "run" / "status.json").read_text())
        return next(int(one["pid"]) for one in found["services"] if one["name"] == service)

    def stop(self) -> int:
        """Stop it in order; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def found_secret(said: str) -> str:
    """The secret that a command has shown."""
    found = re.search(r"(?<![A-Za-z0-9+/_=-])(?:whsec_)?[A-Za-z0-9+/_=-]{40,}", said)
    assert found, said
    return found.group()


def start(home: Path, *words: str, log: Path) -> Running:
    """Start `tallystick up` (or other words) on a data folder, and wait until it answers."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", *(words or ("up",)), "--home", str(home), "--port", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Running(home, port, process)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        if answers(running):
            return running
        time.sleep(0.2)
    running.stop()
    raise AssertionError(log.read_text())


def answers(running: Running) -> bool:
    """Whether the system says that it is ready."""
    try:
        return httpx2.get(f"{running.url}/readyz", timeout=2.0).status_code == 200
    except httpx2.HTTPError:
        return False


def wait_for(what: Any, seconds: float) -> Any:
    """Ask again and again until ``what()`` gives something true; that, or the last answer when time is over."""
    until = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < until:
        time.sleep(0.05)
    return found
