"""The catalogue of event types: for each, who may say it and what its payload is.

Every class below ``schemas.events`` that names an event is in it; there is no other list. The whole of it is made once,
at import, and is read-only: ``CATALOGUE["order.violated"].load(data)``.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from marshmallow import ValidationError
from marshmallow.fields import Field

import schemas.events
from schemas.compiled import compiled
from schemas.fields import NULL, REQUIRED, UNKNOWN, Declared
from schemas.payload import HOLDER_CLASSES, EventPayload
from schemas.structures import Many, Object
from services.domain.catalogue import EventType
from services.domain.disclosure import DataClass
from services.domain.errors import FieldProblem
from services.domain.roles import Role

_CODES: Final = {REQUIRED: "required", UNKNOWN: "unknown_field", NULL: "null"}


@dataclass(frozen=True, slots=True)
class FieldFact:
    """One field of a payload. ``path`` is written ``per_goal[].observed_to``; ``kind`` is the kind of field."""

    path: str
    kind: str
    meaning: str
    classes: frozenset[DataClass]
    required: bool
    field: Field[Any]


class EventSchema:
    """One type of event with the schema of its payload. Made once; safe to share between threads."""

    def __init__(self, payload: type[EventPayload]) -> None:
        self.type: Final[EventType] = payload.event
        self.meaning: Final[str] = " ".join((payload.__doc__ or "").split())
        self.by_holder: Final[bool] = payload.by_holder
        self.schema: Final[EventPayload] = payload()
        self.accepts: Final = compiled(self.schema)
        self._facts: Final = tuple(_facts_of(self.schema.load_fields, ""))
        self._classes: Final = MappingProxyType({fact.path: fact.classes for fact in self._facts})

    def load(self, data: object) -> dict[str, Any]:
        """The payload as it was sent, once it is found good.

        Raises marshmallow's ValidationError, whose messages name every field at fault (see ``problems``).
        """
        if not self.accepts(data):
            self.schema.load(data)  # type: ignore[arg-type]  # a value of another type is refused with a message
        return data  # type: ignore[return-value]

    def classes_of(self, path: str, emitter: Role | None = None) -> frozenset[DataClass]:
        """The disclosure classes of a field: what it is, and for some types also who holds the record.

        Without ``emitter`` every holder's class is taken, so that a caller who does not know shows too little rather
        than too much. Raises KeyError for a path that is not in the schema.
        """
        own = self._classes[path]
        if not self.by_holder:
            return own
        if emitter is None:
            return own.union(*(HOLDER_CLASSES[role] for role in self.type.emitters if role in HOLDER_CLASSES))
        return own | HOLDER_CLASSES.get(emitter, frozenset())

    def location_paths(self) -> tuple[str, ...]:
        """The fields of class LOC, the outermost of each: what leaves the payload for the vault at intake."""
        found: list[str] = []
        for fact in self._facts:
            if DataClass.LOC in fact.classes and not any(fact.path.startswith((f"{up}.", f"{up}[")) for up in found):
                found.append(fact.path)
        return tuple(found)

    def field_paths(self) -> tuple[FieldFact, ...]:
        """Every field, nested ones too: those of the type itself first, then the common ones."""
        return self._facts


def _facts_of(fields: Mapping[str, Field[Any]], prefix: str) -> Iterator[FieldFact]:
    common = EventPayload._declared_fields if not prefix else {}
    for name, field in sorted(fields.items(), key=lambda item: item[0] in common):
        yield from _facts_at(f"{prefix}{name}", field)


def _facts_at(path: str, field: Field[Any]) -> Iterator[FieldFact]:
    inner = field.inner if isinstance(field, Many) else field
    kind = f"list of: {_kind(inner)}" if isinstance(field, Many) else _kind(field)
    yield FieldFact(path, kind, field.metadata["meaning"], field.metadata["classes"], field.required, field)
    if isinstance(inner, Object):
        below = f"{path}[]." if isinstance(field, Many) else f"{path}."
        yield from _facts_of(inner.schema.load_fields, below)


def _kind(field: Field[Any]) -> str:
    if not isinstance(field, (Declared, Object, Many)):
        raise TypeError(f"{type(field).__name__} is not a kind of field that a payload may have")
    return field.kind


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


def problems(error: ValidationError, prefix: str = "data") -> list[FieldProblem]:
    """What a ValidationError of ``EventSchema.load`` says, one value a message, each with the path of its field."""
    return list(_flattened(error.messages, prefix))


def _flattened(messages: Any, path: str) -> Iterator[FieldProblem]:
    if isinstance(messages, dict):
        for key, below in messages.items():
            yield from _flattened(below, _joined(path, key))
        return
    for message in messages:
        yield FieldProblem(path, _CODES.get(message, "invalid"), message)


def _joined(path: str, key: object) -> str:
    if key == "_schema":
        return path
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else str(key)
