"""The stores and the system that a benchmark in one process measures: real, durable, and gone afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.clock import Clock, machine_clock
from services.local.machine import LocalStores
from services.policy.book import load_policy_book
from services.storage.database import DatabaseRole, connect
from services.storage.migrating import migrate
from services.storage.sealing import KeyRing
from services.system import System

POLICY = Path(__file__).parents[1] / "config" / "policy"
KEYS = KeyRing(payloads=b"p" * 32, vault=b"v" * 32)


@contextmanager
def stores() -> Iterator[LocalStores]:
    """Embedded PostgreSQL, migrated and durable (fsync and synchronous commit on), and Valkey, in a folder that is
    removed at the end. Enter it in the main thread.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tallystick-bench-") as folder,
        LocalStores(Path(folder) / "stores", scratch=True) as running,
    ):
        migrate(running.dsn_owner())
        yield running


@contextmanager
def system_on(
    running: LocalStores, *, clock: Clock = machine_clock, role: DatabaseRole = DatabaseRole.WORKER
) -> Iterator[System]:
    """A system without a broker on these stores, with the policy as it is shipped."""
    database = connect(running.dsn_app(), role)
    try:
        yield System(database=database, clock=clock, keys=KEYS, policy=load_policy_book(POLICY))
    finally:
        database.close()
