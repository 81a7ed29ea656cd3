"""The command line: `tallystick`."""

import sys

import click

from services.cli.casework import case
from services.cli.demo import play_demo
from services.cli.evaluating import evaluate
from services.cli.here import system_here
from services.cli.jobs import jobs
from services.cli.ledger import ledger
from services.cli.listening import listen
from services.cli.policy import policy
from services.cli.registry import REGISTRY
from services.cli.replaying import replay
from services.cli.running import demo, migrate, status, stores, sweep, up
from services.local.errors import LocalError
from services.policy.source import InvalidPolicyError
from services.storage.database import DATABASE_AWAY
from services.wiring import SettingsError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tallystick")
@click.pass_context
def tallystick(context: click.Context) -> None:
    """Tell the right people what happened in a case, and keep the promises between agencies alive."""
    context.obj = system_here


for command in (
    up,
    demo,
    stores,
    status,
    migrate,
    sweep,
    play_demo,
    replay,
    evaluate,
    jobs,
    ledger,
    policy,
    listen,
    case,
    *REGISTRY,
):
    tallystick.add_command(command)


def main() -> None:
    """Run the command line; what is the matter is said in a sentence, without a traceback."""
    try:
        tallystick.main(standalone_mode=True)
    except InvalidPolicyError as error:
        for problem in error.errors:
            click.echo(str(problem), err=True)
        sys.exit(1)
    except DATABASE_AWAY:
        click.echo("tallystick: the database does not answer. Does `tallystick up` run on this data folder?", err=True)
        sys.exit(1)
    except (SettingsError, LocalError) as error:
        click.echo(f"tallystick: {error}", err=True)
        sys.exit(1)
