"""`tallystick case`: births of a case from the command line. Each is an event of an agency, like any other."""

import sys
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import click

from services.actions.play_story import agency_actors
from services.actions.receive_events import Accepted, Conflict, Forbidden, Invalid, receive_events
from services.cli.here import MakeSystem
from services.domain.events import Envelope
from services.system import System

SOURCE = "urn:tallystick:command"
_DAY = click.DateTime(["%Y-%m-%d"])
_AGENCY = click.option("--agency", required=True, help="The slug of the agency that says it.")


@click.group()
def case() -> None:
    """Cases: opened, with people, roles and the agencies' own numbers. Each command keeps one event."""


@case.command("open")
@click.argument("number")
@_AGENCY
@click.option("--county", required=True, help="The slug of the county.")
@click.option("--zone", required=True, help="The county's time zone, such as America/New_York.")
@click.option("--track", type=click.Choice(["investigation", "differential"]), default="investigation")
@click.option("--opened-on", type=_DAY, required=True)
@click.pass_obj
def open_(
    make_system: MakeSystem, number: str, agency: str, county: str, zone: str, track: str, opened_on: datetime
) -> None:
    """Open a case under the agency's own NUMBER."""
    said = {"county": county, "zone": zone, "track": track, "opened_on": _day(opened_on)}
    _say(make_system(), agency, number, "case.opened", said)


@case.command("add-person")
@click.argument("number")
@click.argument("person_ref")
@_AGENCY
@click.option("--kind", type=click.Choice(["subject", "protective_parent", "child", "kin", "other"]), required=True)
@click.option("--name", required=True, help="Sealed under the case's key.")
@click.pass_obj
def add_person(make_system: MakeSystem, number: str, person_ref: str, agency: str, kind: str, name: str) -> None:
    """Add a person under an opaque token, PERSON_REF, that all later events use."""
    _say(make_system(), agency, number, "case.person_added", {"person_ref": person_ref, "kind": kind, "name": name})


@case.command("give-role")
@click.argument("number")
@click.argument("role")
@_AGENCY
@click.option("--to-agency", required=True, help="The slug of the agency that takes the role.")
@click.option("--person", help="A member of its staff, by user name.")
@click.option("--team", help="Or a team of it, by slug.")
@click.option("--since", type=_DAY, required=True)
@click.pass_obj
def give_role(
    make_system: MakeSystem,
    number: str,
    role: str,
    agency: str,
    to_agency: str,
    person: str | None,
    team: str | None,
    since: datetime,
) -> None:
    """Give a ROLE on the case to a person or a team."""
    said = {"role": role, "agency": to_agency, **_whom(person, team), "since": _day(since)}
    _say(make_system(), agency, number, "case.role_given", said)


@case.command("end-role")
@click.argument("number")
@click.argument("role")
@_AGENCY
@click.option("--of-agency", required=True, help="The slug of the agency that holds the role.")
@click.option("--person", help="A member of its staff, by user name.")
@click.option("--team", help="Or a team of it, by slug.")
@click.option("--until", type=_DAY, required=True, help="The last day.")
@click.pass_obj
def end_role(
    make_system: MakeSystem,
    number: str,
    role: str,
    agency: str,
    of_agency: str,
    person: str | None,
    team: str | None,
    until: datetime,
) -> None:
    """End a ROLE on the case."""
    said = {"role": role, "agency": of_agency, **_whom(person, team), "until": _day(until)}
    _say(make_system(), agency, number, "case.role_ended", said)


@case.command("link-number")
@click.argument("number")
@click.argument("value")
@_AGENCY
@click.option("--of-agency", required=True, help="The slug of the agency whose number VALUE is.")
@click.pass_obj
def link_number(make_system: MakeSystem, number: str, value: str, agency: str, of_agency: str) -> None:
    """Link another agency's own number, VALUE, to the case."""
    _say(make_system(), agency, number, "case.identifier_linked", {"agency": of_agency, "value": value})


def _day(instant: datetime) -> str:
    return instant.date().isoformat()


def _whom(person: str | None, team: str | None) -> dict[str, str]:
    return {name: value for name, value in (("person", person), ("team", team)) if value}


def _say(system: System, agency: str, number: str, event_type: str, data: dict[str, Any]) -> None:
    """Keep the event as one of the agency, and print its receipt; say what is wrong and exit 1 otherwise."""
    actor = agency_actors(system).get(agency)
    if actor is None:
        raise click.BadParameter(f"there is no agency {agency}", param_hint="--agency")
    now = system.clock()
    envelope = Envelope(
        id=str(uuid4()), source=SOURCE, type=event_type, subject=number, time=now, recorded=now, data=data
    )
    [outcome] = receive_events(system, replace(actor, name="system:command"), [envelope])
    match outcome:
        case Accepted(receipt):
            click.echo(str(receipt))
            return
        case Invalid(problems):
            for problem in problems:
                click.echo(f"{problem.field.removeprefix('data.')}: {problem.message}", err=True)
        case Forbidden():
            click.echo("This agency may not say this.", err=True)
        case Conflict():
            click.echo("This was said before, in other words.", err=True)
    sys.exit(1)
