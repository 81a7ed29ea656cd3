"""Compiles ``config/policy/tasks.yaml``: the kinds of coordination task, with their fixed sentences.

A kind says nothing of any case: its title stands on lock screens and in lists (practice.md §0 rule 7). Keys that tell
tasks of a kind apart are references, numbers, codes and days; never free text.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from services.domain.predicates import ALWAYS
from services.domain.routing_rules import DoneBy, TaskKind
from services.policy.predicates import Payloads, compile_predicate
from services.policy.source import Node, Problems, load_document

KEY_KINDS = frozenset({"token", "slug", "code", "whole number", "month", "date", "date and time"})
"""The kinds of payload field that a task's key may be made of."""

_LONGEST_TITLE = 120


def compile_task_kinds(path: Path, types: Collection[str], payloads: Payloads) -> Mapping[str, TaskKind]:
    """The kinds of task by name. Raises ``InvalidPolicyError`` with the file and line of every mistake."""
    root = load_document(path).only("version", "kinds")
    problems = Problems()
    kinds: dict[str, TaskKind] = {}
    for name, node in root.at("kinds").items():
        with problems.gathered():
            kinds[name] = _kind(name, node, types, payloads)
    problems.raise_if_any()
    return MappingProxyType(kinds)


def compile_key(
    node: Node, names: tuple[str, ...], event_type: str, payloads: Payloads, within: str = ""
) -> tuple[tuple[str, str], ...]:
    """Which payload field gives each part of a task's key; where ``key:`` says nothing, the field of the same name.

    ``within`` is the list in the payload whose elements the fields belong to.
    """
    given = node.find("key")
    fields = dict(given.only(*names).items()) if given is not None else {}
    parts = []
    for name in names:
        entry = fields.get(name)
        path = entry.text() if entry is not None else name
        check_kind(entry or node, event_type, path, payloads, KEY_KINDS, within)
        parts.append((name, path))
    return tuple(parts)


def check_kind(
    node: Node, event_type: str, path: str, payloads: Payloads, allowed: frozenset[str], within: str = ""
) -> None:
    """Refuse a payload field that does not exist, or is of no kind that may stand here."""
    kind = payloads.kind(node, event_type, f"{within}.{path}" if within else path)
    if kind not in allowed:
        raise node.error(f"{path} of {event_type} is a {kind}; expected one of: {', '.join(sorted(allowed))}")


def _kind(name: str, node: Node, types: Collection[str], payloads: Payloads) -> TaskKind:
    node.only("title", "accepting", "declining", "for", "internal", "single", "key", "done_by")
    title = node.at("title")
    if len(title.text()) > _LONGEST_TITLE:
        raise title.error(f"is longer than {_LONGEST_TITLE} characters")
    if node.at("for").text() not in {"person", "desk"}:
        raise node.at("for").error("expected one of: person, desk")
    key, done_by = node.find("key"), node.find("done_by")
    names = key.texts() if key is not None else ()
    return TaskKind(
        name=name,
        title=title.text(),
        accepting=node.at("accepting").text(),
        declining=node.at("declining").text(),
        for_desk=node.at("for").text() == "desk",
        internal=_flag(node, "internal"),
        single=_flag(node, "single"),
        key_names=names,
        done_by=tuple(_done_by(one, names, types, payloads) for one in done_by.elements()) if done_by else (),
    )


def _flag(node: Node, key: str) -> bool:
    found = node.find(key)
    return found is not None and found.boolean()


def _done_by(node: Node, names: tuple[str, ...], types: Collection[str], payloads: Payloads) -> DoneBy:
    event_type = node.only("event", "key", "when").at("event")
    if event_type.text() not in types:
        raise event_type.error(f"there is no event type {event_type.text()!r}")
    when = node.find("when")
    return DoneBy(
        event_type.text(),
        compile_key(node, names, event_type.text(), payloads),
        ALWAYS if when is None else compile_predicate(when, [event_type.text()], payloads),
    )
