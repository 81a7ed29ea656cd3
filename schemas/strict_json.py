"""JSON as RFC 8259 means it, and nothing that two programs could read in two ways.

Refused, with the place named: bytes that are not UTF-8, names given twice in one object, NaN and Infinity, numbers too
large to hold, lone surrogates, and more than 32 levels.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from schemas.problems import path_below
from services.domain.errors import FieldProblem

MAX_DEPTH: Final = 32
MOST_FLAWS: Final = 100
_MAX_DIGITS: Final = 100
_ESCAPED_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Read:
    """A document that could be read. ``suspicious`` says that `flaws` must be asked before it is trusted."""

    value: Any
    suspicious: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What is no JSON document at all."""

    problem: FieldProblem


@dataclass(frozen=True, slots=True)
class _NotANumber:
    """Stands in a document where there was a number that JSON does not have."""


class _Twice(dict[str, Any]):
    """An object in which a name was given twice."""

    name: str


@dataclass(slots=True)
class _Notes:
    suspicious: bool = False
    not_a_number: _NotANumber = field(default_factory=_NotANumber)

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        self.suspicious = True
        twice = _Twice(made)
        twice.name = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        return twice

    def constant(self, _: str) -> _NotANumber:
        self.suspicious = True
        return self.not_a_number

    def decimal(self, digits: str) -> float | _NotANumber:
        value = float(digits)
        return value if math.isfinite(value) else self.constant(digits)

    def whole(self, digits: str) -> int | _NotANumber:
        return int(digits) if len(digits) <= _MAX_DIGITS else self.constant(digits)


def read_json(body: bytes, at: str = "") -> Read | Unreadable:
    """Read a document; ``at`` is the path under which its problems are reported."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return Unreadable(FieldProblem(at, "not_utf8", f"Is not UTF-8 at byte {error.start}."))
    notes = _Notes()
    try:
        value = json.loads(
            text,
            object_pairs_hook=notes.pairs,
            parse_constant=notes.constant,
            parse_float=notes.decimal,
            parse_int=notes.whole,
        )
    except json.JSONDecodeError as error:
        return Unreadable(FieldProblem(at, "not_json", f"Is not JSON at line {error.lineno}, column {error.colno}."))
    except RecursionError:
        return Unreadable(FieldProblem(at, "too_deep", f"Has more than {MAX_DEPTH} levels."))
    could_be_deep = body.count(b"{") + body.count(b"[") > MAX_DEPTH
    return Read(value, notes.suspicious or could_be_deep or _ESCAPED_SURROGATE.search(body) is not None)


def flaws(value: Any, at: str = "") -> Iterator[FieldProblem]:
    """What is wrong within a value that was read, each with its path below ``at``; nothing below 32 levels is read,
    and no more than the first hundred are told.
    """
    return islice(_flaws(value, at, 0), MOST_FLAWS)


def _flaws(value: Any, at: str, depth: int) -> Iterator[FieldProblem]:
    match value:
        case dict() | list() if depth >= MAX_DEPTH:
            yield FieldProblem(at, "too_deep", f"Has more than {MAX_DEPTH} levels.")
        case dict():
            if isinstance(value, _Twice):
                yield FieldProblem(path_below(at, value.name), "duplicate_key", "This name is given twice.")
            for name, inner in value.items():
                if _SURROGATE.search(name):
                    yield FieldProblem(at, "not_unicode", "A name in it holds half a character (a lone surrogate).")
                yield from _flaws(inner, path_below(at, name), depth + 1)
        case list():
            for index, inner in enumerate(value):
                yield from _flaws(inner, path_below(at, index), depth + 1)
        case str() if _SURROGATE.search(value):
            yield FieldProblem(at, "not_unicode", "Holds half a character (a lone surrogate).")
        case _NotANumber():
            yield FieldProblem(at, "not_a_number", "Is a number that JSON does not have.")
        case _:
            pass
