"""What stands beside the goals: behaviours that no goal covers, what nobody observes, and the lists of both."""

from dataclasses import replace
from typing import Any

from sqlalchemy import event as sql_events

from services.actions.read.goals import ShownGoals
from services.actions.read.supervision import open_plans
from services.domain.disclosure import Purpose
from tests.goals_on_record import CPS, PROBATION, SINCE, adopted, get, goal, person, planned, send, shown
from tests.web_world import CASE_NUMBER, World, event

ITEM = {
    "item_id": "i-01",
    "behaviour_code": "strangulation",
    "act": "Trent put both hands around her throat.",
    "since": SINCE,
    "source_kind": "police",
}
MAP = {
    "version": 1,
    "person_ref": "trent",
    "sources": ["s-1"],
    "items": [ITEM, {**ITEM, "item_id": "i-02", "behaviour_code": "isolation"}],
}


def mapped(number: str = CASE_NUMBER) -> list[dict[str, Any]]:
    return [
        event("pattern.mapped", MAP, number),
        event("pattern.approved", {"version": 1, "person_ref": "trent"}, number),
    ]


def test_child_welfare_sees_what_no_goal_covers_and_what_nobody_observes(world: World) -> None:
    send(world, *mapped())
    planned(world)
    said = get(world, f"/v1/cases/{CASE_NUMBER}/goals").get_json()
    assert said["uncovered"] == [{"person": "trent", "behaviour": "isolation"}]
    assert said["unobserved"] == ["H"]  # police are not on the case
    for username in ("fontaine", "reyes"):
        found = shown(world, username)
        assert isinstance(found, ShownGoals)
        assert (found.uncovered, found.unobserved) == ((), ())


def test_the_supervisor_has_both_lists(world: World) -> None:
    send(world, *mapped())
    planned(world)
    said = get(world, "/v1/supervision").get_json()["open_plans"]
    assert said == {
        "cases": [
            {
                "case": CASE_NUMBER,
                "uncovered": [{"person": "trent", "behaviour": "isolation"}],
                "unobserved": [{"goal": "H", "label": "Goal H"}],
            }
        ],
        "next": None,
    }
    assert get(world, "/v1/supervision", PROBATION).get_json()["open_plans"]["cases"] == []
    world.let_in("lindqvist", "castellano")
    page = world.browser("lindqvist").get("/supervision").get_data(as_text=True)
    assert "trent: isolation" in page
    assert "H, Goal H" in page
    assert page.count("<caption") == page.count("<table")
    assert "No plan leaves anything open." in world.browser("castellano").get("/supervision").get_data(as_text=True)


def test_a_map_that_was_taken_over_is_looked_at_where_it_lies(world: World) -> None:
    send(world, *mapped())
    over = {"person_ref": "p-9", "prior_case_ref": CASE_NUMBER, "prior_person_ref": "trent", "from_version": 1}
    send(world, *another_case("N-2"), event("pattern.carried_over", {**over, "why": "He says so himself."}, "N-2"))
    cases = {one["case"]: one for one in get(world, "/v1/supervision").get_json()["open_plans"]["cases"]}
    assert [one["behaviour"] for one in cases["N-2"]["uncovered"]] == ["strangulation", "isolation"]
    said = get(world, "/v1/cases/N-2/goals").get_json()
    assert [one["person"] for one in said["uncovered"]] == ["p-9", "p-9"]


def another_case(number: str) -> list[dict[str, Any]]:
    opened = {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": "2025-03-01"}
    given = {"agency": "alder-cps", "since": "2025-03-01"}
    return [
        event("case.opened", opened, number),
        event("case.role_given", {**given, "role": "CPS_WORKER", "person": "okafor"}, number),
        event("case.role_given", {**given, "role": "CPS_SUP", "person": "lindqvist"}, number),
    ]


def test_the_lists_cost_the_same_number_of_queries_however_many_cases_there_are(world: World) -> None:
    def add(number: str) -> None:
        plan = [goal("G", number), adopted("G", number=number)]
        send(world, *another_case(number), *mapped(number), *plan)

    add("N-1")
    few = queries(world)
    for number in range(2, 7):
        add(f"N-{number}")
    assert queries(world) == few
    cps = replace(person(world, "lindqvist"))
    first = open_plans(world.system, cps, Purpose.CASE_WORK, limit=4)
    assert first.next is not None
    rest = open_plans(world.system, cps, Purpose.CASE_WORK, first.next, limit=4)
    assert len({one.case_id for one in (*first.cases, *rest.cases)}) == 6


def queries(world: World) -> int:
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    headers, engine = world.bearer(CPS), world.system.database.engine
    sql_events.listen(engine, "before_cursor_execute", note)
    try:
        assert world.client().get("/v1/supervision", headers=headers).status_code == 200
    finally:
        sql_events.remove(engine, "before_cursor_execute", note)
    return len(sent)
