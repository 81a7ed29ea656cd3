"""Taking location data out of a payload, so that only the vault ever holds it (practice.md §0 rule 6, §5.4 rule 3).

A path is written as the catalogue writes it, with ``[]`` for every item of a list: ``windows[].place``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Path = tuple[str, ...]

_ITEMS = "[]"


def parse_path(written: str) -> Path:
    """The steps of a path: ``windows[].place`` → ``("windows", "[]", "place")``."""
    return tuple(step for step in written.replace(_ITEMS, f".{_ITEMS}").split(".") if step)


@dataclass(frozen=True, slots=True)
class Located:
    """One value that was taken out: where it stood (``windows[0].place``), what it was, and what stands there now."""

    place: str
    value: object
    pointer: str


@dataclass(slots=True)
class _Taking:
    new_pointer: Callable[[], str]
    taken: list[Located] = field(default_factory=list)


def take_out(
    data: Mapping[str, object], paths: Sequence[Path], new_pointer: Callable[[], str]
) -> tuple[dict[str, object], tuple[Located, ...]]:
    """The payload with every value at ``paths`` replaced by a pointer from ``new_pointer``, and what was taken out.

    Values that are absent or null stay so. The payload that was given is not changed.
    """
    taking = _Taking(new_pointer)
    left: object = dict(data)
    for path in paths:
        left = _without(left, path, "", taking)
    return left if isinstance(left, dict) else {}, tuple(taking.taken)


def _without(value: object, path: Path, place: str, taking: _Taking) -> object:
    if value is None:
        return None
    if not path:
        pointer = taking.new_pointer()
        taking.taken.append(Located(place, value, pointer))
        return pointer
    step, rest = path[0], path[1:]
    if step == _ITEMS:
        if not isinstance(value, list):
            return value
        return [_without(item, rest, f"{place}[{index}]", taking) for index, item in enumerate(value)]
    if not isinstance(value, Mapping) or step not in value:
        return value
    inside = f"{place}.{step}" if place else step
    return {**value, step: _without(value[step], rest, inside, taking)}
