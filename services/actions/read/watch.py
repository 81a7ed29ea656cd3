"""The health of the system, for machines that watch: can this process work, do the lanes move, and all figures.

Every question is bounded on the wall clock. Neither the database's own timeouts nor the driver's do that: a server that
is frozen runs no timeouts (RELIABILITY.md §0.6). So a question is asked in a thread, over a connection of its own, and
whoever asked stops waiting for it; who asks meanwhile waits for the same answer.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from services.domain.actors import system_actor
from services.domain.urgency import Lane
from services.storage import measured, migrating, watch
from services.storage.database import DATABASE_AWAY, DatabaseRole, apart
from services.storage.watch import Figures
from services.system import System

READY_WITHIN: Final = 1.5
"""Seconds for the question whether this process can work."""
FIGURES_WITHIN: Final = 5.0
"""Seconds for the question for all figures."""

MOVES_WITHIN: Final[Mapping[Lane, float]] = {Lane.URGENT: 10.0, Lane.ROUTINE: 120.0, Lane.BULK: 900.0}
"""A lane moves while its oldest due job is no older than so many seconds."""

_WATCHER = system_actor("watch")


@dataclass(frozen=True, slots=True)
class Readiness:
    """``able``: requests may be sent to this process. ``reasons``: codes of what is wrong, with it or with the work
    behind it; the second is no reason to send it no requests.
    """

    able: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """All figures, and the sums of what was measured, by name and labels."""

    figures: Figures
    measured: Mapping[tuple[str, str], float]


class Watcher:
    """Asks the database for one web process."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._database = apart(system.database, DatabaseRole.READER)
        self._threads = ThreadPoolExecutor(2, "watch")
        self._under_way: dict[str, Future[Any]] = {}
        self._lock = Lock()

    def readiness(self, seconds: float = READY_WITHIN) -> Readiness:
        """Whether this process can work. Answers within ``seconds``, whatever the database does."""
        try:
            version, waiting = self._ask("readiness", self._look, seconds)
        except TimeoutError:
            return Readiness(able=False, reasons=("database_silent",))
        except (*DATABASE_AWAY, DBAPIError):
            return Readiness(able=False, reasons=("database_away",))
        if version != migrating.newest_version():
            return Readiness(able=False, reasons=("not_migrated",))
        slow = tuple(f"{lane.value}_waits" for lane in Lane if waiting[lane].seconds > MOVES_WITHIN[lane])
        return Readiness(able=True, reasons=slow)

    def watched(self, seconds: float = FIGURES_WITHIN) -> Watched | None:
        """All figures; None where the database does not give them within ``seconds``."""
        try:
            found: Watched = self._ask("figures", self._read, seconds)
        except (TimeoutError, *DATABASE_AWAY, DBAPIError):
            return None
        return found

    def _ask(self, name: str, question: Callable[[Connection], Any], seconds: float) -> Any:
        with self._lock:
            asked = self._under_way.get(name)
            if asked is None or asked.done():
                asked = self._under_way[name] = self._threads.submit(self._answer, question)
        return asked.result(seconds)

    def _answer(self, question: Callable[[Connection], Any]) -> Any:
        with self._database.begin(_WATCHER) as connection:
            return question(connection)

    def _look(self, connection: Connection) -> tuple[str | None, Mapping[Lane, watch.Waiting]]:
        version = migrating.version_of(connection)
        # The tables of another version may not be there.
        known = version == migrating.newest_version()
        return version, watch.waiting(connection, self._system.clock()) if known else {}

    def _read(self, connection: Connection) -> Watched:
        return Watched(watch.figures(connection, self._system.clock()), measured.totals(connection))
