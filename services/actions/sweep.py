"""The sweeper: does what is due and nobody has taken, without Celery and Redis. The net, not the engine."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from services.actions.run_jobs import CALLING, DECIDING, run_jobs
from services.domain.urgency import Lane
from services.storage.database import DATABASE_AWAY
from services.system import System


@dataclass(frozen=True, slots=True)
class Pace:
    """How long work must have lain unclaimed before the sweeper takes it, and how often it looks, in seconds.

    ``every_call`` is for calls to receivers, ``every`` for all other work. ``left_alone``: it decides nothing in a lane
    where somebody holds a lease, however much waits. A full lane that is being worked needs no net, and a second engine
    beside the first would take the processors from what is urgent.
    """

    unclaimed_for: float
    every: float
    every_call: float
    left_alone: bool = False


PACES: Mapping[Lane, Pace] = {
    Lane.URGENT: Pace(unclaimed_for=0.25, every=0.1, every_call=0.5),
    Lane.ROUTINE: Pace(unclaimed_for=8.0, every=1.0, every_call=2.0, left_alone=True),
    Lane.BULK: Pace(unclaimed_for=20.0, every=2.0, every_call=5.0, left_alone=True),
}
_PAUSE_WITHOUT_DATABASE = 1.0
_log = structlog.get_logger()


def sweep(system: System, stop: threading.Event) -> None:
    """Sweep every lane until ``stop`` is set. Any number of sweepers may run at the same time.

    Calls to receivers run in threads of their own, so that one that hangs holds up no lane. Where one of the threads
    fails, all stop and this returns: a process that is started again is better than one that leaves a lane to itself.
    """
    threads = [
        threading.Thread(target=_one_lane, args=(system, lane, kinds, stop), name=f"sweep-{lane}-{name}", daemon=True)
        for lane in Lane
        for name, kinds in (("deciding", DECIDING), ("calling", CALLING))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _one_lane(system: System, lane: Lane, kinds: frozenset[str], stop: threading.Event) -> None:
    try:
        _sweep_lane(system, lane, kinds, stop)
    finally:
        stop.set()


def _sweep_lane(system: System, lane: Lane, kinds: frozenset[str], stop: threading.Event) -> None:
    pace = PACES[lane]
    every = pace.every_call if kinds == CALLING else pace.every
    while not stop.is_set():
        started = time.monotonic()
        try:
            left_alone = pace.left_alone and kinds == DECIDING
            busy = run_jobs(system, lane, kinds, unclaimed_for=pace.unclaimed_for, left_alone=left_alone) > 0
        except DATABASE_AWAY as error:
            _log.warning("database_away", lane=lane.value, code=type(error).__name__)
            stop.wait(_PAUSE_WITHOUT_DATABASE)
            continue
        if not busy:
            stop.wait(max(0.0, every - (time.monotonic() - started)))
