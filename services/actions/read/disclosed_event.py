"""What a reader may be shown of one event: its payload walked field by field, each with the classes of its schema.

What is left out leaves no trace: no empty object, no gap in a list, no null (practice.md, Settled 4). Where neither the
title nor any field may be shown there is nothing at all, and a reader cannot tell that there is such an event.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from schemas.catalogue import CATALOGUE, EventSchema
from services.domain.disclosure import DataClass, Disclosed, Field, Matrix, Reader, Release, disclose
from services.domain.provenance import stands_on_record
from services.domain.roles import Role
from services.domain.routing_rules import PublicRecord

_TITLE: Final = ""
_ABOUT: Final = "envelope:"
_OF_THE_CASE: Final = frozenset({DataClass.CASE})
_FROM_HER: Final = frozenset({DataClass.SVS})
_FROM_A_CHILD: Final = frozenset({DataClass.CHS})
_OBSERVERS: Final = {"survivor": _FROM_HER, "child": _FROM_A_CHILD}
_STATUS: Final = "goal.status_changed"
_OPEN_VIEW: Final = "court"
"""The one view of a goal that may go to every party: a status in another may rest on her word, or his treatment."""
_NOTHING: Final[frozenset[DataClass]] = frozenset()
_LEFT_OUT: Final = object()


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """The part of an event that a reader may see. ``title`` is None where even the kind of event may not be shown;
    ``data`` keeps the structure of the payload; ``about`` is what was asked for of its envelope. ``decision`` is for
    the audit and never reaches the reader.
    """

    title: str | None
    data: Mapping[str, object]
    decision: Disclosed
    about: Mapping[str, object] = field(default_factory=dict)


def disclosed_payload(
    event_type: str,
    data: Mapping[str, object],
    reader: Reader,
    matrix: Matrix,
    as_of: datetime,
    *,
    emitter: Role | None = None,
    releases: Iterable[Release] = (),
    protected_persons: frozenset[str] | None = frozenset(),
    public_record: PublicRecord | None = None,
    about: Mapping[str, object] | None = None,
) -> ShownEvent | None:
    """What ``reader`` may see of an event of this type at ``as_of``; None where that is nothing, not even its title.

    ``emitter`` is the role in which it was sent: some records take a class from who holds them, and without it every
    holder's class is taken. ``protected_persons`` are the tokens of the case's protective parents and children: what
    rests on their word is theirs (SVS), whatever else it is, wherever in the payload that is said. None says that there
    is no case to ask: then anybody whose word it rests on may be one of them.

    ``public_record`` is the routing policy's rule for the type: what must stay within child welfare until it stands on
    public record (Settled 1) is read as resting on the survivor's word, so that nobody reads what they were not told.

    ``about`` holds facts of the envelope (who sent it, under which number): each is as open as the fact that such an
    event happened, and case information besides.
    """
    schema = CATALOGUE.get(event_type)
    if schema is None:
        return None
    kept_back = public_record is not None and public_record.required
    unreleased = public_record is not None and kept_back and not stands_on_record(data, emitter, public_record)
    walk = _Walk(schema, emitter, protected_persons, unreleased=unreleased)
    fact = walk.of_title(data)
    envelope = [Field(_ABOUT + name, value, fact | _OF_THE_CASE) for name, value in (about or {}).items()]
    fields = (Field(_TITLE, schema.type.title, fact), *envelope, *walk.of(data))
    decision = disclose(fields, reader, matrix, releases, as_of)
    shown = {field.path for field in decision.shown}
    if not shown:
        return None
    left = _left(data, "", shown)
    return ShownEvent(
        title=schema.type.title if _TITLE in shown else None,
        data=left if isinstance(left, dict) else {},
        decision=decision,
        about={name: value for name, value in (about or {}).items() if _ABOUT + name in shown},
    )


def unread_title(event_type: str, emitter: Role) -> Field | None:
    """The title of an event whose payload was not read, as a field: it is taken to rest on the survivor's word."""
    schema = CATALOGUE.get(event_type)
    if schema is None:
        return None
    return Field("title", schema.type.title, _Walk(schema, emitter, frozenset()).of_title({}) | _FROM_HER)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Finds every value of a payload that stands for itself, with all the classes that it carries."""

    schema: EventSchema
    emitter: Role | None
    protected_persons: frozenset[str] | None
    unreleased: bool = False

    def of_title(self, data: Mapping[str, object]) -> frozenset[DataClass]:
        """The classes of the fact that such an event happened."""
        return self.schema.schema.about | self._declared("narrative") | self._from_whom(data)

    def of(self, data: Mapping[str, object]) -> Iterator[Field]:
        """Every value, each with its own classes and those of everything around it."""
        yield from self._of_object(data, "", "", _NOTHING)

    def _of_object(
        self, data: Mapping[str, object], path: str, declared: str, around: frozenset[DataClass]
    ) -> Iterator[Field]:
        around = around | self._from_whom(data)
        for name, value in data.items():
            yield from self._of_value(value, _below(path, name), _below(declared, name), around)

    def _of_value(self, value: object, path: str, declared: str, around: frozenset[DataClass]) -> Iterator[Field]:
        own = self._declared(declared)
        if not own:
            yield Field(path, value, _NOTHING)
        elif isinstance(value, Mapping) and value:
            yield from self._of_object(value, path, declared, around | own)
        elif isinstance(value, list) and value:
            for at, item in enumerate(value):
                yield from self._of_item(item, f"{path}[{at}]", declared, around | own)
        else:
            yield Field(path, value, around | own)

    def _of_item(self, item: object, path: str, declared: str, around: frozenset[DataClass]) -> Iterator[Field]:
        if isinstance(item, Mapping) and item:
            yield from self._of_object(item, path, f"{declared}[]", around)
        else:
            yield Field(path, item, around)

    def _declared(self, path: str) -> frozenset[DataClass]:
        try:
            return self.schema.classes_of(path, self.emitter)
        except KeyError:
            return _NOTHING

    def _from_whom(self, data: Mapping[str, object]) -> frozenset[DataClass]:
        """The classes that an object takes from whose word it rests on (practice.md, Settled 1 and 5)."""
        reporter = data.get("reported_by")
        reported = reporter.get("role") if isinstance(reporter, Mapping) else None
        hers = (
            self.unreleased
            or self.emitter is Role.COUNSEL_SURVIVOR
            or data.get("victim_sourced") is True
            or reported == Role.SURVIVOR.value
            or self._is_protected(data.get("origin_person"))
            or (self.schema.type.name == _STATUS and data.get("view") != _OPEN_VIEW)
        )
        return (_FROM_HER if hers else _NOTHING) | _OBSERVERS.get(str(data.get("observer_role")), _NOTHING)

    def _is_protected(self, person: object) -> bool:
        if self.protected_persons is None:
            return person is not None
        return person in self.protected_persons


def _left(value: object, path: str, shown: set[str]) -> object:
    """The part of a value that is left when only the shown paths are kept."""
    if path and path in shown:
        return value
    if isinstance(value, Mapping):
        parts = {name: _left(part, _below(path, name), shown) for name, part in value.items()}
        return {name: part for name, part in parts.items() if part is not _LEFT_OUT} or _LEFT_OUT
    if isinstance(value, list):
        items = (_left(item, f"{path}[{at}]", shown) for at, item in enumerate(value))
        return [item for item in items if item is not _LEFT_OUT] or _LEFT_OUT
    return _LEFT_OUT


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
