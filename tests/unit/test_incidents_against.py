"""What incidents contradict, dated by the conduct; and when nobody had an opportunity (verification.md §5)."""

from typing import Any

import pytest

from services.domain.evidence import Basis, ObserverRole
from services.domain.roles import Role
from tests.goal_story import GoalStory, instant, iso

FAMILIES = {"violence": "1", "threats": "2", "orders": "3", "location": "4", "weapons": "5", "used": "7"}


def goals(**fields: Any) -> GoalStory:
    """A goal of each family, and one of none."""
    told = GoalStory().people()
    for name, code in FAMILIES.items():
        told.goal(name, code, kind="cessation", **fields)
    return told.goal("care", "21", **fields)


def contradicted(told: GoalStory, on: int) -> set[str]:
    """The goals that are contradicted in the internal view."""
    return {goal for (goal, view), one in told.assessed(on).items() if view == "internal" and one.picture.against}


@pytest.mark.parametrize(
    ("event_type", "by", "said", "families"),
    [
        ("order.violated", Role.LE, {"severity": "contact_only", "how": "phone"}, {"orders"}),
        ("order.violated", Role.LE, {"severity": "violence", "how": "in_person"}, {"orders", "threats", "violence"}),
        ("order.violated", Role.PROB, {"severity": "threat", "how": "at_work"}, {"orders", "threats"}),
        ("order.violated", Role.LE, {"severity": "contact_only", "how": "weapon"}, {"orders", "weapons"}),
        (
            "order.violated",
            Role.SCHOOL,
            {"severity": "contact_only", "how": "location_seeking"},
            {"orders", "location"},
        ),
        ("le.dv_incident", Role.LE, {"pattern_codes": []}, {"violence"}),
        (
            "le.dv_incident",
            Role.LE,
            {"pattern_codes": ["weapons", "threats_to_kill"]},
            {"violence", "weapons", "threats"},
        ),
        ("le.arrest", Role.LE, {"person_ref": "trent"}, {"violence"}),
        ("visitctr.critical_incident", Role.VISIT, {"kind": "location_seeking"}, {"location", "used"}),
        ("visitctr.critical_incident", Role.VISIT, {"kind": "rule", "goal_ids": ["care"]}, {"care"}),
        ("visitctr.critical_incident", Role.VISIT, {"kind": "injury"}, {"violence"}),
        ("safety.location_seeking_detected", Role.CPS_WORKER, {"via": "child"}, {"location", "used"}),
        ("safety.location_seeking_detected", Role.CPS_WORKER, {"via": "post"}, {"location"}),
        ("provider.new_violence_or_threat", Role.BIP, {"kind": "threat", "victim_sourced": False}, {"threats"}),
        ("provider.new_violence_or_threat", Role.BIP, {"victim_sourced": False}, {"threats", "violence"}),
        ("school.record_request_by_subject", Role.SCHOOL, {"kind": "address_or_contact"}, {"location"}),
        ("school.record_request_by_subject", Role.SCHOOL, {"kind": "schedule"}, set()),
    ],
)
def test_an_incident_contradicts_the_goals_of_its_families_at_once(
    event_type: str, by: Role, said: dict[str, Any], families: set[str]
) -> None:
    told = goals()
    told.tell(event_type, 10, by, **said)
    assert contradicted(told, 10) == families
    assert contradicted(told, 9) == set()


def test_an_incident_is_dated_by_the_conduct() -> None:
    told = goals()
    event = told.tell(
        "order.violated", 12, Role.LE, severity="contact_only", violated_from=iso(8), violated_to=instant(9, 23)
    )
    item = told.item("orders", event, 12)
    assert (item.start, item.end, item.recorded) == (8, 9, 12)
    happened = told.tell("order.violated", 13, Role.LE, severity="contact_only", occurred_at=iso(7))
    assert told.item("orders", happened, 13).end == 7


def test_an_arrest_is_dated_by_the_act_that_is_on_record_under_its_number_whichever_came_first() -> None:
    told = goals()
    arrest = told.tell("le.arrest", 12, Role.LE, person_ref="trent", incident_no="R-1")
    assert told.item("violence", arrest, 12).end == 12
    told.tell("order.violated", 13, Role.LE, severity="threat", violated_from=iso(6), incident_no="R-1")
    assert contradicted(told, 12) == {"violence"}
    assert contradicted(told, 13) == {"orders", "threats"}
    assert told.item("orders", arrest, 13).end == 6
    other = told.tell("le.arrest", 14, Role.LE, person_ref="trent", incident_no="R-2")
    assert told.item("violence", other, 14).end == 14


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (Role.PROB, {"person_ref": "trent"}),
        (Role.CPS_WORKER, {}),
        (Role.LE, {"person_ref": "june"}),
    ],
)
def test_who_quotes_the_number_of_an_arrest_changes_neither_its_days_nor_what_it_contradicts(
    by: Role, said: dict[str, Any]
) -> None:
    told = goals()
    arrest = told.tell("le.arrest", 12, Role.LE, person_ref="trent", incident_no="R-1")
    told.tell(
        "order.violated", 13, by, severity="contact_only", how="phone", violated_from=iso(1), incident_no="R-1", **said
    )
    assert (told.item("violence", arrest, 13).start, told.item("violence", arrest, 13).end) == (12, 12)
    assert "violence" in contradicted(told, 13)


def test_an_incident_concerns_only_the_goals_of_the_person_who_did_it() -> None:
    told = (
        GoalStory()
        .people()
        .goal("his", "1", kind="cessation")
        .goal("hers", "1", kind="cessation", person_ref="marisol")
    )
    told.tell("le.dv_incident", 10, Role.LE, aggressor_ref="trent")
    assert contradicted(told, 10) == {"his"}
    told.tell("le.dv_incident", 11, Role.LE)
    assert contradicted(told, 11) == {"his", "hers"}


def test_an_incident_known_from_the_survivor_counts_at_once_as_hers() -> None:
    told = goals()
    event = told.tell(
        "order.violated", 10, Role.CPS_WORKER, severity="contact_only", how="phone", origin_person="marisol"
    )
    item = told.item("orders", event, 10)
    assert (item.observer, item.group, item.ruling) == (ObserverRole.SURVIVOR, "marisol", None)
    assert told.shown("orders", 10) == ["CONTRADICTED", "CONTRADICTED", "NOT_ASSESSED", "NOT_ASSESSED"]


@pytest.mark.parametrize(
    ("by", "said", "classes"),
    [
        (Role.LE, {}, {"PUB"}),
        (Role.LE, {"public_record": False}, {"CJ", "INC"}),
        (Role.LE, {"victim_sourced": True}, {"CJ", "INC", "SVS"}),
        (Role.SCHOOL, {}, {"EDU", "INC"}),
        (Role.SCHOOL, {"public_record": True}, {"PUB"}),
        (Role.CPS_WORKER, {"origin_person": "ivy"}, {"PLN-S", "INC", "CHS"}),
        (Role.SUD, {}, {"P2", "INC"}),
        (Role.VISIT, {}, {"VIS"}),
    ],
)
def test_what_is_on_public_record_is_open_and_anything_else_is_an_incident(
    by: Role, said: dict[str, Any], classes: set[str]
) -> None:
    told = goals()
    event = told.tell("order.violated", 10, by, severity="contact_only", how="phone", **said)
    assert told.classes("orders", event, 10) == classes
    [incident] = told.state("care", 10).incidents
    assert {one.value for one in incident.classes} == classes


def test_the_classes_of_an_incident_are_those_of_whoever_perceived_it_whoever_else_has_goals() -> None:
    told = GoalStory().people().goal("hers", "25", person_ref="marisol").goal("care", "21")
    told.tell("order.violated", 10, Role.LE, origin_person="marisol", person_ref="trent")
    [incident] = told.state("care", 10).incidents
    assert {one.value for one in incident.classes} == {"CJ", "INC", "SVS"}


@pytest.mark.parametrize(
    ("said", "basis"),
    [({}, Basis.DIRECT), ({"evidence_basis": "record"}, Basis.RECORD), ({"evidence_basis": "self"}, Basis.SELF)],
)
def test_what_an_incident_is_known_by_is_as_stated(said: dict[str, Any], basis: Basis) -> None:
    told = goals()
    event = told.tell("order.violated", 10, Role.CPS_WORKER, severity="contact_only", how="phone", **said)
    assert told.item("orders", event, 10).basis is basis


def test_an_admission_of_an_incident_is_firm() -> None:
    told = goals()
    told.tell(
        "order.violated", 10, Role.CPS_WORKER, severity="contact_only", evidence_basis="self", origin_person="trent"
    )
    assert told.status("orders", 10) == "CONTRADICTED CONTRADICTED_ON_DAY_10"


def blocks(told: GoalStory, on: int) -> dict[str, tuple[tuple[int, int], ...]]:
    return {goal: told.state(goal, on).facts.blocks for goal in ("stops", "free", "starts", "hers")}


def four() -> GoalStory:
    told = (
        GoalStory()
        .people()
        .goal("stops", "1", kind="cessation")
        .goal("free", "3", kind="cessation", opportunity="liberty")
    )
    return told.goal("starts", "21").goal("hers", "1", kind="cessation", person_ref="marisol")


def test_custody_stops_what_he_is_to_stop_and_asks_for_opportunity_and_nothing_else() -> None:
    told = four()
    told.tell("custody.booked", 10, Role.JAIL, at=instant(10), person_ref="trent")
    assert blocks(told, 15) == {"stops": ((10, 15),), "free": (), "starts": (), "hers": ()}
    assert told.shown("stops", 15, ["internal"]) == ["SUSPENDED"]
    assert told.shown("free", 15, ["internal"]) == ["NOT_ASSESSED"]
    told.tell("custody.booked", 16, Role.JAIL, at=instant(12), person_ref="trent")
    told.tell("custody.released", 20, Role.JAIL, at=instant(20), person_ref="trent")
    assert blocks(told, 30)["stops"] == ((10, 20),)
    told.tell("custody.booked", 40, Role.JAIL, at=instant(40), person_ref="trent")
    told.tell("custody.escaped", 45, Role.JAIL, at=instant(44), person_ref="trent")
    assert blocks(told, 50)["stops"] == ((10, 20), (40, 44))


def test_custody_stops_a_goal_of_which_the_plan_does_not_say_whose_it_is() -> None:
    told = GoalStory().people()
    told.tell("goal.created", 0, Role.CPS_WORKER, goal_id="G", kind="cessation")
    told.tell("caseplan.adopted", 0, Role.CPS_WORKER, goals=["G"])
    told.tell("custody.booked", 10, Role.JAIL, at=instant(10), person_ref="trent")
    assert told.state("G", 12).facts.blocks == ((10, 12),)


def test_that_somebody_was_booked_may_become_known_after_the_release() -> None:
    told = four()
    told.tell("custody.released", 20, Role.JAIL, at=instant(20), person_ref="trent")
    assert blocks(told, 20)["stops"] == ()
    told.tell("custody.booked", 22, Role.JAIL, at=instant(10), person_ref="trent")
    assert blocks(told, 30)["stops"] == ((10, 20),)
    assert blocks(told, 21)["stops"] == ()


def test_a_block_is_recorded_for_the_goals_that_it_names_and_ends_when_its_end_is_recorded() -> None:
    told = four()
    told.tell("goal.opportunity_blocked", 5, goal_ids=["starts"], why="inpatient", blocked_from=iso(4))
    assert blocks(told, 9) == {"stops": (), "free": (), "starts": ((4, 9),), "hers": ()}
    assert told.shown("starts", 9, ["internal"]) == ["SUSPENDED"]
    said: dict[str, Any] = {"why": "inpatient", "blocked_from": iso(4), "blocked_to": iso(8)}
    told.tell("goal.opportunity_blocked", 10, goal_ids=["starts", "stops"], **said)
    assert blocks(told, 12) == {"stops": ((4, 8),), "free": (), "starts": ((4, 8),), "hers": ()}
    assert blocks(told, 9)["starts"] == ((4, 9),)
