"""Adding what this process has measured to the sums of the whole system, every few seconds, beside the work itself."""

import os
import threading
from typing import Final, Self

import structlog
from sqlalchemy.exc import DBAPIError

from services.domain.actors import system_actor
from services.storage import measured
from services.storage.database import DATABASE_AWAY
from services.system import System
from services.telemetry.logs import place_of

EVERY: Final = 5.0
"""Seconds between two additions: so much is lost of a process that is killed."""

_KEEPER = system_actor("measures")
_log = structlog.get_logger()


def keep_measures(system: System) -> None:
    """Add what has grown since the last time. Raises what DATABASE_AWAY names; then it is added the next time."""
    grown = system.measures.grown()
    if grown:
        with system.database.begin(_KEEPER) as connection:
            measured.add(connection, grown)
        system.measures.keep(grown)


class MeasureKeeper:
    """Keeps the measures of a process in a thread of its own, from ``start`` to ``stop``."""

    def __init__(self, system: System, every: float = EVERY) -> None:
        self._system = system
        self._every = every
        self._ended = threading.Event()
        self._starting = threading.Lock()
        self._process = 0
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Begin, where this process has not begun yet: threads of its parent stayed with its parent."""
        if self._process != os.getpid():
            with self._starting:
                if self._process != os.getpid():
                    self._process = os.getpid()
                    self._thread = threading.Thread(target=self._run, name="keep-measures", daemon=True)
                    self._thread.start()
        return self

    def stop(self) -> None:
        """Keep once more, and end."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(self._every)

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            self._keep()
        self._keep()

    def _keep(self) -> None:
        try:
            keep_measures(self._system)
        except (*DATABASE_AWAY, DBAPIError) as error:
            _log.warning("measures_not_kept", **place_of(error))
