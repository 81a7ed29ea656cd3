"""Compiles ``config/policy/language.yaml`` into the language check of ``services.domain.language``."""

import re
from collections.abc import Iterable
from pathlib import Path

from services.domain.language import Language, Objection, Phrase, Refusal, Use
from services.policy.phrases import Words, compile_phrases, compile_words
from services.policy.source import Node, Problems, digest, load_document

_OBJECTION = ("reason", "better", "source")


def compile_language(path: Path) -> Language:
    """The language policy. Raises ``InvalidPolicyError`` with the file and line of every mistake."""
    root = load_document(path).only(
        "version", "words", "service_alone", "refuse", "says_nothing", "court_found", "warn"
    )
    root.at("version").integer(1, 1)
    words = compile_words(root.at("words"))
    problems = Problems()
    refusals: list[Refusal] = []
    for code, node in root.at("refuse").items():
        with problems.gathered():
            refusals.append(_refusal(code, node, words))
    phrases: list[Phrase] = []
    for node in root.at("warn").elements():
        with problems.gathered():
            phrases.append(_phrase(node, words))
    problems.raise_if_any()
    return Language(
        refusals=tuple(refusals),
        says_nothing=_patterns(root.at("says_nothing"), words, at_start=True),
        service_alone=_objection("service_alone", root.at("service_alone").only(*_OBJECTION)),
        phrases=tuple(phrases),
        any_phrase=_any_of(phrase.finds for phrase in phrases),
        court_found=_patterns(root.at("court_found"), words),
        digest=digest([path]),
    )


def _refusal(code: str, node: Node, words: Words) -> Refusal:
    node.only(*_OBJECTION, "in", "only_if_nothing_else", "says", "unless")
    empty = node.find("only_if_nothing_else")
    return Refusal(
        objection=_objection(code, node),
        uses=frozenset(entry.choice(Use) for entry in node.at("in").elements()),
        finds=_patterns(node.at("says"), words),
        unless=_exceptions(node, words),
        empty=empty is not None and empty.boolean(),
    )


def _phrase(node: Node, words: Words) -> Phrase:
    node.only("phrase", "says", "unless", "say_instead", "source", "once_found")
    once_found = node.find("once_found")
    return Phrase(
        phrase=node.at("phrase").text(),
        say_instead=node.at("say_instead").text(),
        source=node.at("source").text(),
        finds=_patterns(node.at("says"), words),
        unless=_exceptions(node, words),
        once_found=once_found is not None and once_found.boolean(),
    )


def _objection(code: str, node: Node) -> Objection:
    return Objection(code, node.at("reason").text(), node.at("better").text(), node.at("source").text())


def _exceptions(node: Node, words: Words) -> re.Pattern[str] | None:
    found = node.find("unless")
    return None if found is None else _patterns(found, words)


def _patterns(node: Node, words: Words, *, at_start: bool = False) -> re.Pattern[str]:
    phrases = node.elements()
    if not phrases:
        raise node.error("has no phrase")
    return compile_phrases(phrases, words, at_start=at_start)


def _any_of(patterns: Iterable[re.Pattern[str]]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern.pattern})" for pattern in patterns))
