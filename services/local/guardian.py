"""The guardian: a small process that outlives a killed supervisor just long enough to end its children.

The supervisor tells it, through a pipe that only the supervisor holds, which process groups exist. When the pipe
breaks, because the supervisor has ended however violently, the guardian signals every group that it still knows and,
some seconds later, kills it. Beside PR_SET_PDEATHSIG (Linux, direct children only) this is the net that catches
grandchildren, and the only one on macOS. The file is run alone, by its path, so it imports the standard library only.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping

GRACE = 5.0
"""Seconds between a group's own signal and SIGKILL."""


class Guardian:
    """The supervisor's end of the pipe."""

    def __init__(self) -> None:
        """Starts the process."""
        self._groups: dict[int, int] = {}
        self._process = self._started()

    @property
    def pid(self) -> int:
        """Number of the guardian's process."""
        return self._process.pid

    def add(self, group: int, number: int) -> None:
        """From now on the process group `group` gets the signal `number` when this process ends."""
        self._groups[group] = number
        self._say(f"+ {group} {number}\n")

    def remove(self, group: int) -> None:
        """The group has ended: its number may soon be another's."""
        if self._groups.pop(group, None) is not None:
            self._say(f"- {group} 0\n")

    def keep_alive(self) -> None:
        """Starts another guardian, which hears of all groups, where the first was killed."""
        if self._process.poll() is None:
            return
        self._close()
        self._process = self._started()
        for group, number in self._groups.items():
            self._say(f"+ {group} {number}\n")

    def dismiss(self) -> None:
        """Lets it go; it ends every group that was not removed."""
        self._close()
        self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )

    def _say(self, line: str) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()

    def _close(self) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()


def follow(lines: Iterable[str]) -> dict[int, int]:
    """The groups that remain, with their signals, after all that was said through the pipe."""
    groups: dict[int, int] = {}
    for line in lines:
        if not line.endswith("\n"):
            break
        word, group, number = line.split()
        if word == "+":
            groups[int(group)] = int(number)
        else:
            groups.pop(int(group), None)
    return groups


def end(groups: Mapping[int, int]) -> None:
    """Signals the groups, and kills what is left of them after the grace."""
    for group, number in groups.items():
        _signal(group, number)
    limit = time.monotonic() + GRACE
    while any(_signal(group, 0) for group in groups) and time.monotonic() < limit:
        time.sleep(0.02)
    for group in groups:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    end(follow(sys.stdin))
