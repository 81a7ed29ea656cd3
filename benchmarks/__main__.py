"""`python -m benchmarks NAME [--format json]`: one measurement, or `all` of them into docs/performance.md.

Exits 1 where a goal is missed, 2 where a name is unknown.
"""

import importlib
import json
import os
import platform
import secrets
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.figures import Report, as_table
from benchmarks.options import Options

NAMES = (
    "pipeline",
    "intake",
    "urgent",
    "memory",
    "growth",
    "durability",
    "bad_input",
    "crash_points",
    "chaos",
    "verification",
)
"""Every benchmark is a module of this package with ``run(options) -> Report``."""

_TABLE = Path(__file__).parents[1] / "docs" / "performance.md"
_BEGIN = "<!-- figures: written by `python -m benchmarks all` -->\n"


def run(name: str, options: Options) -> Report:
    """Run one benchmark by its name."""
    report: Report = importlib.import_module(f"benchmarks.{name}").run(options)
    return report


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("name", type=click.Choice((*NAMES, "all")))
@click.option("--format", "written", type=click.Choice(("table", "json")), default="table", help="How to print.")
@click.option("--seed", type=int, default=None, help="Seed of everything random; a fresh one is drawn and told.")
@click.option("--share", type=click.FloatRange(0.01, 1), default=1.0, help="Do this part of the volume: a rehearsal.")
def main(name: str, written: str, seed: int | None, share: float) -> None:
    """Measure NAME on this machine, with stores of its own, and print figures beside goals."""
    options = Options(seed=secrets.randbelow(2**31) if seed is None else seed, share=share)
    names = NAMES if name == "all" else (name,)
    reports = []
    for one in names:
        report = run(one, options)
        if share < 1:
            report = replace(report, setting={"a rehearsal, share": share, **report.setting})
        reports.append(report)
        click.echo(json.dumps(report.document()) if written == "json" else as_table(report))
    if name == "all":
        _write_table(reports, options)
    sys.exit(0 if all(report.met for report in reports) else 1)


def _write_table(reports: list[Report], options: Options) -> None:
    """Replace the figures in docs/performance.md; what stands above them is written by people."""
    above, found, _ = _TABLE.read_text(encoding="utf-8").partition(_BEGIN)
    if not found:
        raise click.ClickException(f"{_TABLE}: the line {_BEGIN.strip()!r} is missing")
    today = datetime.now(UTC).date().isoformat()
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    head = f"Measured on {today} on {machine}, share {options.share:g} of the full volume.\n\n"
    _TABLE.write_text(above + _BEGIN + "\n" + head + "\n".join(as_table(one) for one in reports), encoding="utf-8")


if __name__ == "__main__":
    main()
