"""Checks across the fields of one object, for ``Document.rules``.

They are asked once every field has been found good for itself. ``broken(data)`` answers (field at fault, sentence), or
None; ``text`` says the rule in the documentation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeAlias

Broken: TypeAlias = tuple[str, str] | None
DAY_LENGTH = len("2025-01-18")


class Rule(Protocol):
    """What every check across fields can do."""

    @property
    def text(self) -> str:
        """The rule in words."""

    def broken(self, data: Mapping[str, Any]) -> Broken:
        """The field at fault and what is wrong with it; None where the rule is kept."""


@dataclass(frozen=True, slots=True)
class NotBefore:
    """``later`` may not lie before ``earlier``. A day beside a moment is compared as days, each as it was written."""

    later: str
    earlier: str

    @property
    def text(self) -> str:
        return f"`{self.later}` must not lie before `{self.earlier}`."

    def broken(self, data: Mapping[str, Any]) -> Broken:
        later, earlier = data.get(self.later), data.get(self.earlier)
        if later is None or earlier is None or not _lies_before(later, earlier):
            return None
        return self.later, f"Must not lie before {self.earlier}."


def _lies_before(one: str, other: str) -> bool:
    if one[2:3] == ":":
        return one < other
    if len(one) == DAY_LENGTH or len(other) == DAY_LENGTH:
        return date.fromisoformat(one[:DAY_LENGTH]) < date.fromisoformat(other[:DAY_LENGTH])
    return datetime.fromisoformat(one) < datetime.fromisoformat(other)


@dataclass(frozen=True, slots=True)
class NeededWhen:
    """``field`` must be given when ``condition`` has this value."""

    field: str
    condition: str
    value: str | bool

    @property
    def text(self) -> str:
        return f"`{self.field}` is required when `{self.condition}` is `{self._shown}`."

    @property
    def _shown(self) -> str:
        return str(self.value).lower() if isinstance(self.value, bool) else self.value

    def broken(self, data: Mapping[str, Any]) -> Broken:
        if self.field in data or data.get(self.condition) != self.value:
            return None
        return self.field, f"This field is required when {self.condition} is {self._shown}."


@dataclass(frozen=True, slots=True)
class OneOf:
    """At least one of the fields must be given; with ``exactly``, one and no more."""

    names: tuple[str, ...]
    exactly: bool = False

    @property
    def text(self) -> str:
        listed = " or ".join(f"`{name}`" for name in self.names)
        return f"{listed} must be given{', and not more than one of them' if self.exactly else ''}."

    def broken(self, data: Mapping[str, Any]) -> Broken:
        given = sum(name in data for name in self.names)
        listed = " or ".join(self.names)
        if given == 0:
            return self.names[0], f"Give {listed}."
        if self.exactly and given > 1:
            return self.names[0], f"Give {listed}, not more than one of them."
        return None


@dataclass(frozen=True, slots=True)
class AtMost:
    """The counts in ``parts`` may not together be larger than that in ``whole``."""

    whole: str
    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        return f"`{self.whole}` must be at least {' plus '.join(f'`{part}`' for part in self.parts)}."

    def broken(self, data: Mapping[str, Any]) -> Broken:
        if self.whole not in data or sum(data.get(part, 0) for part in self.parts) <= data[self.whole]:
            return None
        return self.whole, f"Must be at least {' plus '.join(self.parts)}."


@dataclass(frozen=True, slots=True)
class SomeUnless:
    """The list ``items`` must name something, unless ``exception`` is given."""

    items: str
    exception: str

    @property
    def text(self) -> str:
        return f"`{self.items}` must name at least one, unless `{self.exception}` is given."

    def broken(self, data: Mapping[str, Any]) -> Broken:
        if data.get(self.items) or self.exception in data:
            return None
        return self.items, f"Must name at least one, unless {self.exception} is given."


@dataclass(frozen=True, slots=True)
class Distinct:
    """No two items of a list may be the same (in the field ``key`` of each, where one is named)."""

    items: str
    key: str = ""

    @property
    def text(self) -> str:
        return f"No two of `{self.items}` may have the same {f'`{self.key}`' if self.key else 'value'}."

    def broken(self, data: Mapping[str, Any]) -> Broken:
        values = [item.get(self.key) if self.key else item for item in data.get(self.items, ())]
        if len(values) == len(set(values)):
            return None
        return self.items, f"Names the same {self.key or 'value'} twice."


@dataclass(frozen=True, slots=True)
class NumberedOnce:
    """No two items of a list that say the same in ``within`` may say the same in ``number``, where they say it."""

    items: str
    number: str
    within: str

    @property
    def text(self) -> str:
        return f"No two of `{self.items}` with the same `{self.within}` may have the same `{self.number}`."

    def broken(self, data: Mapping[str, Any]) -> Broken:
        numbered = [
            (item.get(self.within), item[self.number]) for item in data.get(self.items, ()) if self.number in item
        ]
        if len(numbered) == len(set(numbered)):
            return None
        return self.items, f"Names the same {self.number} twice for the same {self.within}."


@dataclass(frozen=True, slots=True)
class Differs:
    """The two fields may not say the same."""

    one: str
    other: str

    @property
    def text(self) -> str:
        return f"`{self.one}` must differ from `{self.other}`."

    def broken(self, data: Mapping[str, Any]) -> Broken:
        if self.one not in data or data[self.one] != data.get(self.other):
            return None
        return self.one, f"Must differ from {self.other}."
