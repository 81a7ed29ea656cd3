"""One Valkey server on a unix socket in a data folder. It carries bells and ids, never facts: to lose it costs time."""

import signal
from pathlib import Path

import redis

from services.local.account import PLAIN_ENVIRONMENT
from services.local.binaries import Binaries, reachable
from services.local.errors import StartError
from services.local.folders import DataFolder
from services.local.processes import Child, end_processes, processes_in, wait_until
from services.local.service import Service

_BROKEN_FILE = "Bad file format reading the append only file"
_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "aof-load-truncated": "yes",
    "maxmemory-policy": "noeviction",
    "loglevel": "notice",
}


class ValkeyServer:
    """The server in `folder`, run from `binaries`. Use `start` and `stop`, or hand `service()` to a supervisor."""

    def __init__(self, folder: DataFolder, binaries: Binaries) -> None:
        self._folder = folder
        self._binaries = reachable(binaries, folder.account)
        self._socket = folder.sockets / "valkey.sock"
        self._child: Child | None = None

    @property
    def broker_url(self) -> str:
        """URL for Celery."""
        return f"redis+socket://{self._socket}?virtual_host=0"

    @property
    def redis_url(self) -> str:
        """URL for redis-py."""
        return f"unix://{self._socket}?db=0"

    @property
    def pid(self) -> int | None:
        """Number of the server's process while it was started here."""
        return self._child.pid if self._child else None

    def service(self) -> Service:
        """The server as a value for the supervisor."""
        settings = {**_SETTINGS, "unixsocket": str(self._socket), "dir": str(self._folder.valkey)}
        flags = [word for name, value in settings.items() for word in (f"--{name}", value)]
        return Service(
            name="valkey",
            command=(str(self._binaries.valkey), *flags),
            environment=PLAIN_ENVIRONMENT,
            inherit=False,
            account=self._folder.account,
            prepare=self.prepare,
            ready=self.answers,
            stop_signal=signal.SIGTERM,
        )

    def start(self, within: float = 30.0) -> None:
        """Starts the server and returns when it answers; a damaged append-only file is put aside.

        Raises StartError, with the server's last words.
        """
        for _ in range(2):
            child = self._started(within)
            if child.code is None:
                return
            self.stop()
            if _BROKEN_FILE not in child.output():
                break
        raise StartError(f"Valkey did not start. Its last words ({child.log}):\n{child.output()}")

    def stop(self) -> None:
        """Ends the server in order and waits for its end."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def prepare(self) -> None:
        """What must be true before a start: nothing left of an earlier server, and a file that can be read."""

        def find() -> list[int]:
            return processes_in(self._folder.valkey, "valkey-server")

        if find() and not end_processes(find, [signal.SIGTERM, signal.SIGKILL], seconds=3.0):
            raise StartError(f"An earlier Valkey still runs in {self._folder.valkey} and cannot be ended.")
        if self._last_start_met_a_broken_file():
            self._put_aside(self._folder.valkey / "appendonlydir")

    def answers(self) -> bool:
        """Whether a PING gets its answer, which it does not while the file is being loaded."""
        client = redis.Redis(unix_socket_path=str(self._socket), socket_timeout=1.0, socket_connect_timeout=1.0)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _started(self, within: float) -> Child:
        service = self.service()
        self.prepare()
        self._child = child = Child(service, self._folder.log(service.name))
        if not wait_until(lambda: child.code is not None or self.answers(), within):
            self.stop()
        return child

    def _last_start_met_a_broken_file(self) -> bool:
        log = self._folder.log("valkey")
        if not log.exists():
            return False
        _, _, last = log.read_text(encoding="utf-8", errors="replace").rpartition("oO0OoO0OoO0Oo")
        return _BROKEN_FILE in last

    def _put_aside(self, files: Path) -> None:
        """Keeps one damaged set of files for whoever wants to know; what they held is rung again by the sweeper."""
        if files.exists():
            aside = files.with_name(f"{files.name}.damaged")
            _remove_tree(aside)
            files.rename(aside)


def _remove_tree(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    if folder.exists():
        folder.rmdir()
