"""config/alerts.yml: Prometheus takes it, what it asks for is exported, and every alarm is explained and goes off."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from services.actions.read.watch import MOVES_WITHIN, Watched
from services.domain.urgency import Lane
from services.storage.watch import Figures, Waiting
from services.web.health import Collected
from tests.architecture.source import ROOT

ALERTS = ROOT / "config" / "alerts.yml"
TRIED = ROOT / "tests" / "architecture" / "alerts.test.yml"
"""Each alarm on made-up figures: when it goes off, and when it does not yet."""

_PROMTOOL = shutil.which("promtool")
with_promtool = pytest.mark.skipif(_PROMTOOL is None, reason="promtool (Debian: prometheus) is not on this machine")


def exported() -> set[str]:
    """The names of all samples that a web exports."""
    figures = Figures(
        waiting={lane: Waiting() for lane in Lane},
        set_aside={("urgent", "route"): 1},
        failing_endpoints=0,
        open_attempts=0,
        alerts=0,
        alert_seconds=0.0,
        done={("celery", "urgent", "route"): 1},
        connections=1,
        most_connections=2,
    )
    return {sample.name for family in Collected(Watched(figures, {})).collect() for sample in family.samples}


def rules() -> Mapping[str, Mapping[str, Any]]:
    """The alarms, by name."""
    (group,) = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def test_what_the_alarms_ask_for_is_exported() -> None:
    asked = {name for rule in rules().values() for name in re.findall(r"\btallystick_\w+", rule["expr"])}
    assert asked
    assert asked <= exported()


def test_every_alarm_is_explained_and_every_explained_alarm_is_there() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `([A-Z][a-z]\w+)` \|", text, re.MULTILINE)
    assert sorted(explained) == sorted(rules())


def test_a_lane_waits_when_readiness_says_so() -> None:
    for lane in Lane:
        rule = rules()[f"{lane.value.capitalize()}LaneWaits"]
        assert rule["expr"].endswith(f"> {MOVES_WITHIN[lane]:.0f}")


def test_every_alarm_is_tried() -> None:
    document = yaml.safe_load(TRIED.read_text(encoding="utf-8"))
    tried = {
        case["alertname"]: [
            one["exp_alerts"]
            for test in document["tests"]
            for one in test["alert_rule_test"]
            if one["alertname"] == case["alertname"]
        ]
        for test in document["tests"]
        for case in test["alert_rule_test"]
    }
    assert tried.keys() == rules().keys()
    assert [name for name, expected in tried.items() if not any(expected) or all(expected)] == []


@with_promtool
def test_prometheus_takes_the_file() -> None:
    _promtool("check", "rules", str(ALERTS))


@with_promtool
def test_every_alarm_goes_off_when_it_should_and_not_before() -> None:
    _promtool("test", "rules", str(TRIED))


def _promtool(*words: str) -> None:
    assert _PROMTOOL is not None
    done = subprocess.run([_PROMTOOL, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
