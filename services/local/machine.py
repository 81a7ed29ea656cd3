"""The stores of one machine, and the list of everything that `tallystick up` runs."""

from pathlib import Path
from types import TracebackType
from typing import Self

from services.local.binaries import Binaries, locate
from services.local.folders import DataFolder
from services.local.postgres import DATABASE, PostgresServer
from services.local.valkey import ValkeyServer


class LocalStores:
    """PostgreSQL and Valkey on a data folder, for as long as the `with` block lasts. Holds the folder's lock.

    For tests, replays and benchmarks. Enter it in the main thread: the servers die with the thread that started them.
    """

    def __init__(self, folder: Path, binaries: Binaries | None = None) -> None:
        """`folder` is made if need be. Raises FolderError or MissingBinariesError."""
        self.folder = DataFolder.open(folder)
        found = binaries or locate()
        self.postgres = PostgresServer(self.folder, found)
        self.valkey = ValkeyServer(self.folder, found)
        self._lock = self.folder.lock()

    def __enter__(self) -> Self:
        """Starts both. Raises AlreadyRunningError, NotDurableError or StartError."""
        self._lock.__enter__()
        try:
            self.postgres.start()
            self.valkey.start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops Valkey, then PostgreSQL."""
        self._stop()

    def dsn_owner(self, database: str = DATABASE) -> str:
        """SQLAlchemy URL for migrations."""
        return self.postgres.dsn_owner(database)

    def dsn_app(self, database: str = DATABASE) -> str:
        """SQLAlchemy URL for what runs."""
        return self.postgres.dsn_app(database)

    @property
    def broker_url(self) -> str:
        """URL for Celery."""
        return self.valkey.broker_url

    @property
    def redis_url(self) -> str:
        """URL for redis-py."""
        return self.valkey.redis_url

    def _stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()
        self._lock.__exit__(None, None, None)
