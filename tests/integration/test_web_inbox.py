"""The inbox over HTTP: an agency's systems read what it was told, and acknowledge it once."""

from typing import Any

from tests.payloads import minimal_payload
from tests.web_world import CASE_NUMBER, PROBATION_NUMBER, World, event

CPS = "alder-cps-records"
PROBATION = "alder-probation-supervision"


def tell(world: World) -> None:
    """Something that somebody must act on tonight: it goes to the desks too."""
    world.send(PROBATION, event("order.violated", minimal_payload("order.violated"), PROBATION_NUMBER))
    world.work()


def listed(world: World, client: str = CPS) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    path: str | None = "/v1/inbox"
    while path:
        said = world.client().get(path, headers=world.bearer(client)).get_json()
        seen += said["notifications"]
        path = said["next"]
    return seen


def test_what_an_agency_was_told_is_in_its_inbox_the_latest_first(world: World) -> None:
    before = len(listed(world))
    tell(world)
    items = listed(world)
    assert len(items) > before
    tonight = [item for item in items if item["urgency"] == "U0"]
    assert tonight
    assert all(item["acknowledged"] is None and item["case"] == CASE_NUMBER for item in tonight)
    times = [item["received"] for item in items]
    assert times == sorted(times, reverse=True)


def test_a_notification_is_read_with_what_may_be_seen_of_its_event(world: World) -> None:
    tell(world)
    item = next(item for item in listed(world) if item["urgency"] == "U0")
    detail = world.client().get(f"/v1/inbox/{item['id']}", headers=world.bearer(CPS)).get_json()
    assert detail["heading"] == "Protective order violated"
    assert detail["data"]["how"] == minimal_payload("order.violated")["how"]
    assert detail["event"] == item["event"]


def test_an_acknowledgement_is_kept_once_with_who_gave_it_first(world: World) -> None:
    tell(world)
    item = next(item for item in listed(world) if item["desk"])
    path = f"/v1/inbox/{item['id']}/acknowledge"
    first = world.client().post(path, headers=world.bearer(CPS))
    assert first.status_code == 200
    assert first.get_json()["acknowledged_by"] == f"client:{CPS}"
    again = world.client().post(path, headers=world.bearer(CPS))
    assert again.get_json() == first.get_json()
    [now] = [found for found in listed(world) if found["id"] == item["id"]]
    assert now["acknowledged_by"] == f"client:{CPS}"


def test_a_notification_of_others_is_not_there(world: World) -> None:
    item = listed(world)[0]
    for method, path in (("GET", ""), ("POST", "/acknowledge")):
        theirs = world.client().open(f"/v1/inbox/{item['id']}{path}", method=method, headers=world.bearer(PROBATION))
        absent = world.client().open(
            f"/v1/inbox/00000000-0000-4000-8000-000000000000{path}", method=method, headers=world.bearer(PROBATION)
        )
        assert theirs.status_code == absent.status_code == 404
        assert theirs.get_data() == absent.get_data()
