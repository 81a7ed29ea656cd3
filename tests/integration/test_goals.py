"""How the goals of a case stand, as each reader may know it: on the real database, by standing, view and day."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from services.actions.read.goals import ShownGoals
from services.actions.register_client import register_client
from services.domain.goal_words import ASK
from services.domain.registry import NewClient, Registered
from services.domain.roles import Role
from services.domain.scopes import Scope
from services.storage.tables import audit_log
from tests.goals_on_record import (
    COURT,
    CPS,
    PROBATION,
    SECRET,
    SINCE,
    adopted,
    get,
    goal,
    hers,
    move,
    one,
    planned,
    read,
    seated,
    seen,
    send,
    shown,
    verified,
)
from tests.web_world import ADMINISTRATOR, CASE_NUMBER, PROBATION_NUMBER, World, event

# Who reads what


def test_child_welfare_reads_the_status_with_reasons_and_what_is_behind_them(world: World) -> None:
    planned(world)
    send(world, seen("2025-01-20"), seen("2025-03-01"))
    said = read(world)
    assert (said["status"], said["view"], said["as_of"]) == ("PARTIALLY_SUPPORTED", "internal", "2025-03-10")
    assert said["label"] == "Goal G"
    [source, *_] = said["reasons"]
    assert source["says"] == (
        "One more independent source is needed: everything so far comes from Alder County Child Welfare."
    )
    assert source["evidence"] == [1, 2]
    assert [item["number"] for item in said["evidence"]] == [1, 2]
    assert said["evidence"][0]["source"] == "Alder County Child Welfare"
    assert said["next"]["sources"] == 1
    assert said["next"]["earliest"] == "2025-04-20"
    assert "Adult Probation of Alder County" in str(said["observers"])
    assert {name for one in said["evidence"] for name in one} >= {"id", "event"}


@pytest.mark.parametrize(
    ("username", "view", "sees"),
    [
        ("okafor", "internal", "status"),
        ("lindqvist", "internal", "status"),
        ("feldman", "attorney", "status"),
        ("osei", "court", "status"),
        ("stone", "court", "status"),
        ("pike", "subject", "paper"),
        ("reyes", "probation", "words"),
        ("fontaine", "programme", "words"),
    ],
)
def test_each_reader_has_the_view_of_their_role(world: World, username: str, view: str, sees: str) -> None:
    planned(world)
    seated(world)
    send(world, seen("2025-01-20"))
    found = shown(world, username)
    assert isinstance(found, ShownGoals)
    assert found.view == view
    goals = {one.goal_id: one for one in found.goals}
    assert set(goals) == ({"G"} if sees == "words" else {"G", "H"})
    assert (goals["G"].explanation is not None) is (sees == "status")
    assert (goals["G"].paper is not None) is (sees == "paper")
    assert (goals["G"].says == ASK) is (sees == "words")


@pytest.mark.parametrize("username", ["kowalski", "novak", "greenlee", "achebe", "marchetti", "administrator"])
def test_whoever_has_no_view_finds_nothing(world: World, username: str) -> None:
    planned(world)
    seated(world)
    assert shown(world, username) is None
    assert shown(world, username, view="internal") is None


def test_a_reader_who_was_not_briefed_on_a_goal_finds_none(world: World) -> None:
    send(world, goal("G"), adopted("G"))
    found = shown(world, "fontaine")
    assert isinstance(found, ShownGoals)
    assert found.goals == ()
    assert shown(world, "fontaine", goal_id="G") is None


@pytest.mark.parametrize(
    ("username", "views"),
    [
        ("okafor", ("internal", "attorney", "court", "subject", "probation", "programme")),
        ("feldman", ("attorney", "court", "subject")),
        ("osei", ("court",)),
        ("pike", ("subject",)),
        ("fontaine", ("programme",)),
    ],
)
def test_who_may_ask_for_which_view(world: World, username: str, views: tuple[str, ...]) -> None:
    planned(world)
    seated(world)
    for view in ("internal", "attorney", "court", "subject", "probation", "programme", "no-such"):
        found = shown(world, username, view=view)
        assert (found is not None) is (view in views), view
        assert not isinstance(found, ShownGoals) or found.view == view


def test_a_view_of_others_an_unknown_goal_and_a_case_of_others_are_answered_alike(world: World) -> None:
    planned(world)
    asked = [
        get(world, f"/v1/cases/{PROBATION_NUMBER}/goals/G", PROBATION, view="internal"),
        get(world, f"/v1/cases/{PROBATION_NUMBER}/goals/none", PROBATION),
        get(world, f"/v1/cases/{PROBATION_NUMBER}/goals/H", PROBATION),  # which no briefing named
        get(world, f"/v1/cases/{CASE_NUMBER}/goals/G", "alder-attorney-legal"),
        get(world, "/v1/cases/no-such/goals/G", "alder-attorney-legal"),
        get(world, f"/v1/cases/{CASE_NUMBER}/goals/none"),
    ]
    assert {answer.status_code for answer in asked} == {404}
    assert len({answer.get_data() for answer in asked}) == 1


# Nothing betrays what is withheld


@pytest.mark.parametrize(
    ("agency", "role"),
    [
        ("turning-point", Role.BIP),
        ("alder-probation", Role.PROB),
        ("alder-juvenile-court", Role.JUV_COURT),
        ("stone-gal", Role.GAL),
        ("pike-law", Role.COUNSEL_SUBJECT),
    ],
)
def test_an_answer_is_byte_identical_whether_or_not_a_survivor_statement_exists(
    world: World, agency: str, role: Role
) -> None:
    verified(world)
    seated(world)
    send(world, event("case.identifier_linked", {"agency": agency, "value": "X-1"}))
    headers = reading_client(world, agency, role)
    paths = ["/v1/cases/X-1/goals", "/v1/cases/X-1/goals/G", "/v1/cases/X-1/goals/H"]
    before = [world.client().get(path, headers=headers) for path in paths]
    assert [answer.status_code for answer in before][:2] == [200, 200]
    send(world, hers("2025-04-10"))
    assert read(world)["status"] == "CONTRADICTED"
    after = [world.client().get(path, headers=headers) for path in paths]
    assert [answer.get_data() for answer in after] == [answer.get_data() for answer in before]


def reading_client(world: World, agency: str, role: Role) -> dict[str, str]:
    """The header of a client of an agency that may read cases."""
    new = NewClient(agency, "reading", "Reading", frozenset({Scope.CASES_READ}), frozenset({role}))
    done = register_client(world.system, ADMINISTRATOR, new)
    assert isinstance(done, Registered)
    assert done.secret
    form = {"grant_type": "client_credentials"}
    answer = world.client().post("/oauth/token", data=form, auth=("reading", done.secret))
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


def test_the_paper_of_counsel_holds_no_status_and_is_the_same_with_and_without_her_word(world: World) -> None:
    planned(world)
    seated(world)
    send(world, seen("2025-01-20"))
    before = one(world, "pike")
    send(world, hers("2025-02-01"))
    assert one(world, "pike") == before
    assert before.explanation is None
    assert before.paper is not None
    assert before.paper.received == ()  # nothing is published before the first review


def test_child_welfare_asking_for_the_court_view_sees_what_the_court_sees(world: World) -> None:
    verified(world)
    seated(world)
    send(world, hers("2025-04-10"))
    inside, court = one(world, "okafor"), one(world, "okafor", view="court")
    assert inside.explanation is not None
    assert court.explanation is not None
    theirs = one(world, "osei").explanation
    assert theirs is not None
    assert (inside.explanation.status.value, court.explanation.status.value) == ("CONTRADICTED", "VERIFIED")
    assert (theirs.status, theirs.says, theirs.gap) == (court.explanation.status, court.explanation.says, None)
    assert SECRET not in repr(inside)  # what an observation tells is on the timeline, for whoever may see it
    # By which id an observation is ruled on is for those who may see evidence.
    assert [item.id for item in theirs.items] == [str(at + 1) for at in range(len(theirs.items))]
    assert all(not item.event_id for item in theirs.items)


# Days


def test_a_past_day_is_answered_as_it_was_known_then(world: World) -> None:
    verified(world)
    assert read(world)["status"] == "VERIFIED"
    before = read(world, as_of="2025-04-20")
    move(world, "2025-05-10")
    send(world, seen("2025-04-15", direction="-"))
    assert read(world)["status"] == "CONTRADICTED"
    assert read(world, as_of="2025-04-20") == before
    assert read(world, as_of="2025-03-10")["status"] == "PARTIALLY_SUPPORTED"
    assert get(world, f"/v1/cases/{CASE_NUMBER}/goals/G", as_of="2025-01-01").status_code == 404


def test_what_was_taken_off_the_case_since_was_known_then(world: World) -> None:
    """The actor's own role no longer sees it: what a day knew is read in the role that sees all of the case."""
    planned(world)
    seat = {"role": "LE", "agency": "alder-police", "person": "kowalski", "since": SINCE}
    send(world, event("case.role_given", seat))
    stray = seen("2025-02-01", "PD-1", basis="record")
    world.send("alder-police-rms", stray)
    world.work()
    token = {"headers": world.bearer(CPS)}
    tasks = [
        task for task in world.client().get("/v1/tasks", **token).get_json()["tasks"] if task["kind"] == "link_event"
    ]
    assert (
        world.client().post(f"/v1/tasks/{tasks[0]['id']}/link", json={"case": CASE_NUMBER}, **token).status_code == 202
    )
    world.work()
    assert len(read(world)["evidence"]) == 1
    move(world, "2025-03-20")
    path = f"/v1/cases/{CASE_NUMBER}/events/{tasks[0]['event']}/unlink"
    assert world.client().post(path, json={"why": "Of another family."}, **token).status_code == 202
    world.work()
    assert read(world)["evidence"] == []
    assert len(read(world, as_of="2025-03-10")["evidence"]) == 1


def test_a_day_to_come_and_what_is_no_day_are_refused(world: World) -> None:
    planned(world)
    path = f"/v1/cases/{CASE_NUMBER}/goals"
    for as_of, code in (("2025-03-11", "in_future"), ("soon", None), ("1500-01-01", None)):
        answer = get(world, path, as_of=as_of)
        assert answer.status_code == 422, as_of
        [problem] = answer.get_json()["errors"]
        assert problem["field"] == "as_of"
        assert code in {None, problem["code"]}
    assert get(world, path, as_of="2025-03-10").status_code == 200


def test_the_policy_of_the_day_that_is_asked_for_decides(world: World) -> None:
    verified(world)
    today = world.system.policy.verification
    strict = replace(today, thresholds=replace(today.thresholds, groups=3))
    found = one(world, "okafor", policy_on=lambda day: strict if day < date(2025, 5, 1) else today)
    assert found.explanation is not None
    assert found.explanation.status.value == "PARTIALLY_SUPPORTED"


def test_the_hearing_by_which_it_is_needed_is_the_next_one(world: World) -> None:
    planned(world)
    seated(world)
    send(
        world, seen("2025-02-20"), event("case.identifier_linked", {"agency": "alder-juvenile-court", "value": "JV-1"})
    )
    hearing = {"hearing": "2025-05-25T09:00:00-04:00", "hearing_type": "review"}
    send(world, event("juv.hearing_set", hearing, "JV-1"), client=COURT)
    assert read(world)["needed_by"] == {
        "on": "2025-05-25",
        "says": "It can be verified by the hearing on 25 May 2025, if what is missing is recorded by then.",
    }


def test_reading_goals_is_written_down(world: World) -> None:
    planned(world)
    read(world)
    with world.system.database.begin(ADMINISTRATOR) as connection:
        [row] = connection.execute(select(audit_log).where(audit_log.c.act == "read_goals")).all()
    assert row.case_id == world.case_id()
    rules = {rule for said in row.detail["events"].values() for rule in said["rules"]}
    assert {"CPS_SUP/STA", "CPS_SUP/PLN-S"} <= rules
