"""`tallystick replay`: any story through the real pipeline, on a scratch database, with the clock moved along."""

import sys
import tempfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import orjson
from rich.console import Console
from rich.table import Column, Table

from services import wiring
from services.actions.play_story import StoryEvent, play_story
from services.actions.read.story_report import story_report
from services.actions.receive_events import Accepted, Conflict, Forbidden, Invalid, Outcome
from services.cli.story import prepared_story
from services.cli.story_file import StoryFileError
from services.domain.actors import system_actor
from services.local.machine import LocalStores
from services.storage.migrating import migrate
from services.telemetry import logs


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day; time goes on to its end.")
@click.option("--setup", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Who there is.")
@click.option("--format", "form", type=click.Choice(["json", "table"]), default="table")
def replay(file: Path, until: datetime | None, setup: Path | None, form: str) -> None:
    """Play FILE (CloudEvents, one a line) and print what came of it. Nothing is sent to anybody.

    Who there is comes from the set-up file, by default agencies.yaml beside FILE.
    """
    logs.configure()
    try:
        report = replay_story(file, setup or file.with_name("agencies.yaml"), until.date() if until else None)
    except (StoryFileError, ValueError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    if form == "json":
        click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())
    else:
        _print(report)


def replay_story(file: Path, setup: Path, until: date | None) -> dict[str, Any]:
    """Play a story on stores of its own, which are gone afterwards. Returns the report."""
    refused: list[dict[str, Any]] = []

    def heard(event: StoryEvent, outcome: Outcome) -> None:
        if not isinstance(outcome, Accepted):
            refused.append(_refusal(event, outcome))

    with (
        tempfile.TemporaryDirectory(prefix="tallystick-replay-") as folder,
        LocalStores(Path(folder) / "stores", scratch=True) as stores,
    ):
        migrate(stores.dsn_owner())
        story = prepared_story(stores.dsn_app(), wiring.read_settings().policy_folder, file, setup)
        play_story(story.system, story.clock, story.events, until=_end_of(until, story.zone), heard=heard)
        report = story_report(story.system, system_actor("replay"), refused)
        story.system.database.close()
    return {"file": file.name, "until": until, **report}


def _end_of(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day + timedelta(days=1), time(), zone) if day else None


def _refusal(event: StoryEvent, outcome: Outcome) -> dict[str, Any]:
    said: dict[str, Any] = {"line": event.line, "event": event.envelope.id, "type": event.envelope.type}
    match outcome:
        case Invalid(problems):
            listed = [{"field": one.field, "code": one.code, "message": one.message} for one in problems]
            return {**said, "state": "invalid", "problems": listed}
        case Forbidden(code):
            return {**said, "state": "forbidden", "code": code}
        case Conflict():
            return {**said, "state": "conflict", "code": "other_body"}
        case _:
            return said


def _print(report: dict[str, Any]) -> None:
    console = Console()
    for title, columns in _TABLES.items():
        table = Table(*(Column(name, overflow="fold") for name in columns), title=title)
        rows = _goal_lines(report[title]) if title == "goals" else report[title]
        for row in rows:
            table.add_row(*("" if row.get(name) is None else str(row[name]) for name in columns))
        console.print(table)


def _goal_lines(goals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A line for each goal and view."""
    return [
        {**goal, "view": view, **said, "reasons": ", ".join(said["reasons"])}
        for goal in goals
        for view, said in goal["views"].items()
    ]


_TABLES = {
    "goals": ("goal", "label", "view", "status", "reasons", "review_required"),
    "events": ("row", "accepted", "type", "urgency", "state", "code"),
    "notifications": ("at", "type", "urgency", "role", "recipient", "caution", "reason"),
    "tasks": ("at", "kind", "assignee", "due_on", "state"),
    "deadlines": ("rule", "key", "due_on", "state", "overdue_since"),
    "refusals": ("line", "event", "type", "state", "code"),
}
