"""An event that matches no case, in a browser and over HTTP: seen by whoever is asked, linked by people, taken back."""

import re
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from services.storage.tables import audit_log
from tests.payloads import minimal_payload
from tests.web_world import (
    ADMINISTRATOR,
    BROWSER,
    CASE_NUMBER,
    PROBATION_NUMBER,
    World,
    csrf_token,
    event,
)

CPS = "alder-cps-records"
POLICE = "alder-police-rms"
PROBATION = "alder-probation-supervision"
STRAY = "PD-25-431"
ARREST = {"person_ref": "p-1", "charges": ["domestic assault"], "dual_arrest": False}


def stray(world: World, number: str = STRAY, **attributes: str) -> str:
    """An arrest that the police report under a number that means nothing here; its receipt."""
    [item] = world.send(POLICE, event("le.arrest", ARREST, number, **attributes))
    world.work()
    receipt: str = item["receipt"]
    return receipt


def rows(world: World, query: str, **values: object) -> list[Any]:
    with world.system.database.begin(ADMINISTRATOR) as connection:
        return list(connection.execute(text(query), values).all())


def task_of(world: World, receipt: str, kind: str = "link_event") -> str:
    query = "SELECT id FROM tasks WHERE event_id = :event AND kind = :kind ORDER BY created_at DESC, id LIMIT 1"
    return str(rows(world, query, event=receipt, kind=kind)[0].id)


def browser(world: World, username: str) -> FlaskClient:
    world.let_in(username)
    return world.browser(username)


def page(signed_in: FlaskClient, path: str, status: int = 200) -> str:
    answer = signed_in.get(path)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def send(signed_in: FlaskClient, path: str, **form: str) -> TestResponse:
    return signed_in.post(path, data=form | {"csrf_token": csrf_token(signed_in, path)}, headers=BROWSER)


def api(world: World, method: str, path: str, client: str = CPS, **body: str) -> TestResponse:
    said = body if method == "POST" else None
    return world.client().open(path, method=method, headers=world.bearer(client), json=said)


def linked(world: World, receipt: str) -> None:
    answer = api(world, "POST", f"/v1/tasks/{task_of(world, receipt)}/link", case=CASE_NUMBER)
    assert answer.status_code == 202, answer.get_json()
    world.work()


def entry(world: World, receipt: str) -> dict[str, Any] | None:
    entries = api(world, "GET", f"/v1/cases/{CASE_NUMBER}/timeline").get_json()["entries"]
    return next((one for one in entries if one["event"] == receipt), None)


def test_whoever_is_at_the_desk_sees_what_the_event_is_who_sent_it_and_under_which_number(world: World) -> None:
    receipt = stray(world)
    petrov = browser(world, "petrov")
    assert f"/tasks/{task_of(world, receipt)}/event" in page(petrov, "/tasks")
    seen = page(petrov, f"/tasks/{task_of(world, receipt)}/event")
    for shown in ("Arrest", "Police Department", STRAY, receipt, "domestic assault"):
        assert shown in seen, shown
    entry_path = re.search(r'href="(/inbox/[^"]+)"', page(petrov, "/inbox"))
    assert entry_path
    detail = page(petrov, entry_path[1])
    assert STRAY in detail
    assert "domestic assault" in detail


def test_what_the_desk_is_shown_is_written_down_by_names_of_fields_alone(world: World) -> None:
    receipt = stray(world)
    page(browser(world, "petrov"), f"/tasks/{task_of(world, receipt)}/event")
    with world.system.database.begin(ADMINISTRATOR) as connection:
        [row] = connection.execute(audit_log.select().where(audit_log.c.act == "read_asked_event")).all()
    assert row.actor == "staff:petrov"
    assert row.detail["event"] == receipt
    assert row.detail["role"] == "CPS_INTAKE"
    assert row.detail["rules"]
    assert STRAY not in str(row.detail)
    assert "domestic assault" not in str(row.detail)


def test_nobody_else_of_the_agency_sees_it(world: World) -> None:
    receipt = stray(world)
    okafor = world.browser("okafor")
    page(okafor, f"/tasks/{task_of(world, receipt)}/event", 404)
    assert STRAY not in page(okafor, "/inbox")
    assert "Arrest" not in page(okafor, "/inbox")


def test_what_disclosure_withholds_from_the_desk_is_not_there(world: World) -> None:
    """A record of a substance-use programme: nothing of it is shown to intake, not even under which number it came."""
    report = {"period": "2025-02", "per_goal": [], "statements": []}
    [item] = world.send("clearwater-ehr", event("provider.progress_report", report, "CW-9"))
    world.work()
    receipt = item["receipt"]
    seen = page(browser(world, "petrov"), f"/tasks/{task_of(world, receipt)}/event")
    assert receipt in seen
    for withheld in ("CW-9", "Progress report", "2025-02"):
        assert withheld not in seen


def test_machines_read_it_in_the_inbox_with_the_task_that_asks(world: World) -> None:
    receipt = stray(world)
    [item] = [one for one in api(world, "GET", "/v1/inbox").get_json()["notifications"] if one["event"] == receipt]
    assert (item["heading"], item["case"]) == ("Arrest", None)
    detail = api(world, "GET", f"/v1/inbox/{item['id']}").get_json()
    assert detail["data"] == ARREST
    assert detail["task"] == task_of(world, receipt)
    sent = detail["sent"]
    assert (sent["receipt"], sent["number"], sent["number_here"]) == (receipt, STRAY, None)
    assert "Police" in sent["sender"]


def test_a_person_puts_it_on_a_case_by_the_number_that_they_type(world: World) -> None:
    receipt = stray(world)
    path = f"/tasks/{task_of(world, receipt)}/event"
    petrov = browser(world, "petrov")
    answer = send(petrov, path, case=f" {CASE_NUMBER} ", why="The hotline named the report.")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/tasks")
    [task] = rows(world, "SELECT state, done_by_event_id FROM tasks WHERE id = :id", id=task_of(world, receipt))
    [act] = rows(world, "SELECT type, actor FROM event_log WHERE id = :id", id=task.done_by_event_id)
    assert (task.state, act.type, act.actor) == ("done", "event.linked", "staff:petrov")
    world.work()
    found = entry(world, receipt)
    assert found is not None
    assert found["title"] == "Arrest"
    assert found["linked"]["by"] == "staff:petrov"
    assert path not in page(petrov, "/tasks")
    assert "Nothing is asked of you here any more." in page(petrov, path)


def test_a_token_will_do(world: World) -> None:
    token = api(world, "GET", f"/v1/cases/{CASE_NUMBER}").get_json()["token"]
    receipt = stray(world)
    assert api(world, "POST", f"/v1/tasks/{task_of(world, receipt)}/link", case=token).status_code == 202
    world.work()
    assert entry(world, receipt) is not None


def another_case(world: World) -> str:
    """The token of a case that child welfare is not on; there is none in the world, so it is taken off its own."""
    [case] = rows(world, "SELECT id, token FROM cases")
    with world.system.database.begin(ADMINISTRATOR) as connection:
        off = "UPDATE case_agencies SET until = '2025-02-01' WHERE case_id = :id AND agency_id IN "
        connection.execute(text(off + "(SELECT id FROM agencies WHERE slug = 'alder-cps')"), {"id": case.id})
    token: str = case.token
    return token


def test_an_unknown_number_and_one_of_a_case_that_the_agency_is_not_on_are_answered_alike(world: World) -> None:
    receipt = stray(world)
    path, petrov = f"/tasks/{task_of(world, receipt)}/event", browser(world, "petrov")
    token = another_case(world)
    answers, pages = [], []
    for number in ("no-such-number", token, PROBATION_NUMBER, CASE_NUMBER, "\x00", "x" * 128, "not a number"):
        answer = api(world, "POST", f"/v1/tasks/{task_of(world, receipt)}/link", case=number)
        answers.append((answer.status_code, answer.get_data()))
        said = send(petrov, path, case=number)
        pages.append((said.status_code, re.sub(r'value="[^"]*"', "", said.get_data(as_text=True))))
    assert len(set(answers)) == 1
    assert answers[0][0] == 422
    assert len(set(pages)) == 1
    assert pages[0][0] == 200
    assert "Your agency has no case of this number." in pages[0][1]
    assert rows(world, "SELECT 1 FROM event_log WHERE type = 'event.linked'") == []


def test_an_empty_number_is_asked_for(world: World) -> None:
    receipt = stray(world)
    said = send(browser(world, "petrov"), f"/tasks/{task_of(world, receipt)}/event", case=" ")
    assert "Give the number of the case." in said.get_data(as_text=True)


def test_a_task_of_others_and_one_that_is_closed_link_nothing(world: World) -> None:
    receipt = stray(world)
    path = f"/v1/tasks/{task_of(world, receipt)}/link"
    theirs = api(world, "POST", path, PROBATION, case=PROBATION_NUMBER)
    absent = api(world, "POST", "/v1/tasks/00000000-0000-4000-8000-000000000000/link", case=CASE_NUMBER)
    assert theirs.status_code == absent.status_code == 404
    assert theirs.get_data() == absent.get_data()
    linked(world, receipt)
    again = api(world, "POST", path, case=CASE_NUMBER)
    assert again.status_code == 409
    assert len(rows(world, "SELECT 1 FROM event_log WHERE type = 'event.linked'")) == 1


def test_that_it_belongs_to_no_case_is_said_by_declining_with_a_reason(world: World) -> None:
    receipt = stray(world)
    task_id, petrov = task_of(world, receipt), browser(world, "petrov")
    assert f"/tasks/{task_id}/decline" in page(petrov, f"/tasks/{task_id}/event")
    send(petrov, f"/tasks/{task_id}/decline", reason="Another county.")
    [task] = rows(world, "SELECT state, reason FROM tasks WHERE id = :id", id=task_id)
    assert (task.state, task.reason) == ("declined", "Another county.")
    assert STRAY not in page(petrov, f"/tasks/{task_id}/event")


def test_a_number_that_means_a_case_by_now_is_pointed_out_and_links_nothing(world: World) -> None:
    receipt = stray(world)
    petrov = browser(world, "petrov")
    path, words = f"/tasks/{task_of(world, receipt)}/event", "means your case"
    assert words not in page(petrov, path)
    world.send(CPS, event("case.identifier_linked", {"agency": "alder-police", "value": STRAY}))
    world.work()
    assert f"{words} {CASE_NUMBER}" in page(petrov, path)
    assert rows(world, "SELECT 1 FROM event_links") == []
    another_case(world)
    assert words not in page(petrov, path), "their agency is not on that case any more"


def test_two_versions_of_an_event_of_no_case_are_put_before_somebody_who_sees_the_first(world: World) -> None:
    stray(world, id="arrest-1")
    other = event("le.arrest", {**ARREST, "charges": ["trespass"]}, STRAY, id="arrest-1")
    answer = world.client().post("/v1/events", json=[other], headers=world.bearer(POLICE) | _BATCH)
    assert answer.get_json()[0]["status"] == 409
    world.work()
    [task] = rows(world, "SELECT id FROM tasks WHERE kind = 'compare_versions'")
    seen = page(browser(world, "lindqvist"), f"/tasks/{task.id}/event")
    assert STRAY in seen
    assert "Put it on a case" not in seen
    rest = api(world, "POST", f"/v1/tasks/{task.id}/link", case=CASE_NUMBER)
    assert rest.status_code == 404


_BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def test_the_timeline_says_when_and_by_whom_it_was_linked_to_those_who_may_know(world: World) -> None:
    receipt = stray(world)
    linked(world, receipt)
    found = entry(world, receipt)
    assert found is not None
    assert found["linked"]["by"] == f"client:{CPS}"
    theirs = api(world, "GET", f"/v1/cases/{PROBATION_NUMBER}/timeline", PROBATION).get_json()["entries"]
    [seen_by_probation] = [one for one in theirs if one["event"] == receipt]
    assert "linked" not in seen_by_probation
    assert "It matched no case, and was put on this one" in page(
        browser(world, "lindqvist"), f"/cases/{world.case_id()}"
    )


def test_a_supervisor_takes_it_off_the_case_and_is_shown_who_was_told(world: World) -> None:
    receipt = stray(world)
    linked(world, receipt)
    lindqvist = browser(world, "lindqvist")
    path = f"/cases/{world.case_id()}/events/{receipt}"
    assert f"{path}/unlink" in page(lindqvist, f"/cases/{world.case_id()}")
    answer = send(lindqvist, f"{path}/unlink", why="Another family of the same name.")
    assert answer.headers["Location"] == f"{path}/told"
    world.work()
    assert entry(world, receipt) is None
    told = page(lindqvist, f"{path}/told")
    assert "Ngozi Okafor" in told
    assert "taken off it" in told
    page(lindqvist, f"{path}/unlink", 404)
    seen = page(lindqvist, f"/cases/{world.case_id()}")
    assert "Linked event taken back" in seen
    assert f"{path}/told" in seen
    waiting = rows(world, "SELECT kind FROM tasks WHERE event_id = :event AND state = 'proposed'", event=receipt)
    assert [row.kind for row in waiting] == ["link_event"]


def test_a_worker_sees_who_was_told_and_takes_nothing_off(world: World) -> None:
    receipt = stray(world)
    linked(world, receipt)
    okafor = world.browser("okafor")
    path = f"/cases/{world.case_id()}/events/{receipt}"
    seen = page(okafor, f"/cases/{world.case_id()}")
    assert f"{path}/told" in seen
    assert f"{path}/unlink" not in seen
    page(okafor, f"{path}/unlink", 403)
    assert "Ngozi Okafor" in page(okafor, f"{path}/told")


def test_machines_take_it_off_and_read_who_was_told_in_which_role_on_which_way_and_when(world: World) -> None:
    receipt = stray(world)
    linked(world, receipt)
    path = f"/v1/cases/{CASE_NUMBER}/events/{receipt}"
    assert api(world, "POST", f"{path}/unlink").status_code == 422
    assert api(world, "POST", f"{path}/unlink", why=" ").status_code == 422
    assert api(world, "POST", f"{path}/unlink", why="Another family.").status_code == 202
    world.work()
    said = api(world, "GET", f"{path}/told").get_json()
    assert said["title"] is None
    assert [link["taken_back_by"] for link in said["links"]] == [f"client:{CPS}"]
    worker = next(line for line in said["told"] if line["recipient"] == "Ngozi Okafor")
    assert (worker["role"], worker["channel"], worker["acknowledged"]) == ("CPS_WORKER", "inbox", None)
    assert worker["told"]
    others = {line["agency"] for line in said["told"]}
    assert len(others) > 1, "whoever was told at other agencies is on the list too"
    audited = rows(
        world, "SELECT actor FROM audit_log WHERE act = 'read_told' AND object = :thing", thing=f"event:{receipt}"
    )
    assert [row.actor for row in audited] == [f"client:{CPS}"]
    assert api(world, "POST", f"{path}/unlink", why="Another family.").status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_was_told_is_for_child_welfare_on_its_own_case_alone(world: World, method: str) -> None:
    receipt = stray(world)
    linked(world, receipt)
    what, body = ("told", {}) if method == "GET" else ("unlink", {"why": "x"})
    answers = [
        api(world, method, f"/v1/cases/{number}/events/{id_}/{what}", PROBATION, **body)
        for number in (PROBATION_NUMBER, CASE_NUMBER, "no-such-case")
        for id_ in (receipt, "00000000-0000-4000-8000-000000000000")
    ]
    if method == "GET":
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.get_data() for answer in answers}) == 1
    else:
        assert {answer.status_code for answer in answers} <= {403, 404}
        assert entry(world, receipt) is not None


def test_who_was_told_by_mistake_reads_fixed_words(world: World) -> None:
    world.let_in("reyes")
    [item] = world.send(POLICE, event("order.violated", minimal_payload("order.violated"), STRAY))
    world.work()
    linked(world, item["receipt"])
    reyes = world.browser("reyes")
    assert "Protective order violated" in page(reyes, "/inbox")
    unlinking = api(world, "POST", f"/v1/cases/{CASE_NUMBER}/events/{item['receipt']}/unlink", why="Another family.")
    assert unlinking.status_code == 202
    world.work()
    seen = page(reyes, "/inbox")
    assert "Protective order violated" not in seen
    assert "Something needs your attention" in seen


def test_the_desk_reads_what_it_found_a_case_for_as_the_case_allows(world: World) -> None:
    receipt = stray(world)
    lindqvist = browser(world, "lindqvist")
    assert "Arrest" in page(lindqvist, "/inbox")
    linked(world, receipt)
    desk = rows(world, "SELECT id FROM notifications WHERE event_id = :event AND case_id IS NULL", event=receipt)
    [item] = [one for one in api(world, "GET", "/v1/inbox").get_json()["notifications"] if one["id"] == str(desk[0].id)]
    assert item["case"] in {None, CASE_NUMBER}
    seen = page(lindqvist, f"/inbox/{desk[0].id}")
    assert STRAY not in seen, "the number of the sender is for finding the case alone"


def test_ids_are_all_that_a_link_goes_by(world: World) -> None:
    """There is no way to search: no page and no answer names a case to somebody who did not name it first."""
    receipt = stray(world)
    seen = page(browser(world, "petrov"), f"/tasks/{task_of(world, receipt)}/event")
    assert CASE_NUMBER not in seen
    assert str(world.case_id()) not in seen
    assert UUID(receipt)


def test_who_was_told_of_an_event_that_was_never_linked_is_listed_too(world: World) -> None:
    [item] = world.send(PROBATION, event("order.violated", minimal_payload("order.violated"), PROBATION_NUMBER))
    world.work()
    said = api(world, "GET", f"/v1/cases/{CASE_NUMBER}/events/{item['receipt']}/told").get_json()
    assert (said["title"], said["links"]) == ("Protective order violated", [])
    assert "Ngozi Okafor" in {line["recipient"] for line in said["told"]}
