"""What the commands of the registry share: kinds of arguments, and how an answer is said."""

import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from services.domain.actors import system_actor
from services.domain.registry import NotRegistered, Registered, TeamRef
from services.domain.roles import Role

ACTOR = system_actor("command")
"""Who acts at the command line."""


def day(value: str) -> date:
    """An argument that is a day, as YYYY-MM-DD."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a day as YYYY-MM-DD") from None


def instant(value: str) -> datetime:
    """An argument that is an instant with its offset from UTC."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not an instant as 2025-01-18T17:00:00-05:00") from None
    if found.tzinfo is None:
        raise click.BadParameter(f"{value!r} lacks its offset from UTC, as in 2025-01-18T17:00:00-05:00")
    return found.astimezone(UTC)


def team_name(value: str) -> TeamRef:
    """An argument that is a team, as agency/team."""
    agency, _, team = value.partition("/")
    if not (agency and team):
        raise click.BadParameter(f"{value!r} is not a team as agency/team")
    return TeamRef(agency, team)


TEAM = click.argument("team", type=team_name)
USERNAME = click.argument("username")
AGENCY = click.option("--agency", required=True, help="The slug of its agency.")
NAME = click.option("--name", required=True, help="The name under which it is shown.")
ROLES = click.option(
    "--role", "roles", multiple=True, type=click.Choice([role.value for role in Role]), help="May be repeated."
)
ALLOW_PRIVATE = click.option(
    "--allow-private",
    is_flag=True,
    envvar="TALLYSTICK_WEBHOOK_ALLOW_PRIVATE",
    help="Let webhooks go to this machine and into private networks, in plain http.",
)


def say(outcome: Registered | NotRegistered) -> None:
    """Print what became of a command: the id, and a secret where there is one; exit with 1 where it was refused."""
    match outcome:
        case NotRegistered():
            refuse(outcome)
        case Registered(id=id_, outcome=became, secret=secret):
            click.echo(f"{id_} {became}")
            if secret is not None:
                click.echo(f"secret, shown once: {secret}")


def refuse(refused: NotRegistered) -> None:
    """Name every field at fault on standard error, and exit with 1."""
    for problem in refused.problems:
        click.echo(f"{problem.field}: {problem.message}" if problem.field else problem.message, err=True)
    sys.exit(1)


def show(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table."""
    table = Table(*titles)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def ids(found: Iterable[UUID]) -> str:
    """Ids, one a line."""
    return "\n".join(map(str, found))


def marks(**named: bool) -> str:
    """The names of those that are so."""
    return " ".join(name for name, so in named.items() if so)
