"""Events off the wire: the three modes of CloudEvents, read strictly, each problem with its place."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import MAX_BATCH, Batch, Malformed, NotAnEvent, One, read_events
from services.domain.events import Envelope
from tests.payloads import json_values

STRUCTURED = {"Content-Type": "application/cloudevents+json; charset=UTF-8"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
SERVED = {"order_ref": "o-1", "served_at": "2025-01-22T10:00:00-06:00"}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "7d3f",
    "source": "https://police.alder.example/rms",
    "type": "org.dvcw.order.served.v1",
    "subject": "25-000117",
    "time": "2025-01-22T10:00:00-06:00",
    "recordedtime": "2025-01-22T17:30:00.5Z",
    "correlationid": "c-1",
    "dataregulation": "CAPTA,42CFR2",
    "sequence": 12,
    "urgent": True,
    "data": SERVED,
}


def _structured(**changes: Any) -> Envelope | Malformed:
    body = {name: value for name, value in {**EVENT, **changes}.items() if value is not ...}
    answer = read_events(STRUCTURED, json.dumps(body).encode())
    assert isinstance(answer, One)
    return answer.event


def _codes(answer: object) -> list[tuple[str, str]]:
    event = answer.event if isinstance(answer, One) else answer
    assert isinstance(event, Malformed)
    return [(problem.field, problem.code) for problem in event.problems]


def _headers(**changes: str) -> dict[str, str]:
    attributes = {name: str(value) for name, value in EVENT.items() if name != "data"} | {"urgent": "true"} | changes
    return {"Content-Type": "application/json"} | {f"Ce-{name}": quote(value) for name, value in attributes.items()}


def test_a_structured_event_is_read_with_its_times_in_utc() -> None:
    event = _structured()
    assert isinstance(event, Envelope)
    assert event.type == "order.served"
    assert event.time == datetime(2025, 1, 22, 16, 0, tzinfo=UTC)
    assert event.recorded == datetime(2025, 1, 22, 17, 30, 0, 500_000, tzinfo=UTC)
    assert event.data == SERVED
    assert event.attributes == {
        "datacontenttype": "application/json",
        "correlationid": "c-1",
        "dataregulation": "CAPTA,42CFR2",
        "sequence": "12",
        "urgent": "true",
    }


def test_the_same_event_says_the_same_in_every_mode() -> None:
    structured = _structured()
    encoded = base64.b64encode(json.dumps(SERVED).encode()).decode()
    packed = _structured(data=..., data_base64=encoded, datacontenttype="application/json")
    binary = read_events(_headers(), json.dumps(SERVED).encode())
    batch = read_events(BATCH, json.dumps([EVENT]).encode())
    assert isinstance(structured, Envelope)
    assert isinstance(packed, Envelope)
    assert isinstance(binary, One)
    assert isinstance(binary.event, Envelope)
    assert isinstance(batch, Batch)
    [item] = batch.events
    assert isinstance(item, Envelope)
    assert structured.said() == packed.said() == binary.event.said() == item.said()
    assert isinstance(json.dumps(structured.said()), str)


def test_what_was_said_does_not_change_with_the_time_zone_but_with_the_data() -> None:
    first = _structured()
    assert isinstance(first, Envelope)
    moved = _structured(time="2025-01-22T16:00:00Z")
    other = _structured(data={**SERVED, "order_ref": "o-2"})
    assert isinstance(moved, Envelope)
    assert isinstance(other, Envelope)
    assert moved.said() == first.said()
    assert other.said() != first.said()


def test_without_recordedtime_an_event_was_recorded_when_it_happened() -> None:
    event = _structured(recordedtime=...)
    assert isinstance(event, Envelope)
    assert event.recorded == event.time


def test_header_values_are_unquoted_and_percent_decoded_once() -> None:
    headers = _headers() | {"ce-subject": '"25%2D0001 \\"b\\" %25C3"'}
    answer = read_events(headers, json.dumps(SERVED).encode())
    assert isinstance(answer, One)
    assert isinstance(answer.event, Envelope)
    assert answer.event.subject == '25-0001 "b" %C3'


def test_a_header_that_is_not_utf8_is_refused() -> None:
    assert _codes(read_events(_headers() | {"ce-subject": "%ff"}, b"{}")) == [("subject", "not_utf8")]


def test_an_attribute_that_has_no_header_of_its_own_is_refused() -> None:
    assert _codes(read_events(_headers(datacontenttype="application/json"), b"{}")) == [("datacontenttype", "invalid")]


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "subject", "time", "data"])
def test_what_is_required_must_be_there(name: str) -> None:
    assert _codes(_structured(**{name: ...})) == [(name, "required")]


@pytest.mark.parametrize("name", ["id", "source", "type", "subject", "time"])
@pytest.mark.parametrize("nothing", ["", None])
def test_what_is_required_must_not_be_empty(name: str, nothing: str | None) -> None:
    assert _codes(_structured(**{name: nothing})) == [(name, "required")]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("specversion", "0.3", "invalid"),
        ("specversion", 1.0, "invalid"),
        ("id", "x" * 257, "invalid"),
        ("id", 7, "invalid"),
        ("id", "a\x00b", "invalid"),
        ("source", "x" * 257, "invalid"),
        ("source", "not a uri", "invalid"),
        ("subject", "x" * 129, "invalid"),
        ("type", "org.dvcw.order.sold.v1", "unknown_type"),
        ("type", "org.dvcw.order.served.v2", "unknown_type"),
        ("type", "order.served", "unknown_type"),
        ("time", "2025-01-22T10:00:00", "invalid"),
        ("time", "2025-01-22", "invalid"),
        ("time", "2025-02-30T10:00:00Z", "invalid"),
        ("time", 1737561600, "invalid"),
        ("recordedtime", "yesterday", "invalid"),
        ("expirytime", "2025-02-30T10:00:00Z", "invalid"),
        ("datacontenttype", "text/plain", "invalid"),
        ("Traceparent", "x", "invalid"),
        ("trace-parent", "x", "invalid"),
        ("nested", {"a": 1}, "invalid"),
        ("big", 2**31, "invalid"),
        ("fraction", 1.5, "invalid"),
    ],
)
def test_a_bad_attribute_is_refused_by_name(name: str, value: object, code: str) -> None:
    assert _codes(_structured(**{name: value})) == [(name, code)]


def test_everything_that_is_wrong_is_said_at_once() -> None:
    assert _codes(_structured(id="", time="now", type="x")) == [
        ("id", "required"),
        ("time", "invalid"),
        ("type", "unknown_type"),
    ]


def test_too_many_extensions_are_refused() -> None:
    assert _codes(_structured(**{f"extra{number}": "x" for number in range(30)})) == [("", "too_many")]


def test_encoded_data_must_be_json_and_alone() -> None:
    encoded = base64.b64encode(b'{"order_ref": "o-1", "order_ref": "o-2"}').decode()
    json_type = {"datacontenttype": "application/json"}
    assert _codes(_structured(data_base64=encoded, **json_type)) == [("data_base64", "invalid")]
    assert _codes(_structured(data=..., data_base64=encoded)) == [("datacontenttype", "required")]
    assert _codes(_structured(data=..., data_base64=encoded, **json_type)) == [("data.order_ref", "duplicate_key")]
    assert _codes(_structured(data=..., data_base64="%%%", **json_type)) == [("data_base64", "invalid")]
    assert _codes(_structured(data=..., data_base64=7, **json_type)) == [("data_base64", "invalid")]
    assert _codes(_structured(data=..., data_base64="e30=", datacontenttype="text/xml")) == [
        ("datacontenttype", "invalid")
    ]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (b"", "", "not_json"),
        (b"{", "", "not_json"),
        (b'{"id": 1,}', "", "not_json"),
        (b"\xff{}", "", "not_utf8"),
        (b"\xef\xbb\xbf{}", "", "not_json"),
        (b"[" * 100_000, "", "too_deep"),
        (b'{"data": {"terms": [{"a": 1, "b": 2, "a": 1}]}}', "data.terms[0].a", "duplicate_key"),
        (b'{"data": {"count": NaN}}', "data.count", "not_a_number"),
        (b'{"data": {"count": -Infinity}}', "data.count", "not_a_number"),
        (b'{"data": {"count": 1e999}}', "data.count", "not_a_number"),
        (b'{"data": {"count": ' + b"9" * 5000 + b"}}", "data.count", "not_a_number"),
        (b'{"data": {"facts": "\\ud83d"}}', "data.facts", "not_unicode"),
        (b'{"data": {"\\ud83d": 1}}', "data", "not_unicode"),
        (b'{"data": ' + b"[" * 32 + b"]" * 32 + b"}", "data" + "[0]" * 31, "too_deep"),
    ],
)
def test_json_that_could_be_read_in_two_ways_is_refused_with_its_place(body: bytes, field: str, code: str) -> None:
    assert _codes(read_events(STRUCTURED, body)) == [(field, code)]


def test_a_whole_character_in_two_escapes_is_no_half() -> None:
    body = json.dumps({**EVENT, "subject": "🙂"}).encode()
    assert b"\\ud83d" in body
    answer = read_events(STRUCTURED, body)
    assert isinstance(answer, One)
    assert isinstance(answer.event, Envelope)


def test_each_event_of_a_batch_is_answered_for_itself() -> None:
    answer = read_events(BATCH, b"[%s, 7, {}, %s]" % (json.dumps(EVENT).encode(), b'{"data": {"a": 1, "a": 2}}'))
    assert isinstance(answer, Batch)
    good, number, empty, twice = answer.events
    assert isinstance(good, Envelope)
    assert _codes(number) == [("", "invalid")]
    assert ("id", "required") in _codes(empty)
    assert _codes(twice) == [("data.a", "duplicate_key")]


def test_an_empty_batch_is_a_batch_and_one_that_is_too_long_is_not() -> None:
    assert read_events(BATCH, b"[]") == Batch(())
    assert _codes(read_events(BATCH, json.dumps([EVENT] * (MAX_BATCH + 1)).encode())) == [("", "too_many")]
    assert _codes(read_events(BATCH, json.dumps(EVENT).encode())) == [("", "invalid")]


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/json",
        "application/cloudevents+xml",
        "application/cloudevents+json;charset=latin1",
    ],
)
def test_another_media_type_carries_no_event(content_type: str) -> None:
    assert isinstance(read_events({"content-type": content_type}, json.dumps(EVENT).encode()), NotAnEvent)


def test_binary_data_that_is_not_json_is_refused() -> None:
    headers = _headers() | {"Content-Type": "text/plain"}
    assert _codes(read_events(headers, b"{}")) == [("datacontenttype", "invalid")]
    assert _codes(read_events(_headers(), b"")) == [("data", "required")]
    assert _codes(read_events(_headers(), b"{")) == [("data", "not_json")]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([STRUCTURED, BATCH, {"ce-id": "1"}]),
    st.binary(max_size=200) | json_values().map(lambda value: json.dumps(value).encode()),
)
def test_any_body_is_answered(headers: dict[str, str], body: bytes) -> None:
    assert isinstance(read_events(headers, body), One | Batch | Malformed)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(EVENT)), json_values())
def test_any_attribute_is_read_or_refused_under_its_own_name(name: str, value: Any) -> None:
    answer = _structured(**{name: value})
    if isinstance(answer, Malformed):
        assert {problem.field.partition(".")[0].partition("[")[0] for problem in answer.problems} <= {name, ""}


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from([f"ce-{name}" for name in EVENT]), st.text(max_size=20)))
def test_any_headers_are_answered(headers: dict[str, str]) -> None:
    assert isinstance(read_events({"ce-id": "1", **headers}, b"{}"), One)
