"""The registry over HTTP: agencies, clients and their secrets, people, teams, endpoints; for administrators alone."""

from typing import Any

import pytest

from tests.web_world import World

ADMIN = "tallystick-operations-console"
AGENCY = {"slug": "beech-cps", "name": "Beech County Child Welfare", "roles": ["CPS_WORKER", "CPS_SUP"]}


def post(world: World, path: str, body: object = None, client: str = ADMIN) -> Any:
    return world.client().post(path, json=body, headers=world.bearer(client))


def test_an_agency_its_people_and_its_client_are_born_by_the_api(world: World) -> None:
    assert post(world, "/v1/agencies", AGENCY).get_json()["outcome"] == "created"
    person = {"agency": "beech-cps", "username": "nkosi", "display_name": "Thandi Nkosi"}
    assert post(world, "/v1/staff", person).status_code == 201
    team = {
        "agency": "beech-cps",
        "slug": "night",
        "name": "Night desk",
        "duty_desk": True,
        "members": [{"username": "nkosi", "since": "2025-01-01"}],
        "shifts": [{"username": "nkosi", "starts_at": "2025-01-01T00:00:00Z"}],
    }
    assert post(world, "/v1/teams", team).status_code == 201
    client = {"client_id": "beech-records", "name": "Records", "scopes": ["events:write"], "roles": ["CPS_WORKER"]}
    born = post(world, "/v1/agencies/beech-cps/clients", client)
    assert born.status_code == 201
    world.secrets = {**world.secrets, "beech-records": born.get_json()["secret"]}
    assert world.token("beech-records")


def test_asking_twice_changes_nothing_and_shows_no_secret(world: World) -> None:
    post(world, "/v1/agencies", AGENCY)
    again = post(world, "/v1/agencies", AGENCY)
    assert again.status_code == 200
    assert again.get_json()["outcome"] == "kept"
    client = {"client_id": "beech-records", "name": "Records", "scopes": ["events:write"], "roles": ["CPS_WORKER"]}
    assert "secret" in post(world, "/v1/agencies/beech-cps/clients", client).get_json()
    assert "secret" not in post(world, "/v1/agencies/beech-cps/clients", client).get_json()


def test_a_secret_is_rotated_with_two_in_force_at_a_time(world: World) -> None:
    client = "alder-probation-supervision"
    second = post(world, f"/v1/clients/{client}/secrets")
    assert second.status_code == 201
    third = post(world, f"/v1/clients/{client}/secrets")
    assert third.status_code == 422
    assert third.get_json()["errors"][0]["code"] == "too_many"
    grant = {"grant_type": "client_credentials"}
    for secret in (world.secrets[client], second.get_json()["secret"]):
        assert world.client().post("/oauth/token", data=grant, auth=(client, secret)).status_code == 200
    ended = world.client().delete(
        f"/v1/clients/{client}/secrets/{second.get_json()['id']}", headers=world.bearer(ADMIN)
    )
    assert ended.status_code == 200
    refused = world.client().post("/oauth/token", data=grant, auth=(client, second.get_json()["secret"]))
    assert refused.status_code == 401


def test_an_endpoint_is_born_with_a_secret_and_never_at_an_address_inside(world: World) -> None:
    born = post(world, "/v1/endpoints", {"agency": "alder-probation", "url": "https://probation.example/hooks"})
    assert born.status_code == 201
    assert born.get_json()["secret"].startswith("whsec_")
    inside = post(world, "/v1/endpoints", {"agency": "alder-probation", "url": "https://127.0.0.1/hooks"})
    assert inside.status_code == 422


def test_what_is_wrong_is_said_field_by_field(world: World) -> None:
    bad = {"client_id": "Bad Id", "name": "x", "scopes": ["admin"], "roles": ["PROB"]}
    answer = post(world, "/v1/agencies/alder-probation/clients", bad)
    assert answer.status_code == 422
    assert {"client_id", "scopes"} <= {error["field"] for error in answer.get_json()["errors"]}


@pytest.mark.parametrize("path", ["/v1/agencies", "/v1/staff", "/v1/teams", "/v1/endpoints"])
def test_nobody_else_administers(world: World, path: str) -> None:
    assert post(world, path, AGENCY, "alder-cps-records").status_code == 403
