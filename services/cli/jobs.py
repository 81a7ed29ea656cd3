"""`tallystick jobs`: the work that was set aside, for a person to look at."""

import click
from rich.console import Console
from rich.table import Table

from services.actions.replay_jobs import drop_jobs, list_jobs, replay_jobs
from services.cli.here import MakeSystem
from services.domain.actors import system_actor

_ACTOR = system_actor("command")


@click.group()
def jobs() -> None:
    """Jobs that failed and were set aside. They block nothing, and wait for a person."""


@jobs.command("list")
@click.pass_obj
def list_(make_system: MakeSystem) -> None:
    """List the jobs that were set aside, oldest first."""
    table = Table("job", "lane", "kind", "about", "tries", "error", "due")
    for job in list_jobs(make_system(), _ACTOR):
        table.add_row(
            str(job.id),
            job.lane,
            job.kind,
            str(job.ref),
            str(job.attempts),
            job.error_code or "",
            f"{job.due_at:%Y-%m-%d %H:%M}",
        )
    Console().print(table)


@jobs.command()
@click.argument("ids", nargs=-1, type=int, required=True)
@click.pass_obj
def replay(make_system: MakeSystem, ids: tuple[int, ...]) -> None:
    """Queue jobs again: what they do is then a late fact."""
    click.echo(f"{replay_jobs(make_system(), _ACTOR, ids)} queued again")


@jobs.command()
@click.argument("ids", nargs=-1, type=int, required=True)
@click.confirmation_option(prompt="What these jobs owe will then be owed to nobody. Drop them?")
@click.pass_obj
def drop(make_system: MakeSystem, ids: tuple[int, ...]) -> None:
    """Drop jobs for good. Kept in the audit log."""
    click.echo(f"{drop_jobs(make_system(), _ACTOR, ids)} dropped")
