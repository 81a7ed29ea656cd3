"""Compiles ``config/policy/efforts.yaml``: which acts are efforts (practice.md §1.8), and what the parity report counts
of each parent (§1.9). ``docs/efforts.md`` explains the file.

Every event, field, code and role that an entry names must exist. Fixed words hold no case content: they stand in the
file, and may be read by whoever may know that such an event happened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from schemas.catalogue import EventSchema
from services.domain.efforts import Direction, EffortPolicy, EffortRule, FromField, OfPerson, Toward, Words
from services.domain.parity import CountKind, CountRule, ParentKind
from services.domain.predicates import ALWAYS, Predicate
from services.domain.roles import Role
from services.policy.payloads import payloads_of
from services.policy.predicates import Payloads, compile_predicate
from services.policy.source import Node, Problems, digest, load_document
from services.policy.task_kinds import KEY_KINDS, check_kind

_DAYS: Final = frozenset({"date", "date and time", "date, or date and time"})
_REFERENCE: Final = frozenset({"token"})
_TEXTS: Final = frozenset({"text", "line"})
_CODES: Final = frozenset({"code"})
_LONGEST: Final = 200
_Compiled = TypeVar("_Compiled", EffortRule, CountRule)


@dataclass(frozen=True, slots=True)
class EffortBook:
    """The whole file: what is an effort, and what the parity report counts, in the order of its lines."""

    efforts: EffortPolicy
    counts: tuple[CountRule, ...]


def compile_efforts(path: Path, catalogue: Mapping[str, EventSchema]) -> EffortBook:
    """The policy of a file. Raises ``InvalidPolicyError`` with the file and line of every mistake."""
    root = load_document(path).only("version", "silent_after_days", "efforts", "parity")
    reader = _Reader(catalogue, payloads_of(catalogue), _barriers(catalogue))
    problems = Problems()
    rules: dict[str, tuple[EffortRule, ...]] = {}
    for name, node in root.at("efforts").items():
        with problems.gathered():
            reader.check_type(node, name)
            rules[name] = reader.each(node, lambda entry, name=name: reader.effort(entry, name))  # type: ignore[misc]
    with problems.gathered():
        counts = reader.each(root.at("parity"), reader.count)
        _check_ids(root.at("parity"), counts)
    problems.raise_if_any()
    silent_after = root.at("silent_after_days").integer(1, 365)
    return EffortBook(EffortPolicy(MappingProxyType(rules), silent_after, digest([path])), counts)


def _barriers(catalogue: Mapping[str, EventSchema]) -> frozenset[str]:
    """The codes for what stands in the way: those of an effort that is recorded by hand."""
    facts = catalogue["efforts.recorded"].field_paths()
    return frozenset(code for fact in facts if fact.path == "barrier_code" for code in fact.codes)


def _check_ids(node: Node, counts: tuple[CountRule, ...]) -> None:
    seen: set[str] = set()
    for entry, one in zip(node.elements(), counts, strict=True):
        if one.id in seen:
            raise entry.at("id").error(f"{one.id} is given twice")
        seen.add(one.id)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads entries, with what they may refer to."""

    catalogue: Mapping[str, EventSchema]
    payloads: Payloads
    barriers: frozenset[str]

    def check_type(self, node: Node, name: str) -> None:
        """Refuse a type of event that does not exist."""
        if name not in self.catalogue:
            raise node.error(f"there is no event type {name!r}")

    def each(self, node: Node, read: Callable[[Node], _Compiled]) -> tuple[_Compiled, ...]:
        """Every entry of a list that is not empty, with all of its mistakes."""
        problems, found = Problems(), []
        for entry in node.elements():
            with problems.gathered():
                found.append(read(entry))
        problems.raise_if_any()
        if not found:
            raise node.error("has no entry")
        return tuple(found)

    def effort(self, node: Node, name: str) -> EffortRule:
        """One way in which an event of a type is an effort."""
        node.only("toward", "action", "outcome", "barrier", "when", "from", "on", "by", "once_for", "instead_of")
        once_for = node.find("once_for")
        return EffortRule(
            event_type=name,
            toward=self._toward(node.at("toward"), name),
            action=self._words(node.at("action"), name),
            outcome=self._words(outcome, name) if (outcome := node.find("outcome")) else None,
            barrier=self._barrier(barrier, name) if (barrier := node.find("barrier")) else None,
            when=self._when(node, name),
            emitters=self._emitters(node, name),
            on=self._field(node, "on", name, _DAYS),
            by=self._field(node, "by", name, _REFERENCE),
            once_for=tuple(self._path(one, name, KEY_KINDS) for one in once_for.elements()) if once_for else (),
            instead_of=self._field(node, "instead_of", name, _REFERENCE),
            line=node.line,
        )

    def count(self, node: Node) -> CountRule:
        """One line of the parity report."""
        node.only("id", "kind", "title", "event", "person", "otherwise", "when", "from", "once_for", "required")
        name = node.at("event").text()
        self.check_type(node.at("event"), name)
        otherwise, required = node.find("otherwise"), node.find("required")
        person = self._field(node, "person", name, _REFERENCE)
        if person is None and otherwise is None:
            raise node.error("counts for nobody: needs person, otherwise, or both")
        return CountRule(
            id=node.at("id").text(),
            kind=node.at("kind").choice(CountKind),
            title=_fixed(node.at("title")),
            event_type=name,
            person=person,
            otherwise=otherwise.choice(ParentKind) if otherwise else None,
            when=self._when(node, name),
            emitters=self._emitters(node, name),
            once_for=self._field(node, "once_for", name, KEY_KINDS),
            required=required is not None and required.boolean(),
            line=node.line,
        )

    def _toward(self, node: Node, name: str) -> Direction:
        if isinstance(node.value, str):
            return node.choice(Toward)
        if node.find("person") is not None:
            node.only("person", "otherwise")
            return OfPerson(self._path(node.at("person"), name, _REFERENCE), node.at("otherwise").choice(Toward))
        path = self._path(node.only("field").at("field"), name, _CODES)
        self._check_codes(node.at("field"), name, path, frozenset(Toward), "to whom an effort is directed")
        return FromField(path)

    def _words(self, node: Node, name: str) -> Words:
        if isinstance(node.value, str):
            return _fixed(node)
        return FromField(self._path(node.only("field").at("field"), name, _TEXTS))

    def _barrier(self, node: Node, name: str) -> Words:
        if isinstance(node.value, str):
            if node.text() not in self.barriers:
                raise node.error(f"{node.text()!r} is no barrier; expected one of: {', '.join(sorted(self.barriers))}")
            return node.text()
        path = self._path(node.only("field").at("field"), name, _CODES)
        self._check_codes(node.at("field"), name, path, self.barriers, "what stands in the way")
        return FromField(path)

    def _check_codes(self, node: Node, name: str, path: str, known: frozenset[str], what: str) -> None:
        codes = self.payloads.field_codes(name, path) or frozenset()
        if not codes or codes - known:
            raise node.error(f"{path} of {name} does not say {what}; expected one of: {', '.join(sorted(known))}")

    def _field(self, node: Node, key: str, name: str, kinds: frozenset[str]) -> str | None:
        found = node.find(key)
        return self._path(found, name, kinds) if found else None

    def _path(self, node: Node, name: str, kinds: frozenset[str]) -> str:
        check_kind(node, name, node.text(), self.payloads, kinds)
        return node.text()

    def _when(self, node: Node, name: str) -> Predicate:
        found = node.find("when")
        return compile_predicate(found, [name], self.payloads) if found else ALWAYS

    def _emitters(self, node: Node, name: str) -> frozenset[Role]:
        found = node.find("from")
        roles = frozenset(entry.choice(Role) for entry in found.elements()) if found else frozenset()
        if found and (strangers := roles - self.catalogue[name].type.emitters):
            raise found.error(f"{name} never comes from {', '.join(sorted(strangers))}")
        return roles


def _fixed(node: Node) -> str:
    text = node.text()
    if len(text) > _LONGEST:
        raise node.error(f"is longer than {_LONGEST} characters")
    return text
