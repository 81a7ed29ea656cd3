"""Applications under the product's own web server: gunicorn with the workers and threads that a real system has."""

import base64
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from benchmarks.stage import KEYS
from services.local.machine import LocalStores, Wanted, local_services
from services.local.processes import Child, wait_until

PRODUCT = "services.web.app:from_environment()"
TOKEN_KEY = b"t" * 32


@dataclass(frozen=True, slots=True)
class Served:
    """A running web server: its port, and its first process."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def served(
    running: LocalStores,
    application: str = PRODUCT,
    *,
    environment: Mapping[str, str] | None = None,
    under: Sequence[str] = (),
) -> Iterator[Served]:
    """Serve an application on these stores, with the keys of `benchmarks.stage`, until the end of the block.

    ``under`` are words before the command, such as a tracer's. Enter it in the main thread.
    """
    keys = {
        "TALLYSTICK_MASTER_KEY": KEYS.payloads,
        "TALLYSTICK_VAULT_KEY": KEYS.vault,
        "TALLYSTICK_TOKEN_KEY": TOKEN_KEY,
    }
    port = _free_port()
    wanted = Wanted(
        folder=running.folder,
        port=port,
        database_url=running.dsn_app(),
        broker_url=running.broker_url,
        keys=(),
        environment={
            **{name: base64.b64encode(key).decode() for name, key in keys.items()},
            "TALLYSTICK_PUBLIC_URL": f"http://127.0.0.1:{port}",
            **(environment or {}),
        },
    )
    web = next(service for service in local_services(wanted) if service.name == "web")
    service = replace(web, name=f"web-{port}", command=(*under, *web.command[:-1], application))
    child = Child(service, running.folder.log(service.name))
    try:
        answers = service.ready or (lambda: False)
        if not wait_until(lambda: child.code is not None or answers(), 60.0) or child.code is not None:
            raise RuntimeError(f"{application} does not answer:\n{child.output()}")
        yield Served(port, child.pid)
    finally:
        child.stop()


def _free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])
