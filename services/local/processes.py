"""Starting and ending one child process so that nothing of it can be left behind."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from services.local.account import identity
from services.local.service import Service

LOG_LIMIT = 10_000_000
"""Bytes after which the log of a service is put aside as `<name>.log.1`."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_POLL = 0.02


class Child:
    """A started process of a service. It leads a session and process group of its own."""

    def __init__(self, service: Service, log: Path) -> None:
        """Starts `service`, its output appended to `log`. Raises OSError where the program cannot be run."""
        self.service = service
        self.log = log
        self.log_offset = _length_after_turning(log)
        output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            self._process = subprocess.Popen(
                service.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**(os.environ if service.inherit else {}), **service.environment},
                cwd=None if service.inherit else "/",
                umask=0o077,
                start_new_session=True,
                preexec_fn=_dies_with_parent(service.quick_signal),
                **identity(service.account),
            )
        finally:
            os.close(output)
        if service.niceness:
            with contextlib.suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PGRP, self._process.pid, service.niceness)

    @property
    def pid(self) -> int:
        """The number of the process, and of its group."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """None while it runs; then its exit code, or the negated number of the signal that ended it."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the process alone, if it still runs."""
        if self.code is None:
            self._process.send_signal(number)

    def sweep_group(self) -> None:
        """Kills whatever is left of the process group: the grandchildren of a process that has ended."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def stop(self, *, quickly: bool = False) -> None:
        """Ends it in order: its stop signal, after its time the quick one, at last SIGKILL for the whole group."""
        if not quickly:
            self.send(self.service.stop_signal)
        if quickly or not self._ended_within(self.service.stop_timeout):
            self.send(self.service.quick_signal)
            self._ended_within(5.0)
        self.sweep_group()
        self._process.wait()

    def output(self, limit: int = 4000) -> str:
        """The last characters of what this process wrote, not of those before it."""
        with self.log.open("rb") as file:
            size = self.log.stat().st_size
            file.seek(max(self.log_offset if self.log_offset <= size else 0, size - limit))
            return file.read().decode("utf-8", "replace")

    def _ended_within(self, seconds: float) -> bool:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def _length_after_turning(log: Path) -> int:
    """Puts a log aside that has grown too large, and returns how long it is now."""
    size = log.stat().st_size if log.exists() else 0
    if size <= LOG_LIMIT:
        return size
    log.replace(log.with_name(f"{log.name}.1"))
    return 0


def trim_log(log: Path) -> None:
    """Puts the content of a log that has grown too large aside while its process goes on writing to it."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Asks `condition` again and again until it says True or the time is up; returns its last word."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(_POLL)
    return True


def processes_in(folder: Path, program: str) -> list[int]:
    """Numbers of the processes called `program` whose working directory is `folder` (none where there is no /proc)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "comm").read_text().strip() == program and Path(os.readlink(entry / "cwd")) == folder:
                found.append(int(entry.name))
    return found


def end_processes(find: Callable[[], Sequence[int]], signals: Sequence[signal.Signals], seconds: float) -> bool:
    """Sends each signal in turn to what `find` still finds, and waits `seconds` after each; whether all have ended."""
    for number in signals:
        for pid in find():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        if wait_until(lambda: not find(), seconds):
            return True
    return not find()


def _dies_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What a child does before it becomes its program: asks the kernel for a signal when its parent dies.

    Linux ties this to the thread that starts the child, so other threads than the main one go without; the guardian
    (`services.local.guardian`) is the net for them, and for other systems.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    parent = os.getpid()

    def ask() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask
