"""Whether an item of a map says what it should: who did what, when, and what came of it for whom (practice.md §1.3).

It only warns. "[Named person] [did specific act] on [date or period]. As a result, [child] [specific effect], and
[survivor or family] [specific effect]."
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

NO_ACTOR: Final = "no_actor"
BOTH_AS_ONE: Final = "both_as_one"
NO_DATE: Final = "no_date"
NO_EFFECT: Final = "no_effect"
CHILD_WITHOUT_EFFECT: Final = "child_without_effect"

_SAYS: Final[Mapping[str, str]] = {
    NO_ACTOR: "Begin with the name of the person who did it.",
    BOTH_AS_ONE: "Say who did what: two people are spoken of as one.",
    NO_DATE: "Say when it happened, or since when it happens.",
    NO_EFFECT: "Say what came of it for a child, or for the other parent and the family.",
    CHILD_WITHOUT_EFFECT: "Say for each child concerned what came of it.",
}
_NOBODY = re.compile(r"^(there|it|this|that|an?|the incident|violence|incidents?|abuse|arguments?|fights?)\b", re.I)
_TOGETHER = re.compile(r"^(the )?(parents|couple|parties|family|they|both)\b|\b(each other|one another|mutual)", re.I)
_NAMED = re.compile(r"^[^\W\d_]")


@dataclass(frozen=True, slots=True)
class SentenceWarning:
    """What an item lacks: the item, a code, and the code in words."""

    item_id: str
    code: str
    says: str


def sentence_warnings(items: Iterable[Mapping[str, object]]) -> tuple[SentenceWarning, ...]:
    """What the items of a map lack, in their order. An item is not refused for it."""
    return tuple(SentenceWarning(str(item["item_id"]), code, _SAYS[code]) for item in items for code in _lacks(item))


def _lacks(item: Mapping[str, object]) -> Iterable[str]:
    act = str(item.get("act", "")).strip()
    if _TOGETHER.search(act):
        yield BOTH_AS_ONE
    elif _NOBODY.match(act) or not _NAMED.match(act) or act[:1].islower():
        yield NO_ACTOR
    if "since" not in item:
        yield NO_DATE
    pathways = tuple(one for one in _many(item.get("pathways")) if isinstance(one, Mapping))
    if not pathways and not item.get("effect_on_family"):
        yield NO_EFFECT
    reached = {one.get("child_ref") for one in pathways}
    if any(child not in reached for child in _many(item.get("child_refs"))):
        yield CHILD_WITHOUT_EFFECT


def _many(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else ()
