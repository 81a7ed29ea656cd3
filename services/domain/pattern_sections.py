"""The five sections of an assessed pattern (practice.md §1.2), laid out from a map as far as its reader may see it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

CHILDREN_CONCERNED: Final = frozenset(
    {
        "threats_to_take_or_harm_children",
        "children_as_messengers_or_spies",
        "interrogating_children",
        "undermining_parenting",
        "neglect_of_parenting",
    }
)
"""Behaviours that are actions taken to harm the child, whatever part the child had in them."""
_DONE_TO_A_CHILD: Final = frozenset({"targeted", "used"})

Part = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sections:
    """A map by the sections of §1.2. ``control`` and ``harm_to_children`` are items of the map, each in one of the two;
    ``effects`` the pathways of all items, each with the item's id and behaviour; ``circumstances`` what else bears on
    it, and ``culture`` the family's own words.
    """

    control: tuple[Part, ...]
    harm_to_children: tuple[Part, ...]
    protective_efforts: tuple[Part, ...]
    effects: tuple[Part, ...]
    circumstances: tuple[Part, ...]
    culture: str | None


def sections_of(shown: Part) -> Sections:
    """The sections of a map's payload, or of what is shown of one."""
    items = tuple(_parts(shown.get("items")))
    culture = shown.get("culture")
    return Sections(
        control=tuple(item for item in items if not concerns_children(item)),
        harm_to_children=tuple(item for item in items if concerns_children(item)),
        protective_efforts=tuple(_parts(shown.get("protective_efforts"))),
        effects=tuple(_effects(items)),
        circumstances=tuple(_parts(shown.get("intersections"))),
        culture=culture if isinstance(culture, str) else None,
    )


def concerns_children(item: Part) -> bool:
    """Whether an item is an action taken to harm a child."""
    return item.get("behaviour_code") in CHILDREN_CONCERNED or item.get("child_role") in _DONE_TO_A_CHILD


def _effects(items: Iterable[Part]) -> Iterator[Part]:
    for item in items:
        named = {name: item[name] for name in ("item_id", "behaviour_code") if name in item}
        for pathway in _parts(item.get("pathways")):
            yield {**named, **pathway}
        if "effect_on_family" in item:
            yield {**named, "effect_on_family": item["effect_on_family"]}


def _parts(value: object) -> Iterator[Part]:
    return (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else iter(())
