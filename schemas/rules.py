"""Checks across the fields of one object, for ``Document.rules``. Each field has been found good for itself before."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from schemas.structures import Rule


def not_before(later: str, earlier: str) -> Rule:
    """``later`` may not lie before ``earlier``. A day beside a moment is compared as days, each as it was written."""

    def rule(data: Mapping[str, Any]) -> tuple[str, str] | None:
        if later in data and earlier in data and _lies_before(data[later], data[earlier]):
            return later, f"Must not lie before {earlier}."
        return None

    return rule


def _lies_before(one: str, other: str) -> bool:
    if len(one) <= len("2025-01-18") or len(other) <= len("2025-01-18"):
        return date.fromisoformat(one[:10]) < date.fromisoformat(other[:10])
    return datetime.fromisoformat(one) < datetime.fromisoformat(other)


def needed_when(field: str, condition: str, *values: object) -> Rule:
    """``field`` must be given when ``condition`` has one of ``values``."""
    shown = " or ".join(str(value).lower() if isinstance(value, bool) else str(value) for value in values)

    def rule(data: Mapping[str, Any]) -> tuple[str, str] | None:
        if data.get(condition) in values and field not in data:
            return field, f"This field is required when {condition} is {shown}."
        return None

    return rule


def one_of(*names: str, exactly: bool = False) -> Rule:
    """At least one of the fields must be given; with ``exactly``, one and no more."""
    listed = " or ".join(names)

    def rule(data: Mapping[str, Any]) -> tuple[str, str] | None:
        given = sum(name in data for name in names)
        if given == 0:
            return names[0], f"Give {listed}."
        if exactly and given > 1:
            return names[0], f"Give {listed}, not more than one of them."
        return None

    return rule


def at_most_sum(whole: str, *parts: str) -> Rule:
    """The counts in ``parts`` may not together be larger than that in ``whole``."""

    def rule(data: Mapping[str, Any]) -> tuple[str, str] | None:
        if whole in data and sum(data.get(part, 0) for part in parts) > data[whole]:
            return whole, f"Must be at least {' plus '.join(parts)}."
        return None

    return rule


def distinct(items: str, key: str | None = None) -> Rule:
    """No two items of a list may be the same (in the field ``key`` of each, where one is named)."""

    def rule(data: Mapping[str, Any]) -> tuple[str, str] | None:
        values = [item.get(key) if key else item for item in data.get(items, ())]
        if len(values) != len(set(values)):
            return items, f"Names the same {key or 'item'} twice."
        return None

    return rule


def differs(one: str, other: str) -> Rule:
    """The two fields may not say the same."""

    def rule(data: Mapping[str, Any]) -> tuple[str, str] | None:
        if one in data and data[one] == data.get(other):
            return one, f"Must differ from {other}."
        return None

    return rule
