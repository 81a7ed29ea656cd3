"""How the goals of a case stand, as each reader may know it: on the real database, by standing, view and day."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event as sql_events
from sqlalchemy import select

from services.actions.read.goals import NotYet, ShownGoal, ShownGoals, case_goals
from services.actions.read.supervision import open_plans
from services.actions.register_client import register_client
from services.clock import StoryClock
from services.domain.actors import Actor
from services.domain.disclosure import Purpose
from services.domain.goal_words import ASK
from services.domain.registry import NewClient, Registered
from services.domain.roles import Role
from services.domain.scopes import Scope
from services.storage.database import DatabaseRole
from services.storage.tables import agencies, audit_log, staff
from tests.payloads import minimal_payload
from tests.web_world import ADMINISTRATOR, CASE_NUMBER, PROBATION_NUMBER, START, World, event

CPS, PROBATION, PROGRAMME = "alder-cps-records", "alder-probation-supervision", "turning-point-records"
COURT = "alder-juvenile-court-filing"
SECRET = "She said that he waits near the bakery."
SINCE = "2025-01-18"
SEATS = (
    ("AG_ATTY", "alder-attorney", "feldman"),
    ("JUV_COURT", "alder-juvenile-court", "osei"),
    ("GAL", "stone-gal", "stone"),
    ("COUNSEL_SUBJECT", "pike-law", "pike"),
    ("LE", "alder-police", "kowalski"),
    ("VISIT", "halfway-house", "novak"),
    ("SCHOOL", "alder-schools", "greenlee"),
)


def send(world: World, *events: dict[str, Any], client: str = CPS) -> None:
    world.send(client, *events)
    world.work()


def move(world: World, to: str) -> None:
    clock = world.system.clock
    assert isinstance(clock, StoryClock)
    clock.move_to(datetime.combine(date.fromisoformat(to), START.time(), START.tzinfo))


def goal(goal_id: str, number: str = CASE_NUMBER, **fields: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "goal_id": goal_id,
        "kind": "positive",
        "statement": "Trent pays support in full and on time.",
    }
    said |= {"person_ref": "trent", "label": f"Goal {goal_id}", "baseline_item_refs": ["i-01"], "day_0": SINCE}
    return event("goal.created", said | fields, number)


def adopted(*goals: str, number: str = CASE_NUMBER) -> dict[str, Any]:
    return event("caseplan.adopted", minimal_payload("caseplan.adopted") | {"goals": goals, "effective": SINCE}, number)


def planned(world: World, **fields: Any) -> None:
    """Goals G and H of Trent, adopted; the programme and probation are briefed on G, and have read it."""
    send(
        world,
        event("case.person_added", {"person_ref": "trent", "kind": "subject", "name": "Trent"}),
        event("case.person_added", {"person_ref": "marisol", "kind": "protective_parent", "name": "Marisol"}),
        goal("G", **fields),
        goal("H", vantage=["LE"]),
        adopted("G", "H"),
    )
    for agency in ("turning-point", "alder-probation"):
        reference = f"b-{agency}"
        send(
            world,
            event("briefing.sent", {"briefing_ref": reference, "to_agency": agency, "goal_ids": ["G"]}),
            event("briefing.acknowledged", {"briefing_ref": reference, "acknowledged_on": SINCE, "agency": agency}),
        )


def seated(world: World) -> None:
    """More people hold roles on the case."""
    gives = [
        event("case.role_given", {"role": role, "agency": agency, "person": person, "since": SINCE})
        for role, agency, person in SEATS
    ]
    send(world, *gives)


def seen(day: str, number: str = CASE_NUMBER, goal_id: str = "G", **fields: Any) -> dict[str, Any]:
    said = {"goal_id": goal_id, "direction": "+", "behaviour": "Paid.", "basis": "direct", "observed_from": day}
    return event("evidence.submitted", said | fields, number)


def hers(day: str) -> dict[str, Any]:
    """A statement of the survivor against the goal."""
    return seen(day, direction="-", basis="firsthand", observer_role="survivor", behaviour=SECRET)


def verified(world: World) -> None:
    """G is verified in May: by the worker and by probation."""
    planned(world)
    for day in ("2025-01-20", "2025-02-20", "2025-03-09"):
        send(world, seen(day))
    send(world, seen("2025-03-01", PROBATION_NUMBER), client=PROBATION)
    move(world, "2025-04-20")
    send(world, seen("2025-04-20"))


def get(world: World, path: str, client: str = CPS, **query: str) -> Any:
    return world.client().get(path, headers=world.bearer(client), query_string=query)


def read(world: World, goal_id: str = "G", client: str = CPS, number: str = CASE_NUMBER, **query: str) -> Any:
    return get(world, f"/v1/cases/{number}/goals/{goal_id}", client, **query).get_json()


def person(world: World, username: str) -> Actor:
    with world.system.database.begin(ADMINISTRATOR) as connection:
        row = connection.execute(
            select(staff.c.id, staff.c.agency_id, agencies.c.roles)
            .join(agencies, agencies.c.id == staff.c.agency_id)
            .where(staff.c.username == username)
        ).one()
    return Actor(f"staff:{username}", row.agency_id, frozenset(map(Role, row.roles)), party_id=row.id)


def shown(world: World, username: str, **asked: Any) -> ShownGoals | NotYet | None:
    """What somebody is shown, in the role of the web."""
    web = replace(world.system, database=world.system.database.as_role(DatabaseRole.WEB))
    return case_goals(web, person(world, username), world.case_id(), Purpose.CASE_WORK, **asked)


def one(world: World, username: str, goal_id: str = "G", **asked: Any) -> ShownGoal:
    found = shown(world, username, goal_id=goal_id, **asked)
    assert isinstance(found, ShownGoals)
    [only] = found.goals
    return only


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


# Beside the goals

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


# Pages


def test_a_worker_reads_the_goals_on_a_page_that_works_without_a_mouse_and_on_paper(world: World) -> None:
    verified(world)
    browser = world.browser("okafor")
    path = f"/cases/{world.case_id()}/goals"
    assert f'href="{path}"' in browser.get(f"/cases/{world.case_id()}").get_data(as_text=True)
    page = browser.get(path).get_data(as_text=True)
    assert page.count("<caption") == page.count("<table") == 1
    assert page.count("<h1") == 1
    assert "<script" not in page
    assert "style=" not in page
    assert "<title>Goals – Tallystick</title>" in page
    for words in (
        "This behaviour only",
        "Alder County Child Welfare",
        "Adult Probation of Alder County",
        "Seen or heard directly",
        "Counts",
        "Nobody was placed to look",
        '<label class="form-label" for="as_of">',
    ):
        assert words in page
    past = browser.get(f"{path}?as_of=2025-03-10&view=court").get_data(as_text=True)
    assert "Mon 10 Mar 2025" in past
    assert "This behaviour only" not in past


def test_the_page_of_another_agency_says_whom_to_ask_and_nothing_else(world: World) -> None:
    verified(world)
    send(world, hers("2025-04-10"))
    page = world.browser("fontaine").get(f"/cases/{world.case_id()}/goals").get_data(as_text=True)
    assert page.count(ASK) == 1
    for withheld in ("VERIFIED", "erified", "ontradicted", "bakery", "Beside the goals", "<select"):
        assert withheld not in page


def test_a_page_for_a_bad_day_or_a_view_of_others_says_so(world: World) -> None:
    planned(world)
    path = f"/cases/{world.case_id()}/goals"
    worker, probation = world.browser("okafor"), world.browser("reyes")
    assert worker.get(f"{path}?as_of=tomorrow").status_code == 422
    assert worker.get(f"{path}?as_of={(START + timedelta(days=2)).date()}").status_code == 422
    assert worker.get(f"{path}?as_of=0001-01-01").status_code == 422
    assert probation.get(f"{path}?view=internal").status_code == 404
    assert probation.get(path).status_code == 200
