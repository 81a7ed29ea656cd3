"""Reads policy files so that every mistake can be named with its file and line (ARCHITECTURE.md law 7).

A policy file is YAML with the plain types of JSON. What makes YAML surprising is refused or left out: duplicate keys,
anchors and aliases, tags, several documents in a file, and the words that YAML 1.1 takes for booleans, dates or
base-60 numbers (``on``, ``no``, ``2025-02-04``, ``12:30`` are text here; ``true`` and ``false`` are the booleans).

A compiler walks a ``Node`` and asks for what it expects; where the document says otherwise, the node raises
``InvalidPolicyError`` with the place. ``Problems`` gathers such refusals, so that one check reports all::

    problems = Problems()
    for entry in load_document(path).at("rules").elements():
        with problems.gathered():
            rules.append(compile_rule(entry))
    problems.raise_if_any()
"""

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import rfc8785
import yaml

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]
"""What a policy document may hold: the types of JSON."""

_EXACT_INTEGER = 2**53 - 1  # beyond it canonical JSON cannot carry a number exactly
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True, order=True)
class PolicyError:
    """One mistake in a policy file. ``line`` counts from 1; ``file`` is the path as it was given."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class InvalidPolicyError(Exception):
    """A policy cannot be used. ``errors`` names every mistake that was found, in the order of the files."""

    def __init__(self, errors: Iterable[PolicyError]) -> None:
        self.errors = tuple(sorted(set(errors)))
        super().__init__("\n".join(str(error) for error in self.errors))


@dataclass(slots=True)
class Problems:
    """Gathers the mistakes of one compilation, so that they are reported together."""

    errors: list[PolicyError] = field(default_factory=list)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Keep the mistakes raised inside the block and go on after it."""
        try:
            yield
        except InvalidPolicyError as invalid:
            self.errors.extend(invalid.errors)

    def raise_if_any(self) -> None:
        """Raise ``InvalidPolicyError`` with all that was gathered; do nothing where nothing was."""
        if self.errors:
            raise InvalidPolicyError(self.errors)


@dataclass(frozen=True, slots=True)
class Node:
    """A place in a policy file: its plain ``value``, and where it stands. ``path`` reads like ``rules[3].when``."""

    value: Plain
    file: str
    line: int
    path: str = ""
    _children: Mapping[str, "Node"] | tuple["Node", ...] = ()
    _key_lines: Mapping[str, int] = field(default_factory=dict)

    def error(self, message: str) -> InvalidPolicyError:
        """A refusal of this place, to be raised by the caller; the message is led by the place's path."""
        return InvalidPolicyError(
            [PolicyError(self.file, self.line, f"{self.path}: {message}" if self.path else message)]
        )

    def items(self) -> tuple[tuple[str, "Node"], ...]:
        """The entries of a mapping, in the order of the file."""
        if not isinstance(self._children, Mapping) or not isinstance(self.value, dict):
            raise self.error(f"expected a mapping, found {_kind(self.value)}")
        return tuple(self._children.items())

    def elements(self) -> tuple["Node", ...]:
        """The elements of a list, in order."""
        if not isinstance(self._children, tuple) or not isinstance(self.value, list):
            raise self.error(f"expected a list, found {_kind(self.value)}")
        return self._children

    def find(self, key: str) -> "Node | None":
        """The value under ``key``, or None where the mapping has no such key."""
        return dict(self.items()).get(key)

    def at(self, key: str) -> "Node":
        """The value under ``key``; a refusal where it is missing."""
        found = self.find(key)
        if found is None:
            raise self.error(f"{key!r} is missing")
        return found

    def only(self, *allowed: str) -> "Node":
        """This mapping, once it is sure that it holds no other keys than these."""
        unknown = [
            PolicyError(self.file, self._key_lines[key], f"{_join(self.path, key)}: unknown key; {_one_of(allowed)}")
            for key, _ in self.items()
            if key not in allowed
        ]
        if unknown:
            raise InvalidPolicyError(unknown)
        return self

    def text(self) -> str:
        """The value as text that is not empty."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.error(f"expected text, found {_kind(self.value)}")
        return self.value

    def integer(self, minimum: int | None = None, maximum: int | None = None) -> int:
        """The value as a whole number within the (inclusive) bounds."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(f"expected a whole number, found {_kind(value)}")
        if minimum is not None and value < minimum:
            raise self.error(f"{value} is less than {minimum}")
        if maximum is not None and value > maximum:
            raise self.error(f"{value} is more than {maximum}")
        return value

    def boolean(self) -> bool:
        """The value as ``true`` or ``false``."""
        if not isinstance(self.value, bool):
            raise self.error(f"expected true or false, found {_kind(self.value)}")
        return self.value

    def date(self) -> date:
        """The value as a calendar date, written ``YYYY-MM-DD``."""
        text = self.text()
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            try:
                return date.fromisoformat(text)
            except ValueError:
                raise self.error(f"{text} is not a day of the calendar") from None
        raise self.error(f"expected a date as YYYY-MM-DD, found {text!r}")

    def choice(self, options: type[_Choice]) -> _Choice:
        """The value as a member of ``options``, written as the member's value."""
        text = self.text()
        try:
            return options(text)
        except ValueError:
            raise self.error(f"{text!r} is not known; {_one_of(option.value for option in options)}") from None

    def texts(self) -> tuple[str, ...]:
        """A list of texts, or one text alone, as a tuple without repetitions."""
        if isinstance(self.value, str):
            return (self.text(),)
        found = tuple(element.text() for element in self.elements())
        if len(set(found)) != len(found):
            raise self.error("names something twice")
        return found


def load_document(path: Path) -> Node:
    """Read one policy file. Raises ``InvalidPolicyError`` where it cannot be read or is not plain YAML."""
    file = str(path)
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidPolicyError([PolicyError(file, 1, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise InvalidPolicyError([PolicyError(file, 1, "is not UTF-8 text")]) from None
    return parse_document(content, file)


@lru_cache(maxsize=16)
def parse_document(content: str, file: str) -> Node:
    """Read the text of a policy file that is named ``file`` in messages.

    The same text is parsed once: a start reads each file to compile it, and once more for every digest it goes into.
    """
    try:
        root = yaml.compose(content, Loader=_PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InvalidPolicyError([PolicyError(file, mark.line + 1 if mark else 1, _sentence(error))]) from None
    except yaml.YAMLError as error:
        raise InvalidPolicyError([PolicyError(file, 1, str(error).splitlines()[0])]) from None
    if root is None:
        raise InvalidPolicyError([PolicyError(file, 1, "is empty")])
    problems = Problems()
    node = _node(root, file, "", problems)
    problems.raise_if_any()
    return node


def digest(paths: Iterable[Path]) -> str:
    """The version of a set of policy files: SHA-256 (hex) over what they say, so comments and layout do not count.

    The canonical form is RFC 8785 JSON of ``[[file name, content], …]`` sorted by name; folders do not count either.
    """
    contents = sorted(((path.name, load_document(path).value) for path in paths), key=lambda pair: pair[0])
    canonical = rfc8785.dumps([[name, content] for name, content in contents])
    return hashlib.sha256(canonical).hexdigest()


class _PlainLoader(yaml.SafeLoader):
    """Composes nodes whose plain scalars follow the JSON schema of YAML 1.2, and refuses aliases."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own attribute

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise yaml.composer.ComposerError(None, None, "anchors and aliases are not used here", event.start_mark)
        return super().compose_node(parent, index)


for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:bool", r"true|false", "tf"),
    ("tag:yaml.org,2002:null", r"null|~|", "n~\0"),
    ("tag:yaml.org,2002:int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", "-+0123456789"),
):
    _starts = ["" if letter == "\0" else letter for letter in _first]
    _PlainLoader.add_implicit_resolver(_tag, re.compile(f"^(?:{_pattern})$"), _starts)

_SCALARS: Mapping[str, Callable[[str], Plain]] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:bool": lambda text: text == "true",
    "tag:yaml.org,2002:null": lambda _: None,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
}
_MAPPING = "tag:yaml.org,2002:map"
_SEQUENCE = "tag:yaml.org,2002:seq"


def _node(source: yaml.Node, file: str, path: str, problems: Problems) -> Node:
    line = source.start_mark.line + 1
    if isinstance(source, yaml.MappingNode) and source.tag == _MAPPING:
        return _mapping(source, file, path, problems)
    if isinstance(source, yaml.SequenceNode) and source.tag == _SEQUENCE:
        children = tuple(_node(child, file, f"{path}[{at}]", problems) for at, child in enumerate(source.value))
        return Node([child.value for child in children], file, line, path, children)
    read = _SCALARS.get(source.tag)
    if read is None or not isinstance(source, yaml.ScalarNode):
        problems.errors.append(PolicyError(file, line, f"the tag {source.tag} is not used here"))
        return Node(None, file, line, path)
    value = read(source.value)
    if (isinstance(value, int) and abs(value) > _EXACT_INTEGER) or (isinstance(value, float) and math.isinf(value)):
        problems.errors.append(PolicyError(file, line, f"{source.value} is too large a number"))
    return Node(value, file, line, path)


def _mapping(source: yaml.MappingNode, file: str, path: str, problems: Problems) -> Node:
    children: dict[str, Node] = {}
    key_lines: dict[str, int] = {}
    for key_node, value_node in source.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode) or not key_node.value:
            problems.errors.append(PolicyError(file, line, "a key must be a word"))
            continue
        key = key_node.value
        if key in children:
            message = f"{_join(path, key)}: is given twice, first on line {key_lines[key]}"
            problems.errors.append(PolicyError(file, line, message))
            continue
        children[key] = _node(value_node, file, _join(path, key), problems)
        key_lines[key] = line
    value: dict[str, Plain] = {key: child.value for key, child in children.items()}
    return Node(value, file, source.start_mark.line + 1, path, children, key_lines)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _one_of(words: Iterable[str]) -> str:
    return "expected one of: " + ", ".join(words)


def _kind(value: Plain) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            return "true" if value else "false"
        case str():
            return repr(value)
        case _:
            return f"the number {value}"


def _sentence(error: yaml.MarkedYAMLError) -> str:
    return ", ".join(part for part in (error.context, error.problem) if part)
