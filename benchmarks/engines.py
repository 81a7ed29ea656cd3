"""The product's own worker processes on a benchmark's stores, without the rest of the system."""

import base64
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.stage import KEYS
from services.local.machine import LocalStores, Wanted, local_services
from services.local.processes import Child

_STEADY = 3.0


@contextmanager
def engines(running: LocalStores, names: Collection[str]) -> Iterator[None]:
    """Services of the product by their names (``worker-routine``, ``sweeper``), started as `tallystick up` does, until
    the end of the block. Enter it in the main thread.
    """
    wanted = Wanted(
        folder=running.folder,
        database_url=running.dsn_app(),
        broker_url=running.broker_url,
        keys=(),
        environment={
            "TALLYSTICK_MASTER_KEY": base64.b64encode(KEYS.payloads).decode(),
            "TALLYSTICK_VAULT_KEY": base64.b64encode(KEYS.vault).decode(),
        },
    )
    with ExitStack() as stack:
        children = []
        for service in local_services(wanted):
            if service.name in names:
                children.append(Child(service, running.folder.log(service.name)))
                stack.callback(children[-1].stop)
        time.sleep(_STEADY)
        dead = [child for child in children if child.code is not None]
        if dead:
            raise RuntimeError(f"{dead[0].service.name} has ended:\n{dead[0].output()}")
        yield
