"""`tallystick up`, `demo`, `status`, `migrate`, `sweep`: the whole system on this machine, and its parts."""

import os
import signal
import sys
import threading
from pathlib import Path

import click
from rich.console import Console
from rich.table import Column, Table

from services import wiring
from services.actions.keep_measures import MeasureKeeper
from services.actions.sweep import sweep as sweep_lanes
from services.cli.demo import announce, prepare_demo, with_story
from services.cli.here import settings_here
from services.local.folders import DataFolder
from services.local.machine import Wanted, local_services, refuse_taken_port, store_services
from services.local.status import read_status
from services.local.supervisor import Supervisor
from services.storage.database import DatabaseRole
from services.storage.migrating import migrate as migrate_database

_HOME = click.option(
    "--home", type=click.Path(path_type=Path, file_okay=False), help="The data folder. Default: TALLYSTICK_HOME."
)
_HOST = click.option("--host", default=None, help="The address to listen on. Default: TALLYSTICK_HOST, 127.0.0.1.")
_PORT = click.option("--port", type=int, default=None, help="The port. Default: TALLYSTICK_PORT, 8400.")


@click.command()
@_HOME
@_HOST
@_PORT
def up(home: Path | None, host: str | None, port: int | None) -> None:
    """Run the whole system here: web, workers, sweeper, beat and, unless they are given by URL, the stores."""
    wanted = _wanted(home, host, port)
    with wanted.folder.lock():
        refuse_taken_port(wanted.host, wanted.port)
        sys.exit(Supervisor(local_services(wanted), wanted.folder).run())


@click.command()
@_HOME
def stores(home: Path | None) -> None:
    """Run nothing but the embedded stores of a data folder: to restore, or to look, before anything goes out."""
    folder = DataFolder.open(home or wiring.read_settings().home)
    with folder.lock():
        sys.exit(Supervisor(store_services(folder), folder).run())


@click.command()
@_HOME
@_HOST
@_PORT
def demo(home: Path | None, host: str | None, port: int | None) -> None:
    """Play the demo family's nine months, and stay up at the end of them, with log-ins that work."""
    root = home or wiring.read_settings().home.with_name("tallystick-demo")
    wanted = prepare_demo(_wanted(root, host, port, embedded=True))
    services = with_story(local_services(wanted))
    with wanted.folder.lock():
        refuse_taken_port(wanted.host, wanted.port)
        sys.exit(Supervisor(services, wanted.folder).run(lambda: announce(wanted)))


def _wanted(home: Path | None, host: str | None, port: int | None, *, embedded: bool = False) -> Wanted:
    """What the command line and the environment ask for. ``embedded`` leaves stores that are given by URL alone."""
    settings = wiring.read_settings()
    if settings.database_url is not None and not embedded:
        wiring.keys_of(settings)  # a database of somebody else's is never sealed under keys that only we have
    at = (host or settings.host, port or settings.port)
    return Wanted(
        folder=DataFolder.open(home or settings.home),
        host=at[0],
        port=at[1],
        database_url=None if embedded else settings.database_url,
        owner_database_url=None if embedded else settings.owner_database_url,
        broker_url=None if embedded else settings.broker_url,
        environment={}
        if "TALLYSTICK_PUBLIC_URL" in os.environ
        else {"TALLYSTICK_PUBLIC_URL": f"http://{at[0]}:{at[1]}"},
    )


@click.command()
@_HOME
def status(home: Path | None) -> None:
    """Say what runs on a data folder, and where to look."""
    folder = DataFolder.open(home or wiring.read_settings().home)
    found = read_status(folder)
    if found is None or not found.running:
        click.echo(f"Nothing runs on {folder.root}.")
        sys.exit(1)
    table = Table("service", "state", "pid", "restarts", Column("look", overflow="fold"))
    for service in found.services:
        table.add_row(
            service.name,
            service.state.value,
            str(service.pid or ""),
            str(service.restarts),
            service.look or service.log,
        )
    Console().print(table)


@click.command()
def migrate() -> None:
    """Bring the database to the newest version, as its owner (TALLYSTICK_OWNER_DATABASE_URL)."""
    settings = wiring.read_settings()
    if settings.owner_database_url is None:
        settings = settings_here()
    address = settings.owner_database_url or settings.database_url
    if address is None:
        raise wiring.SettingsError("TALLYSTICK_OWNER_DATABASE_URL: not set")
    migrate_database(address)
    click.echo("The database is at the newest version.")


@click.command()
def sweep() -> None:
    """Do what is due and nobody has taken; needs neither Celery nor Redis. Runs until it is told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    system = wiring.system_of(settings_here(), DatabaseRole.WORKER, "sweeper", pool_size=6)
    keeper = MeasureKeeper(system).start()
    sweep_lanes(system, stop)
    keeper.stop()
