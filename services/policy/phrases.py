"""Compiles the phrases of ``config/policy/language.yaml`` into regular expressions over ``language.plain_form``.

A phrase is words with a space between them, and these signs::

    word*        a word that begins so            *          any one word
    one|other    either                           (a b|c)    either, of several words
    {list}       an entry of a list of words      [a b|c]    with or without either
    ...          up to four words of the same sentence (``...7``: seven)
    ^            only where a part of a sentence begins: at first, or after a full stop, a comma, "and", "that" …

Nothing in it can be repeated without bound, and at most two gaps stand in one phrase, so the time that a search takes
grows with the length of the text only.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from services.policy.source import Node

MOST_GAPS = 2
_WIDEST_GAP = 9
_GAP = re.compile(r"\.\.\.(\d)?")
_WORD = re.compile(r"[a-z0-9']+\*?|\*(?:'s)?")
_ELEMENT = re.compile(r"\[[^\[\]()]*\]|\([^\[\]()]*\)|[^\s\[\]()]+")
_BEGINNING = "(?:^|(?<= [.,])|(?<= (?:and|but))|(?<= (?:then|that)))"

Words = Mapping[str, str]
"""Named lists of words, each as a piece of a regular expression."""


def compile_words(node: Node) -> Words:
    """The lists of words by name. An entry is one word or several; it holds no gaps and no other list."""
    return {name: _either(_entry(entry) for entry in listed.elements()) for name, listed in node.items()}


def compile_phrases(nodes: Sequence[Node], words: Words, *, at_start: bool = False) -> re.Pattern[str]:
    """One expression that matches any of the phrases; ``at_start``: only where it is asked to begin."""
    found = _either(compile_phrase(node, words) for node in nodes)
    return re.compile(found if at_start else f"{found}(?= )")


def compile_phrase(node: Node, words: Words) -> str:
    """One phrase as a piece of a regular expression. Raises ``InvalidPolicyError`` at its line."""
    text = node.text()
    if _ELEMENT.sub("", text).strip():
        raise node.error(f"{text!r} has a bracket that does not close")
    elements = _ELEMENT.findall(text)
    if sum(len(_GAP.findall(element)) for element in elements) > MOST_GAPS:
        raise node.error(f"{text!r} has more than {MOST_GAPS} gaps")
    if not any(_begins(element) for element in elements):
        raise node.error(f"{text!r} names no word that must be there")
    return "".join(_piece(node, element, words) for element in elements)


def _begins(element: str) -> bool:
    """Whether an element is made of words, and so cannot be left out."""
    return element[0] not in "[^." and element != "*"


def _piece(node: Node, element: str, words: Words) -> str:
    if element == "^":
        return _BEGINNING
    if gap := _GAP.fullmatch(element):
        return f"(?: [^ .]+){{0,{min(int(gap[1] or 4), _WIDEST_GAP)}}}?"
    if element[0] in "[(":
        either = _either(_in_a_row(node, one, words) for one in element[1:-1].split("|"))
        return f"{either}?" if element[0] == "[" else either
    return _either(_one(node, one, words) for one in element.split("|"))


def _in_a_row(node: Node, text: str, words: Words) -> str:
    if not text.strip():
        raise node.error(f"a bracket of {node.text()!r} leaves something empty")
    return "".join(_one(node, one, words) for one in text.split())


def _one(node: Node, word: str, words: Words) -> str:
    if not word.startswith("{"):
        return f" {_word(node, word)}"
    found = words.get(word[1:-1])
    if found is None or not word.endswith("}"):
        raise node.error(f"{word} is no list of words; expected one of: {', '.join(words)}")
    return found


def _entry(node: Node) -> str:
    return "".join(f" {_word(node, one)}" for one in node.text().split())


def _word(node: Node, word: str) -> str:
    if not _WORD.fullmatch(word):
        raise node.error(f"{word!r} is no word; expected small letters, digits and ', with * at the end for any ending")
    if word == "*":
        return "[^ .,]+(?= )"
    if word == "*'s":
        return "[^ .,]+'s(?= )"
    ending = "[^ .,]*" if word.endswith("*") else ""
    return f"{re.escape(word.rstrip('*'))}{ending}(?= )"


def _either(pieces: Iterable[str]) -> str:
    return f"(?:{'|'.join(pieces)})"
