"""`tallystick agency`, `county`, `setup`, and with them everything about who there is (`REGISTRY`).

Each command is one audited action. What is refused is named field by field on standard error, with exit code 1.
"""

import secrets
from pathlib import Path

import click

from services.actions.read import registry as read
from services.actions.register_agency import register_agency
from services.actions.register_county import register_county
from services.actions.set_up import SetUpDone, SetUpRefused, check_set_up, set_up
from services.cli.here import MakeSystem
from services.cli.machines import client, endpoint
from services.cli.people import staff, team
from services.cli.registering import ACTOR, ALLOW_PRIVATE, NAME, ROLES, refuse, say, show, team_name
from services.domain.registry import NewAgency, NewCounty, NotRegistered, Outcome, TeamRef
from services.domain.roles import Role
from services.policy.setup_file import load_setup


@click.group()
def agency() -> None:
    """Agencies, and the roles in which they may speak."""


@agency.command("add")
@click.argument("slug")
@NAME
@ROLES
@click.pass_obj
def add_agency(make_system: MakeSystem, slug: str, name: str, roles: tuple[str, ...]) -> None:
    """Register an agency, or give it another name and other roles."""
    say(register_agency(make_system(), ACTOR, NewAgency(slug, name, frozenset(map(Role, roles)))))


@agency.command("list")
@click.pass_obj
def list_agencies(make_system: MakeSystem) -> None:
    """List the agencies."""
    found = read.list_agencies(make_system(), ACTOR)
    show(("agency", "name", "roles"), ((line.slug, line.name, " ".join(sorted(line.roles))) for line in found))


@click.group()
def county() -> None:
    """Counties: their time zones, calendars and desks."""


@county.command("add")
@click.argument("slug")
@NAME
@click.option("--zone", required=True, help="IANA time zone, as in the policy of calendars.")
@click.option("--calendar", required=True, help="A calendar of the policy of calendars.")
@click.option("--on-call", type=team_name, help="Who is told at once of an urgent event that belongs to no case.")
@click.option("--intake", type=team_name, help="Who is told of other events that belong to no case.")
@click.pass_obj
def add_county(
    make_system: MakeSystem,
    slug: str,
    name: str,
    zone: str,
    calendar: str,
    on_call: TeamRef | None,
    intake: TeamRef | None,
) -> None:
    """Register a county, or change it."""
    match register_county(make_system(), ACTOR, NewCounty(slug, name, zone, calendar, on_call, intake)):
        case NotRegistered() as refused:
            refuse(refused)
        case Outcome() as outcome:
            click.echo(f"{slug}: {outcome}")


@county.command("list")
@click.pass_obj
def list_counties(make_system: MakeSystem) -> None:
    """List the counties."""
    found = read.list_counties(make_system(), ACTOR)
    show(("county", "name", "zone", "calendar"), ((one.slug, one.name, one.zone, one.calendar) for one in found))


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--check", is_flag=True, help="Say what is wrong with the file, and write nothing.")
@click.option(
    "--demo-password", is_flag=True, help="Give one random password to all who have none. Never for real use."
)
@ALLOW_PRIVATE
@click.pass_obj
def setup(make_system: MakeSystem, file: Path, check: bool, demo_password: bool, allow_private: bool) -> None:
    """Register everything that a set-up file holds: all of it, or nothing. The same twice changes nothing.

    Secrets of new clients and endpoints are shown once. What is wrong is named with its file and line.
    """
    asked = load_setup(file)
    if check:
        faults = check_set_up(make_system(), ACTOR, asked.plan, allow_private=allow_private)
        if faults is not None:
            raise asked.errors_of(faults.faults)
        click.echo(f"{file}: nothing is wrong with it")
        return
    password = secrets.token_urlsafe(15) if demo_password else None
    match set_up(make_system(), ACTOR, asked.plan, demo_password=password, allow_private=allow_private):
        case SetUpRefused(faults=found):
            raise asked.errors_of(found)
        case SetUpDone() as done:
            _tell(done, password)


def _tell(done: SetUpDone, password: str | None) -> None:
    """Print what came of a set-up, and the secrets that nobody can be shown again."""
    outcomes = [it.outcome for it in done.registered.values()] + list(done.counties.values())
    click.echo(", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in Outcome))
    for (kind, key), it in done.registered.items():
        if it.secret is not None:
            click.echo(f"{kind} {key}: secret, shown once: {it.secret}")
    if password is not None and done.passwords_given:
        click.echo(f"{len(done.passwords_given)} can sign in with the password, shown once: {password}")


REGISTRY: tuple[click.Command, ...] = (agency, county, staff, team, client, endpoint, setup)
"""Every command about who there is."""
