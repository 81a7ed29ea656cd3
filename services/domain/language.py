"""The language of plans and narratives (practice.md §1.4, §1.5, §1.8): what is refused, and what is only remarked on.

Policy says which words (``config/policy/language.yaml``); this module says what is done with them. Text is read in a
plain form, ``plain_form``, in which letter case, spacing, punctuation and contractions make no difference. Nothing here
knows who a person is: names in a text are words like any other.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Use(StrEnum):
    """What a text is in the plan."""

    GOAL = "goal"
    """The statement of a behaviour goal."""
    SERVICE = "service"
    """A service that supports goals."""
    SURVIVOR_TASK = "survivor_task"
    """Something asked of a protective parent."""
    SURVIVOR_BASIS = "survivor_basis"
    """Why it is asked of her."""


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a text is no good in a plan. ``code`` is stable; ``source`` the section of practice.md it comes from."""

    code: str
    reason: str
    better: str
    source: str

    @property
    def sentence(self) -> str:
        """All of it in plain words."""
        return f"{self.reason} Better: {self.better} ({self.source})"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of objection. ``finds`` and ``unless`` are matched on the plain form.

    ``empty``: what it finds says nothing that could be seen, so it objects only to a text that says nothing else.
    """

    objection: Objection
    uses: frozenset[Use]
    finds: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """A way of putting things that narratives are better without. ``once_found``: only after a court has found it."""

    phrase: str
    say_instead: str
    source: str
    finds: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    once_found: bool = False


@dataclass(frozen=True, slots=True)
class LanguageWarning:
    """A phrase that was found. ``phrase`` names it as policy does; ``found`` are the words of the text, plainly."""

    phrase: str
    say_instead: str
    source: str
    found: str


@dataclass(frozen=True, slots=True)
class Language:
    """The language policy. ``says_nothing`` matches a part of a sentence that adds nothing to what stands beside it;
    ``service_alone`` is what is said of a service that supports no goal.
    """

    refusals: tuple[Refusal, ...]
    says_nothing: re.Pattern[str]
    service_alone: Objection
    phrases: tuple[Phrase, ...]
    any_phrase: re.Pattern[str]
    court_found: re.Pattern[str]
    digest: str


_SIGNS_WITHIN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})
_NOT = re.compile(r"(?<=[a-z])n't\b")
_WILL = re.compile(r"(?<=[a-z])'ll\b")
_INITIALS = re.compile(r"\b(?:[a-z]\.){2,}|(?<=\b[a-z])\.(?= ?[a-z]\b)")
_TITLE = re.compile(r"\b(mr|mrs|ms|dr|st)\.")
_DECIMAL = re.compile(r"(?<=\d)[.,](?=\d)")
_BLANK_LINE = re.compile(r"\n\s*\n")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.!?;,:()\u2013\u2014&+]")
_SAID_AS = {
    **dict.fromkeys("!?;", "."),
    **dict.fromkeys(":()\u2013\u2014", ","),
    **dict.fromkeys("&+", "and"),
    "won't": "will not",
    "wont": "will not",
    "can't": "can not",
    "cant": "can not",
    "cannot": "can not",
}
_PARTING = re.compile(r" (?:[.,]|and|or|then|but|plus|as well as|in addition to|together with)(?= )")


def plain_form(text: str) -> str:
    """The words of a text in small letters, one space before each and one after the last.

    Sentences end in " ."; other punctuation that parts a sentence is " ,". Hyphens and slashes part words.
    """
    said = _SIGNS_WITHIN.sub("", unicodedata.normalize("NFKC", text)).casefold().translate(_APOSTROPHES)
    if "'" in said:
        said = _WILL.sub(" will", _NOT.sub(_full_not, said))
    if "." in said:
        said = _TITLE.sub(r"\1 ", _INITIALS.sub(lambda found: found[0].replace(".", ""), said))
        said = _DECIMAL.sub("", said)
    if "\n" in said:
        said = _BLANK_LINE.sub(" . ", said)
    return f" {' '.join([_SAID_AS.get(token, token) for token in _TOKEN.findall(said)])} "


def _full_not(found: re.Match[str]) -> str:
    """Parts "don't" into "do not"; "won't" and "can't" are left to the table of words."""
    return found[0] if found.string[max(0, found.start() - 2) : found.start()] in {"wo", "ca"} else " not"


def check_goal(language: Language, statement: str) -> tuple[Objection, ...]:
    """What is to be said against a text as the statement of a behaviour goal; empty where nothing is."""
    return check_text(language, statement, Use.GOAL)


def check_text(language: Language, text: str, use: Use) -> tuple[Objection, ...]:
    """What is to be said against a text in this use, each kind once, in the order of the policy."""
    plain = plain_form(text)
    empty = _says_nothing_else(language, plain, use)
    return tuple(
        refusal.objection
        for refusal in language.refusals
        if use in refusal.uses and (empty or not refusal.empty) and any(_matches(refusal, plain))
    )


def warnings(language: Language, text: str, *, adjudicated: bool = False) -> tuple[LanguageWarning, ...]:
    """The phrases that a narrative is better without, in the order of the policy. Never a reason to refuse it.

    ``adjudicated``: a court has found what the text is about; a text that says so itself counts as such.
    """
    plain = plain_form(text)
    if language.any_phrase.search(plain) is None:
        return ()
    found_by_court = adjudicated or language.court_found.search(plain) is not None
    return tuple(
        LanguageWarning(phrase.phrase, phrase.say_instead, phrase.source, words)
        for phrase in language.phrases
        if (found_by_court or not phrase.once_found) and (words := _first(phrase, plain)) is not None
    )


def _matches(refusal: Refusal, plain: str) -> Iterator[tuple[int, int]]:
    """Where a refusal finds its words, as spans of the plain form, without those that its exceptions lift."""
    for found in refusal.finds.finditer(plain):
        around = _part_around(plain, found.start(), found.end())
        if refusal.unless is None or refusal.unless.search(around) is None:
            yield found.span()


def _says_nothing_else(language: Language, plain: str, use: Use) -> bool:
    """Whether every part of the text is either covered by a refusal of the empty kind, or adds nothing by itself."""
    spans = [
        span
        for refusal in language.refusals
        if refusal.empty and use in refusal.uses
        for span in _matches(refusal, plain)
    ]
    return bool(spans) and all(
        any(start < end_of and start_of < end for start_of, end_of in spans)
        or len(plain[start:end].split()) < 2
        or language.says_nothing.match(plain, start, end + 1) is not None
        for start, end in _parts(plain)
    )


def _parts(plain: str) -> Iterator[tuple[int, int]]:
    """The parts of sentences as spans; each begins with the space before its first word and ends after its last."""
    start = 0
    for mark in _PARTING.finditer(plain):
        yield start, mark.start()
        start = mark.end()
    yield start, len(plain) - 1


def _part_around(plain: str, start: int, end: int) -> str:
    """The parts of a sentence that a span lies in, in plain form."""
    parts = [part for part in _parts(plain) if part[0] < end and start < part[1]]
    return f"{plain[parts[0][0] : parts[-1][1]]} " if parts else plain


def _first(phrase: Phrase, plain: str) -> str | None:
    """The words with which a text says the phrase first; None where it does not, or is excepted."""
    for found in phrase.finds.finditer(plain):
        if phrase.unless is None or phrase.unless.search(_sentence_around(plain, found.start(), found.end())) is None:
            return found[0].strip()
    return None


def _sentence_around(plain: str, start: int, end: int) -> str:
    before, after = plain.rfind(" . ", 0, start + 1), plain.find(" . ", end)
    return plain[before + 2 if before >= 0 else 0 : after + 1 if after >= 0 else len(plain)]
