"""Pages without a browser: signing in and out, cookies, and that only a form of ours changes anything."""

import re

import pytest
from flask.testing import FlaskClient

from services.web.authentication import local_path
from tests.payloads import minimal_payload
from tests.web_world import BROWSER, PASSWORD, PROBATION_NUMBER, World, app_on, csrf_token, event


def sign_in(browser: FlaskClient, headers: dict[str, str], **form: str) -> int:
    said = {"username": "okafor", "password": PASSWORD, "csrf_token": csrf_token(browser)} | form
    return browser.post("/sign-in", data=said, headers=headers).status_code


def tell(world: World) -> None:
    world.send(
        "alder-probation-supervision",
        event("order.violated", minimal_payload("order.violated"), PROBATION_NUMBER),
        event("prob.checkin_missed", {"due": "2025-03-07"}, PROBATION_NUMBER),
    )
    world.work()


def link(page: str, beginning: str) -> str:
    found = re.search(rf'(?:href|action)="({beginning}[^"]*)"', page)
    assert found, f"no link to {beginning}"
    return found[1]


def test_a_page_asks_to_sign_in_first_and_then_goes_on(world: World) -> None:
    browser = world.client()
    asked = browser.get("/tasks?state=closed")
    assert asked.status_code == 303
    assert asked.headers["Location"] == "/sign-in?next=/tasks?state%3Dclosed"
    said = {
        "username": "okafor",
        "password": PASSWORD,
        "csrf_token": csrf_token(browser),
        "next": "/tasks?state=closed",
    }
    answer = browser.post("/sign-in", data=said, headers=BROWSER)
    assert answer.headers["Location"] == "/tasks?state=closed"


@pytest.mark.parametrize("asked", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/\tx", ""])
def test_after_signing_in_nobody_is_sent_elsewhere(asked: str) -> None:
    assert local_path(asked) is None


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(world: World) -> None:
    pages = []
    for username in ("okafor", "nobody"):
        browser = world.client()
        said = {"username": username, "password": "wrong", "csrf_token": csrf_token(browser)}
        answer = browser.post("/sign-in", data=said, headers=BROWSER)
        assert answer.status_code == 401
        pages.append(re.sub(r'value="[^"]*"', "", answer.get_data(as_text=True)))
    assert pages[0] == pages[1]


def test_the_session_lies_in_a_cookie_that_scripts_and_other_sites_do_not_get(world: World) -> None:
    secure = app_on(world.system)
    browser = secure.test_client()
    said = {"username": "okafor", "password": PASSWORD, "csrf_token": csrf_token(browser)}
    cookies = browser.post("/sign-in", data=said, headers=BROWSER).headers.getlist("Set-Cookie")
    [cookie] = [cookie for cookie in cookies if cookie.startswith("tallystick=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_over_https_cookies_are_pinned_to_the_host(world: World) -> None:
    from dataclasses import replace

    secure = app_on(replace(world.system, public_url="https://tallystick.example"))
    browser = secure.test_client()
    page = browser.get("/sign-in", base_url="https://tallystick.example")
    [cookie] = page.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-tallystick-form=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_signing_out_ends_the_session_for_whoever_holds_its_token(world: World) -> None:
    browser = world.browser("okafor")
    cookie = browser.get_cookie("tallystick")
    assert cookie is not None
    token = csrf_token(browser, "/inbox")
    assert browser.post("/sign-out", data={"csrf_token": token}, headers=BROWSER).status_code == 303
    thief = world.client()
    thief.set_cookie("tallystick", cookie.value)
    assert thief.get("/inbox").status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_a_form_counts_only_when_it_was_sent_from_our_own_page(
    world: World, headers: dict[str, str], status: int
) -> None:
    assert sign_in(world.client(), headers) == status


def test_a_form_without_its_token_is_refused(world: World) -> None:
    tell(world)
    browser = world.browser("okafor")
    action = link(browser.get("/tasks").get_data(as_text=True), "/tasks/")
    assert browser.post(action, data={}, headers=BROWSER).status_code == 400
    assert browser.post(action, data={"csrf_token": "made up"}, headers=BROWSER).status_code == 400


def test_a_task_is_accepted_and_done_on_the_page(world: World) -> None:
    tell(world)
    browser = world.browser("okafor")
    page = browser.get("/tasks").get_data(as_text=True)
    accept = next(path for path in re.findall(r'action="(/tasks/[^"]*/accept)"', page))
    said = {"csrf_token": csrf_token(browser, "/tasks"), "back": "/tasks"}
    answer = browser.post(accept, data=said, headers=BROWSER)
    assert answer.headers["Location"] == "/tasks"
    page = browser.get("/tasks").get_data(as_text=True)
    assert "The task is accepted." in page
    done = accept.replace("/accept", "/complete")
    assert done in page
    assert browser.post(done, data=said, headers=BROWSER).status_code == 303
    assert done not in browser.get("/tasks").get_data(as_text=True)
    assert "Done" in browser.get("/tasks?state=closed").get_data(as_text=True)


def test_an_answer_that_came_too_late_is_explained_and_harms_nothing(world: World) -> None:
    tell(world)
    browser = world.browser("okafor")
    page = browser.get("/tasks").get_data(as_text=True)
    accept = next(path for path in re.findall(r'action="(/tasks/[^"]*/accept)"', page))
    said = {"csrf_token": csrf_token(browser, "/tasks"), "reason": "Not ours."}
    browser.post(accept.replace("/accept", "/decline"), data=said, headers=BROWSER)
    browser.post(accept, data=said, headers=BROWSER)
    assert "The task was declined" in browser.get("/tasks").get_data(as_text=True)


def test_titles_of_pages_say_nothing_of_a_case(world: World) -> None:
    tell(world)
    browser = world.browser("okafor")
    inbox = browser.get("/inbox").get_data(as_text=True)
    for path in ("/inbox", "/tasks", link(inbox, "/inbox/"), link(inbox, "/cases/")):
        page = browser.get(path).get_data(as_text=True)
        title = re.search(r"<title>(.*?)</title>", page)
        assert title
        assert title[1].removesuffix(" – Tallystick") in {
            "My inbox",
            "My tasks",
            "Notification",
            "Timeline of a case",
        }


def test_a_case_of_others_has_no_page(world: World) -> None:
    world.let_in("feldman")
    theirs = world.browser("feldman").get(f"/cases/{world.case_id()}")
    absent = world.browser("feldman").get("/cases/00000000-0000-4000-8000-000000000000")
    assert theirs.status_code == absent.status_code == 404


def test_pages_hold_no_script_and_no_style_of_their_own(world: World) -> None:
    tell(world)
    browser = world.browser("okafor")
    inbox = browser.get("/inbox").get_data(as_text=True)
    for page in (inbox, *(browser.get(path).get_data(as_text=True) for path in ("/tasks", link(inbox, "/cases/")))):
        assert "<script" not in page
        assert "style=" not in page
        assert not re.search(r"\son[a-z]+=", page)
