"""/readyz answers in time whatever the database does, and tells a slow lane from a web that cannot work."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.actions.read.watch import MOVES_WITHIN
from services.clock import StoryClock
from services.domain.urgency import Lane
from services.local.machine import LocalStores
from services.storage.database import DatabaseRole, connect
from services.storage.migrating import migrate
from services.system import System
from tests.web_world import PROBATION_NUMBER, World, app_on, event

BOUND = 2.0
"""Seconds within which /readyz answers."""


@pytest.mark.parametrize(
    ("type_", "lane", "data"),
    [
        ("prob.checkin_missed", Lane.ROUTINE, {"due": "2025-03-07"}),
        (
            "prob.violation_filed",
            Lane.URGENT,
            {"conditions": ["no contact"], "facts": "Went there.", "dangerous": True},
        ),
    ],
)
def test_a_lane_that_stands_still_is_said_and_takes_no_web_away(
    world: World, type_: str, lane: Lane, data: dict[str, object]
) -> None:
    assert world.client().get("/readyz").get_json() == {"status": "ready"}
    world.send("alder-probation-supervision", event(type_, data, PROBATION_NUMBER))
    clock = world.system.clock
    assert isinstance(clock, StoryClock)
    clock.move_to(clock() + timedelta(seconds=MOVES_WITHIN[lane]))
    assert world.client().get("/readyz").get_json() == {"status": "ready"}
    clock.move_to(clock() + timedelta(seconds=1))
    answer = world.client().get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "degraded", "reasons": [f"{lane.value}_waits"]})
    world.work()
    assert world.client().get("/readyz").get_json() == {"status": "ready"}


def test_a_database_that_was_never_migrated_is_no_place_to_work(stores: LocalStores, system: System) -> None:
    stores.postgres.ensure_database("bare")
    bare = connect(stores.dsn_app("bare"), DatabaseRole.WEB)
    answer = app_on(replace(system, database=bare)).test_client().get("/readyz")
    bare.close()
    stores.postgres.drop_database("bare")
    assert answer.status_code == 503
    assert [error["code"] for error in answer.get_json()["errors"]] == ["not_migrated"]
    assert int(answer.headers["Retry-After"]) > 0


def test_frozen_or_stopped_a_database_holds_no_answer_up(tmp_path: Path, system: System) -> None:
    with LocalStores(tmp_path / "stores", scratch=True) as own:
        migrate(own.dsn_owner())
        database = connect(own.dsn_app(), DatabaseRole.WEB)
        client = app_on(replace(system, database=database), metrics_token="t").test_client()
        assert client.get("/readyz").status_code == 200
        with _frozen(own):
            # The first gives the question up; who asks on may find that no connection comes about either.
            for reasons in (
                {"database_silent"},
                {"database_silent", "database_away"},
                {"database_silent", "database_away"},
            ):
                began = time.monotonic()
                answer = client.get("/readyz")
                assert time.monotonic() - began < BOUND
                assert answer.status_code == 503
                assert {error["code"] for error in answer.get_json()["errors"]} <= reasons
            assert client.get("/healthz").status_code == 200
        _until_ready(client, seconds=10)
        own.postgres.stop()
        began = time.monotonic()
        answer = client.get("/readyz")
        assert time.monotonic() - began < BOUND
        assert [error["code"] for error in answer.get_json()["errors"]] == ["database_away"]
        own.postgres.start()
        _until_ready(client, seconds=10)
        database.close()


@contextmanager
def _frozen(stores: LocalStores) -> Iterator[None]:
    """Every process of the server stopped, as by a debugger or a hypervisor."""
    pids = _server(stores)
    assert len(pids) > 1
    _signal(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(pids, signal.SIGCONT)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        # A child that was ending when it was listed may be gone by now.
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _server(stores: LocalStores) -> list[int]:
    """The processes of the server: the first as its lock file names it, and its children."""
    first = int(next(stores.folder.postgres.rglob("postmaster.pid")).read_text().splitlines()[0])
    return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]


def _until_ready(client: FlaskClient, seconds: float) -> None:
    until = time.monotonic() + seconds
    while client.get("/readyz").status_code != 200:
        assert time.monotonic() < until
