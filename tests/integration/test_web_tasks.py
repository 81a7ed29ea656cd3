"""Tasks over HTTP: who sees them, who may answer, and that an answer becomes an event in the same commit."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from services.actions.answer_task import Answered, NotAnswered, NotYours, accept_task, complete_task, decline_task
from services.domain.actors import Actor
from services.domain.scopes import Scope
from services.domain.tasks import TaskState
from services.storage import agencies, event_log, staff
from services.storage.tables import event_log as log
from services.storage.tables import tasks
from tests.payloads import minimal_payload
from tests.web_world import ADMINISTRATOR, CASE_NUMBER, PROBATION_NUMBER, World, event

CPS = "alder-cps-records"
PROBATION = "alder-probation-supervision"
TITLE = "Ask about a missed check-in"


def ask(world: World, count: int = 1) -> None:
    """Let probation report missed check-ins: each asks the caseworker to inquire."""
    days = [f"2025-03-{day:02}" for day in range(1, count + 1)]
    world.send(PROBATION, *[event("prob.checkin_missed", {"due": day}, PROBATION_NUMBER) for day in days])
    world.work()


def listed(world: World, client: str = CPS, path: str = "/v1/tasks") -> list[dict[str, Any]]:
    answer = world.client().get(path, headers=world.bearer(client))
    assert answer.status_code == 200, answer.get_json()
    found: list[dict[str, Any]] = answer.get_json()["tasks"]
    return found


def answer(world: World, verb: str, task_id: str, client: str = CPS, **body: str) -> Any:
    return world.client().post(f"/v1/tasks/{task_id}/{verb}", json=body, headers=world.bearer(client))


@pytest.fixture
def task_id(world: World) -> str:
    ask(world)
    [task] = [task for task in listed(world) if task["title"] == TITLE]
    found: str = task["id"]
    return found


def person(world: World, username: str) -> Actor:
    """Somebody of child welfare, as a session would have them."""
    with world.system.database.begin(ADMINISTRATOR) as connection:
        line = staff.find(connection, [username])[username]
        agency = agencies.find(connection, ["alder-cps"])["alder-cps"]
    return Actor(name=f"staff:{username}", agency_id=agency.id, roles=frozenset(agency.roles), party_id=line.id)


def types_of(world: World, case_id: UUID) -> Sequence[str]:
    with world.system.database.begin(ADMINISTRATOR) as connection:
        query = select(log.c.type).where(log.c.case_id == case_id).order_by(log.c.sequence)
        return connection.execute(query).scalars().all()


def test_a_task_says_what_by_when_and_who_asks(world: World, task_id: str) -> None:
    [task] = [task for task in listed(world) if task["id"] == task_id]
    assert task["title"] == TITLE
    assert task["case"] == CASE_NUMBER
    assert task["state"] == "proposed"
    assert task["due"]
    assert task["answers"] == ["accept", "decline"]
    assert task["requested_by"] == "Adult Probation of Alder County"
    assert task["overdue"] is False


def test_an_answer_becomes_an_event_on_the_case(world: World, task_id: str) -> None:
    accepted = answer(world, "accept", task_id)
    assert accepted.status_code == 200
    said = accepted.get_json()
    assert said["state"] == "accepted"
    with world.system.database.begin(ADMINISTRATOR) as connection:
        receipt = UUID(said["receipt"])
        kept = event_log.load(connection, world.system.keys, [receipt])[receipt]
    assert kept.type == "task.accepted"
    assert kept.data["task_id"] == task_id
    assert kept.case_id == world.case_id()
    done = answer(world, "complete", task_id, reason="Spoke with the officer.")
    assert done.get_json()["state"] == "done"
    assert list(types_of(world, world.case_id()))[-2:] == ["task.accepted", "task.done"]
    assert task_id not in {task["id"] for task in listed(world)}
    [closed] = [task for task in listed(world, path="/v1/tasks?state=closed") if task["id"] == task_id]
    assert closed["reason"] == "Spoke with the officer."


def test_the_same_answer_twice_is_one_event(world: World, task_id: str) -> None:
    answer(world, "accept", task_id)
    again = answer(world, "accept", task_id)
    assert again.status_code == 200
    assert again.get_json() == {"task": task_id, "state": "accepted", "receipt": None}
    assert list(types_of(world, world.case_id())).count("task.accepted") == 1


def test_an_answer_that_does_not_fit_is_a_conflict_that_says_why(world: World, task_id: str) -> None:
    early = answer(world, "complete", task_id)
    assert early.status_code == 409
    assert early.get_json()["errors"] == [
        {"field": "state", "code": "not_accepted", "message": "Accept the task before it is marked as done."}
    ]
    assert answer(world, "decline", task_id, reason="Not ours.").status_code == 200
    assert answer(world, "accept", task_id).status_code == 409


@pytest.mark.parametrize("body", [{}, {"reason": " "}, {"reason": "x" * 2001}, {"reason": "nul \x00"}])
def test_declining_needs_a_reason_that_can_be_kept(world: World, task_id: str, body: dict[str, str]) -> None:
    refused = answer(world, "decline", task_id, **body)
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["field"] == "reason"
    [task] = [task for task in listed(world) if task["id"] == task_id]
    assert task["state"] == "proposed"


def test_a_task_of_others_is_not_there(world: World, task_id: str) -> None:
    others = answer(world, "accept", task_id, PROBATION)
    absent = answer(world, "accept", "00000000-0000-4000-8000-000000000000", PROBATION)
    assert others.status_code == absent.status_code == 404
    assert others.get_data() == absent.get_data()
    assert listed(world, PROBATION) == []


def test_whoever_asked_sees_where_their_task_stands(world: World, task_id: str) -> None:
    answer(world, "decline", task_id, reason="She must not be contacted now.")
    path = f"/v1/cases/{PROBATION_NUMBER}/tasks?state=closed"
    [seen] = listed(world, PROBATION, path)
    assert seen["state"] == "declined"
    assert seen["answers"] == []
    assert seen["reason"] is None, "a reason is case information, which probation is not shown"
    [own] = listed(world, path="/v1/tasks?state=closed")
    assert own["reason"] == "She must not be contacted now."


def test_what_keeps_somebody_safe_is_not_told_to_whoever_reported(world: World) -> None:
    """Probation reports a violation; what child welfare does about the survivor is its own (an internal task)."""
    world.send(PROBATION, event("order.violated", minimal_payload("order.violated"), PROBATION_NUMBER))
    world.work()
    internal = [name for name, kind in world.system.policy.routing.kinds.items() if kind.internal]
    opened = [task for task in listed(world) if task["kind"] in internal]
    assert opened
    seen = listed(world, PROBATION, f"/v1/cases/{PROBATION_NUMBER}/tasks")
    assert not {task["id"] for task in seen} & {task["id"] for task in opened}
    for task in opened:
        answer(world, "accept", task["id"])
    world.work()
    path = f"/v1/cases/{PROBATION_NUMBER}/timeline"
    titles = [
        entry["title"] for entry in world.client().get(path, headers=world.bearer(PROBATION)).get_json()["entries"]
    ]
    assert titles == ["Protective order violated"]


def test_others_on_the_case_see_no_task_that_is_not_theirs(world: World, task_id: str) -> None:
    ask_of_them = world.client().get("/v1/cases/whatever/tasks", headers=world.bearer(CPS))
    assert ask_of_them.status_code == 404
    seen = listed(world, CPS, f"/v1/cases/{CASE_NUMBER}/tasks")
    assert task_id in {task["id"] for task in seen}


def test_a_person_answers_what_was_put_to_them_and_a_colleague_does_not(world: World, task_id: str) -> None:
    web = world.app.extensions["tallystick"].system
    assert accept_task(web, person(world, "haddad"), UUID(task_id)) == NotYours()
    assert decline_task(web, person(world, "haddad"), UUID(task_id), "no") == NotYours()
    outcome = accept_task(web, person(world, "okafor"), UUID(task_id))
    assert isinstance(outcome, Answered)
    assert outcome.receipt


def test_a_client_without_the_scope_for_tasks_answers_none(world: World, task_id: str) -> None:
    web = world.app.extensions["tallystick"].system
    with world.system.database.begin(ADMINISTRATOR) as connection:
        agency = connection.execute(select(tasks.c.agency_id).where(tasks.c.id == UUID(task_id))).scalar_one()
    without = Actor(name="client:x", agency_id=agency, scopes=frozenset({Scope.INBOX}))
    assert accept_task(web, without, UUID(task_id)) == NotYours()


def test_of_two_answers_at_once_one_counts(world: World, task_id: str) -> None:
    web, okafor = world.app.extensions["tallystick"].system, person(world, "okafor")
    with ThreadPoolExecutor(2) as two:
        yes = two.submit(accept_task, web, okafor, UUID(task_id))
        no = two.submit(decline_task, web, okafor, UUID(task_id), "Not ours.")
        outcomes = [yes.result(), no.result()]
    assert sum(isinstance(outcome, Answered) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, NotAnswered) for outcome in outcomes) == 1
    kinds = [kind for kind in types_of(world, world.case_id()) if kind in {"task.accepted", "task.declined"}]
    assert len(kinds) == 1


def test_a_task_of_no_case_is_answered_without_an_event(world: World) -> None:
    world.send("alder-police-rms", event("le.arrest", arrest(), "no-such-number"))
    world.work()
    web = world.app.extensions["tallystick"].system
    with world.system.database.begin(ADMINISTRATOR) as connection:
        row = connection.execute(select(tasks).where(tasks.c.case_id.is_(None))).first()
        assert row is not None
    desk = Actor(name="client:desk", agency_id=row.agency_id, scopes=frozenset({Scope.TASKS}))
    assert accept_task(web, desk, row.id) == Answered(row.id, TaskState.ACCEPTED, None)
    assert complete_task(web, desk, row.id) == Answered(row.id, TaskState.DONE, None)


def arrest() -> dict[str, object]:
    return {"person_ref": "p-1", "charges": ["domestic assault"], "dual_arrest": False}


def test_long_lists_page_by_key_and_show_each_task_once(world: World) -> None:
    ask(world, 30)
    seen: list[str] = []
    path: str | None = "/v1/tasks"
    while path:
        said = world.client().get(path, headers=world.bearer(CPS)).get_json()
        seen += [task["id"] for task in said["tasks"]]
        path = said["next"]
    assert len(seen) == len(set(seen)) >= 30


@pytest.mark.parametrize("start", ["x", "AAAA", "%%%"])
def test_a_place_that_nobody_gave_is_refused(world: World, start: str) -> None:
    answer = world.client().get("/v1/tasks", query_string={"start": start}, headers=world.bearer(CPS))
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == "start"
