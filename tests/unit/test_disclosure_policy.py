"""Mistakes in a disclosure policy are named with their file and line, all of them at once."""

from pathlib import Path

import pytest

from services.domain.disclosure import DataClass
from services.domain.roles import Role
from services.policy.disclosure import load_disclosure
from services.policy.source import InvalidPolicyError

HEAD = """version: 1
bases:
  record: {text: A public court record., until: 2027-12-31}
share:
"""


def _load(folder: Path, rows: str, head: str = HEAD) -> list[str]:
    path = folder / "disclosure.yaml"
    path.write_text(head + rows, encoding="utf-8")
    with pytest.raises(InvalidPolicyError) as refused:
        load_disclosure(path)
    return [str(error).removeprefix(f"{path}:") for error in refused.value.errors]


def test_a_good_policy_gives_a_cell_for_each_role_with_its_basis(tmp_path: Path) -> None:
    path = tmp_path / "disclosure.yaml"
    path.write_text(HEAD + "  PUB:\n    - {roles: [PROB, DA], basis: record}\n", encoding="utf-8")
    matrix = load_disclosure(path)
    assert set(matrix.cells) == {(Role.PROB, DataClass.PUB), (Role.DA, DataClass.PUB)}
    assert matrix.cells[Role.DA, DataClass.PUB].basis == "A public court record."
    assert len(matrix.digest) == 64


def test_what_is_never_shown_can_have_no_cell(tmp_path: Path) -> None:
    rows = "  PUB:\n    - {roles: [PROB], basis: record}\n  LOC:\n    - {roles: [PROB], basis: record}\n"
    assert _load(tmp_path, rows) == ["8: share.LOC: is never shown to anybody, so it can have no cell"]


def test_advocate_data_is_no_class(tmp_path: Path) -> None:
    rows = "  PUB:\n    - {roles: [PROB], basis: record}\n  ADV:\n    - {roles: [PROB], basis: record}\n"
    (problem,) = _load(tmp_path, rows)
    assert problem.startswith("8: share.ADV: 'ADV' is no class of data")


def test_every_mistake_is_named(tmp_path: Path) -> None:
    rows = (
        "  PUB:\n"
        "    - {roles: [PROB], basis: record}\n"
        "    - {roles: [PROB], basis: record}\n"
        "    - {roles: [NOBODY], basis: record}\n"
        "    - {roles: [DA], basis: hearsay}\n"
        "    - {roles: [DA]}\n"
        "    - {roles: [ADMIN], basis: record}\n"
        "    - {roles: [DA], basis: record, when: never}\n"
    )
    problems = _load(tmp_path, rows)
    assert [problem.split(":")[0] for problem in problems] == ["7", "8", "9", "10", "11", "12"]
    assert "PROB is given PUB twice" in problems[0]
    assert "'NOBODY' is not known" in problems[1]
    assert "'hearsay' is no basis that stands above; expected one of: record" in problems[2]
    assert "'basis' is missing" in problems[3]
    assert "ADMIN has no part in a case" in problems[4]
    assert "unknown key" in problems[5]


def test_a_basis_that_nothing_rests_on_is_refused(tmp_path: Path) -> None:
    head = HEAD.replace("share:", "  idle: {text: Nothing., until: 2027-12-31}\nshare:")
    assert _load(tmp_path, "  PUB:\n    - {roles: [PROB], basis: record}\n", head) == [
        "4: bases.idle: no cell rests on it"
    ]


def test_the_digest_follows_what_is_said_and_not_how_it_is_laid_out(tmp_path: Path) -> None:
    path = tmp_path / "disclosure.yaml"
    path.write_text(HEAD + "  PUB:\n    - {roles: [PROB], basis: record}\n", encoding="utf-8")
    first = load_disclosure(path).digest
    path.write_text("# said again\n" + HEAD + "  PUB:\n    - {basis: record, roles: [PROB]}\n", encoding="utf-8")
    assert load_disclosure(path).digest == first
    path.write_text(HEAD + "  PUB:\n    - {roles: [DA], basis: record}\n", encoding="utf-8")
    assert load_disclosure(path).digest != first
