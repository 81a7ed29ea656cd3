"""What every answer of the web has in common: headers, problems, health, and silence about what failed."""

from dataclasses import replace
from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from services.storage import migrating
from services.storage.database import DatabaseRole, connect
from services.web.authentication import public
from tests.web_world import BROWSER, World, app_on


@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/nothing", "/v1/nothing", "/openapi.json"])
def test_every_answer_forbids_what_it_does_not_need(world: World, path: str) -> None:
    headers = world.client().get(path).headers
    content = headers["Content-Security-Policy"]
    assert content.startswith("default-src 'none';")
    assert "unsafe" not in content
    assert "frame-ancestors 'none'" in content
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_style_sheets_may_be_kept(world: World) -> None:
    for path in ("/static/tallystick.css", "/bootstrap/static/css/bootstrap.min.css"):
        answer = world.client().get(path)
        assert answer.status_code == 200
        assert "max-age" in answer.headers["Cache-Control"]


def test_https_is_remembered_where_it_is_used(world: World) -> None:
    secure = app_on(replace(world.system, public_url="https://tallystick.example"))
    assert secure.test_client().get("/healthz").headers["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in world.client().get("/healthz").headers


def test_machines_get_problem_documents(world: World) -> None:
    answer = world.client().get("/v1/nothing")
    assert answer.content_type == "application/problem+json"
    assert answer.get_json() == {
        "type": "http://127.0.0.1:8400/problems#not-found",
        "title": "Not found",
        "status": 404,
        "detail": "There is nothing here that you may see.",
    }


def test_people_get_a_page(world: World) -> None:
    answer = world.client().get("/nothing")
    assert answer.status_code == 404
    assert answer.content_type.startswith("text/html")
    assert "There is nothing here that you may see." in answer.get_data(as_text=True)


def test_a_method_that_is_not_offered_says_which_are(world: World) -> None:
    answer = world.client().delete("/v1/events", headers=world.bearer("alder-probation-supervision"))
    assert answer.status_code == 405
    assert answer.content_type == "application/problem+json"
    assert "POST" in answer.headers["Allow"]


def test_every_kind_of_problem_is_explained_where_its_type_points(world: World) -> None:
    page = world.client().get("/problems").get_data(as_text=True)
    assert 'id="not-found"' in page
    assert 'id="conflict"' in page


def test_fields_are_named_in_a_body_that_is_not_right(world: World) -> None:
    answer = world.client().post(
        "/v1/agencies", json={"slug": "x", "surprise": 1, "roles": ["NOBODY"]}, headers=admin(world)
    )
    assert answer.status_code == 422
    found = {(error["field"], error["code"]) for error in answer.get_json()["errors"]}
    assert {("name", "required"), ("surprise", "unknown_field")} <= found
    assert any(field.startswith("roles") for field, _ in found)


def admin(world: World) -> dict[str, str]:
    return world.bearer("tallystick-operations-console")


def test_a_process_that_lives_says_so_without_the_database(world: World) -> None:
    away = connect("postgresql://nobody@127.0.0.1:1/nothing", DatabaseRole.WEB)
    browser = app_on(replace(world.system, database=away)).test_client()
    assert browser.get("/healthz").status_code == 200
    assert browser.get("/readyz").status_code == 503
    page = browser.get("/sign-in")
    assert page.status_code == 200
    away.close()


def test_people_are_told_calmly_that_the_database_is_away(world: World) -> None:
    away = connect("postgresql://nobody@127.0.0.1:1/nothing", DatabaseRole.WEB)
    browser = app_on(replace(world.system, database=away)).test_client()
    browser.set_cookie("tallystick", "some-token")
    answer = browser.get("/inbox")
    assert answer.status_code == 503
    assert answer.content_type.startswith("text/html")
    assert int(answer.headers["Retry-After"]) > 0
    assert "Not available at the moment" in answer.get_data(as_text=True)
    away.close()


def test_a_process_is_ready_only_on_the_tables_that_it_knows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert world.client().get("/readyz").get_json() == {"status": "ready"}
    monkeypatch.setattr(migrating, "newest_version", lambda: "another")
    assert world.client().get("/readyz").status_code == 503


def test_a_failure_says_nothing_of_a_case_neither_in_the_answer_nor_in_the_log(world: World) -> None:
    secret = "Marisol lives at the corner"

    @public
    def fail() -> NoReturn:
        raise RuntimeError(secret)

    world.app.add_url_rule("/v1/fail", "fail", fail)
    with capture_logs() as lines:
        answer = world.client().get("/v1/fail")
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert secret not in answer.get_data(as_text=True)
    assert [line["error"] for line in lines if line["event"] == "request_failed"] == ["RuntimeError"]
    assert secret not in str(lines)


def test_a_nul_names_nothing_and_is_never_an_error_of_ours(world: World) -> None:
    client = world.client()
    bearer = world.bearer("alder-cps-records")
    answers = [
        client.get("/v1/cases/%00", headers=bearer),
        client.get("/v1/tasks?start=%00", headers=bearer),
        client.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=("a\0b", "c")),
        client.post("/sign-in", data={"username": "a\0b", "password": "c"}, headers=BROWSER),
    ]
    assert [answer.status_code for answer in answers] == [404, 400, 400, 400]
