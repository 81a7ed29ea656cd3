"""The one Celery task: work a lane until nothing is due in it. Each process has its own connections."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from services import wiring
from services.actions.keep_measures import MeasureKeeper
from services.actions.run_jobs import CALLING, DECIDING, run_jobs
from services.domain.urgency import Lane
from services.storage.database import DATABASE_AWAY, DatabaseRole
from services.system import System
from services.telemetry.logs import place_of
from workers.app import app
from workers.bells import WORK, CeleryBells

_BUDGET_SECONDS = 15.0
"""After so long in one message the lane is rung anew, well before the soft time limit."""
_log = structlog.get_logger()


@dataclass(slots=True)
class _Process:
    """What a worker process keeps between messages."""

    system: System
    keeper: MeasureKeeper
    callers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "calling"))
    calling: "Future[None] | None" = None


_process: _Process | None = None


def open_process() -> None:
    """Connect. Called after the fork, so that no connection is shared."""
    global _process
    wiring.spare_the_collector()
    system = wiring.system_of(wiring.read_settings(), DatabaseRole.WORKER, "celery", pool_size=3)
    _process = _Process(system, MeasureKeeper(system).start())


def _this_process() -> _Process:
    if _process is None:
        open_process()
        return _this_process()
    return _process


def close_process() -> None:
    """Let the call that is under way end, and disconnect."""
    if _process is not None:
        _process.callers.shutdown(wait=False, cancel_futures=True)
        _process.keeper.stop()
        _process.system.database.close()


@app.task(name=WORK)
def work(lane_name: str) -> None:
    """Do what is due in a lane. Calls to receivers run beside it, in a thread, and hold up no decision."""
    process, lane = _this_process(), Lane(lane_name)
    if isinstance(process.system.bells, CeleryBells):
        process.system.bells.answer(lane)
    if process.calling is None or process.calling.done():
        process.calling = process.callers.submit(_drain, process.system, lane, CALLING)
        process.calling.add_done_callback(_say_if_failed)
    _drain(process.system, lane, DECIDING)


def _say_if_failed(calling: "Future[None]") -> None:
    error = None if calling.cancelled() else calling.exception()
    if error is not None:
        _log.error("calling_failed", **place_of(error))


def _drain(system: System, lane: Lane, kinds: frozenset[str]) -> None:
    until = time.monotonic() + _BUDGET_SECONDS
    try:
        while run_jobs(system, lane, kinds):
            if time.monotonic() > until:
                system.bells.ring([lane])
                return
    except DATABASE_AWAY:
        return
