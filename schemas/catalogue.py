"""The catalogue of event types: for each, who may say it and what its payload is.

Every class below ``schemas.events`` that names an event is in it; there is no other list. The whole of it is made once,
at import, and is read-only: ``CATALOGUE["order.violated"].load(data)``.

A path is written ``per_goal[].observed_to``: ``[]`` stands for every item of a list.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from marshmallow.fields import Field

import schemas.events
from schemas.compiled import compiled
from schemas.fields import Choice, Declared
from schemas.payload import HOLDER_CLASSES, EventPayload
from schemas.problems import problems
from schemas.structures import Document, Many, Object, document_of
from services.domain.catalogue import EventType
from services.domain.disclosure import DataClass
from services.domain.roles import Role

__all__ = ["CATALOGUE", "EventSchema", "FieldFact", "problems"]


@dataclass(frozen=True, slots=True)
class FieldFact:
    """One field of a payload. ``path`` is written ``per_goal[].observed_to``; ``kind`` is the kind of field, for a list
    that of its items; ``codes`` the closed list of a code.
    """

    path: str
    kind: str
    is_list: bool
    meaning: str
    classes: frozenset[DataClass]
    required: bool
    field: Field[Any]
    codes: tuple[str, ...] = ()


class EventSchema:
    """One type of event with the schema of its payload. Made once; safe to share between threads."""

    def __init__(self, payload: type[EventPayload]) -> None:
        self.type: Final[EventType] = payload.event
        self.meaning: Final[str] = " ".join((payload.__doc__ or "").split())
        self.by_holder: Final[bool] = payload.by_holder
        self.overrides: Final = frozenset(EventPayload._declared_fields) & _declared_by(payload)
        self.schema: Final[EventPayload] = payload()
        self.accepts: Final = compiled(self.schema)
        self._facts: Final = tuple(_fact(path, field) for path, field in _walk(self.schema.load_fields, ""))
        self._by_path: Final = MappingProxyType({fact.path: fact for fact in self._facts})
        self._location_paths: Final = tuple(_outermost(self._facts))

    def load(self, data: object) -> dict[str, Any]:
        """The payload as it was sent, once it is found good.

        Raises marshmallow's ValidationError, whose messages name every field at fault (see `schemas.problems`).
        """
        if not self.accepts(data):
            self.schema.load(data)  # type: ignore[arg-type]  # a value of another type is refused with a message
        return data  # type: ignore[return-value]

    def classes_of(self, path: str, emitter: Role | None = None) -> frozenset[DataClass]:
        """The disclosure classes of a field: what it is, and for some types also who holds the record.

        Without ``emitter`` the classes of all its holders are taken together, so that a caller who does not know shows
        too little rather than too much. Raises KeyError for a path that is not in the schema.
        """
        return self._by_path[path].classes | self._holder_classes(emitter)

    def _holder_classes(self, emitter: Role | None) -> frozenset[DataClass]:
        if not self.by_holder:
            return frozenset()
        holders = self.type.emitters if emitter is None else (emitter,)
        return frozenset().union(*(HOLDER_CLASSES.get(holder, frozenset()) for holder in holders))

    def location_paths(self) -> tuple[str, ...]:
        """The fields of class LOC, the outermost of each: what leaves the payload for the vault at intake."""
        return self._location_paths

    def documents(self) -> Iterator[tuple[str, Document]]:
        """The payload's own schema under the empty path, and that of each object in it under the object's path."""
        yield "", self.schema
        for path, field in _walk(self.schema.load_fields, ""):
            if isinstance(inner := _item(field), Object):
                yield path, document_of(inner)

    def field_paths(self) -> tuple[FieldFact, ...]:
        """Every field, nested ones too: those of the type itself first, then the common ones."""
        return self._facts


def _declared_by(payload: type[EventPayload]) -> frozenset[str]:
    """The fields that a payload's own class declares, those among them that it has instead of a common one too."""
    common = EventPayload._declared_fields
    return frozenset(name for name, field in payload._declared_fields.items() if field is not common.get(name))


def _walk(fields: Mapping[str, Field[Any]], prefix: str) -> Iterator[tuple[str, Field[Any]]]:
    """Every field with its path, those of the type itself before the common ones."""
    common = {} if prefix else EventPayload._declared_fields
    for name, field in sorted(fields.items(), key=lambda item: item[0] in common):
        path = f"{prefix}{name}"
        yield path, field
        if isinstance(inner := _item(field), Object):
            yield from _walk(document_of(inner).load_fields, f"{path}[]." if isinstance(field, Many) else f"{path}.")


def _item(field: Field[Any]) -> Declared | Object:
    inner = field.inner if isinstance(field, Many) else field
    if not isinstance(inner, Declared | Object):
        raise TypeError(f"{type(inner).__name__} is not a kind of field that a payload may have")
    return inner


def _fact(path: str, field: Field[Any]) -> FieldFact:
    item = _item(field)
    return FieldFact(
        path=path,
        kind=item.kind,
        is_list=isinstance(field, Many),
        meaning=field.metadata["meaning"],
        classes=field.metadata["classes"],
        required=field.required,
        field=field,
        codes=item.options if isinstance(item, Choice) else (),
    )


def _outermost(facts: tuple[FieldFact, ...]) -> Iterator[str]:
    found: list[str] = []
    for fact in facts:
        if DataClass.LOC in fact.classes and not any(fact.path.startswith((f"{up}.", f"{up}[")) for up in found):
            found.append(fact.path)
            yield fact.path


def _payloads() -> Iterator[type[EventPayload]]:
    for module in sorted(found.name for found in pkgutil.iter_modules(schemas.events.__path__)):
        contents = vars(importlib.import_module(f"{schemas.events.__name__}.{module}"))
        for value in contents.values():
            if isinstance(value, type) and issubclass(value, EventPayload) and "event" in vars(value):
                yield value


def _catalogue() -> Mapping[str, EventSchema]:
    made: dict[str, EventSchema] = {}
    for payload in _payloads():
        if payload.event.name in made:
            raise ValueError(f"two payload schemas are named {payload.event.name}")
        made[payload.event.name] = EventSchema(payload)
    return MappingProxyType(dict(sorted(made.items())))


CATALOGUE: Final[Mapping[str, EventSchema]] = _catalogue()
"""Every type of event by its short name."""
