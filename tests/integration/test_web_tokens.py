"""Access tokens over HTTP (RFC 6749): who gets one, in what words the others do not, and what a token opens."""

import pytest

from services.actions.suspend import switch_client
from services.domain.scopes import Scope
from services.web.limits import TOKENS_A_MINUTE
from tests.web_world import ADMINISTRATOR, World

PROBATION = "alder-probation-supervision"
GRANT = {"grant_type": "client_credentials"}


def test_a_client_gets_a_token_by_http_basic(world: World) -> None:
    answer = world.client().post("/oauth/token", data=GRANT, auth=(PROBATION, world.secrets[PROBATION]))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    said = answer.get_json()
    assert said["token_type"] == "Bearer"
    assert said["expires_in"] == 600
    assert said["scope"].split() == sorted(said["scope"].split())


def test_a_client_gets_a_token_by_the_form_and_for_fewer_scopes(world: World) -> None:
    form = GRANT | {"client_id": PROBATION, "client_secret": world.secrets[PROBATION], "scope": "tasks"}
    said = world.client().post("/oauth/token", data=form).get_json()
    assert said["scope"] == "tasks"
    bearer = {"Authorization": f"Bearer {said['access_token']}"}
    assert world.client().get("/v1/tasks", headers=bearer).status_code == 200
    refused = world.client().get("/v1/inbox", headers=bearer)
    assert refused.status_code == 403
    assert f'scope="{Scope.INBOX}"' in refused.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("form", "auth", "status", "code"),
    [
        ({}, None, 400, "invalid_request"),
        ({"grant_type": "password"}, None, 400, "unsupported_grant_type"),
        (GRANT, None, 401, "invalid_client"),
        (GRANT, (PROBATION, "wrong"), 401, "invalid_client"),
        (GRANT, ("nobody", "wrong"), 401, "invalid_client"),
        (GRANT | {"client_id": PROBATION, "client_secret": "x"}, (PROBATION, "x"), 400, "invalid_request"),
    ],
)
def test_a_refusal_has_the_words_of_oauth(
    world: World, form: dict[str, str], auth: tuple[str, str] | None, status: int, code: str
) -> None:
    answer = world.client().post("/oauth/token", data=form, auth=auth)
    assert answer.status_code == status
    assert answer.get_json()["error"] == code
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_an_unknown_client_and_a_wrong_secret_are_told_the_same(world: World) -> None:
    answers = [world.client().post("/oauth/token", data=GRANT, auth=(who, "x")) for who in (PROBATION, "nobody")]
    assert answers[0].get_data() == answers[1].get_data()


def test_a_scope_that_the_client_does_not_have_is_not_granted(world: World) -> None:
    answer = world.client().post(
        "/oauth/token", data=GRANT | {"scope": "admin"}, auth=(PROBATION, world.secrets[PROBATION])
    )
    assert answer.status_code == 400
    assert answer.get_json()["error"] == "invalid_scope"


@pytest.mark.parametrize("header", [None, "Basic eDp5", "Bearer nonsense", "Bearer "])
def test_without_a_valid_token_the_api_is_closed(world: World, header: str | None) -> None:
    answer = world.client().get("/v1/tasks", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.content_type == "application/problem+json"


def test_a_token_ends_with_its_client(world: World) -> None:
    headers = world.bearer(PROBATION)
    assert world.client().get("/v1/tasks", headers=headers).status_code == 200
    switch_client(world.system, ADMINISTRATOR, PROBATION, active=False)
    assert world.client().get("/v1/tasks", headers=headers).status_code == 401


def test_asking_for_tokens_has_a_limit(world: World) -> None:
    browser = world.client()
    answers = [browser.post("/oauth/token", data={}) for _ in range(TOKENS_A_MINUTE + 1)]
    assert answers[-2].status_code == 400
    assert answers[-1].status_code == 429
    assert answers[-1].headers["Retry-After"]


def test_a_page_session_opens_no_api_and_a_token_no_page(world: World) -> None:
    assert world.browser("okafor").get("/v1/tasks").status_code == 401
    assert world.client().get("/tasks", headers=world.bearer(PROBATION)).status_code == 303
