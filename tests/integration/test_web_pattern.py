"""The pattern of a case, read by machines and by people, each as far as they may."""

from typing import Any

from tests.web_world import CASE_NUMBER, PROBATION_NUMBER, World, event

CPS = "alder-cps-records"
ITEM = {
    "item_id": "i-01",
    "behaviour_code": "strangulation",
    "act": "Trent put both hands around Marisol's throat.",
    "since": "2025-01-18",
    "child_refs": ["p-ivy"],
    "child_role": "present",
    "pathways": [{"child_ref": "p-ivy", "pathway": "trauma_from_exposure", "effect": "Ivy wakes at night."}],
    "source_refs": ["s-secret"],
    "source_kind": "police",
}
QUIZ = {"item_id": "i-02", "behaviour_code": "interrogating_children", "act": "He asks Ivy where they live."}
MAP = {
    "version": 1,
    "person_ref": "p-trent",
    "items": [ITEM, QUIZ],
    "sources": ["s-secret"],
    "does_well": ["Reads to the children at bedtime."],
    "absent_from": ["Medical visits."],
    "protective_efforts": [{"action": "She keeps a bag packed."}],
    "intersections": [{"issue": "substance_use", "whose": "own", "how": "Hits when sober too."}],
    "culture": "Sunday dinners with both grandmothers.",
}


def approve_the_map(world: World) -> None:
    world.send(
        CPS,
        event("pattern.mapped", MAP),
        event("pattern.approved", {"version": 1, "person_ref": "p-trent"}),
        event("pattern.designation_set", {"person_ref": "p-trent", "value": "subject", "map_version": 1}),
        event("child.wellbeing_noted", {"child_ref": "p-ivy", "on": "2025-03-01", "how": "Ivy sleeps through."}),
        event("protective.effort_recorded", {"action": "She walks Ivy to school by another way."}),
    )
    world.work()


def read(world: World, number: str = CASE_NUMBER, client: str = CPS) -> Any:
    return world.client().get(f"/v1/cases/{number}/pattern", headers=world.bearer(client))


def test_child_welfare_reads_the_approved_map_by_its_sections(world: World) -> None:
    approve_the_map(world)
    said = read(world).get_json()
    [person] = said["persons"]
    assert (person["person"], person["designation"], person["waiting"]) == ("p-trent", "subject", [])
    assert person["map"]["version"] == 1
    sections = person["map"]["sections"]
    assert [item["item_id"] for item in sections["control"]] == ["i-01"]
    assert [item["item_id"] for item in sections["harm_to_children"]] == ["i-02"]
    assert [one["effect"] for one in sections["effects"]] == ["Ivy wakes at night."]
    assert sections["protective_efforts"] == [{"action": "She keeps a bag packed."}]
    assert sections["culture"] == "Sunday dinners with both grandmothers."
    assert person["map"]["does_well"] == ["Reads to the children at bedtime."]
    assert {(one["item"], one["code"]) for one in person["map"]["warnings"]} == {
        ("i-02", "no_date"),
        ("i-02", "no_effect"),
    }
    assert said["children"] == [{"child": "p-ivy", "on": "2025-03-01", "how": "Ivy sleeps through."}]
    assert said["protective_efforts"] == [{"action": "She walks Ivy to school by another way."}]


def test_a_source_is_shown_to_nobody(world: World) -> None:
    approve_the_map(world)
    assert "s-secret" not in read(world).get_data(as_text=True)


def test_whoever_may_see_no_pattern_finds_none_and_no_trace_of_one(world: World) -> None:
    probation = "alder-probation-supervision"
    before = read(world, PROBATION_NUMBER, probation).get_data()
    approve_the_map(world)
    assert read(world, PROBATION_NUMBER, probation).get_data() == before
    assert read(world, PROBATION_NUMBER, probation).get_json()["persons"] == []


def test_a_case_of_others_and_one_that_is_not_there_are_answered_alike(world: World) -> None:
    approve_the_map(world)
    theirs, absent = read(world, CASE_NUMBER, "alder-attorney-legal"), read(world, "no-such", "alder-attorney-legal")
    assert theirs.status_code == absent.status_code == 404
    assert theirs.get_data() == absent.get_data()


def test_what_is_not_approved_is_no_pattern_yet(world: World) -> None:
    world.send(CPS, event("pattern.mapped", MAP))
    world.work()
    [person] = read(world).get_json()["persons"]
    assert person == {"person": "p-trent", "waiting": [1]}


def test_after_a_dual_arrest_both_are_undetermined(world: World) -> None:
    world.send(
        CPS,
        event("case.role_given", {"role": "LE", "agency": "alder-police", "person": "kowalski", "since": "2025-01-18"}),
        event("case.identifier_linked", {"agency": "alder-police", "value": "PD-1"}),
    )
    arrest = {"person_ref": "p-trent", "charges": ["x"], "dual_arrest": True, "other_arrested_ref": "p-marisol"}
    world.send("alder-police-rms", event("le.arrest", arrest, "PD-1"))
    world.work()
    said = {one["person"]: one.get("designation") for one in read(world).get_json()["persons"]}
    assert said == {"p-trent": "undetermined", "p-marisol": "undetermined"}


def test_a_worker_reads_it_on_a_page(world: World) -> None:
    approve_the_map(world)
    browser = world.browser("okafor")
    timeline = browser.get(f"/cases/{world.case_id()}").get_data(as_text=True)
    assert f"/cases/{world.case_id()}/pattern" in timeline
    page = browser.get(f"/cases/{world.case_id()}/pattern").get_data(as_text=True)
    for words in (
        "Pattern of control",
        "Ivy wakes at night.",
        "Ivy sleeps through.",
        "Reads to the children",
        "subject",
    ):
        assert words in page
    assert "s-secret" not in page


def test_probation_finds_nothing_on_the_page(world: World) -> None:
    approve_the_map(world)
    page = world.browser("reyes").get(f"/cases/{world.case_id()}/pattern").get_data(as_text=True)
    assert "Nothing here yet." in page
    assert "p-trent" not in page


CLOSED = {"closed_on": "2025-03-09", "reason": "other"}


def test_a_map_that_was_taken_over_is_read_by_child_welfare_in_the_new_case(world: World) -> None:
    approve_the_map(world)
    opened = {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": "2025-03-10"}
    over = {"person_ref": "p-9", "prior_case_ref": CASE_NUMBER, "prior_person_ref": "p-trent", "from_version": 1}
    seats = [
        event("case.role_given", {"role": role, "agency": agency, "person": person, "since": "2025-03-10"}, "N-2")
        for role, agency, person in (
            ("CPS_WORKER", "alder-cps", "okafor"),
            ("CPS_SUP", "alder-cps", "lindqvist"),
            ("AG_ATTY", "alder-attorney", "feldman"),
        )
    ]
    world.send(CPS, event("case.closed", CLOSED), event("case.opened", opened, "N-2"), *seats)
    world.send(CPS, event("case.identifier_linked", {"agency": "alder-attorney", "value": "AA-2"}, "N-2"))
    world.send(CPS, event("pattern.carried_over", {**over, "why": "He says so himself."}, "N-2"))
    world.work()
    [person] = read(world, "N-2").get_json()["persons"]
    assert (person["person"], person["map"]["version"], person["map"]["carried_from"]) == ("p-9", 1, CASE_NUMBER)
    assert [item["item_id"] for item in person["map"]["sections"]["control"]] == ["i-01"]
    [attorneys] = read(world, "AA-2", "alder-attorney-legal").get_json()["persons"]
    assert attorneys["map"]["sections"]["control"] == []
