"""Reading a story: a file of CloudEvents, one structured event a line, each checked as intake would check it."""

from pathlib import Path

from schemas.envelope import STRUCTURED, Malformed, One, read_events
from services.domain.errors import FieldProblem
from services.domain.events import Envelope


class StoryFileError(Exception):
    """Lines of a story that are not well formed; ``problems`` holds (line, field problem)."""

    def __init__(self, path: Path, problems: list[tuple[int, FieldProblem]]) -> None:
        self.path = path
        self.problems = problems
        listed = "\n".join(f"{path}:{line}: {one.field}: {one.message}" for line, one in problems)
        super().__init__(listed)


def read_story(path: Path) -> list[tuple[int, Envelope]]:
    """The events of a story with their line numbers; blank lines are skipped. Raises StoryFileError."""
    events: list[tuple[int, Envelope]] = []
    problems: list[tuple[int, FieldProblem]] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        match read_events({"content-type": STRUCTURED}, line):
            case One(event=Envelope() as envelope):
                events.append((number, envelope))
            case One(event=Malformed(found)):
                problems.extend((number, problem) for problem in found)
            case _:
                problems.append((number, FieldProblem("", "not_an_event", "Expected one CloudEvent as a JSON object.")))
    if problems:
        raise StoryFileError(path, problems)
    return events
