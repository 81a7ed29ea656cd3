"""Jobs and bells: every job that is written has somebody who does it, and Celery is asked for nothing but a bell."""

import ast
import importlib
from collections.abc import Iterator

import pytest

from services.actions.run_jobs import CALLING, DECIDING, HANDLERS
from services.domain.urgency import Lane, Urgency, lane_of
from services.storage.jobs import LEASE_SECONDS
from tests.architecture.source import Source, calls, imports, sources
from workers.app import app
from workers.bells import WORK

ENVIRONMENT = {
    "config/settings.py": "reads the settings",
    "services/cli": "fills what the environment leaves open from the data folder",
    "services/crash_points.py": "arms a crash point, in a checkout alone: no setting of an installed system",
    "services/local": "hands the environment on to the processes that it starts",
}
"""Who may look at the environment, and why."""

OF_CELERY = {"celery.Celery", "celery.signals", "kombu.exceptions"}
"""All that is imported from Celery: no canvas, no results, no retries."""


def test_every_kind_of_job_that_is_written_has_a_handler() -> None:
    written = {kind for source in sources("services") for kind in kinds(source)}
    assert written == set(HANDLERS)


def test_every_kind_of_job_is_either_decided_or_called() -> None:
    assert set(HANDLERS) == DECIDING | CALLING
    assert not DECIDING & CALLING
    assert set(LEASE_SECONDS) <= set(HANDLERS)


def test_every_urgency_has_a_lane_and_every_lane_an_urgency() -> None:
    assert {lane_of(urgency) for urgency in Urgency} == set(Lane)


def test_celery_rings_and_does_nothing_else() -> None:
    found = {name for source in sources("workers") for _, name in imports(source.tree)}
    used = {name for name in found if name.split(".")[0] in {"celery", "kombu"}}
    assert {name if name in OF_CELERY else name.rpartition(".")[0] for name in used} <= OF_CELERY
    asked = {name.rpartition(".")[2] for source in sources("workers") for _, name in calls(source.tree)}
    assert not asked & {"delay", "apply_async", "retry", "signature", "get_result"}
    assert {name for name in app.tasks if not name.startswith("celery.")} <= {WORK}


def test_celery_is_set_up_so_that_a_message_may_be_lost_or_doubled() -> None:
    assert app.conf.task_acks_late is False
    assert app.conf.task_ignore_result is True
    assert app.conf.result_backend is None
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.worker_enable_remote_control is False
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_time_limit <= 30


def test_the_beat_rings_every_lane_and_carries_no_fact() -> None:
    entries = app.conf.beat_schedule.values()
    assert {entry["options"]["queue"] for entry in entries} == {lane.value for lane in Lane}
    assert all(entry["task"] == WORK and entry["args"] == [entry["options"]["queue"]] for entry in entries)


def test_the_environment_is_read_in_few_places() -> None:
    found = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        if not source.within(*ENVIRONMENT)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv", "os.environb"}
    ]
    assert found == []


@pytest.mark.parametrize("word", ["eta", "countdown"])
def test_no_message_has_a_time_of_its_own(word: str) -> None:
    found = [
        f"{source.path}:{node.value.lineno}"
        for source in sources("workers", "services")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.keyword) and node.arg == word
    ]
    assert found == []


def kinds(source: Source) -> Iterator[str]:
    """Kinds of the jobs that a file writes, as constants or by the name of one."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "NewJob":
            for said in (keyword.value for keyword in node.keywords if keyword.arg == "kind"):
                if isinstance(said, ast.Name):
                    yield getattr(importlib.import_module(source.module), said.id)
                else:
                    yield ast.literal_eval(said)
