"""Named places at which a process can be made to die, to prove that nothing is lost and nothing happens twice.

``TALLYSTICK_CRASH_AT=point:nth`` makes a process kill itself the ``nth`` time it comes to ``point`` (POINTS). It works
in a checkout alone, where the benchmarks stand beside this package: an installed system does not know the variable.
"""

import os
import signal
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Final

VARIABLE: Final = "TALLYSTICK_CRASH_AT"

POINTS: Final = (
    "accept.begun",
    "accept.appended",
    "accept.committed",
    "ring.coalesced",
    "ring.sent",
    "claim.leased",
    "claim.committed",
    "route.begun",
    "route.written",
    "route.committed",
    "attempt.written",
    "attempt.committed",
    "call.begun",
    "call.answering",
    "call.answered",
    "settle.written",
    "settle.committed",
    "deadline.written",
    "deadline.committed",
    "escalate.written",
    "escalate.committed",
    "acknowledge.written",
    "acknowledge.committed",
)
"""``written`` is after the rows and before the commit, ``committed`` after it and before anything that follows."""

SOURCE: Final = Path(__file__).parents[1]
"""The folder that holds the packages."""


def crash_at(environment: Mapping[str, str], source: Path) -> Callable[[str], None]:
    """What is called with the name of each point that is reached: nothing happens, unless ``environment`` has the
    variable and ``source``, the folder that holds the packages, is a checkout. Raises ValueError where the variable
    names no point or no number.
    """
    wanted = environment.get(VARIABLE)
    if wanted is None or not (source / "benchmarks" / "chaotic").is_dir():
        return _go_on
    point, _, nth = wanted.partition(":")
    if point not in POINTS or not nth.isascii() or not nth.isdigit() or not int(nth):
        raise ValueError(f"{VARIABLE}: not a point and a number from 1, as {POINTS[0]}:1")
    comings = count(1)

    def reached(name: str) -> None:
        if name == point and next(comings) == int(nth):
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def _go_on(name: str) -> None:
    """Reaching a point has no effect."""


reached: Callable[[str], None] = crash_at(os.environ, SOURCE)
"""Called with the name of the point that a process has come to."""
