"""Events off the wire: CloudEvents 1.0 over HTTP, in structured, binary and batch mode.

``read_events(headers, body)`` gives for each event an `Envelope` or what is wrong with it. The payload is JSON and is
read strictly (see `schemas.strict_json`), but only its schema in the catalogue says whether it is good.
Sources: CloudEvents 1.0.2, its JSON event format and its HTTP protocol binding; limits of our own are named below.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from cloudevents.core.exceptions import CloudEventValidationError, MissingRequiredAttributeError
from cloudevents.core.v1.event import CloudEvent

from schemas.catalogue import CATALOGUE
from schemas.problems import path_below
from schemas.strict_json import Read, Unreadable, flaws, read_json
from services.domain.errors import FieldProblem
from services.domain.events import Envelope, short_type

BATCH: Final = "application/cloudevents-batch+json"
STRUCTURED: Final = "application/cloudevents+json"
MAX_BATCH: Final = 1000
MAX_EXTENSIONS: Final = 20
_MAX_LENGTHS: Final = {"id": 256, "source": 256, "subject": 128}
_MAX_LENGTH: Final = 1024
_REQUIRED: Final = ("specversion", "id", "source", "type", "subject", "time")
_INSTANTS: Final = ("time", "recordedtime", "expirytime")
_NAMED: Final = ("dataschema", "correlationid", "causationid", "dataclassification", "dataregulation")
_OWN: Final = frozenset({*_REQUIRED, *_INSTANTS, *_NAMED, "datacontenttype"})
_INSTANT: Final = re.compile(
    r"(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})",
    re.IGNORECASE,
)
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_JSON_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]+/(?:json|[a-z0-9!#$&^_.+-]+\+json)")
_PREFIX: Final = "ce-"


@dataclass(frozen=True, slots=True)
class Malformed:
    """An event that cannot be read, with everything that was found wrong. Nothing of it is kept."""

    problems: tuple[FieldProblem, ...]


@dataclass(frozen=True, slots=True)
class One:
    """A request with a single event."""

    event: Envelope | Malformed


@dataclass(frozen=True, slots=True)
class Batch:
    """A request with any number of events, each to be answered for itself, in its order."""

    events: tuple[Envelope | Malformed, ...]


@dataclass(frozen=True, slots=True)
class NotAnEvent:
    """A body of a media type that carries no event: HTTP 415."""

    problem: FieldProblem


def read_events(headers: Mapping[str, str], body: bytes) -> One | Batch | Malformed | NotAnEvent:
    """Read what an HTTP request carries. Header names may be in any case.

    ``Malformed`` speaks of the request as a whole: a body that is not JSON, a batch that is no list or too long. In a
    batch each event's problems are named as if it had come alone (``data.how``, not ``[3].data.how``).
    """
    lower = {name.lower(): value for name, value in headers.items()}
    media_type, charset = _media_type(lower.get("content-type", ""))
    if charset not in {"", "utf-8"}:
        return NotAnEvent(FieldProblem("Content-Type", "unsupported_charset", "JSON is sent in UTF-8."))
    if media_type == BATCH:
        return _batch(body)
    if media_type == STRUCTURED:
        return _structured(body)
    if any(name.startswith(_PREFIX) for name in lower):
        return One(_binary(lower, media_type, body))
    message = f"Send {STRUCTURED}, {BATCH}, or application/json with ce- headers."
    return NotAnEvent(FieldProblem("Content-Type", "unsupported_media_type", message))


def _media_type(value: str) -> tuple[str, str]:
    """The media type and the charset of a Content-Type, both in small letters."""
    media_type, *parameters = (part.strip().lower() for part in value.split(";"))
    charsets = [part.removeprefix("charset=").strip('"') for part in parameters if part.startswith("charset=")]
    return media_type, charsets[0] if charsets else ""


def _batch(body: bytes) -> Batch | Malformed:
    match read_json(body):
        case Unreadable(problem):
            return Malformed((problem,))
        case Read(list() as items, _) if len(items) > MAX_BATCH:
            return Malformed((FieldProblem("", "too_many", f"A batch holds at most {MAX_BATCH} events."),))
        case Read(list() as items, suspicious):
            return Batch(tuple(_event(item, suspicious=suspicious) for item in items))
        case _:
            return Malformed((FieldProblem("", "invalid", "A batch must be a list of events."),))


def _structured(body: bytes) -> One | Malformed:
    match read_json(body):
        case Unreadable(problem):
            return Malformed((problem,))
        case Read(value, suspicious):
            return One(_event(value, suspicious=suspicious))


def _event(value: Any, *, suspicious: bool) -> Envelope | Malformed:
    """One event of the JSON event format."""
    if not isinstance(value, dict):
        return Malformed((FieldProblem("", "invalid", "An event must be an object."),))
    if suspicious and (found := tuple(flaws(value))):
        return Malformed(found)
    attributes = {
        name: given for name, given in value.items() if name not in {"data", "data_base64"} and given is not None
    }
    if "data_base64" not in value:
        return _envelope(attributes, value.get("data"), has_data="data" in value)
    if "data" in value:
        return Malformed((FieldProblem("data_base64", "invalid", "Give data or data_base64, not both."),))
    if "datacontenttype" not in attributes:
        message = "Must be given with data_base64, and be JSON."
        return Malformed((FieldProblem("datacontenttype", "required", message),))
    return _decoded(attributes, value["data_base64"])


def _decoded(attributes: dict[str, Any], encoded: object) -> Envelope | Malformed:
    try:
        body = base64.b64decode(encoded, validate=True) if isinstance(encoded, str) else None
    except (binascii.Error, ValueError):
        body = None
    if body is None:
        return Malformed((FieldProblem("data_base64", "invalid", "Must be base64."),))
    return _with_data(attributes, body)


def _binary(headers: Mapping[str, str], media_type: str, body: bytes) -> Envelope | Malformed:
    """One event whose attributes are headers and whose data is the body."""
    attributes: dict[str, Any] = {"datacontenttype": media_type} if media_type else {}
    for name, value in headers.items():
        if not name.startswith(_PREFIX):
            continue
        attribute = name.removeprefix(_PREFIX)
        if attribute in {"datacontenttype", "data"}:
            return Malformed((FieldProblem(attribute, "invalid", "Has no header of its own in binary mode."),))
        try:
            attributes[attribute] = unquote_to_bytes(_unquoted(value)).decode("utf-8")
        except UnicodeDecodeError:
            return Malformed((FieldProblem(attribute, "not_utf8", "Is not percent-encoded UTF-8."),))
    return _with_data(attributes, body)


def _unquoted(value: str) -> str:
    """A header value without the quotes of RFC 7230 §3.2.6 around it, if it has them."""
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def _with_data(attributes: dict[str, Any], body: bytes) -> Envelope | Malformed:
    if not body:
        return _envelope(attributes, None, has_data=False)
    match read_json(body, "data"):
        case Unreadable(problem):
            return Malformed((problem,))
        case Read(value, suspicious):
            if suspicious and (found := tuple(flaws(value, "data"))):
                return Malformed(found)
            return _envelope(attributes, value, has_data=True)


def _envelope(attributes: dict[str, Any], data: object, *, has_data: bool) -> Envelope | Malformed:
    found = list(_wrong(attributes))
    if not has_data:
        found.append(FieldProblem("data", "required", "This field is required."))
    if found:
        return Malformed(tuple(found))
    instants = {name: _utc(attributes[name]) for name in _INSTANTS if name in attributes}
    return Envelope(
        id=attributes["id"],
        source=attributes["source"],
        type=str(short_type(attributes["type"])),
        subject=attributes["subject"],
        time=instants["time"],
        recorded=instants.get("recordedtime", instants["time"]),
        expires=instants.get("expirytime"),
        data=data,
        datacontenttype=_media_type(attributes.get("datacontenttype", "application/json"))[0],
        extensions={name: _as_text(value) for name, value in attributes.items() if name not in _OWN},
        **{name: attributes[name] for name in _NAMED if name in attributes},
    )


def _as_text(value: object) -> str:
    """The canonical text of an extension's value, which is how a header would carry it (CloudEvents, type system)."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _wrong(attributes: Mapping[str, Any]) -> Iterator[FieldProblem]:
    """Everything wrong with the attributes, at most one problem each."""
    bad: set[str] = set()
    for problem in (*_absent(attributes), *_not_as_sent(attributes), *_not_a_cloud_event(attributes)):
        if problem.field not in bad:
            bad.add(problem.field)
            yield problem


def _absent(attributes: Mapping[str, Any]) -> Iterator[FieldProblem]:
    for name in _REQUIRED:
        if attributes.get(name) in (None, ""):
            yield FieldProblem(name, "required", "This attribute is required.")


def _not_as_sent(attributes: Mapping[str, Any]) -> Iterator[FieldProblem]:
    for name, value in attributes.items():
        if (sentence := _attribute_problem(name, value)) is not None:
            yield FieldProblem(path_below("", name), "invalid", sentence)
    if len(attributes.keys() - _OWN) > MAX_EXTENSIONS:
        yield FieldProblem("", "too_many", f"At most {MAX_EXTENSIONS} extension attributes are kept.")
    wire = attributes.get("type")
    if isinstance(wire, str) and short_type(wire) not in CATALOGUE:
        yield FieldProblem("type", "unknown_type", "There is no such type of event.")


def _attribute_problem(name: str, value: object) -> str | None:
    if name not in _OWN and isinstance(value, bool | int):
        return None if -(2**31) <= value < 2**31 else "Must be a whole number of 32 bits."
    if not isinstance(value, str):
        return "Must be text."
    if len(value) > _MAX_LENGTHS.get(name, _MAX_LENGTH):
        return f"Must have at most {_MAX_LENGTHS.get(name, _MAX_LENGTH)} characters."
    if _CONTROL.search(value):
        return "Holds a character that is not allowed here, such as NUL."
    if name in _INSTANTS:
        return _instant_problem(value)
    if name == "source" and " " in value:
        return "Must be a URI reference."
    if name == "datacontenttype" and not _JSON_TYPE.fullmatch(_media_type(value)[0]):
        return "The data must be JSON."
    return None


def _instant_problem(value: str) -> str | None:
    if not _INSTANT.fullmatch(value):
        return "Must be a date and time with seconds and an offset, such as 2025-01-18T21:52:00-05:00."
    try:
        _utc(value)
    except ValueError:
        return "There is no such date and time."
    return None


def _utc(value: str) -> datetime:
    return datetime.fromisoformat(value.upper()).astimezone(UTC)


def _not_a_cloud_event(attributes: Mapping[str, Any]) -> Iterator[FieldProblem]:
    """What the CloudEvents library objects to: the version, and the names of extensions."""
    try:
        CloudEvent({name: value for name, value in attributes.items() if name != "time"})
    except CloudEventValidationError as error:
        for name, (first, *_) in error.errors.items():
            missing = isinstance(first, MissingRequiredAttributeError)
            yield FieldProblem(path_below("", name), "required" if missing else "invalid", _plainly(name))


def _plainly(name: str) -> str:
    if name == "specversion":
        return "Must be 1.0."
    if name in _OWN:
        return "Is not a valid CloudEvents attribute."
    return "The name of an extension must be made of small letters and digits."
