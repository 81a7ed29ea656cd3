"""The stores of one machine, and the list of everything that `tallystick up` runs."""

import base64
import contextlib
import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from services.local.binaries import Binaries, locate
from services.local.errors import StartError
from services.local.folders import DataFolder
from services.local.postgres import DATABASE, PostgresServer
from services.local.service import Service
from services.local.valkey import ValkeyServer

KEYS = ("TALLYSTICK_MASTER_KEY", "TALLYSTICK_VAULT_KEY", "TALLYSTICK_TOKEN_KEY")
"""Settings that hold 32 secret bytes; this machine makes its own where nobody gives them."""

WORKERS = {"urgent": 2, "routine": 2, "bulk": 1}
"""Lanes, with the number of processes that work on each."""

SWEEPERS = ("sweeper", "sweeper-2")
"""The net has a net: while one starts again, the other looks."""

_NICENESS = {"bulk": 10}
"""Lanes whose workers leave the processors to others first."""

_STAGES = {"postgres": 0, "valkey": 1, "migrate": 2, "sweeper": 3, "web": 4, "worker": 5, "beat": 6}
_PORT_PATIENCE = 3.0
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the stores are: URLs for SQLAlchemy (application's role and owner's), for Celery and for redis-py."""

    database_url: str
    owner_database_url: str
    broker_url: str
    redis_url: str


def local_addresses(folder: DataFolder) -> Addresses:
    """The addresses of the stores of `folder`, whether they run or not."""
    return _addresses(PostgresServer(folder, locate()), ValkeyServer(folder, locate()))


class LocalStores:
    """PostgreSQL and Valkey on a data folder, for as long as the `with` block lasts. Holds the folder's lock.

    For tests, replays and benchmarks. Enter it in the main thread: the servers die with the thread that started them.
    """

    def __init__(self, folder: Path, binaries: Binaries | None = None, *, scratch: bool = False) -> None:
        """`folder` is made if need be; `scratch` removes it, with all data, at the end of the block.

        Raises FolderError or MissingBinariesError.
        """
        self._scratch = scratch
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

    @property
    def addresses(self) -> Addresses:
        """All addresses, of the database of a running system."""
        return _addresses(self.postgres, self.valkey)

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
        if self._scratch:
            self.folder.discard()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `tallystick up` is asked for; all but the folder may be left out.

    Where `database_url` (with `owner_database_url`) or `broker_url` is given, that store is somebody else's and is
    not started. `postgres` (a folder with `initdb` and `postgres`) and `valkey` (a server) name other programs.
    `keys`: those of KEYS that this machine is to make; None for those that our environment leaves open. `environment`
    is added to that of every child.
    """

    folder: DataFolder
    host: str = "127.0.0.1"
    port: int = 8400
    database_url: str | None = None
    owner_database_url: str | None = None
    broker_url: str | None = None
    postgres: Path | None = None
    valkey: Path | None = None
    keys: Sequence[str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def store_services(folder: DataFolder) -> list[Service]:
    """The embedded stores and nothing else, for a Supervisor. Raises MissingBinariesError."""
    return _stores(Wanted(folder=folder))[0]


def local_services(wanted: Wanted) -> list[Service]:
    """Everything that makes the whole system on this machine, for a Supervisor. Raises MissingBinariesError."""
    stores, addresses = _stores(wanted)
    environment = {
        "TALLYSTICK_HOME": str(wanted.folder.root),
        "TALLYSTICK_DATABASE_URL": addresses.database_url,
        "TALLYSTICK_BROKER_URL": addresses.broker_url,
        **key_files(wanted.folder, wanted.keys),
        **wanted.environment,
    }
    owner = {**environment, "TALLYSTICK_OWNER_DATABASE_URL": addresses.owner_database_url}
    migrate = Service(
        name="migrate",
        command=_python("services.cli", "migrate"),
        environment=owner,
        needs=tuple(store.name for store in stores),
        one_shot=True,
        ready_within=600.0,
        stop_stage=_STAGES["migrate"],
    )
    sweeper = Service(
        name="sweeper",
        command=_python("services.cli", "sweep"),
        environment=environment,
        needs=("migrate",),
        stop_timeout=15.0,
        stop_stage=_STAGES["sweeper"],
    )
    sweepers = [replace(sweeper, name=name) for name in SWEEPERS]
    workers = [_worker(lane, processes, environment) for lane, processes in WORKERS.items()]
    return [
        *stores,
        migrate,
        *sweepers,
        _web(wanted, environment | _metrics_token(wanted.folder)),
        *workers,
        _beat(wanted.folder, environment),
    ]


def key_files(folder: DataFolder, names: Sequence[str] | None = None) -> dict[str, str]:
    """Settings `<NAME>_FILE` for secret keys of 32 bytes (base64), made at the first asking and kept in `folder`.

    `names`: some of KEYS; None for those that our environment, which every child inherits, leaves open. A key that
    somebody has given is never put in the shade by one of ours.
    """
    files = {}
    if names is None:
        names = [name for name in KEYS if not {name, f"{name}_FILE"} & os.environ.keys()]
    for name in names:
        secret = name.lower()
        folder.secret(secret, lambda: base64.b64encode(os.urandom(32)).decode())
        files[f"{name}_FILE"] = str(folder.secret_path(secret))
    return files


def _metrics_token(folder: DataFolder) -> dict[str, str]:
    """The token with which figures are read, of this machine's own where nobody has given one."""
    name = "TALLYSTICK_METRICS_TOKEN"
    if {name, f"{name}_FILE"} & os.environ.keys():
        return {}
    folder.secret(name.lower())
    return {f"{name}_FILE": str(folder.secret_path(name.lower()))}


def _addresses(postgres: PostgresServer, valkey: ValkeyServer) -> Addresses:
    return Addresses(postgres.dsn_app(), postgres.dsn_owner(), valkey.broker_url, valkey.redis_url)


def _stores(wanted: Wanted) -> tuple[list[Service], Addresses]:
    """The stores to start, and where all stores are: those given are left alone."""
    found = locate(wanted.postgres, wanted.valkey)
    postgres, valkey = PostgresServer(wanted.folder, found), ValkeyServer(wanted.folder, found)
    own = _addresses(postgres, valkey)
    stores = []
    if wanted.database_url is None:
        stores.append(replace(postgres.service(), stop_stage=_STAGES["postgres"]))
    if wanted.broker_url is None:
        stores.append(replace(valkey.service(), stop_stage=_STAGES["valkey"]))
    database = wanted.database_url or own.database_url
    owner = wanted.owner_database_url or wanted.database_url or own.owner_database_url
    return stores, Addresses(database, owner, wanted.broker_url or own.broker_url, own.redis_url)


def _python(module: str, *words: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, *words)


def _web(wanted: Wanted, environment: Mapping[str, str]) -> Service:
    host, port = wanted.host, wanted.port
    scratch = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else wanted.folder.run
    return Service(
        name="web",
        command=_python(
            *("gunicorn", "--worker-class", "services.web.server.Worker", "--workers", "2", "--threads", "8"),
            "--no-control-socket",
            *("--worker-tmp-dir", str(scratch), "--graceful-timeout", "20", "--bind", f"{_bracketed(host)}:{port}"),
            "--preload",
            "services.web.app:from_environment()",
        ),
        environment=environment,
        needs=("migrate",),
        prepare=lambda: refuse_taken_port(host, port),
        ready_within=180.0,
        ready=lambda: _answers_http(host, port),
        quick_signal=signal.SIGQUIT,
        stop_timeout=25.0,
        stop_stage=_STAGES["web"],
        look=f"http://{_bracketed(_reached_at(host))}:{port}",
    )


def _worker(lane: str, processes: int, environment: Mapping[str, str]) -> Service:
    return Service(
        name=f"worker-{lane}",
        command=_python(
            *("celery", "-A", "workers.app:app", "worker", "-Q", lane, "-n", f"{lane}@%h", "--loglevel", "WARNING"),
            *("--pool", "prefork", "--concurrency", str(processes)),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ),
        environment=environment,
        needs=("migrate",),
        steady_after=1.5,
        quick_signal=signal.SIGQUIT,
        stop_timeout=35.0,
        stop_stage=_STAGES["worker"],
        niceness=_NICENESS.get(lane, 0),
    )


def _beat(folder: DataFolder, environment: Mapping[str, str]) -> Service:
    schedule = folder.run / "beat-schedule"

    def forget_schedule() -> None:
        # A schedule file that a kill has damaged keeps beat from starting; it only holds when bells were last rung.
        for path in folder.run.glob(f"{schedule.name}*"):
            path.unlink(missing_ok=True)

    return Service(
        name="beat",
        command=_python(
            *("celery", "-A", "workers.app:app", "beat", "--loglevel", "WARNING"),
            *("--schedule", str(schedule), "--pidfile", ""),
        ),
        environment=environment,
        needs=("migrate",),
        prepare=forget_schedule,
        stop_stage=_STAGES["beat"],
    )


def refuse_taken_port(host: str, port: int) -> None:
    """Waits a moment for a port that a system just killed may still hold. Raises StartError where it stays taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    limit = time.monotonic() + _PORT_PATIENCE
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind((host, port))
            except OSError as error:
                if time.monotonic() > limit:
                    taken = f"{_bracketed(host)}:{port} cannot be used ({error.strerror})"
                    raise StartError(f"{taken}: choose another port, with --port.") from error
                time.sleep(0.1)
            else:
                return


def _answers_http(host: str, port: int) -> bool:
    """Whether the web server says that it lives."""
    connection = http.client.HTTPConnection(_reached_at(host), port, timeout=1.0)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def _reached_at(host: str) -> str:
    """Address at which a server bound to `host` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
