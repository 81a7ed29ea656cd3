"""The kinds of field that a payload is made of: each says its meaning and its disclosure classes.

A payload is kept as it was sent, so these fields check and change nothing: a date stays ``"2025-09-06"``. A field is
left out when there is nothing to say; ``null`` is refused. ``problem(value)`` answers with one plain sentence, or None
where the value is good: it is what both marshmallow and the compiled check of ``schemas.compiled`` go by. ``shape()``
is the same rule as JSON Schema (2020-12) keywords.
"""

import re
from abc import ABCMeta, abstractmethod
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, ClassVar, Final, TypeAlias

from marshmallow import ValidationError, fields

from schemas.classes import OF_ITS_TYPE, OfItsType
from services.domain.disclosure import DataClass

Classes: TypeAlias = DataClass | OfItsType
JsonShape: TypeAlias = dict[str, Any]

UNKNOWN: Final = "This field is not known here."
REQUIRED: Final = "This field is required."
NULL: Final = "Must not be null; leave the field out instead."
ABSENT: Final = {"required": REQUIRED, "null": NULL}

MAX_TEXT: Final = 8000
MAX_LINE: Final = 200
MAX_ITEMS: Final = 100

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_TOKEN: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_DATE: Final = re.compile(r"(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_DATETIME: Final = re.compile(
    r"(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_MONTH: Final = re.compile(r"(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])")
_TIME_OF_DAY: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_MONEY: Final = re.compile(r"(?:0|[1-9][0-9]{0,8})\.[0-9]{2}")
_HASH: Final = re.compile(r"[A-Za-z0-9+/=$,._:-]{16,256}")


class Declared(fields.Field[Any], metaclass=ABCMeta):
    """A field with a meaning and disclosure classes. Subclasses say what a good value is in ``problem``."""

    kind: ClassVar[str]
    """The name of the kind of field in the documentation."""

    def __init__(self, meaning: str, *classes: Classes, required: bool = False) -> None:
        super().__init__(required=required, metadata=described(meaning, classes), error_messages=dict(ABSENT))

    @abstractmethod
    def problem(self, value: object) -> str | None:
        """One sentence saying what is wrong with ``value`` (never None itself); None where nothing is."""

    @abstractmethod
    def shape(self) -> JsonShape:
        """The JSON Schema keywords of a good value."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if (problem := self.problem(value)) is not None:
            raise ValidationError(problem)
        return value

    def _validate(self, value: Any) -> None:
        """Nothing: ``problem`` has said all there is to say."""


def described(meaning: str, classes: tuple[Classes, ...]) -> dict[str, Any]:
    """The metadata of a field: its meaning, and its classes as a set (or the mark that the event type gives them)."""
    if OF_ITS_TYPE in classes:
        return {"meaning": meaning, "classes": OF_ITS_TYPE}
    return {"meaning": meaning, "classes": frozenset(classes)}


class _Matching(Declared):
    """A string that a regular expression matches whole."""

    pattern: ClassVar[re.Pattern[str]]
    expects: ClassVar[str]

    def problem(self, value: object) -> str | None:
        if isinstance(value, str) and self.pattern.fullmatch(value):
            return None
        return self.expects

    def shape(self) -> JsonShape:
        return {"type": "string", "pattern": f"^{self.pattern.pattern}$"}


class Token(_Matching):
    """An opaque reference: a case, a person, an order, a goal. Never a name."""

    kind = "token"
    pattern = _TOKEN
    expects = "Must be a token of 1 to 64 letters, digits, and the signs . _ : -"


class Slug(_Matching):
    """The short name of an agency or a team."""

    kind = "slug"
    pattern = _SLUG
    expects = "Must be 1 to 64 small letters, digits and hyphens, not beginning or ending with a hyphen."


class Month(_Matching):
    """A calendar month that a report or a payment is about."""

    kind = "month"
    pattern = _MONTH
    expects = "Must be a month as YYYY-MM."


class TimeOfDay(_Matching):
    """A time of day on the clock of the case's county, in 24 hours."""

    kind = "time of day"
    pattern = _TIME_OF_DAY
    expects = "Must be a time of day as HH:MM."


class Money(_Matching):
    """An amount in US dollars, as a decimal string, so that no cent is lost to rounding."""

    kind = "amount"
    pattern = _MONEY
    expects = 'Must be an amount as a string with two decimals, such as "412.50".'


class Hash(_Matching):
    """A salted hash in its usual text form. The secret itself is never sent."""

    kind = "hash"
    pattern = _HASH
    expects = "Must be a hash of 16 to 256 characters."


class Date(_Matching):
    """A day, 1900 to 2199."""

    kind = "date"
    pattern = _DATE
    expects = "Must be a date as YYYY-MM-DD."

    def problem(self, value: object) -> str | None:
        if not isinstance(value, str) or not _DATE.fullmatch(value):
            return self.expects
        try:
            date.fromisoformat(value)
        except ValueError:
            return "There is no such day in the calendar."
        return None

    def shape(self) -> JsonShape:
        return {"type": "string", "format": "date"}


class Instant(_Matching):
    """A moment with its offset from UTC (RFC 3339), 1900 to 2199."""

    kind = "date and time"
    pattern = _DATETIME
    expects = "Must be a date and time with seconds and an offset, such as 2025-01-18T21:52:00-05:00."

    def problem(self, value: object) -> str | None:
        if not isinstance(value, str) or not _DATETIME.fullmatch(value):
            return self.expects
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return "There is no such date and time."
        return None

    def shape(self) -> JsonShape:
        return {"type": "string", "format": "date-time"}


class DateOrInstant(Declared):
    """A day where no more is known, or a moment."""

    kind = "date, or date and time"

    def problem(self, value: object) -> str | None:
        text = value if isinstance(value, str) else ""
        one = _AS_DATE if len(text) <= len("2025-01-18") else _AS_INSTANT
        return one.problem(value)

    def shape(self) -> JsonShape:
        return {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}


_AS_DATE: Final = Date("Only to check one.")
_AS_INSTANT: Final = Instant("Only to check one.")


class Text(Declared):
    """Free text in plain words, with line breaks; not empty. Kept encrypted with the payload."""

    kind = "text"
    lines: ClassVar[bool] = True

    def __init__(self, meaning: str, *classes: Classes, required: bool = False, max_length: int = MAX_TEXT) -> None:
        super().__init__(meaning, *classes, required=required)
        self.max_length = max_length

    def problem(self, value: object) -> str | None:
        if not isinstance(value, str):
            return "Must be text."
        if len(value) > self.max_length:
            return f"Must have at most {self.max_length} characters."
        if not value or value.isspace():
            return "Must not be empty."
        if _FORBIDDEN.search(value) or (not self.lines and ("\n" in value or "\r" in value)):
            return "Holds a character that is not allowed here, such as NUL."
        return None

    def shape(self) -> JsonShape:
        return {"type": "string", "minLength": 1, "maxLength": self.max_length}


class Line(Text):
    """Free text of one line."""

    kind = "line"
    lines = False

    def __init__(self, meaning: str, *classes: Classes, required: bool = False, max_length: int = MAX_LINE) -> None:
        super().__init__(meaning, *classes, required=required, max_length=max_length)


class Choice(Declared):
    """One of a closed list of codes."""

    kind = "code"

    def __init__(self, meaning: str, options: Iterable[str], *classes: Classes, required: bool = False) -> None:
        super().__init__(meaning, *classes, required=required)
        self.options = tuple(str(option) for option in options)
        self._known = frozenset(self.options)

    def problem(self, value: object) -> str | None:
        if isinstance(value, str) and value in self._known:
            return None
        return f"Must be one of: {', '.join(self.options)}."

    def shape(self) -> JsonShape:
        return {"type": "string", "enum": list(self.options)}


class Flag(Declared):
    """True or false; nothing else stands for either."""

    kind = "yes or no"

    def problem(self, value: object) -> str | None:
        return None if isinstance(value, bool) else "Must be true or false."

    def shape(self) -> JsonShape:
        return {"type": "boolean"}


class Whole(Declared):
    """A whole number within bounds; 3.0, "3" and true are not whole numbers."""

    kind = "whole number"

    def __init__(
        self, meaning: str, *classes: Classes, required: bool = False, at_least: int = 0, at_most: int = 1_000_000
    ) -> None:
        super().__init__(meaning, *classes, required=required)
        self.at_least, self.at_most = at_least, at_most

    def problem(self, value: object) -> str | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "Must be a whole number."
        if not self.at_least <= value <= self.at_most:
            return f"Must be between {self.at_least} and {self.at_most}."
        return None

    def shape(self) -> JsonShape:
        return {"type": "integer", "minimum": self.at_least, "maximum": self.at_most}
