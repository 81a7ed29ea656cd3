"""Fields that hold other fields: an object of one shape, and a list. And ``Document``, what all schemas begin from."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validates_schema

from schemas.fields import ABSENT, MAX_ITEMS, UNKNOWN, Choice, Classes, Declared, JsonShape, described
from schemas.rules import Rule

OBJECT: Final = "Must be an object."
LIST: Final = "Must be a list."


class Document(Schema):
    """An object on the wire: unknown fields are refused, and ``rules`` are checked once every field is good."""

    class Meta:
        unknown = RAISE
        exclude: tuple[str, ...] = ()

    error_messages = {"type": OBJECT, "unknown": UNKNOWN}  # noqa: RUF012 (marshmallow reads it, and copies)

    rules: ClassVar[tuple[Rule, ...]] = ()

    @validates_schema(skip_on_field_errors=True)
    def _keep_the_rules(self, data: dict[str, Any], **_: Any) -> None:
        for rule in self.rules:
            if (broken := rule.broken(data)) is not None:
                field, sentence = broken
                raise ValidationError(sentence, field)


class Object(fields.Nested):
    """One object of a given shape."""

    kind = "object"

    def __init__(self, meaning: str, schema: type[Document], *classes: Classes, required: bool = False) -> None:
        super().__init__(schema, required=required, metadata=described(meaning, classes), error_messages=dict(ABSENT))


def document_of(field: Object) -> Document:
    """The schema of an object, bound to where it stands. Raises TypeError for one that is not a Document."""
    if not isinstance(field.schema, Document):
        raise TypeError(f"{type(field.schema).__name__} is not a Document")
    return field.schema


class Many(fields.List[Any]):
    """A list of things of one kind, of bounded length.

    ``of`` is a kind of field, an object's shape, or a closed list of codes; its items take the meaning and the classes
    of the list.
    """

    kind = "list"

    def __init__(
        self,
        meaning: str,
        of: type[Declared] | type[Document] | tuple[str, ...],
        *classes: Classes,
        required: bool = False,
        at_least: int = 0,
        at_most: int = MAX_ITEMS,
    ) -> None:
        super().__init__(
            _item(meaning, of, classes),
            required=required,
            metadata=described(meaning, classes),
            error_messages=dict(ABSENT),
        )
        self.at_least, self.at_most = at_least, at_most

    def length_problem(self, value: list[object]) -> str | None:
        """What is wrong with the length of a list, if anything is."""
        if not self.at_least <= len(value) <= self.at_most:
            return f"Must hold between {self.at_least} and {self.at_most} items."
        return None

    def shape(self) -> JsonShape:
        """The JSON Schema keywords of the list itself, without those of its items."""
        return {"type": "array", "minItems": self.at_least, "maxItems": self.at_most}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValidationError(LIST)
        if (problem := self.length_problem(value)) is not None:
            raise ValidationError(problem)
        return super()._deserialize(value, attr, data, **kwargs)


def _item(meaning: str, of: type[Declared] | type[Document] | tuple[str, ...], classes: tuple[Classes, ...]) -> Any:
    if isinstance(of, tuple):
        return Choice(meaning, of, *classes)
    if issubclass(of, Document):
        return Object(meaning, of, *classes)
    return of(meaning, *classes)
