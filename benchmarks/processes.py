"""What the kernel says of the processes of a running system: who there is, how much memory and time each took."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from benchmarks.chaotic.killer import children_of, services_of

OURS = ("web", "worker-urgent", "worker-routine", "worker-bulk", "sweeper", "sweeper-2", "beat")
"""The services that are processes of ours; the stores are not."""

_TICKS = os.sysconf("SC_CLK_TCK")
_KIB_A_MIB = 1024


def ours(home: Path, supervisor: int) -> dict[str, list[int]]:
    """Our Python processes by service, those that they forked too, and the supervisor's own."""
    pids = {str(one["name"]): one["pid"] for one in services_of(home) if one["name"] in OURS}
    found = {name: list(_with_children(pid)) for name, pid in sorted(pids.items()) if isinstance(pid, int)}
    return {**found, "supervisor": [supervisor]}


def share_of_memory(pid: int) -> float:
    """The proportional set size of a process in MiB; 0 where it is gone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            if name == "Pss":
                return int(value.split()[0]) / _KIB_A_MIB
    return 0.0


def cpu_seconds(pid: int) -> float:
    """For how long a process has run on a processor; 0 where it is gone."""
    with suppress(OSError):
        said = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(said[11]) + int(said[12])) / _TICKS
    return 0.0


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for child in children_of(pid):
        yield from _with_children(child)
