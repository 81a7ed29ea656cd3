"""A rehearsal of the crash points: processes die once at some of them, and nothing is lost or done twice."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
POINTS = ("accept.committed", "claim.committed", "route.written", "call.answered", "acknowledge.written")
REHEARSE = (
    "import json, sys\n"
    "from benchmarks.crash_points import run\n"
    "from benchmarks.options import Options\n"
    "print(json.dumps(run(Options(seed=1, share=0.05), sys.argv[1:]).document()))\n"
)
"""In a process of its own: it forks, and a process with threads must not."""


def rehearsed() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", REHEARSE, *POINTS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_nothing_is_lost_when_processes_die_at_the_worst_moments() -> None:
    report = rehearsed()
    assert report["met"], report
    figures = {figure["name"]: figure["value"] for figure in report["figures"]}
    assert all(figures[f"died at {point}"] == 1 for point in POINTS), figures
    assert figures["effects checked"] > 50
    assert figures["recovered from an unknown outcome"] >= 1
