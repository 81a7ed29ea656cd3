"""Good payloads for any type of event, made from its schema, for every test that needs one.

``minimal_payload("order.violated")`` gives the same smallest payload each time; ``payload_for("order.violated")`` is a
Hypothesis strategy of all kinds of good ones.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from marshmallow.fields import Field

from schemas.catalogue import CATALOGUE
from schemas.fields import Choice, Date, DateOrInstant, Flag, Hash, Instant, Money, Month, Slug, Text, TimeOfDay, Token
from schemas.fields import Whole as WholeNumber
from schemas.rules import AtMost, Differs, Distinct, NeededWhen, NotBefore, NumberedOnce, OneOf, Rule, SomeUnless
from schemas.structures import Document, Many, Object, document_of

Payload = dict[str, Any]
Another = Callable[[str, object], Any]
"""A good value of the named field, other than the one given."""

_TOKEN_SIGNS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-"
_PLAIN = st.characters(exclude_categories=("Cs", "Cc"))
_OFFSETS = [timezone(timedelta(hours=hours)) for hours in (-10, -5, 0, 1, 9)]


def minimal_payload(type_name: str) -> Payload:
    """The required fields and nothing else, with the same plain values each time. Yours to change."""
    return _minimal(CATALOGUE[type_name].schema)


def payload_for(type_name: str) -> SearchStrategy[Payload]:
    """Good payloads of a type: the required fields, and any of the others."""
    return _documents(CATALOGUE[type_name].schema)


def _minimal(document: Document) -> Payload:
    fields = document.load_fields
    data = {name: _plain(field) for name, field in fields.items() if field.required}
    return _mended(document, data, lambda name, other: _plain(fields[name], unlike=other))


def _plain(field: Field[Any], unlike: object = None) -> Any:
    match field:
        case Object():
            return _minimal(document_of(field))
        case Many():
            return [_numbered(field.inner, index) for index in range(field.at_least)]
        case Choice():
            return next(option for option in field.options if option != unlike)
        case Flag():
            return unlike is False
        case WholeNumber():
            return field.at_least
        case Text() | Token():
            return "other" if unlike == "example" else "example"
        case _:
            return _PLAIN_VALUES[type(field)]


_PLAIN_VALUES: Mapping[type, str] = {
    Date: "2025-03-14",
    DateOrInstant: "2025-03-14",
    Instant: "2025-03-14T09:30:00-05:00",
    Month: "2025-03",
    TimeOfDay: "10:00",
    Money: "412.50",
    Hash: "0123456789abcdef",
    Slug: "example",
}


def _numbered(field: Field[Any], index: int) -> Any:
    """Items of a list differ from each other."""
    if isinstance(field, Choice):
        return field.options[index]
    return f"{_plain(field)}{index}" if isinstance(field, Token | Text) else _plain(field)


@st.composite
def _documents(draw: st.DrawFn, document: Document) -> Payload:
    fields = document.load_fields
    data = {name: draw(_values(field)) for name, field in fields.items() if field.required or draw(st.booleans())}

    def another(name: str, other: object) -> Any:
        return draw(_values(fields[name]).filter(lambda value: value != other))

    return _mended(document, data, another)


def _values(field: Field[Any]) -> SearchStrategy[Any]:
    match field:
        case Object():
            return _documents(document_of(field))
        case Many():
            most = min(field.at_most, field.at_least + 2)
            unique = not isinstance(field.inner, Object)
            return st.lists(_values(field.inner), min_size=field.at_least, max_size=most, unique=unique)
        case Choice():
            return st.sampled_from(field.options)
        case WholeNumber():
            return st.integers(field.at_least, min(field.at_most, field.at_least + 90))
        case Text():
            lines = st.sampled_from(["\n", "\t"]) if field.lines else st.nothing()
            signs = st.one_of(_PLAIN, lines)
            return st.text(signs, min_size=1, max_size=20).filter(lambda text: not text.isspace())
        case _:
            return _VALUES[type(field)]


_DATES = st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(date.isoformat)
_INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.sampled_from(_OFFSETS)).map(  # noqa: DTZ001
    datetime.isoformat
)
_VALUES: Mapping[type, SearchStrategy[Any]] = {
    Token: st.text(_TOKEN_SIGNS, min_size=1, max_size=12),
    Slug: st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?\Z"),
    Date: _DATES,
    Instant: _INSTANTS
    | st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30)).map(lambda at: f"{at.isoformat()}Z"),  # noqa: DTZ001
    DateOrInstant: _DATES | _INSTANTS,
    Month: _DATES.map(lambda day: day[:7]),
    TimeOfDay: st.times().map(lambda at: at.strftime("%H:%M")),
    Money: st.integers(0, 10**9).map(lambda cents: f"{cents // 100}.{cents % 100:02}"),
    Hash: st.text("0123456789abcdef", min_size=16, max_size=64),
    Flag: st.booleans(),
}


def _mended(document: Document, data: Payload, another: Another) -> Payload:
    """The payload changed until it keeps the rules across its fields."""
    for rule in document.rules:
        if rule.broken(data) is not None:
            _mend(rule, document, data, another)
    return data


def _mend(rule: Rule, document: Document, data: Payload, another: Another) -> None:
    match rule:
        case NotBefore(later, earlier):
            data[later] = data[earlier]
        case NeededWhen(field):
            data[field] = another(field, None)
        case OneOf(names):
            kept = data.get(names[0]) or another(names[0], None)
            for name in names:
                data.pop(name, None)
            data[names[0]] = kept
        case AtMost(whole, parts):
            data[whole] = sum(data.get(part, 0) for part in parts)
        case SomeUnless(items):
            data[items] = ["item-1"]
        case Distinct(items, key):
            data[items] = list({item[key] if key else item: item for item in data[items]}.values())
        case NumberedOnce(items, number):
            for item in data[items]:
                item.pop(number, None)
        case Differs(one, other) if document.load_fields[one].required:
            data[one] = another(one, data[other])
        case Differs(one):
            del data[one]
        case _:
            raise TypeError(f"{type(rule).__name__} cannot be mended")


def json_values(*, depth: int = 3) -> SearchStrategy[Any]:
    """Any JSON value, good or bad."""
    scalars = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=10),
        _DATES,
        st.sampled_from(["+", "direct", "2025-03", "example"]),
    )
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=depth * 3,
    )
