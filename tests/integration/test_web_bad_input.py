"""What a generated attack found in the answers of the web, each mended and held here."""

import base64
import gzip
import time
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from werkzeug.test import TestResponse

from schemas.strict_json import MOST_FLAWS, Read, flaws, read_json
from tests.payloads import minimal_payload
from tests.web_world import CASE_NUMBER, World, event

RECORDS = "alder-cps-records"
AGENCY = b'{"slug": "x", "name": "X", "roles": ["LE"]}'


def admin(world: World) -> dict[str, str]:
    return world.bearer("tallystick-operations-console")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/v1/cases/{CASE_NUMBER}/events/no-uuid/unlink"),
        ("GET", f"/v1/cases/{CASE_NUMBER}/events/no-uuid/told"),
        ("POST", "/v1/tasks/no-uuid/accept"),
        ("GET", "/v1/events/no-uuid"),
        ("GET", f"/v1/events/{UUID(int=0)}"),
        ("POST", "/v1/inbox/%7Bno%7D/acknowledge"),
    ],
)
def test_an_id_that_is_no_uuid_is_answered_like_one_that_names_nothing(world: World, method: str, path: str) -> None:
    answer = world.client().open(
        path, method=method, json={"why": "because"} if "unlink" in path else None, headers=world.bearer(RECORDS)
    )
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 100_000, id="nested a hundred thousand deep"),
        pytest.param(b'{"slug": ' * 50 + b"1" + b"}" * 50, id="nested fifty deep"),
        pytest.param(b'{"events_per_minute": ' + b"9" * 5000 + b"}", id="a number of five thousand digits"),
        pytest.param(b'{"slug": "a", "slug": "b"}', id="a name given twice"),
        pytest.param(b'{"slug": NaN}', id="NaN"),
        pytest.param(b'{"slug": "\\ud800"}', id="half a character"),
        pytest.param(AGENCY.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(b"\xef\xbb\xbf" + AGENCY, id="a byte order mark"),
        pytest.param(b'{"slug": "\xff"}', id="no UTF-8"),
        pytest.param(gzip.compress(AGENCY), id="compressed without saying so"),
    ],
)
def test_a_document_that_could_be_read_in_two_ways_is_refused_by_every_route_that_takes_one(
    world: World, body: bytes
) -> None:
    answer = world.client().post("/v1/agencies", data=body, content_type="application/json", headers=admin(world))
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["errors"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/xml"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": ""},
    ],
)
def test_a_body_of_another_media_type_is_refused_and_not_passed_over(world: World, headers: dict[str, str]) -> None:
    answer = world.client().post(
        f"/v1/tasks/{uuid4()}/accept", data=b'{"reason": "on it"}', headers=world.bearer(RECORDS) | headers
    )
    assert answer.status_code == 415
    assert answer.content_type == "application/problem+json"


STAFF = {"agency": "alder-cps", "username": "new", "display_name": "New"}
TEAM = {"agency": "alder-cps", "slug": "new", "name": "New"}
CLIENT = {"client_id": "new", "name": "New", "scopes": ["inbox"]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/agencies", {"slug": "x", "name": "a\0b", "roles": ["LE"]}),
        ("/v1/endpoints", {"agency": "a\0b", "url": "https://hooks.example/"}),
        ("/v1/staff", {**STAFF, "display_name": "a\0b"}),
        ("/v1/staff", {**STAFF, "supervisor": "a\0b", "since": "2025-01-01"}),
        ("/v1/staff", {**STAFF, "supervisor": "lindqvist", "since": "0001-01-01"}),
        ("/v1/teams", {**TEAM, "members": [{"username": "okafor\0", "since": "2025-01-01"}]}),
        ("/v1/teams", {**TEAM, "shifts": [{"username": "okafor", "starts_at": "9999-12-31T23:59:59-12:00"}]}),
        ("/v1/teams", {**TEAM, "shifts": [{"username": "okafor", "starts_at": "0001-01-01T00:00:00+12:00"}]}),
        ("/v1/agencies/alder-cps/clients", {**CLIENT, "events_per_minute": 2**31}),
        ("/v1/agencies/alder-cps/clients", {**CLIENT, "events_per_minute": 0}),
    ],
)
def test_what_no_column_can_hold_is_a_field_that_is_not_right(
    world: World, path: str, body: Mapping[str, object]
) -> None:
    answer = world.client().post(path, json=body, headers=admin(world))
    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert answer.get_json()["errors"]


@pytest.mark.parametrize(
    "credentials", ["Basic \xe9\xe9", "Basic " + base64.b64encode(b"a:\xff").decode(), "Basic =", "Basic"]
)
def test_credentials_that_cannot_be_read_are_wrong_and_no_error_of_ours(world: World, credentials: str) -> None:
    answer = world.client().post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": credentials}
    )
    assert answer.status_code == 401
    assert answer.get_json()["error"] == "invalid_client"


def test_a_refusal_of_oauth_is_a_problem_document_too(world: World) -> None:
    answer = world.client().post("/oauth/token", data={"grant_type": "password"})
    assert answer.content_type == "application/json"
    said = answer.get_json()
    assert said["error"] == "unsupported_grant_type"
    assert said["status"] == 400
    assert said["type"].endswith("/problems#malformed")
    assert said["detail"] == said["error_description"]


@pytest.mark.parametrize("word", ["x", "é" * 32, "A" * 31, "A" * 33, "A" * 31 + "=", "A" * 31 + "+"])
def test_a_place_that_no_page_gave_is_a_field_that_is_not_right(world: World, word: str) -> None:
    answer = world.client().get("/v1/inbox", query_string={"start": word}, headers=world.bearer(RECORDS))
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == ["start"]


@pytest.mark.parametrize("word", ["_" * 32, "f" + "_" * 31, "g" + "A" * 31, "A" * 32])
def test_a_place_before_or_after_all_time_is_a_place(world: World, word: str) -> None:
    for path in ("/v1/inbox", "/v1/tasks", f"/v1/cases/{CASE_NUMBER}/timeline", f"/v1/cases/{CASE_NUMBER}/deadlines"):
        answer = world.client().get(path, query_string={"start": word}, headers=world.bearer(RECORDS))
        assert answer.status_code == 200, path


def test_a_body_with_a_million_things_wrong_is_told_the_first_hundred(world: World) -> None:
    wrong: dict[str, Any] = {**event("prob.checkin_missed", {}), **{f"Extra{number}": "\x01" for number in range(5000)}}
    answer = world.client().post(
        "/v1/events", json=wrong, headers=world.bearer(RECORDS) | {"Content-Type": "application/cloudevents+json"}
    )
    assert answer.status_code == 422
    assert len(answer.get_json()["errors"]) == 100


def test_flaws_are_told_up_to_a_hundred() -> None:
    document = read_json(b'{"data": [' + b",".join([b"NaN"] * 1000) + b"]}")
    assert isinstance(document, Read)
    assert len(tuple(flaws(document.value))) == MOST_FLAWS


def test_a_name_given_twice_among_a_hundred_thousand_is_found_at_once() -> None:
    names = [f'"k{number}": 1' for number in range(100_000)]
    body = ("{" + ", ".join([*names, names[-1]]) + "}").encode()
    began = time.process_time()
    document = read_json(body)
    assert isinstance(document, Read)
    assert [flaw.code for flaw in flaws(document.value)] == ["duplicate_key"]
    assert time.process_time() - began < 10, "comparing every name with every other takes minutes"


@pytest.mark.parametrize("path", ["/v1/agencies", "/v1/events"])
def test_a_body_that_ended_before_its_length_is_refused_though_what_came_of_it_is_whole(
    world: World, path: str
) -> None:
    said = AGENCY if path == "/v1/agencies" else orjson.dumps(event("le.arrest", minimal_payload("le.arrest")))
    media = "application/json" if path == "/v1/agencies" else "application/cloudevents+json"
    who = admin(world) if path == "/v1/agencies" else world.bearer("alder-police-rms")

    def send(length: int) -> TestResponse:
        return world.client().post(
            path,
            input_stream=BytesIO(said),
            headers=who | {"Content-Type": media},
            environ_overrides={"CONTENT_LENGTH": str(length), "wsgi.input_terminated": True},  # as gunicorn says
        )

    cut = send(len(said) + 100)
    assert cut.status_code == 400
    assert cut.get_json()["errors"][0]["field"] == "Content-Length"
    assert send(len(said)).status_code in {200, 201, 202}
