"""The worked cases of verification: by the function, and by `tallystick evaluate` as somebody would run it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.cli import tallystick
from tests.verification_cases import answer
from tests.verification_oracle import oracle

FILE = Path(__file__).with_name("verification_cases.json")
CASES: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["cases"]


def _evaluate(file: Path, *options: str) -> Result:
    return CliRunner().invoke(tallystick, ["evaluate", str(file), *options])


def _written(folder: Path, cases: list[dict[str, Any]]) -> Path:
    file = folder / "cases.json"
    file.write_text(json.dumps({"cases": cases}), encoding="utf-8")
    return file


def test_all_thirty_are_here() -> None:
    assert len({one["id"] for one in CASES}) == 30


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}: {case['title']}")
def test_a_worked_case_has_the_expected_status_and_reasons(case: dict[str, Any]) -> None:
    expected = (case["expected"]["status"], case["expected"]["reasons"])
    assert answer(case) == expected
    assert oracle(case) == expected


def test_evaluate_agrees_with_every_worked_case() -> None:
    done = _evaluate(FILE, "--format", "json")
    assert (done.exit_code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == [{"id": one["id"], **one["expected"]} for one in CASES]


def test_evaluate_answers_without_being_told_what_to_expect(tmp_path: Path) -> None:
    bare = [{name: value for name, value in one.items() if name != "expected"} for one in CASES]
    done = _evaluate(_written(tmp_path, bare), "--format", "json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == [{"id": one["id"], **one["expected"]} for one in CASES]


@pytest.mark.parametrize("form", ["json", "table"])
@pytest.mark.parametrize(
    "expected",
    [
        {"status": "STALE", "reasons": ["NO_COUNTABLE_EVIDENCE"]},
        {"status": "SELF_REPORTED_ONLY", "reasons": []},
        {"status": "NO SUCH STATUS", "reasons": []},
    ],
)
def test_evaluate_says_which_differ_and_exits_1(tmp_path: Path, expected: dict[str, Any], form: str) -> None:
    done = _evaluate(_written(tmp_path, [CASES[0], {**CASES[1], "expected": expected}]), "--format", form)
    assert done.exit_code == 1
    assert [line.partition(" differs")[0] for line in done.stderr.splitlines()] == ["case V02"]
    assert "found SELF_REPORTED_ONLY [NO_COUNTABLE_EVIDENCE], expected " + expected["status"] in done.stderr
    assert "SELF_REPORTED_ONLY" in done.stdout


def test_the_order_of_reasons_is_part_of_the_answer(tmp_path: Path) -> None:
    case = next(one for one in CASES if len(one["expected"]["reasons"]) > 1)
    turned = {"status": case["expected"]["status"], "reasons": case["expected"]["reasons"][::-1]}
    assert _evaluate(_written(tmp_path, [{**case, "expected": turned}])).exit_code == 1


def test_a_table_is_printed_where_nothing_else_is_asked() -> None:
    done = _evaluate(FILE)
    assert done.exit_code == 0
    assert all(one["id"] in done.stdout for one in CASES)


def test_signs_in_a_name_are_printed_as_they_are(tmp_path: Path) -> None:
    assert "[bold]x[/]" in _evaluate(_written(tmp_path, [{**CASES[0], "id": "[bold]x[/]"}])).stdout


def test_a_file_that_cannot_be_used_is_refused_with_case_and_field_and_exits_2(tmp_path: Path) -> None:
    wrong = {**CASES[1], "evidence": [{**CASES[1]["evidence"][0], "to": 19}]}
    file = _written(tmp_path, [CASES[0], wrong])
    done = _evaluate(file, "--format", "json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"{file}: case V02: cases[1].evidence[0].to: Must not lie before from.\n"


def test_a_file_that_is_not_there_exits_2(tmp_path: Path) -> None:
    assert _evaluate(tmp_path / "none.json").exit_code == 2
    assert _evaluate(tmp_path).exit_code == 2


def test_no_cases_are_no_mistake(tmp_path: Path) -> None:
    done = _evaluate(_written(tmp_path, []), "--format", "json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, [])
