"""The demonstration: the past of a made-up family, played once into a data folder whose clock runs on from its end."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from config.settings import PACKAGE
from services import wiring
from services.actions.play_story import play_story
from services.cli.here import CLOCK_FILE, settings_here
from services.cli.story import prepared_story
from services.cli.story_file import read_story
from services.clock import machine_clock
from services.local.machine import Wanted
from services.local.service import Service

STORY = PACKAGE / "demo" / "calloway_vega.ndjson"
SETUP = PACKAGE / "demo" / "agencies.yaml"
_PLAYED = "story-played"
_PASSWORD = "demo-password"  # noqa: S105 (the name of a file)
_LOG_INS = (
    ("ndiaye", "caseworker"),
    ("lindqvist", "supervisor"),
    ("reyes", "probation officer"),
    ("fontaine", "programme facilitator"),
    ("osei", "juvenile court clerk"),
    ("administrator", "administrator"),
)


def prepare_demo(wanted: Wanted) -> Wanted:
    """Set the folder's clock to the end of the story, the first time, and let webhooks go to this machine."""
    clock = wanted.folder.root / CLOCK_FILE
    if not clock.exists():
        end = max(envelope.recorded for _, envelope in read_story(STORY))
        clock.write_text(str(int((end - machine_clock()).total_seconds())), encoding="utf-8")
    return replace(
        wanted,
        environment={
            **wanted.environment,
            "TALLYSTICK_CLOCK_OFFSET_SECONDS": clock.read_text(encoding="utf-8"),
            "TALLYSTICK_WEBHOOK_ALLOW_PRIVATE": "yes",
        },
    )


def with_story(services: Sequence[Service]) -> list[Service]:
    """The same services, with the story played after the migration and before everything that shows it."""
    migration = next(service for service in services if service.name == "migrate")
    story = replace(
        migration,
        name="story",
        command=(*migration.command[:-1], "play-demo"),
        needs=("migrate",),
        ready_within=600.0,
    )
    placed: list[Service] = []
    for service in services:
        if service.name != "migrate" and "migrate" in service.needs:
            service = replace(service, needs=tuple("story" if need == "migrate" else need for need in service.needs))
        placed.append(service)
        if service.name == "migrate":
            placed.append(story)
    return placed


@click.command("play-demo", hidden=True)
def play_demo() -> None:
    """Play the demo story into this machine's database, once."""
    settings = settings_here()
    played = settings.home / _PLAYED
    if played.exists():
        click.echo("The story has been played.")
        return
    if settings.database_url is None:
        raise wiring.SettingsError("TALLYSTICK_DATABASE_URL: not set")
    story = prepared_story(
        settings.database_url,
        settings.policy_folder,
        STORY,
        SETUP,
        keys=wiring.keys_of(settings),
        password=demo_password(settings.home),
    )
    end = max(event.envelope.recorded for event in story.events)
    play_story(story.system, story.clock, story.events, until=end)
    played.write_text(f"{machine_clock().isoformat()}\n", encoding="utf-8")
    click.echo(f"{len(story.events)} events played, to {end:%d %B %Y}.")


def demo_password(home: Path) -> str:
    """The password of all demo log-ins: random, made once for an installation, readable by its owner only."""
    path = home / _PASSWORD
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(15), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()


def announce(wanted: Wanted) -> None:
    """Say where the demo is and how to sign in."""
    console = Console()
    table = Table("user", "is the", title=f"Log-ins, all with the password {demo_password(wanted.folder.root)}")
    for username, what in _LOG_INS:
        table.add_row(username, what)
    console.print(table)
    now = machine_clock() + timedelta(seconds=int((wanted.folder.root / CLOCK_FILE).read_text(encoding="utf-8")))
    console.print(f"The demo's clock stands at the end of its story and runs on from there: {now:%d %B %Y, %H:%M} UTC.")
    console.print(f"The demo family's case is at http://{wanted.host}:{wanted.port}/ — stop it with Ctrl-C.")
