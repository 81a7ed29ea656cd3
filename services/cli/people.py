"""`tallystick staff`, `team`: who works where, who can sign in, and who answers for a desk."""

import secrets
from datetime import date, datetime

import click

from services.actions import change_team, suspend
from services.actions.end_wait import end_wait
from services.actions.read import registry as read
from services.actions.register_staff import register_staff
from services.actions.register_team import register_team
from services.actions.set_password import set_password
from services.cli.here import MakeSystem
from services.cli.registering import ACTOR, AGENCY, NAME, TEAM, USERNAME, day, instant, marks, say, show
from services.clock import machine_clock
from services.domain.registry import Membership, NewStaff, NewTeam, Shift, TeamRef


@click.group()
def staff() -> None:
    """Members of staff: who they are, and whether they can sign in."""


@staff.command("add")
@USERNAME
@AGENCY
@NAME
@click.option("--administrator", is_flag=True, help="May administer the system.")
@click.option("--supervisor", help="The user name of their supervisor.")
@click.option("--since", type=day, help="The first day under this supervisor. Default: today.")
@click.pass_obj
def add_staff(
    make_system: MakeSystem,
    username: str,
    agency: str,
    name: str,
    administrator: bool,
    supervisor: str | None,
    since: date | None,
) -> None:
    """Register somebody, or change them. They can sign in once they have a password."""
    system = make_system()
    first = (since or system.clock().date()) if supervisor else None
    say(register_staff(system, ACTOR, NewStaff(agency, username, name, administrator, supervisor, first)))


@staff.command("list")
@click.pass_obj
def list_staff(make_system: MakeSystem) -> None:
    """List everybody."""
    rows = (
        (line.agency, line.username, line.display_name, marks(administrator=line.administrator, off=not line.active))
        for line in read.list_staff(make_system(), ACTOR)
    )
    show(("agency", "user", "name", ""), rows)


@staff.command("password")
@USERNAME
@click.option("--generate", is_flag=True, help="Make a random one and print it, once.")
@click.pass_obj
def give_password(make_system: MakeSystem, username: str, generate: bool) -> None:
    """Give somebody a password. Ends every session of theirs."""
    password = (
        secrets.token_urlsafe(18) if generate else click.prompt("Password", hide_input=True, confirmation_prompt=True)
    )
    outcome = set_password(make_system(), ACTOR, username, password, machine_clock())
    say(outcome)
    if generate:
        click.echo(f"password, shown once: {password}")


@staff.command("suspend")
@USERNAME
@click.pass_obj
def suspend_staff(make_system: MakeSystem, username: str) -> None:
    """Let somebody sign in no longer, and end their sessions now."""
    say(suspend.switch_staff(make_system(), ACTOR, username, machine_clock(), active=False))


@staff.command("reinstate")
@USERNAME
@click.pass_obj
def reinstate_staff(make_system: MakeSystem, username: str) -> None:
    """Let somebody sign in again."""
    say(suspend.switch_staff(make_system(), ACTOR, username, machine_clock(), active=True))


@staff.command("unlock")
@USERNAME
@click.pass_obj
def unlock_staff(make_system: MakeSystem, username: str) -> None:
    """Let somebody try again at once, after too many wrong passwords."""
    say(end_wait(make_system(), ACTOR, username))


@click.group()
def team() -> None:
    """Teams and desks, who belongs to them, and who answers for them."""


@team.command("add")
@TEAM
@NAME
@click.option("--duty-desk", is_flag=True, help="It acknowledges what somebody must act on tonight.")
@click.pass_obj
def add_team(make_system: MakeSystem, team: TeamRef, name: str, duty_desk: bool) -> None:
    """Register a team, or change it."""
    say(register_team(make_system(), ACTOR, NewTeam(team.agency, team.team, name, duty_desk)))


@team.command("list")
@click.pass_obj
def list_teams(make_system: MakeSystem) -> None:
    """List the teams, with their members today."""
    system = make_system()
    rows = (
        (f"{line.agency}/{line.slug}", line.name, "duty desk" if line.duty_desk else "", " ".join(line.members))
        for line in read.list_teams(system, ACTOR, system.clock().date())
    )
    show(("team", "name", "", "members"), rows)


@team.command("join")
@TEAM
@USERNAME
@click.option("--since", type=day, help="The first day. Default: today.")
@click.option("--until", type=day, help="The last day. Default: none.")
@click.pass_obj
def join_team(make_system: MakeSystem, team: TeamRef, username: str, since: date | None, until: date | None) -> None:
    """Let somebody belong to a team."""
    system = make_system()
    member = Membership(username, since or system.clock().date(), until)
    say(change_team.join_team(system, ACTOR, team, member))


@team.command("leave")
@TEAM
@USERNAME
@click.option("--until", type=day, required=True, help="The last day.")
@click.pass_obj
def leave_team(make_system: MakeSystem, team: TeamRef, username: str, until: date) -> None:
    """Let somebody's membership of a team end."""
    say(change_team.leave_team(make_system(), ACTOR, team, username, until))


@team.command("shift")
@TEAM
@USERNAME
@click.option("--from", "starts_at", type=instant, required=True)
@click.option("--until", "ends_at", type=instant, help="Default: no end.")
@click.pass_obj
def take_shift(
    make_system: MakeSystem, team: TeamRef, username: str, starts_at: datetime, ends_at: datetime | None
) -> None:
    """Let somebody answer for a team (on-call)."""
    say(change_team.take_shift(make_system(), ACTOR, team, Shift(username, starts_at, ends_at)))
