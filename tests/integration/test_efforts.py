"""Efforts, parity and the supervisor's list on the real database: always through disclosure, set-wise, by standing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as sql_events
from sqlalchemy import select

from services.actions.read import supervision
from services.actions.read.efforts import case_efforts
from services.clock import StoryClock
from services.domain.actors import Actor
from services.domain.disclosure import Purpose
from services.domain.roles import Role
from services.storage import cases
from services.storage.tables import audit_log
from tests.payloads import minimal_payload
from tests.web_world import ADMINISTRATOR, CASE_NUMBER, PROBATION_NUMBER, START, World, event

CPS = "alder-cps-records"
PROBATION = "alder-probation-supervision"
SECRET = "She said that he waits near the bakery."


def get(world: World, path: str, client: str = CPS) -> Any:
    return world.client().get(path, headers=world.bearer(client))


def groups(world: World, number: str = CASE_NUMBER, client: str = CPS) -> dict[str, list[dict[str, Any]]]:
    said = get(world, f"/v1/cases/{number}/efforts", client).get_json()
    for group in said["groups"]:
        assert group["number"] == len(group["efforts"])
    return {group["toward"]: group["efforts"] for group in said["groups"]}


def silent(world: World, client: str = CPS) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(world, "/v1/supervision", client).get_json()["without_effort"]["cases"]
    return found


def effort(toward: str = "subject", days_ago: int = 0, **said: str) -> dict[str, Any]:
    at = (START - timedelta(days=days_ago, minutes=5)).isoformat()
    return event("efforts.recorded", {"toward": toward, "action": "Asked how he will.", **said}, time=at)


def send(world: World, *events: dict[str, Any], client: str = CPS) -> None:
    world.send(client, *events)
    world.work()


def move(world: World, days: int) -> None:
    """Let days pass in the business; tokens and sessions go by real time."""
    clock = world.system.clock
    assert isinstance(clock, StoryClock)
    clock.move_to(clock() + timedelta(days=days))


def persons() -> list[dict[str, Any]]:
    said = [("P-1", "subject", "A Father"), ("P-2", "protective_parent", "A Mother"), ("P-3", "child", "A Child")]
    return [event("case.person_added", {"person_ref": ref, "kind": kind, "name": name}) for ref, kind, name in said]


# What is read


def test_efforts_come_from_events_grouped_and_oldest_first_with_what_stood_in_the_way(world: World) -> None:
    briefing = event("briefing.sent", {"briefing_ref": "b-1", "to_agency": "turning-point"})
    send(
        world,
        effort("system", 1, action="Asked for the report.", barrier_code="report_missing", actor="okafor"),
        effort("system", 3, action="Asked for the report."),
        briefing,
    )
    found = groups(world)
    assert list(found) == ["subject", "survivor", "child", "system"]
    assert [one["on"] for one in found["system"]] == ["2025-03-07", "2025-03-09", "2025-03-10"]
    assert found["system"][1]["barrier"] == "report_missing"
    assert found["system"][1]["actor"] == "okafor"
    assert found["system"][2]["action"].startswith("An agency was briefed")
    assert {one["agency"] for one in found["system"]} == {"Alder County Child Welfare"}
    said = get(world, f"/v1/cases/{CASE_NUMBER}/efforts").get_json()["groups"]
    assert [group["hindered"] for group in said] == [0, 0, 0, 1]


def test_a_reader_of_another_agency_never_sees_an_effort_whose_event_is_withheld_from_them(world: World) -> None:
    violation = minimal_payload("prob.violation_filed") | {"public_record": True}
    send(world, effort("survivor", action=SECRET), event("safety.contact_recorded", {"outcome": "done"}))
    send(world, event("prob.violation_filed", violation, PROBATION_NUMBER), client=PROBATION)
    mine = groups(world, PROBATION_NUMBER, PROBATION)
    assert [one["action"] for one in mine["system"]] == ["Probation told the court that conditions were broken."]
    assert not mine["subject"] + mine["survivor"] + mine["child"]
    theirs = groups(world)
    assert SECRET in {one["action"] for one in theirs["survivor"]}
    assert len(theirs["survivor"]) == 2
    # What probation filed is criminal-justice information: child welfare has no cell for it.
    assert theirs["system"] == []


@pytest.mark.parametrize("username", ["reyes", "fontaine"])
def test_the_page_of_another_agency_holds_no_trace_of_what_is_withheld(world: World, username: str) -> None:
    send(world, *persons(), effort("survivor", action=SECRET), effort(barrier_code="language"))
    page = world.browser(username).get(f"/cases/{world.case_id()}/efforts").get_data(as_text=True)
    assert page.count("No effort here.") == 4
    for withheld in ("bakery", "language", "A Father", "asked of each parent", "In the way"):
        assert withheld not in page


def test_what_an_entry_looked_at_must_be_shown_too(world: World) -> None:
    """A meeting counts because of who came; where the attendees are withheld, so is the effort."""
    held = {"held_on": "2025-03-10", "decisions": [], "attendees": [{"role": "PROB"}]}
    send(world, event("meeting.held", held), event("meeting.held", {**held, "attendees": [{"role": "CPS_SUP"}]}))
    assert len(groups(world)["system"]) == 1


def test_the_answer_to_a_task_of_child_welfare_is_no_effort_before_others(world: World) -> None:
    violated = event("order.violated", minimal_payload("order.violated"), PROBATION_NUMBER)
    send(world, violated, client=PROBATION)
    tasks = get(world, "/v1/tasks").get_json()["tasks"]
    [report] = [task for task in tasks if task["kind"] == "report_violation"]
    for answer in ("accept", "complete"):
        done = world.client().post(f"/v1/tasks/{report['id']}/{answer}", json={}, headers=world.bearer(CPS))
        assert done.status_code == 200
    world.work()
    said = "A broken order was reported to those who enforce it."
    assert [one["action"] for one in groups(world)["system"]] == [said]
    assert groups(world, PROBATION_NUMBER, PROBATION)["system"] == []


def test_an_effort_that_is_not_routed_yet_is_read_by_nobody(world: World) -> None:
    world.send(CPS, effort())
    assert groups(world)["subject"] == []
    world.work()
    assert len(groups(world)["subject"]) == 1


def test_a_record_of_a_referral_is_one_effort_with_it(world: World) -> None:
    [referral] = world.send(CPS, event("provider.referral_sent", {"service_ref": "tp", "provider": "turning-point"}))
    send(world, effort(event_ref=referral["receipt"]))
    assert [one["action"] for one in groups(world)["subject"]] == ["Asked how he will."]


def test_a_case_of_others_and_one_that_is_not_there_are_answered_alike(world: World) -> None:
    token = get(world, f"/v1/cases/{CASE_NUMBER}").get_json()["token"]
    for path in ("efforts", "parity"):
        theirs = get(world, f"/v1/cases/{token}/{path}", "alder-attorney-legal")
        absent = get(world, f"/v1/cases/no-such-case/{path}", "alder-attorney-legal")
        assert theirs.status_code == absent.status_code == 404
        assert theirs.get_data() == absent.get_data()


def test_reading_efforts_is_written_down_with_the_events_that_were_shown(world: World) -> None:
    send(world, effort("survivor", action=SECRET))
    [shown] = groups(world)["survivor"]
    with world.system.database.begin(ADMINISTRATOR) as connection:
        [row] = connection.execute(select(audit_log).where(audit_log.c.act == "read_efforts")).all()
    assert set(row.detail["events"]) == {shown["event"]}
    assert "bakery" not in str(row.detail)


# Settled 11


def test_a_case_with_no_effort_toward_the_subject_for_thirty_days_is_on_the_list(world: World) -> None:
    assert silent(world) == [{"case": CASE_NUMBER, "last_effort": None, "since": "2025-01-18", "days": 51}]
    send(world, effort("child"), effort("system"))
    assert len(silent(world)) == 1
    send(world, effort(days_ago=31))
    assert silent(world) == [{"case": CASE_NUMBER, "last_effort": "2025-02-07", "since": "2025-02-07", "days": 31}]
    send(world, effort(days_ago=29))
    assert silent(world) == []


def test_the_list_notices_what_time_changed(world: World) -> None:
    send(world, effort())
    move(world, 29)
    assert silent(world) == []
    move(world, 1)
    assert [one["days"] for one in silent(world)] == [30]


def test_a_closed_case_is_on_nobodys_list(world: World) -> None:
    send(world, event("case.closed", {"closed_on": "2025-03-10", "reason": "court_dismissed"}))
    assert silent(world) == []


@pytest.mark.parametrize(
    ("username", "answers"),
    [
        ("lindqvist", True),  # holds the supervisor's seat
        ("bashir", True),  # supervises whoever holds it
        ("castellano", False),  # a supervisor of the agency, of nobody on this case
        ("okafor", False),
        ("reyes", False),
        ("hollis", False),  # supervises whoever holds probation's seat
    ],
)
def test_only_whoever_answers_for_a_case_has_it_on_their_page(world: World, username: str, answers: bool) -> None:
    world.let_in(username)
    page = world.browser(username).get("/supervision").get_data(as_text=True)
    assert (CASE_NUMBER in page) is answers
    assert ("No case is without one for so long." in page) is not answers


def test_a_program_without_the_supervisors_role_is_told_of_no_case(world: World) -> None:
    assert silent(world, PROBATION) == []


def test_the_list_pages_by_place_and_shows_each_case_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        another_case(world, number)
    everything = silent(world)
    monkeypatch.setattr(supervision, "_AT_ONCE", 2)
    seen: list[str] = []
    place, more = None, True
    while more:
        page = supervision.silent_cases(world.system, program(world, Role.CPS_SUP), Purpose.API, place, limit=3)
        seen += [one.number for one in page.cases]
        place, more = page.next, page.next is not None
    assert seen == [one["case"] for one in everything]
    assert len(set(seen)) == 6


def program(world: World, *roles: Role) -> Actor:
    """A program of child welfare that speaks in these roles."""
    with world.system.database.begin(ADMINISTRATOR) as connection:
        agency_id = cases.agency_ids(connection, ["alder-cps"])["alder-cps"]
    return Actor("client:test", agency_id, frozenset(roles))


def test_the_list_costs_the_same_number_of_queries_however_many_cases_there_are(world: World) -> None:
    another_case(world, 0)
    few = queries(world)
    for number in range(1, 6):
        another_case(world, number)
    assert len(silent(world)) == 7
    assert queries(world) == few


def another_case(world: World, number: int) -> None:
    """An open case of child welfare, with its worker and supervisor, and an effort long ago."""
    opened = {"track": "investigation", "county": "alder", "zone": "America/New_York"}
    subject = f"AC-2025-1{number:03}"
    seats = [
        {"role": role, "agency": "alder-cps", "person": person, "since": "2025-01-01"}
        for role, person in (("CPS_WORKER", "okafor"), ("CPS_SUP", "lindqvist"))
    ]
    old = effort(days_ago=40 + number)
    send(
        world,
        event("case.opened", {**opened, "opened_on": f"2025-01-{number + 1:02}"}, subject),
        *[event("case.role_given", seat, subject) for seat in seats],
        {**old, "subject": subject},
    )


def queries(world: World) -> int:
    """How many statements the list asks of the database."""
    headers, sent = world.bearer(CPS), []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    engine = world.system.database.engine
    sql_events.listen(engine, "before_cursor_execute", note)
    try:
        assert world.client().get("/v1/supervision", headers=headers).status_code == 200
    finally:
        sql_events.remove(engine, "before_cursor_execute", note)
    return len(sent)


# §1.9


def goal(goal_id: str, person: str) -> dict[str, Any]:
    return event("goal.created", minimal_payload("goal.created") | {"goal_id": goal_id, "person_ref": person})


def test_the_parity_report_counts_the_same_for_each_parent_and_flags_her_who_must_do_more(world: World) -> None:
    call = event("safety.contact_recorded", {"outcome": "done", "person_ref": "P-2"})
    referral = event("provider.referral_sent", {"service_ref": "tp", "person_ref": "P-1"})
    send(world, *persons(), goal("G1", "P-1"), goal("G2", "P-2"), goal("G3", "P-2"), call, referral)
    said = get(world, f"/v1/cases/{CASE_NUMBER}/parity").get_json()
    he, she = said["parents"]
    assert (he["name"], she["name"]) == ("A Father", "A Mother")
    assert (he["required_tasks"], she["required_tasks"]) == (1, 2)
    assert [one["id"] for one in he["counts"]] == [one["id"] for one in she["counts"]]
    numbers = {
        one["id"]: (one["number"], other["number"]) for one, other in zip(he["counts"], she["counts"], strict=True)
    }
    assert numbers["referrals"] == (1, 0)
    assert numbers["contacts_survivor"] == (0, 1)
    assert said["imbalances"] == [{"person": "P-2", "required_tasks": 2, "other": "P-1", "required_of_other": 1}]
    assert not {"score", "risk", "total"} & set(str(said).split("'"))


def test_parity_is_for_child_welfare_on_its_own_case_alone(world: World) -> None:
    send(world, *persons(), goal("G1", "P-1"))
    assert get(world, f"/v1/cases/{PROBATION_NUMBER}/parity", PROBATION).status_code == 404
    world.let_in("hollis")
    path = f"/cases/{world.case_id()}/efforts"
    assert "asked of each parent" in world.browser("okafor").get(path).get_data(as_text=True)
    for username in ("reyes", "fontaine", "hollis"):
        assert "asked of each parent" not in world.browser(username).get(path).get_data(as_text=True)


# Pages


def test_the_pages_have_tables_with_captions_and_titles_that_say_nothing_of_a_case(world: World) -> None:
    send(world, *persons(), goal("G1", "P-1"), effort())
    world.let_in("lindqvist")
    browser = world.browser("lindqvist")
    efforts = browser.get(f"/cases/{world.case_id()}/efforts").get_data(as_text=True)
    assert efforts.count("<caption") == efforts.count("<table") == 2
    assert "<title>Reasonable efforts – Tallystick</title>" in efforts
    move(world, 31)
    listed = browser.get("/supervision").get_data(as_text=True)
    assert listed.count("<caption") == listed.count("<table") == 1
    assert "<title>Supervision – Tallystick</title>" in listed
    for page in (efforts, listed):
        assert page.count("<h1") == 1
        assert "<script" not in page
        assert "style=" not in page


def test_the_case_leads_to_its_efforts_and_the_bar_of_child_welfare_to_supervision(world: World) -> None:
    timeline = f"/cases/{world.case_id()}"
    mine = world.browser("okafor").get(timeline).get_data(as_text=True)
    assert f'href="{timeline}/efforts"' in mine
    assert 'href="/supervision"' in mine
    assert 'href="/supervision"' not in world.browser("reyes").get(timeline).get_data(as_text=True)


def test_when_the_cells_of_the_matrix_have_lapsed_no_effort_is_shown(world: World) -> None:
    send(world, effort())
    later = replace(world.system, clock=StoryClock(datetime(2028, 1, 2, tzinfo=UTC)))
    for system, shown in ((world.system, 1), (later, 0)):
        found = case_efforts(system, program(world, Role.CPS_WORKER), CASE_NUMBER, Purpose.API)
        assert found is not None
        assert sum(group.number for group in found.groups) == shown
