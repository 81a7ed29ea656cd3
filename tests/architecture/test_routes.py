"""Every route says who may use it, and is closed where it does not."""

import pytest
from apiflask import APIFlask

from services.domain.scopes import Scope
from services.web.authentication import PUBLIC_OF_LIBRARIES, Access, access_of
from tests.web_world import World

PUBLIC = {
    "/bootstrap/static/<path:filename>",
    "/healthz",
    "/metrics",
    "/oauth/token",
    "/openapi.json",
    "/problems",
    "/readyz",
    "/sign-in",
    "/static/<path:filename>",
}


@pytest.fixture
def app(world: World) -> APIFlask:
    return world.app


def declared(app: APIFlask) -> dict[str, Access | None]:
    return {rule.rule: access_of(app, rule.endpoint) for rule in app.url_map.iter_rules()}


def test_every_route_declares_a_scope_a_session_or_that_it_is_public(app: APIFlask) -> None:
    silent = {rule for rule, access in declared(app).items() if access is None}
    assert not silent, f"say who may use it (services.web.authentication): {sorted(silent)}"


def test_these_routes_are_public_and_no_others(app: APIFlask) -> None:
    assert {rule for rule, access in declared(app).items() if access == Access()} == PUBLIC


def test_machines_need_a_scope_and_people_a_session(app: APIFlask) -> None:
    for rule, access in declared(app).items():
        assert access is not None
        if rule.startswith("/v1/"):
            assert access.scope is not None, rule
        elif rule not in PUBLIC:
            assert access.people, rule


def test_every_scope_opens_something(app: APIFlask) -> None:
    assert {access.scope for access in declared(app).values() if access and access.scope} == set(Scope)


def test_a_route_that_declares_nothing_is_closed(app: APIFlask) -> None:
    app.add_url_rule("/v1/forgotten", "forgotten", lambda: "in")
    assert app.test_client().get("/v1/forgotten").status_code == 404


def test_what_libraries_serve_publicly_is_there(app: APIFlask) -> None:
    assert set(app.view_functions) >= PUBLIC_OF_LIBRARIES


def test_every_operation_of_the_api_is_described(app: APIFlask) -> None:
    described = app.test_client().get("/openapi.json").get_json()
    assert described["openapi"] == "3.1.0"
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(("/v1/", "/oauth/")):
            continue
        path = rule.rule.replace("<uuid:", "{").replace("<path:", "{").replace("<", "{").replace(">", "}")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            operation = described["paths"][path][method.lower()]
            assert operation["summary"], rule.rule
            access = access_of(app, rule.endpoint)
            if access and access.scope:
                assert operation["security"] == [{"client": [access.scope.value]}], rule.rule
            if method == "POST" and rule.rule in {"/v1/events", "/oauth/token"}:
                assert operation["requestBody"]["content"], rule.rule
