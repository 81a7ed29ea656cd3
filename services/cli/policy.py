"""`tallystick policy`: is the policy sound, and what would it do?"""

import sys
from dataclasses import asdict
from pathlib import Path

import click
import orjson
from marshmallow import ValidationError

from schemas.catalogue import CATALOGUE
from schemas.catalogue import problems as problems_of
from schemas.envelope import STRUCTURED, Malformed, One, read_events
from services import wiring
from services.domain.events import Envelope
from services.domain.goal_library import GoalLibrary
from services.domain.language import Use, check_text, warnings
from services.policy.book import PolicyBook, load_policy_book
from services.policy.preview import preview as preview_event


@click.group()
def policy() -> None:
    """The policy: who is told what, how urgently, and by when."""


_NARRATIVE = "narrative"
_USES = [*(use.value for use in Use), _NARRATIVE]
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


@policy.command()
@click.argument("text")
@click.option("--use", type=click.Choice(_USES), default=Use.GOAL.value, show_default=True, help="What the text is.")
@click.option("--adjudicated", is_flag=True, help="A court has found what the text is about.")
@_FOLDER
def language(text: str, use: str, folder: Path | None, *, adjudicated: bool) -> None:
    """Check the words of TEXT (or of the standard input: -). Exits 1 where a plan that says this is refused."""
    policy_of_words = load_policy_book(folder or wiring.read_settings().policy_folder).language
    said = sys.stdin.read() if text == "-" else text
    objections = () if use == _NARRATIVE else check_text(policy_of_words, said, Use(use))
    remarks = warnings(policy_of_words, said, adjudicated=adjudicated)
    for objection in objections:
        click.echo(f"refused ({objection.code}): {objection.sentence}")
    for remark in remarks:
        click.echo(f'warning ({remark.phrase}): "{remark.found}". {remark.say_instead} ({remark.source})')
    if not objections and not remarks:
        click.echo("Nothing to object to.")
    sys.exit(1 if objections else 0)


@policy.command()
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
@_FOLDER
def goals(format_: str, folder: Path | None) -> None:
    """List the behaviour goals from which a plan can start."""
    library = load_policy_book(folder or wiring.read_settings().policy_folder).goal_library
    if format_ == "json":
        listed = {"goals": [asdict(goal) for goal in library.goals], "uncovered": dict(library.uncovered)}
        click.echo(orjson.dumps(listed, option=orjson.OPT_INDENT_2).decode())
    else:
        _show_goals(library)


def _show_goals(library: GoalLibrary) -> None:
    for goal in library.goals:
        marks = [word for word in ("safety_critical", "speech", "presence") if getattr(goal, word)]
        opportunity = [f"opportunity: {goal.opportunity}"] if goal.opportunity else []
        click.echo(f"{goal.code:>2}  {goal.statement}")
        click.echo(f"    {'; '.join([goal.kind, *opportunity, *(mark.replace('_', '-') for mark in marks)])}")
        click.echo(f"    for: {goal.purpose}")
        click.echo(f"    judged by: {goal.success_test}")
        click.echo(f"    seen by: {', '.join(goal.vantage)}")
        click.echo(f"    answers to: {', '.join(goal.behaviours) or 'the pattern as a whole'}")
    for behaviour, reason in library.uncovered.items():
        click.echo(f"no goal answers to {behaviour}: {reason}")


def _show(path: Path, envelope: Envelope, book: PolicyBook) -> None:
    try:
        data = CATALOGUE[envelope.type].load(envelope.data)
    except ValidationError as error:
        for problem in problems_of(error):
            click.echo(f"{path}: {problem.field}: {problem.message}", err=True)
        sys.exit(1)
    for line in preview_event(envelope.type, data, book.routing).as_lines():
        click.echo(line)
