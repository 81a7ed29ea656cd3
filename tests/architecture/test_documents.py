"""The documents, held to what is there: every command that they name exists, every link leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from services.cli import tallystick
from tests.architecture.source import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?<![\w@/-])(?:/\S*/)?tallystick ((?:[a-z][a-z|-]*|--[a-z-]+)(?: [^\n`;&#]*)?)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_named_exists(document: Path) -> None:
    said = {words for code in _code(document) for words in _COMMAND.findall(code)}
    assert [words for words in sorted(said) if not all(_exists(one) for one in _each(words))] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    prose = _FENCE.sub("", document.read_text(encoding="utf-8"))
    links = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link}
    assert [link for link in sorted(links) if link and not (document.parent / link).exists()] == []


def test_a_command_that_does_not_exist_is_seen() -> None:
    assert _exists(["jobs", "list"])
    assert _exists(["policy", "preview", "EVENT.json", "--folder", "x"])
    assert not _exists(["jobs", "mend"])
    assert not _exists(["teleport"])
    assert not _exists(["migrate", "--back"])


def _code(document: Path) -> Iterator[str]:
    """Everything in a document that is set as code, line by line."""
    prose = document.read_text(encoding="utf-8")
    for _, _, code in _FENCE.findall(prose):
        yield from code.splitlines()
    yield from (span.replace("\n", " ") for span in re.findall(r"`([^`]+)`", _FENCE.sub("", prose)))


def _each(words: str) -> Iterator[list[str]]:
    """The commands in what follows `tallystick`: ``jobs list|drop`` are two."""
    listed = words.split()
    for index, word in enumerate(listed[:2]):
        if "|" in word:
            yield from ([*listed[:index], choice, *listed[index + 1 :]] for choice in word.split("|"))
            return
    yield listed


def _exists(words: list[str]) -> bool:
    """Whether the command line has this command, with these options."""
    command: click.Command = tallystick
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.commands.get(words[0])
        if found is None:
            return not re.fullmatch(r"[a-z][a-z-]*", words[0])
        command, words = found, words[1:]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return {word for word in words if word.startswith("--")} <= known | {"--help", "--version"}
