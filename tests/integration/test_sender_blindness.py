"""Settled 7: an event about a case that its sender is not on behaves exactly like one about an unknown case, at every
moment and on every way on which the sender can ask, whatever people do with it meanwhile.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from tests.payloads import minimal_payload
from tests.web_world import ADMINISTRATOR, MEDIA, World, event

CPS = "alder-cps-records"
POLICE = "alder-police-rms"
PROBATION = "alder-probation-supervision"
PROGRAMME = "turning-point-records"
OTHER = "AC-2025-0400"
"""Child welfare's number of a second case, which neither of the senders is on."""

_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIMES = re.compile(r"\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})")

SENT = [
    (POLICE, "le.arrest"),
    (POLICE, "le.dv_incident"),
    (PROBATION, "prob.checkin_missed"),
    (PROBATION, "order.violated"),
    (PROGRAMME, "provider.progress_report"),
    (PROGRAMME, "provider.new_violence_or_threat"),
]


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender, one event that it sent, and everything that it can ask about it."""

    world: World
    client: str
    said: Mapping[str, Any]

    def post(self, **changed: object) -> TestResponse:
        body = {**self.said, **changed}
        return self.world.client().post("/v1/events", json=body, headers=self.world.bearer(self.client) | MEDIA)

    def get(self, path: str) -> TestResponse:
        return self.world.client().get(path, headers=self.world.bearer(self.client))

    def sees(self) -> list[tuple[str, int, str]]:
        """Every answer that the sender can get, without what must differ: ids and times."""
        receipt = self.post().get_json()["receipt"]
        number = self.said["subject"]
        paths = (
            f"/v1/events/{receipt}",
            "/v1/inbox",
            "/v1/tasks",
            "/v1/tasks?state=closed",
            f"/v1/cases/{number}",
            f"/v1/cases/{number}/timeline",
            f"/v1/cases/{number}/tasks",
            f"/v1/cases/{number}/deadlines",
            f"/v1/cases/{number}/events/{receipt}/told",
            f"/v1/cases/{OTHER}/events/{receipt}/told",
        )
        answers = {"again": self.post(), "in another body": self.post(time="2025-03-01T00:00:00Z")}
        answers |= {path.replace(number, "<number>"): self.get(path) for path in paths}
        return [(_bare(name), it.status_code, _bare(it.get_data(as_text=True))) for name, it in answers.items()]


def _bare(said: str) -> str:
    return _TIMES.sub("<time>", _IDS.sub("<id>", said))


@pytest.fixture
def other_case(world: World) -> str:
    """A second case, of child welfare alone; its token."""
    seats = [
        event("case.role_given", {"role": role, "agency": "alder-cps", "person": who, "since": "2025-01-18"}, OTHER)
        for role, who in (("CPS_WORKER", "okafor"), ("CPS_SUP", "lindqvist"))
    ]
    opening = {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": "2025-01-18"}
    world.send(CPS, event("case.opened", opening, OTHER), *seats)
    world.work()
    token: str = world.client().get(f"/v1/cases/{OTHER}", headers=world.bearer(CPS)).get_json()["token"]
    return token


def answer_tasks(world: World) -> None:
    """Child welfare takes on every task of the second case."""
    listed = world.client().get(f"/v1/cases/{OTHER}/tasks", headers=world.bearer(CPS)).get_json()["tasks"]
    for task in listed:
        if "accept" in task["answers"]:
            world.client().post(f"/v1/tasks/{task['id']}/accept", json={}, headers=world.bearer(CPS))


@pytest.mark.parametrize(("client", "event_type"), SENT)
def test_a_sender_cannot_tell_a_case_that_it_is_not_on_from_one_that_is_not_there(
    world: World, other_case: str, client: str, event_type: str
) -> None:
    not_on = Sender(world, client, event(event_type, minimal_payload(event_type), other_case))
    unknown = Sender(world, client, event(event_type, minimal_payload(event_type), "case-0123456789abcdef0123"))
    first = [(one.post().status_code, _bare(one.post().get_data(as_text=True))) for one in (not_on, unknown)]
    assert first[0] == first[1]
    assert not_on.sees() == unknown.sees()
    world.work()
    before = unknown.sees()
    assert not_on.sees() == before
    receipt = not_on.post().get_json()["receipt"]
    word_for_word = not_on.get(f"/v1/events/{receipt}").get_data()
    act = {"linked_event": receipt}

    world.send(CPS, event("event.linked", act, OTHER))
    assert not_on.sees() == unknown.sees() == before
    world.work()
    with world.system.database.begin(ADMINISTRATOR) as connection:
        state = text("SELECT state FROM event_outcomes WHERE event_id = :event")
        assert connection.execute(state, {"event": receipt}).scalar() == "processed"
    assert not_on.sees() == unknown.sees() == before
    assert not_on.get(f"/v1/events/{receipt}").get_data() == word_for_word

    answer_tasks(world)
    world.work()
    assert not_on.sees() == unknown.sees() == before

    world.send(CPS, event("event.unlinked", {**act, "why": "Another family."}, OTHER))
    world.work()
    assert not_on.sees() == unknown.sees() == before

    world.send(CPS, event("event.linked", act, OTHER))
    world.work()
    assert not_on.sees() == unknown.sees() == before
    assert not_on.get(f"/v1/events/{receipt}").get_data() == word_for_word
