"""`tallystick evaluate`: the rules of verification on a file of cases, without a database."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from schemas.evaluation_cases import BadCases, EvaluationCase, Expected, read_cases
from services.domain.verification import evaluate as status_of

Answered = tuple[EvaluationCase, Expected]
"""A case with the answer that was found."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--format", "form", type=click.Choice(["json", "table"]), default="table", help="How to print.")
def evaluate(file: Path, form: str) -> None:
    """Say of every case in FILE (goals with their evidence, as JSON) what its status is, and why.

    Exits 1 where a case says what it expects and something else was found, and 2 where FILE cannot be used; either is
    told in full on standard error.
    """
    cases = read_cases(file.read_bytes())
    if isinstance(cases, BadCases):
        for problem in cases.problems:
            click.echo(f"{file}: {problem}", err=True)
        sys.exit(2)
    answered = [(case, answer(case)) for case in cases]
    if form == "json":
        click.echo(_as_json(answered))
    else:
        _print(answered)
    differing = [(case, found) for case, found in answered if case.expected not in (None, found)]
    for case, found in differing:
        click.echo(f"case {case.id} differs: found {_said(found)}, expected {_said(case.expected)}", err=True)
    if differing:
        sys.exit(1)


def answer(case: EvaluationCase) -> Expected:
    """What the rules say of a case, in the words of the file."""
    found = status_of(case.goal, case.evidence, case.as_of, case.view)
    return Expected(found.status.value, tuple(map(str, found.reasons)))


def _as_json(answered: Sequence[Answered]) -> str:
    """A list with one case a line."""
    lines = (
        orjson.dumps({"id": case.id, "status": found.status, "reasons": found.reasons}).decode()
        for case, found in answered
    )
    return "[\n" + ",\n".join(lines) + "\n]"


def _print(answered: Sequence[Answered]) -> None:
    table = Table(*(Column(name, overflow="fold") for name in ("id", "status", "reasons", "expected")))
    for case, found in answered:
        table.add_row(*map(Text, (case.id, found.status, ", ".join(found.reasons), _verdict(case.expected, found))))
    Console().print(table)


def _verdict(expected: Expected | None, found: Expected) -> str:
    if expected is None:
        return ""
    return "as found" if expected == found else _said(expected)


def _said(answer: Expected | None) -> str:
    return f"{answer.status} [{', '.join(answer.reasons)}]" if answer else ""
