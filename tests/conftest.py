"""What the tests stand on: one real PostgreSQL and one real Valkey a run and worker, and a fresh database a test."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from services.clock import StoryClock
from services.domain.actors import Actor, system_actor
from services.local.machine import LocalStores
from services.policy.book import PolicyBook, load_policy_book
from services.storage.database import Database, DatabaseRole, connect
from services.storage.migrating import migrate
from services.storage.sealing import KeyRing
from services.system import System
from tests.alder import Alder, alder

TEMPLATE = "template_tallystick"
POLICY = Path(__file__).parents[1] / "config" / "policy"
START = datetime(2025, 1, 18, 12, 0, tzinfo=UTC)

RELEASE = os.environ.get("HYPOTHESIS_PROFILE") == "release"
"""Whether properties are looked at for longer, before a release (.ci/release)."""

settings.register_profile("release", max_examples=1_000, deadline=None)
settings.load_profile("release" if RELEASE else "default")

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStores]:
    """The embedded stores, with a migrated template database."""
    with LocalStores(tmp_path_factory.mktemp("stores"), scratch=True) as running:
        running.postgres.ensure_database(TEMPLATE)
        migrate(running.dsn_owner(TEMPLATE))
        yield running


@pytest.fixture
def database_url(stores: LocalStores) -> Iterator[str]:
    """The address, for the application's role, of a fresh, migrated, empty database."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    stores.postgres.create_from_template(name, TEMPLATE)
    yield stores.dsn_app(name)
    stores.postgres.drop_database(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The fresh database in the worker's role; `.as_role(DatabaseRole.WEB)` gives the web's."""
    connected = connect(database_url, DatabaseRole.WORKER)
    yield connected
    connected.close()


@pytest.fixture(scope="session")
def policy_book() -> PolicyBook:
    """The policy as it is shipped."""
    return load_policy_book(POLICY)


@pytest.fixture
def clock() -> StoryClock:
    """A clock that stands at the first day of the demo story until a test moves it."""
    return StoryClock(START)


@pytest.fixture
def keys() -> KeyRing:
    """Master keys for one test."""
    return KeyRing(payloads=b"p" * 32, vault=b"v" * 32)


@pytest.fixture
def system(database: Database, clock: StoryClock, keys: KeyRing, policy_book: PolicyBook) -> System:
    """A whole system in the worker's role, on real stores, without a broker."""
    return System(database=database, clock=clock, keys=keys, policy=policy_book)


@pytest.fixture
def web_system(system: System) -> System:
    """The same system as the web processes see it."""
    return replace(system, database=system.database.as_role(DatabaseRole.WEB))


@pytest.fixture
def someone() -> Actor:
    """The system itself, where a test needs an actor and it does not matter which."""
    return system_actor("test")


@pytest.fixture
def county(system: System) -> Alder:
    """A small county with agencies, people and desks; no case yet."""
    return alder(system)
