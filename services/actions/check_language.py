"""Holding what is taken in to the language of plans and narratives (practice.md §1.4, §1.8; Settled 9)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from schemas.catalogue import CATALOGUE
from schemas.problems import path_below
from services.domain.errors import FieldProblem
from services.domain.language import Language, warnings
from services.domain.plan_language import CHECKED, keeps_out, objections_to

VERBATIM = frozenset(
    {"said", "question", "culture", "sentence", "other_terms", "survivor_statements", "child_statements"}
)
"""Fields that hold what somebody said, or a court wrote, word for word: nobody is asked to change it."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A phrase in a narrative that it is better without. ``field`` is the path of the text; never repeats the text."""

    field: str
    phrase: str
    say_instead: str


def language_problems(language: Language, event_type: str, data: Mapping[str, object]) -> list[FieldProblem]:
    """Why the words of a plan keep an event out; none where a court has ordered them."""
    if event_type not in CHECKED or not keeps_out(event_type, data):
        return []
    return objections_beside(language, event_type, data)


def objections_beside(language: Language, event_type: str, data: object) -> list[FieldProblem]:
    """What is to be said against the words of an event that is kept all the same, or may be shown."""
    if event_type not in CHECKED or not isinstance(data, Mapping):
        return []
    return [
        FieldProblem(f"data.{one.field}", one.objection.code, one.objection.sentence)
        for one in objections_to(language, event_type, data)
    ]


def remarks_on(language: Language, event_type: str, data: object) -> list[Remark]:
    """The phrases that the narrative texts of a payload are better without, each once a text. Nothing is refused."""
    if not isinstance(data, Mapping):
        return []
    return [
        Remark(path, found.phrase, found.say_instead)
        for steps in _narratives(event_type)
        for path, text in _texts(data, steps, "data")
        for found in warnings(language, text)
    ]


@cache
def _narratives(event_type: str) -> tuple[tuple[str, ...], ...]:
    """The paths of a type's narrative texts."""
    paths = (fact.path for fact in CATALOGUE[event_type].field_paths() if fact.kind == "text")
    steps = (tuple(path.replace("[]", ".[]").split(".")) for path in paths)
    return tuple(one for one in steps if next(step for step in reversed(one) if step != "[]") not in VERBATIM)


def _texts(value: object, steps: Sequence[str], path: str) -> Iterator[tuple[str, str]]:
    if not steps:
        for at, text in enumerate(value if isinstance(value, list) else ()):
            yield path_below(path, at), text
        if isinstance(value, str):
            yield path, value
    elif steps[0] == "[]":
        if isinstance(value, list):
            for at, item in enumerate(value):
                yield from _texts(item, steps[1:], path_below(path, at))
    elif isinstance(value, Mapping) and (below := value.get(steps[0])) is not None:
        yield from _texts(below, steps[1:], path_below(path, steps[0]))
