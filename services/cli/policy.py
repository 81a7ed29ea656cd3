"""`tallystick policy`: is the policy sound, and what would it do?"""

import sys
from pathlib import Path

import click
from marshmallow import ValidationError

from schemas.catalogue import CATALOGUE
from schemas.catalogue import problems as problems_of
from schemas.envelope import STRUCTURED, Malformed, One, read_events
from services import wiring
from services.domain.events import Envelope
from services.policy.book import PolicyBook, load_policy_book
from services.policy.preview import preview as preview_event


@click.group()
def policy() -> None:
    """The policy: who is told what, how urgently, and by when."""


_FOLDER = click.option(
    "--folder", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Default: TALLYSTICK_POLICY."
)


@policy.command()
@_FOLDER
def check(folder: Path | None) -> None:
    """Check every policy file; name file and line of every mistake. Exits 1 where there is one."""
    book = load_policy_book(folder or wiring.read_settings().policy_folder)
    click.echo(
        f"The policy is sound: {len(book.routing.types)} types of event, {len(book.routing.kinds)} kinds of task, "
        f"{len(book.deadlines.rules)} deadline rules, {len(book.calendars.calendars)} calendars. Digest {book.digest}."
    )


@policy.command()
@click.argument("event", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_FOLDER
def preview(event: Path, folder: Path | None) -> None:
    """Say who would be told of EVENT (a CloudEvent as JSON), what, and by which rule. Sends and keeps nothing."""
    book = load_policy_book(folder or wiring.read_settings().policy_folder)
    match read_events({"content-type": STRUCTURED}, event.read_bytes()):
        case One(event=Envelope() as envelope):
            _show(event, envelope, book)
        case One(event=Malformed(problems)):
            for problem in problems:
                click.echo(f"{event}: {problem.field}: {problem.message}", err=True)
            sys.exit(1)
        case _:
            click.echo(f"{event}: expected one CloudEvent as a JSON object", err=True)
            sys.exit(1)


def _show(path: Path, envelope: Envelope, book: PolicyBook) -> None:
    try:
        data = CATALOGUE[envelope.type].load(envelope.data)
    except ValidationError as error:
        for problem in problems_of(error):
            click.echo(f"{path}: {problem.field}: {problem.message}", err=True)
        sys.exit(1)
    for line in preview_event(envelope.type, data, book.routing).as_lines():
        click.echo(line)
