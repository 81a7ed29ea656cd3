"""`tallystick ledger`: the event log's own proof."""

import sys

import click

from services.actions.verify_ledger import verify_ledger
from services.cli.here import MakeSystem
from services.domain.actors import system_actor


@click.group()
def ledger() -> None:
    """The event log."""


@ledger.command()
@click.pass_obj
def verify(make_system: MakeSystem) -> None:
    """Recompute every hash chain; say which case and event breaks. Exits 1 where one does."""
    found = verify_ledger(make_system(), system_actor("command"))
    click.echo(f"{found.streams} streams, {found.events} events, {found.erased} payloads erased")
    for broken in found.breaks:
        where = f"case {broken.case_id}" if broken.case_id else f"stream {broken.stream_id}"
        event = f"event {broken.event_id}" if broken.event_id else f"after event {broken.sequence}"
        click.echo(f"BROKEN: {where}, {event}: {broken.code}", err=True)
    if found.breaks:
        sys.exit(1)
    click.echo("Every chain holds.")
