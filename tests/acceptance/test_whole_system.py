"""The whole system in one run: Celery does the work, and with Redis frozen an urgent event still reaches its inbox."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from services.cli.here import settings_here
from services.domain.actors import system_actor
from services.storage import jobs, watch
from services.storage.database import DatabaseRole, connect
from tests.running import Running, start, wait_for

AGENCIES = Path(__file__).parents[2] / "config" / "demo" / "agencies.yaml"
CASE = "CPS-1"
LEAST_SHARE = 0.95


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("whole")
    system = start(folder / "home", log=folder / "up.log")
    system.command("setup", str(AGENCIES))
    yield system
    assert system.stop() == 0


class Sender:
    """A client of an agency, with a token."""

    def __init__(self, running: Running, agency: str, *roles: str) -> None:
        self.running = running
        name = f"{agency}-{uuid4().hex[:6]}"
        scopes = ["events:write", "events:read", "inbox", "tasks", "cases:read"]
        words = [word for scope in scopes for word in ("--scope", scope)]
        words += [word for role in roles for word in ("--role", role)]
        self.token = running.token(name, running.new_client(name, agency, *words))

    def send(self, event_type: str, data: dict[str, object], subject: str = CASE) -> str:
        """One event; its receipt."""
        event = {
            "specversion": "1.0",
            "id": uuid4().hex,
            "source": "urn:test",
            "type": f"org.dvcw.{event_type}.v1",
            "subject": subject,
            "time": datetime.now(UTC).isoformat(),
            "data": data,
        }
        answer = httpx2.post(
            f"{self.running.url}/v1/events",
            json=event,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/cloudevents+json"},
        )
        assert answer.status_code == 202, answer.text
        return str(answer.json()["receipt"])

    def get(self, path: str) -> dict[str, object]:
        """A JSON document of the API."""
        answer = httpx2.get(f"{self.running.url}{path}", headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found


@pytest.fixture(scope="module")
def welfare(running: Running) -> Sender:
    """Child welfare, with a case open that police and probation are on."""
    sender = Sender(running, "alder-cps", "CPS_INTAKE", "CPS_WORKER", "CPS_SUP")
    today = datetime.now(UTC).date().isoformat()
    sender.send(
        "case.opened",
        {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": "2026-01-05"},
    )
    for role, agency, person in (
        ("CPS_WORKER", "alder-cps", "ndiaye"),
        ("CPS_SUP", "alder-cps", "lindqvist"),
        ("PROB", "alder-probation", "reyes"),
    ):
        since = "2026-01-05" if today > "2026-01-05" else today
        sender.send("case.role_given", {"role": role, "agency": agency, "person": person, "since": since})
    for agency in ("alder-police", "alder-probation"):
        sender.send("case.identifier_linked", {"agency": agency, "value": CASE})
    return sender


INCIDENT = {
    "incident_no": "1",
    "offence_codes": ["ASSAULT"],
    "children_present": True,
    "weapons": False,
    "injuries": "visible",
    "pattern_codes": ["strangulation"],
}


def inbox_events(sender: Sender) -> set[object]:
    found = sender.get("/v1/inbox")["notifications"]
    assert isinstance(found, list)
    return {one["event"] for one in found}


def test_in_normal_running_celery_does_the_jobs(running: Running, welfare: Sender) -> None:
    police = Sender(running, "alder-police", "LE")
    probation = Sender(running, "alder-probation", "PROB")
    for number in range(60):
        probation.send("prob.checkin_missed", {"due": "2026-01-10T09:00:00-05:00"})
        if number % 20 == 0:
            police.send("le.dv_incident", INCIDENT)
    last = police.send("le.dv_incident", INCIDENT)
    assert wait_for(lambda: police.get(f"/v1/events/{last}")["status"] == "processed", 30)
    settings = settings_here(running.home)
    assert settings.database_url
    database = connect(settings.database_url, DatabaseRole.WORKER)
    wait_for(lambda: _oldest(database) == 0, 20)
    with database.begin(system_actor("test")) as connection:
        tally = jobs.tally(connection)
    database.close()
    assert tally["celery"] >= LEAST_SHARE * sum(tally.values()), tally


def _oldest(database: object) -> float:
    with database.begin(system_actor("test")) as connection:  # type: ignore[attr-defined]
        return max(lane.seconds for lane in watch.waiting(connection, datetime.now(UTC)).values())


def test_with_redis_frozen_an_urgent_event_reaches_its_inbox_within_two_seconds(
    running: Running, welfare: Sender
) -> None:
    police = Sender(running, "alder-police", "LE")
    probation = Sender(running, "alder-probation", "PROB")
    store = running.pid_of("valkey")
    os.kill(store, signal.SIGSTOP)
    try:
        time.sleep(0.5)
        for _ in range(3):
            receipt = police.send("le.dv_incident", INCIDENT)
            assert wait_for(lambda wanted=receipt: wanted in inbox_events(probation), 2.0)
    finally:
        os.kill(store, signal.SIGCONT)


def test_with_redis_killed_an_urgent_event_reaches_its_inbox_within_two_seconds(
    running: Running, welfare: Sender
) -> None:
    police = Sender(running, "alder-police", "LE")
    probation = Sender(running, "alder-probation", "PROB")
    os.kill(running.pid_of("valkey"), signal.SIGKILL)
    receipt = police.send("le.dv_incident", INCIDENT)
    assert wait_for(lambda: receipt in inbox_events(probation), 2.0)


def test_a_second_system_on_the_same_data_folder_is_refused(running: Running, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="already running"):
        start(running.home, log=tmp_path / "second.log")
