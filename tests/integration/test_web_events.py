"""Intake over HTTP: what is accepted is kept; repeats, contradictions, batches, and refusals that say why."""

import base64
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from services.actions.register_client import register_client
from services.domain.registry import NewClient
from services.domain.roles import Role
from services.domain.scopes import Scope
from services.storage.database import DatabaseRole, connect
from services.storage.tables import event_log, jobs
from tests.web_world import ADMINISTRATOR, MEDIA, PROBATION_NUMBER, World, app_on, event

PROBATION = "alder-probation-supervision"


def missed(number: str = PROBATION_NUMBER, **attributes: str) -> dict[str, object]:
    return event("prob.checkin_missed", {"due": "2025-03-07"}, number, **attributes)


def post(world: World, body: object, client: str = PROBATION, **headers: str) -> TestResponse:
    return world.client().post("/v1/events", json=body, headers=world.bearer(client) | MEDIA | headers)


def kept(world: World) -> int:
    with world.system.database.begin(ADMINISTRATOR) as connection:
        return connection.execute(select(func.count()).select_from(event_log)).scalar_one()


def test_a_receipt_tells_what_became_of_an_event(world: World) -> None:
    answer = post(world, missed())
    assert answer.status_code == 202
    said = answer.get_json()
    assert set(said) == {"receipt", "status", "received"}
    where = answer.headers["Location"]
    assert where == f"/v1/events/{said['receipt']}"
    asked = world.client().get(where, headers=world.bearer(PROBATION)).get_json()
    assert asked["status"] == "accepted"
    world.work()
    asked = world.client().get(where, headers=world.bearer(PROBATION)).get_json()
    assert asked["status"] == "processed"
    assert asked["type"] == "prob.checkin_missed"


def test_a_receipt_is_for_the_agency_that_sent_the_event_and_nobody_else(world: World) -> None:
    where = post(world, missed()).headers["Location"]
    others = world.client().get(where, headers=world.bearer("alder-cps-records"))
    absent = world.client().get(
        "/v1/events/00000000-0000-4000-8000-000000000000", headers=world.bearer("alder-cps-records")
    )
    assert others.status_code == absent.status_code == 404
    assert others.get_data() == absent.get_data()


def test_the_same_event_again_gets_the_same_answer_and_changes_nothing(world: World) -> None:
    said = missed()
    first = post(world, said)
    before = kept(world)
    again = post(world, said)
    assert again.status_code == 202
    assert again.get_data() == first.get_data()
    assert kept(world) == before


def test_the_same_id_with_another_body_is_a_conflict_and_goes_before_a_person(world: World) -> None:
    said = missed()
    post(world, said)
    other = {**said, "data": {"due": "2025-03-06"}}
    answer = post(world, other)
    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["errors"][0]["code"] == "used_before"
    with world.system.database.begin(ADMINISTRATOR) as connection:
        kinds = connection.execute(select(jobs.c.kind)).scalars().all()
    assert "conflict" in kinds


def test_each_event_of_a_batch_is_answered_for_itself(world: World) -> None:
    good, twice = missed(), missed()
    contradicting = {**twice, "data": {"due": "2025-03-06"}}
    batch = [
        good,
        {**missed(), "data": {"due": "2025-03-07", "surprise": 1}},
        event("juv.order_entered", {}, PROBATION_NUMBER),
        twice,
        contradicting,
        "no event",
        good,
    ]
    answer = world.client().post(
        "/v1/events",
        json=batch,
        headers=world.bearer(PROBATION) | {"Content-Type": "application/cloudevents-batch+json"},
    )
    assert answer.status_code == 200
    items = answer.get_json()
    assert [item["index"] for item in items] == list(range(7))
    assert [item["status"] for item in items] == [202, 422, 403, 202, 409, 422, 202]
    assert items[0]["receipt"] == items[6]["receipt"]
    assert items[1]["problem"]["errors"][0] == {
        "field": "data.surprise",
        "code": "unknown_field",
        "message": "This field is not known here.",
    }
    assert items[2]["problem"]["errors"][0]["code"] == "type_not_allowed"


def test_binary_mode_says_the_same_as_structured_mode(world: World) -> None:
    said = missed()
    first = post(world, said)
    headers = {f"ce-{name}": str(value) for name, value in said.items() if name != "data"}
    again = world.client().post("/v1/events", json=said["data"], headers=world.bearer(PROBATION) | headers)
    assert again.get_data() == first.get_data()


@pytest.mark.parametrize(
    ("body", "media_type", "status", "code"),
    [
        (b"{", "application/cloudevents+json", 400, "not_json"),
        (b"\xff\xfe", "application/cloudevents+json", 400, None),
        (b'{"a": 1, "a": 2}', "application/cloudevents+json", 422, None),
        (b"{}", "application/cloudevents+json", 422, "required"),
        (b"{}", "application/cloudevents-batch+json", 400, "invalid"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b"{}", "application/json", 415, "unsupported_media_type"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_field_named(
    world: World, body: bytes, media_type: str, status: int, code: str | None
) -> None:
    answer = world.client().post(
        "/v1/events", data=body, headers=world.bearer(PROBATION) | {"Content-Type": media_type}
    )
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    errors = answer.get_json()["errors"]
    assert errors
    if code:
        assert code in {error["code"] for error in errors}


def test_a_compressed_body_is_refused(world: World) -> None:
    answer = post(world, missed(), **{"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_an_event_that_is_too_large_is_refused(world: World) -> None:
    said = missed()
    said["data"] = {"due": "2025-03-07", "narrative": "x" * 300_000}
    assert post(world, said).status_code == 413


def test_a_request_that_is_too_large_is_refused(world: World) -> None:
    answer = world.client().post("/v1/events", data=b" " * 5_000_001, headers=world.bearer(PROBATION) | MEDIA)
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"


def test_an_unknown_case_and_a_case_of_others_are_answered_alike(world: World) -> None:
    """A token of a case that the sender is not on, and a number that means nothing (Settled 7)."""
    token = world.client().get("/v1/cases/AC-2025-0117", headers=world.bearer("alder-cps-records")).get_json()["token"]
    answers = []
    for subject in ("no-such-number", token):
        answer = post(world, event("le.arrest", _arrest(), subject), "alder-police-rms")
        assert answer.status_code == 202
        world.work()
        asked = world.client().get(answer.headers["Location"], headers=world.bearer("alder-police-rms")).get_json()
        answers.append((set(answer.get_json()), asked["status"], asked.get("code")))
    assert answers[0] == answers[1]
    assert answers[0][1] == "unmatched"


def _arrest() -> dict[str, object]:
    return {"person_ref": "p-1", "charges": ["domestic assault"], "dual_arrest": False}


def test_events_over_the_clients_rate_wait_and_those_of_others_do_not(world: World) -> None:
    register_client(
        world.system,
        ADMINISTRATOR,
        NewClient(
            agency="alder-probation",
            client_id=PROBATION,
            name="Supervision records",
            scopes=frozenset({Scope.EVENTS_WRITE}),
            roles=frozenset({Role.PROB}),
            events_per_minute=3,
        ),
    )
    assert [post(world, missed()).status_code for _ in range(4)] == [202, 202, 202, 429]
    assert post(world, missed()).headers["Retry-After"]
    others = post(world, event("le.arrest", _arrest(), "C-7"), "alder-police-rms")
    assert others.status_code == 202


def test_events_pass_where_rates_cannot_be_counted_and_look_ups_do_not(world: World) -> None:
    headers = world.bearer(PROBATION)
    app = app_on(world.system, limits_url="redis://127.0.0.1:1")
    assert app.test_client().post("/v1/events", json=missed(), headers=headers | MEDIA).status_code == 202
    assert app.test_client().get("/v1/tasks", headers=headers).status_code == 503
    asked = {"grant_type": "client_credentials"}
    assert app.test_client().post("/oauth/token", data=asked).status_code == 503


def test_without_the_database_nothing_is_half_done_and_the_sender_is_told_to_come_again(world: World) -> None:
    before = kept(world)
    away = connect("postgresql://nobody@127.0.0.1:1/nothing", DatabaseRole.WEB)
    app = app_on(replace(world.system, database=away))
    answer = app.test_client().post("/v1/events", json=missed(), headers=world.bearer(PROBATION) | MEDIA)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.content_type == "application/problem+json"
    assert kept(world) == before
    away.close()


def test_base64_data_is_read_like_plain_data(world: World) -> None:
    said = missed()
    first = post(world, said)
    encoded = base64.b64encode(b'{"due": "2025-03-07"}').decode()
    again = {name: value for name, value in said.items() if name != "data"} | {
        "data_base64": encoded,
        "datacontenttype": "application/json",
    }
    assert post(world, again).get_data() == first.get_data()
