"""Crash points: a process of a checkout dies where it is told to; an installed one does not know the variable."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from services import crash_points
from services.crash_points import POINTS, VARIABLE, crash_at

ROOT = Path(__file__).parents[2]
_CALL = re.compile(r'crash_points\.reached\("([^"]+)"\)')
COMES_TWICE = (
    "from services import crash_points\n"
    "crash_points.reached('route.begun')\n"
    "print('once', flush=True)\n"
    "crash_points.reached('route.begun')\n"
    "print('twice', flush=True)\n"
)


def run_in(folder: Path, wanted: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, VARIABLE: wanted, "PYTHONPATH": str(folder)}
    words = [sys.executable, "-c", COMES_TWICE]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The packages as the wheel lays them out: without the benchmarks."""
    shutil.copytree(ROOT / "services", tmp_path / "services", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_a_process_of_a_checkout_kills_itself_at_the_nth_coming() -> None:
    done = run_in(ROOT, "route.begun:2")
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "once\n")


def test_another_point_does_not_stop_it() -> None:
    assert run_in(ROOT, "route.written:1").stdout == "once\ntwice\n"


def test_a_point_that_is_not_known_is_refused_at_the_start() -> None:
    for wrong in ("nowhere:1", "route.begun", "route.begun:0", "route.begun:x", ""):
        with pytest.raises(ValueError, match=VARIABLE):
            crash_at({VARIABLE: wrong}, ROOT)


@pytest.mark.parametrize("wanted", ["route.begun:1", "not a point"])
def test_an_installed_system_does_not_know_the_variable(installed: Path, wanted: str) -> None:
    done = run_in(installed, wanted)
    assert (done.returncode, done.stdout) == (0, "once\ntwice\n"), done.stderr


def test_the_wheel_leaves_out_what_the_variable_needs() -> None:
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [packages] = re.findall(r"^packages = (.+)$", settings, re.MULTILINE)
    assert "benchmarks" not in packages
    assert "benchmarks" not in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_without_the_variable_a_point_is_an_empty_function() -> None:
    assert crash_points.reached is crash_at({}, ROOT)
    assert not set(crash_points.reached.__code__.co_names)


def test_every_point_stands_once_in_the_source() -> None:
    found = Counter(
        name
        for place in ("services", "workers")
        for path in (ROOT / place).rglob("*.py")
        for name in _CALL.findall(path.read_text(encoding="utf-8"))
    )
    assert found == Counter(POINTS)
