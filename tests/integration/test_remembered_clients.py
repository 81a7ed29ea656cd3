"""Intake remembers who came with a token; what was decided of the client since then holds all the same, at once."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from schemas.envelope import BATCH
from services.actions.set_up import set_up
from services.actions.suspend import switch_client
from services.domain.roles import Role
from services.domain.set_up import SetUp
from services.policy.setup_file import load_setup
from services.storage.tables import event_log
from tests.payloads import minimal_payload
from tests.web_world import ADMINISTRATOR, DEMO, MEDIA, World, event

POLICE = "alder-police-rms"
TYPE = "le.arrest"


def arrest() -> dict[str, Any]:
    return event(TYPE, minimal_payload(TYPE))


def post(world: World, body: object, media: dict[str, str] = MEDIA) -> TestResponse:
    return world.client().post("/v1/events", json=body, headers=world.bearer(POLICE) | media)


def kept(world: World) -> int:
    with world.system.database.begin(ADMINISTRATOR) as connection:
        return len(connection.execute(select(event_log.c.id)).all())


def change(world: World, **changed: object) -> None:
    """Bring the client to something else than the demo's set-up says."""
    [client] = [client for client in load_setup(DEMO).plan.clients if client.client_id == POLICE]
    set_up(world.system, ADMINISTRATOR, SetUp(clients=(replace(client, **changed),)))  # type: ignore[arg-type]


@pytest.fixture
def remembered(world: World) -> World:
    """A world in which the police's client has just sent an event."""
    assert post(world, arrest()).status_code == 202
    return world


@pytest.mark.parametrize(
    ("body", "media"),
    [
        pytest.param(arrest(), MEDIA, id="a good event"),
        pytest.param({**arrest(), "data": {}}, MEDIA, id="a bad payload"),
        pytest.param([], MEDIA, id="no event"),
        pytest.param([arrest(), arrest()], {"Content-Type": BATCH}, id="a good batch"),
        pytest.param([{**arrest(), "data": {}}], {"Content-Type": BATCH}, id="a bad batch"),
        pytest.param([], {"Content-Type": BATCH}, id="an empty batch"),
        pytest.param({}, {"Content-Type": "text/plain"}, id="another media type"),
        pytest.param({**arrest(), "subject": "x" * 6_000_000}, MEDIA, id="far too much"),
    ],
)
def test_a_client_that_was_switched_off_hears_nothing_but_that(
    remembered: World, body: object, media: dict[str, str]
) -> None:
    before = kept(remembered)
    switch_client(remembered.system, ADMINISTRATOR, POLICE, active=False)
    answer = post(remembered, body, media)
    assert answer.status_code == 401
    assert "invalid_token" in answer.headers["WWW-Authenticate"]
    assert kept(remembered) == before


def test_a_client_that_was_switched_on_again_goes_on(remembered: World) -> None:
    switch_client(remembered.system, ADMINISTRATOR, POLICE, active=False)
    assert post(remembered, arrest()).status_code == 401
    switch_client(remembered.system, ADMINISTRATOR, POLICE, active=True)
    assert post(remembered, arrest()).status_code == 202


def test_a_client_that_lost_its_scope_is_refused_and_let_in_again(remembered: World) -> None:
    [client] = [client for client in load_setup(DEMO).plan.clients if client.client_id == POLICE]
    change(remembered, scopes=client.scopes - {"events:write"})
    assert post(remembered, arrest()).status_code == 403
    assert post(remembered, {}).status_code == 403
    change(remembered)
    assert post(remembered, arrest()).status_code == 202


def test_what_was_said_before_is_not_told_to_a_client_that_was_switched_off(remembered: World) -> None:
    said = arrest()
    assert post(remembered, said).status_code == 202
    switch_client(remembered.system, ADMINISTRATOR, POLICE, active=False)
    assert post(remembered, said).status_code == 401
    assert post(remembered, {**said, "time": "2025-03-01T00:00:00Z"}).status_code == 401


def test_a_role_counts_from_when_it_is_given_until_it_is_taken(remembered: World) -> None:
    released = event("custody.released", minimal_payload("custody.released"))
    plan = load_setup(DEMO).plan
    [police] = [agency for agency in plan.agencies if agency.slug == "alder-police"]
    assert post(remembered, released).status_code == 403
    both = frozenset({Role.LE, Role.JAIL})
    set_up(remembered.system, ADMINISTRATOR, SetUp(agencies=(replace(police, roles=both),)))
    change(remembered, roles=both)
    assert post(remembered, released).status_code == 202
    change(remembered)
    assert post(remembered, {**released, "id": "another"}).status_code == 403
