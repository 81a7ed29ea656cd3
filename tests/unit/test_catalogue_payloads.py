"""Payloads of every type: good ones load as they were sent, bad ones are refused with the field named."""

import functools
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from marshmallow import ValidationError

from schemas.catalogue import CATALOGUE, problems
from schemas.jsonschema import json_schema
from tests.payloads import json_values, minimal_payload, payload_for

EVERY_TYPE = pytest.mark.parametrize("name", sorted(CATALOGUE))
few = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@functools.cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(json_schema(CATALOGUE[name]), format_checker=FormatChecker())


@EVERY_TYPE
def test_the_minimal_payload_loads(name: str) -> None:
    data = minimal_payload(name)
    assert CATALOGUE[name].load(data) == data
    assert minimal_payload(name) == data


@EVERY_TYPE
@few
@given(st.data())
def test_a_good_payload_loads_as_it_was_sent_and_keeps_the_json_schema(name: str, data: st.DataObject) -> None:
    payload = data.draw(payload_for(name))
    sent = deepcopy(payload)
    assert CATALOGUE[name].load(payload) == sent
    assert CATALOGUE[name].schema.load(payload) == sent
    assert [error.message for error in _validator(name).iter_errors(payload)] == []


@EVERY_TYPE
@few
@given(st.data())
def test_an_unknown_field_is_refused_with_its_path(name: str, data: st.DataObject) -> None:
    payload = data.draw(payload_for(name))
    path, place = data.draw(st.sampled_from(list(_objects(payload, "data"))))
    place["unheard_of"] = data.draw(json_values())
    with pytest.raises(ValidationError) as refusal:
        CATALOGUE[name].load(payload)
    assert [(problem.field, problem.code) for problem in problems(refusal.value)] == [
        (f"{path}.unheard_of", "unknown_field")
    ]
    assert not _validator(name).is_valid(payload)


def _objects(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        yield path, value
        for name, inner in value.items():
            yield from _objects(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _objects(inner, f"{path}[{index}]")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(CATALOGUE)), json_values())
def test_any_json_loads_or_is_refused_with_a_validation_error(name: str, value: Any) -> None:
    _same_answer(name, value)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(CATALOGUE)), st.data())
def test_the_compiled_check_and_the_schema_give_the_same_answer_on_damaged_payloads(
    name: str, data: st.DataObject
) -> None:
    payload = data.draw(payload_for(name))
    places = list(_places(payload))
    assume(places)
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = data.draw(json_values())
    _same_answer(name, payload)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in list(keys):
        yield value, key
        yield from _places(value[key])


def _same_answer(name: str, value: Any) -> None:
    event = CATALOGUE[name]
    try:
        event.schema.load(value)
        said = []
    except ValidationError as refusal:
        said = problems(refusal)
    assert event.accepts(value) == (not said)
