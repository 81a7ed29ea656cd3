"""Cases, timelines and due dates over HTTP: always through disclosure, and silent about what is withheld."""

from typing import Any

from sqlalchemy import select

from services.storage.tables import audit_log
from tests.web_world import ADMINISTRATOR, CASE_NUMBER, PROBATION_NUMBER, START, World, event

CPS = "alder-cps-records"
PROBATION = "alder-probation-supervision"


def get(world: World, path: str, client: str = CPS) -> Any:
    return world.client().get(path, headers=world.bearer(client))


def entries(world: World, number: str, client: str) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    path: str | None = f"/v1/cases/{number}/timeline"
    while path:
        said = get(world, path, client).get_json()
        seen += said["entries"]
        path = said["next"]
    return seen


def check_in(due: str, **attributes: str) -> dict[str, Any]:
    return event("prob.checkin_missed", {"due": due}, PROBATION_NUMBER, **attributes)


def test_a_case_is_read_by_its_own_number_or_by_its_token(world: World) -> None:
    by_number = get(world, f"/v1/cases/{CASE_NUMBER}").get_json()
    by_token = get(world, f"/v1/cases/{by_number['token']}").get_json()
    assert by_number == by_token
    assert by_number["number"] == CASE_NUMBER
    assert by_number["county"] == "Alder County"
    assert by_number["opened_on"] == "2025-01-18"


def test_another_agency_reads_it_by_its_own_number_and_sees_less(world: World) -> None:
    said = get(world, f"/v1/cases/{PROBATION_NUMBER}", PROBATION).get_json()
    assert set(said) == {"token", "number", "zone", "roles"}
    assert said["number"] == PROBATION_NUMBER
    assert said["roles"] == ["PROB"]
    assert get(world, f"/v1/cases/{CASE_NUMBER}", PROBATION).status_code == 404


def test_a_case_of_others_and_one_that_is_not_there_are_answered_alike(world: World) -> None:
    token = get(world, f"/v1/cases/{CASE_NUMBER}").get_json()["token"]
    for path in ("", "/timeline", "/tasks", "/deadlines"):
        theirs = get(world, f"/v1/cases/{token}{path}", "alder-attorney-legal")
        absent = get(world, f"/v1/cases/no-such-case{path}", "alder-attorney-legal")
        assert theirs.status_code == absent.status_code == 404
        assert theirs.get_data() == absent.get_data()


def test_a_timeline_says_what_happened_when_and_how_late_it_was_recorded(world: World) -> None:
    world.send(
        PROBATION, check_in("2025-03-07", time="2025-03-07T16:00:00-05:00", recordedtime="2025-03-10T09:00:00-04:00")
    )
    world.work()
    late, *_ = entries(world, PROBATION_NUMBER, PROBATION)
    assert late["title"] == "Check-in missed"
    assert late["type"] == "prob.checkin_missed"
    assert late["days_late"] == 3
    assert late["agency"] == "Adult Probation of Alder County"
    assert late["data"] == {"due": "2025-03-07"}


def test_a_timeline_shows_no_trace_of_what_a_reader_may_not_see(world: World) -> None:
    for_child_welfare = entries(world, CASE_NUMBER, CPS)
    assert {entry["title"] for entry in for_child_welfare} >= {"Case opened", "Role given"}
    assert entries(world, PROBATION_NUMBER, PROBATION) == []
    page = get(world, f"/v1/cases/{PROBATION_NUMBER}/timeline", PROBATION).get_data(as_text=True)
    assert page == '{"entries":[],"next":null}\n'


def test_what_is_not_routed_yet_is_read_by_nobody(world: World) -> None:
    world.send(PROBATION, check_in("2025-03-07"))
    assert entries(world, PROBATION_NUMBER, PROBATION) == []
    world.work()
    assert len(entries(world, PROBATION_NUMBER, PROBATION)) == 1


def test_a_long_timeline_pages_by_key_in_order_and_shows_each_event_once(world: World) -> None:
    world.send(PROBATION, *[check_in(f"2025-02-{day:02}") for day in range(1, 29)])
    world.send(PROBATION, *[check_in(f"2025-01-{day:02}", time=START.isoformat()) for day in range(1, 29)])
    world.work()
    seen = entries(world, PROBATION_NUMBER, PROBATION)
    assert len(seen) == len({entry["event"] for entry in seen}) == 56
    assert [entry["time"] for entry in seen] == sorted((entry["time"] for entry in seen), reverse=True)
    assert [entry["data"]["due"] for entry in seen[:28]] == [f"2025-01-{day:02}" for day in range(28, 0, -1)]


def test_every_reading_is_written_down_with_what_was_withheld(world: World) -> None:
    world.send(PROBATION, check_in("2025-03-07"))
    world.work()
    [entry] = entries(world, PROBATION_NUMBER, PROBATION)
    with world.system.database.begin(ADMINISTRATOR) as connection:
        rows = connection.execute(select(audit_log).where(audit_log.c.act == "read_timeline")).all()
    [row] = rows
    assert row.actor == f"client:{PROBATION}"
    assert row.case_id == world.case_id()
    assert set(row.detail["events"]) == {entry["event"]}
    assert row.detail["events"][entry["event"]]["rules"]
    assert "2025-03-07" not in str(row.detail)


def test_an_agency_sees_the_due_dates_of_its_own_tasks_and_child_welfare_sees_all(world: World) -> None:
    world.send(PROBATION, check_in("2025-03-07"))
    world.work()
    titles = {due["title"] for due in get(world, f"/v1/cases/{CASE_NUMBER}/deadlines").get_json()["deadlines"]}
    assert "Ask about a missed check-in" in titles
    assert get(world, f"/v1/cases/{PROBATION_NUMBER}/deadlines", PROBATION).get_json()["deadlines"] == []


def test_an_agency_that_left_the_case_reads_it_no_more(world: World) -> None:
    assert get(world, f"/v1/cases/{PROBATION_NUMBER}", PROBATION).status_code == 200
    ended = {"role": "PROB", "agency": "alder-probation", "person": "reyes", "until": "2025-03-01"}
    world.send(CPS, event("case.role_ended", ended))
    assert get(world, f"/v1/cases/{PROBATION_NUMBER}", PROBATION).status_code == 404


def stray(world: World) -> str:
    """An event of the police under a number that means nothing; its receipt."""
    arrest = {"person_ref": "p-1", "charges": ["domestic assault"], "dual_arrest": False}
    [item] = world.send("alder-police-rms", event("le.arrest", arrest, "PD-77"))
    world.work()
    receipt: str = item["receipt"]
    world.send(CPS, event("event.linked", {"linked_event": receipt}))
    world.work()
    return receipt


def test_an_event_that_was_linked_to_a_case_is_on_its_timeline(world: World) -> None:
    receipt = stray(world)
    found = [entry for entry in entries(world, CASE_NUMBER, CPS) if entry["event"] == receipt]
    assert [entry["title"] for entry in found] == ["Arrest"]


def test_a_sender_that_is_not_on_the_case_does_not_learn_that_its_event_was_linked(world: World) -> None:
    receipt = stray(world)
    told = get(world, f"/v1/events/{receipt}", "alder-police-rms").get_json()
    assert told["status"] == "unmatched"
    seat = {"role": "LE", "agency": "alder-police", "person": "kowalski", "since": "2025-01-18"}
    world.send(CPS, event("case.role_given", seat))
    told = get(world, f"/v1/events/{receipt}", "alder-police-rms").get_json()
    assert told["status"] == "processed"
