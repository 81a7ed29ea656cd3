"""The language of plans at intake, on a real database: T1 and T2 of practice.md §6.7, orders, survivor's tasks."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from services.actions.read.timeline import timeline
from services.actions.receive_events import Forbidden, Invalid
from services.cli.policy import policy
from services.domain.actors import Actor
from services.domain.disclosure import Purpose
from tests.alder import Alder
from tests.web_world import CASE_NUMBER, MEDIA, World, event

STORY = Path(__file__).parents[2] / "config" / "demo" / "calloway_vega.ndjson"
RECORDS = "alder-cps-records"
GOAL = {
    "goal_id": "g-1",
    "kind": "cessation",
    "statement": "Trent uses no physical force on any member of the family.",
    "baseline_item_refs": ["i-1"],
}
TASK = {
    "person_ref": "marisol",
    "what": "Takes a test for alcohol each week",
    "stated_basis": "She drove with the children after drinking, on 3 and 17 May.",
    "approved_by": "supervisor",
}


def kept(county: Alder, someone: Actor, event_type: str) -> int:
    with county.system.database.begin(someone) as connection:
        query = text("SELECT count(*) FROM event_log WHERE type = :type")
        return int(connection.execute(query, {"type": event_type}).scalar_one())


def refused(county: Alder, event_type: str, data: dict[str, Any]) -> list[tuple[str, str]]:
    outcome = county.send("cps", event_type, data)
    assert isinstance(outcome, Invalid), outcome
    return [(problem.field, problem.code) for problem in outcome.problems]


def tasks(county: Alder, someone: Actor) -> list[str]:
    with county.system.database.begin(someone) as connection:
        return list(connection.execute(text("SELECT kind FROM tasks ORDER BY kind")).scalars())


def test_t1_a_protective_order_as_a_goal_is_refused_and_nothing_of_it_is_kept(county: Alder, someone: Actor) -> None:
    county.open_case()
    goal = {**GOAL, "statement": "mother will obtain a protective order"}
    outcome = county.send("cps", "goal.created", goal)
    assert isinstance(outcome, Invalid)
    [problem] = outcome.problems
    assert (problem.field, problem.code) == ("data.statement", "survivor_blaming")
    assert "Better:" in problem.message
    assert "practice.md" in problem.message
    assert kept(county, someone, "goal.created") == 0


def test_t2_weeks_of_a_programme_are_no_goal_and_are_a_service_of_goals_17_to_20(county: Alder, someone: Actor) -> None:
    county.open_case()
    assert refused(county, "goal.created", {**GOAL, "statement": "complete 26 weeks of BIP"}) == [
        ("data.statement", "services_only")
    ]
    library = {goal.code: goal for goal in county.system.policy.goal_library.goals}
    for code in (17, 18, 19, 20):
        goal = library[code]
        data = {
            **GOAL,
            "goal_id": f"g-{code}",
            "kind": goal.kind.value,
            "statement": goal.statement_for("Trent"),
            "purpose": goal.purpose,
            "success_test": goal.success_test,
            "goal_codes": [str(code)],
            "services": ["bip-26-weeks"],
        }
        county.accept("cps", "goal.created", data)
    ordered = {"service_ref": "bip-26-weeks", "order_ref": "o-1", "what": "complete 26 weeks of BIP"}
    county.accept("cps", "caseplan.service_ordered", {**ordered, "goal_ids": ["g-17", "g-18", "g-19", "g-20"]})
    assert kept(county, someone, "goal.created") == 4


@pytest.mark.parametrize("line", [line for line in STORY.read_text("utf-8").splitlines() if ".goal.created." in line])
def test_each_goal_of_the_demo_is_taken(county: Alder, line: str) -> None:
    county.open_case()
    county.accept("cps", "goal.created", json.loads(line)["data"])


def test_a_goal_starts_from_the_map_unless_a_court_has_ordered_it(county: Alder) -> None:
    county.open_case()
    assert refused(county, "goal.created", {**GOAL, "baseline_item_refs": []}) == [
        ("data.baseline_item_refs", "invalid")
    ]
    county.accept("cps", "goal.created", {**GOAL, "baseline_item_refs": [], "ordered_by": "o-1"})


def test_what_a_court_orders_is_kept_with_the_objection_beside_it(county: Alder, someone: Actor) -> None:
    county.open_case()
    goal = {**GOAL, "statement": "mother will obtain a protective order", "ordered_by": "o-1"}
    receipt = county.accept("cps", "goal.created", goal)
    service = {"service_ref": "s-1", "order_ref": "o-1", "what": "Couples counseling"}
    ordered = county.accept("cps", "caseplan.service_ordered", service)
    county.work()
    with county.system.database.begin(someone) as connection:
        case_id = connection.execute(text("SELECT id FROM cases")).scalar_one()
    page = timeline(county.system, county.senders["cps"], case_id, Purpose.API)
    assert page is not None
    beside = {entry.event_id: [one.code for one in entry.objections] for entry in page.entries}
    assert beside[receipt] == ["survivor_blaming"]
    assert beside[ordered] == ["joint_sessions", "service_alone"]
    assert "attach_service" in tasks(county, someone)


def test_an_offer_and_any_answer_open_no_task(county: Alder, someone: Actor) -> None:
    county.open_case()
    county.work()
    before = tasks(county, someone)
    offer = {"offered": "Childcare on the mornings of court dates", "on": "2025-05-06", "offer_ref": "of-1"}
    county.accept("cps", "protective.support_offered", offer)
    for answer in ("accepted", "declined", "later"):
        county.accept("cps", "protective.support_answered", {"offer_ref": "of-1", "answer": answer})
    county.work()
    assert tasks(county, someone) == before


def test_a_survivors_task_needs_a_basis_of_her_own_and_a_supervisor(county: Alder, someone: Actor) -> None:
    county.open_case()
    without = {name: value for name, value in TASK.items() if name not in {"stated_basis", "approved_by"}}
    assert refused(county, "survivor.task_required", without) == [
        ("data.stated_basis", "required"),
        ("data.approved_by", "required"),
    ]
    hers = {**TASK, "stated_basis": "She failed to protect the children."}
    assert refused(county, "survivor.task_required", hers) == [("data.stated_basis", "victimisation_basis")]
    blaming = {**TASK, "what": "Obtain a protective order"}
    assert refused(county, "survivor.task_required", blaming) == [("data.what", "survivor_blaming")]
    assert kept(county, someone, "survivor.task_required") == 0
    county.accept("cps", "survivor.task_required", TASK)
    assert county.send("probation", "survivor.task_required", TASK) == Forbidden("type_not_allowed")


def test_a_warning_stands_in_the_answer_and_keeps_nothing_out(world: World) -> None:
    said = {**_recorded(), "narrative": "There was an incident; the parents engaged in DV."}
    one = event("efforts.recorded", said, CASE_NUMBER)
    answer = world.client().post("/v1/events", json=one, headers=world.bearer(RECORDS) | MEDIA)
    assert answer.status_code == 202
    found = {warning["phrase"]: warning for warning in answer.get_json()["warnings"]}
    assert {"the parents engaged in domestic violence", "an incident that nobody did"} <= found.keys()
    assert {warning["field"] for warning in found.values()} == {"data.narrative"}
    again = world.client().post("/v1/events", json=one, headers=world.bearer(RECORDS) | MEDIA)
    assert again.get_data() == answer.get_data()
    [of_batch] = world.send(RECORDS, event("efforts.recorded", said, CASE_NUMBER))
    assert of_batch["warnings"] == answer.get_json()["warnings"]


def test_a_narrative_without_such_phrases_gets_the_plain_answer(world: World) -> None:
    one = event("efforts.recorded", _recorded(), CASE_NUMBER)
    answer = world.client().post("/v1/events", json=one, headers=world.bearer(RECORDS) | MEDIA)
    assert set(answer.get_json()) == {"receipt", "status", "received"}


def _recorded() -> dict[str, object]:
    return {"toward": "subject", "action": "Okafor went through the six goals with Trent."}


def test_a_refused_goal_is_a_problem_with_its_field_and_an_ordered_one_has_it_beside(world: World) -> None:
    goal = {**GOAL, "statement": "The parents will not fight in front of the children"}
    answer = world.client().post(
        "/v1/events", json=event("goal.created", goal, CASE_NUMBER), headers=world.bearer(RECORDS) | MEDIA
    )
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    [problem] = answer.get_json()["errors"]
    assert (problem["field"], problem["code"]) == ("data.statement", "mutual")
    ordered = event("goal.created", {**goal, "ordered_by": "o-1"}, CASE_NUMBER)
    kept_all_the_same = world.client().post("/v1/events", json=ordered, headers=world.bearer(RECORDS) | MEDIA)
    assert kept_all_the_same.status_code == 202
    assert kept_all_the_same.get_json()["objections"] == [problem]
    world.work()
    listed = world.client().get(f"/v1/cases/{CASE_NUMBER}/timeline", headers=world.bearer(RECORDS)).get_json()
    [entry] = [one for one in listed["entries"] if one.get("type") == "goal.created"]
    assert entry["objections"] == [problem]


def test_the_library_is_read_by_programs_that_may_read_cases(world: World) -> None:
    assert world.client().get("/v1/goal-library").status_code == 401
    answer = world.client().get("/v1/goal-library", headers=world.bearer(RECORDS)).get_json()
    assert [goal["code"] for goal in answer["goals"]] == list(range(1, 31))
    assert answer["goals"][0]["opportunity"] == "documented"
    assert "sexual_coercion" in answer["uncovered"]


@pytest.mark.parametrize(
    ("arguments", "given", "exit_code", "said"),
    [
        (["language", "Mother will obtain a protective order"], "", 1, "refused (survivor_blaming)"),
        (
            ["language", "-", "--use", "narrative"],
            "The parents engaged in DV.",
            0,
            "warning (the parents engaged in domestic violence)",
        ),
        (["language", "Trent pays support in full and on time."], "", 0, "Nothing to object to."),
        (["goals"], "", 0, "no goal answers to harming_pets"),
        (["goals", "--format", "json"], "", 0, '"code": 30'),
    ],
)
def test_the_commands_say_what_the_policy_says(arguments: list[str], given: str, exit_code: int, said: str) -> None:
    result = CliRunner().invoke(policy, arguments, input=given)
    assert result.exit_code == exit_code, result.output
    assert said in result.output
