"""The pages as people use them, in Debian's Chromium: at a desk, on a phone, by the keyboard alone, and on paper."""

import re
import shutil
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from tests.payloads import minimal_payload
from tests.web_world import CASE_NUMBER, PASSWORD, PROBATION_NUMBER, World, event

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 30_000
"""Milliseconds: machines that test are busy."""
expect.set_options(timeout=PATIENCE)
DESK, PHONE = {"width": 1200, "height": 900}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("NO BROWSER: install Debian's package `chromium` to test the pages in one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def address(world: World) -> Iterator[str]:
    """The application, served on this machine, with something to read, to acknowledge and to do."""
    world.send(
        "alder-probation-supervision",
        event("order.violated", minimal_payload("order.violated"), PROBATION_NUMBER),
        event(
            "prob.checkin_missed",
            {"due": "2025-03-07"},
            PROBATION_NUMBER,
            time="2025-03-07T16:00:00-05:00",
            recordedtime="2025-03-10T09:00:00-04:00",
        ),
    )
    world.work()
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()


def opened(chromium: Browser, address: str, size: dict[str, int], username: str) -> Page:
    """A page of somebody who has signed in; anything that the browser complains of fails the test at its end."""
    context = chromium.new_context(viewport={"width": size["width"], "height": size["height"]})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.complaints = []  # type: ignore[attr-defined]
    page.on("console", lambda message: _note(page, message.type, message.text))
    page.on("pageerror", lambda error: _note(page, "error", str(error)))
    page.goto(f"{address}/sign-in")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/inbox")
    return page


def _note(page: Any, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        page.complaints.append(text)


def complaints(page: Any) -> list[str]:
    found: list[str] = page.complaints
    return found


def all_pages(page: Page, address: str) -> list[str]:
    """The addresses of one page of each kind."""
    page.goto(f"{address}/inbox")
    notification = page.locator("a[href^='/inbox/']").first.get_attribute("href")
    case = page.locator("a[href^='/cases/']").first.get_attribute("href")
    page.goto(f"{address}/tasks")
    decline = page.get_by_role("link", name="Decline").first.get_attribute("href")
    paths = (
        "/inbox",
        "/tasks",
        "/tasks?state=closed",
        notification,
        case,
        decline,
        f"{case}/efforts",
        f"{case}/goals",
        "/supervision",
    )
    return [f"{address}{path}" for path in paths]


def test_a_worker_acknowledges_accepts_declines_and_reads_the_timeline(chromium: Browser, address: str) -> None:
    page = opened(chromium, address, DESK, "okafor")
    violated = page.get_by_role("listitem").filter(has_text="Protective order violated").first
    violated.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_role("status")).to_have_text("Acknowledged.")
    violated = page.get_by_role("listitem").filter(has_text="Protective order violated").first
    expect(violated).to_contain_text("Acknowledged by okafor")
    page.get_by_role("link", name="My tasks").click()
    asked = page.get_by_role("listitem").filter(has_text="Ask about a missed check-in")
    asked.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status")).to_have_text("The task is accepted.")
    page.get_by_role("link", name="Decline").first.click()
    page.get_by_role("button", name="Decline the task").click()
    expect(page.get_by_role("heading", name="Decline a task")).to_be_visible()
    page.get_by_label("Reason").fill("It is with the after-hours desk already.")
    page.get_by_role("button", name="Decline the task").click()
    expect(page.get_by_role("status")).to_contain_text("The task is declined.")
    page.get_by_role("link", name=CASE_NUMBER).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Case {CASE_NUMBER}")
    expect(page.get_by_role("columnheader", name="What")).to_be_visible()
    expect(page.get_by_role("heading", name="Protective order violated")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert complaints(page) == []


def test_probation_sees_its_own_late_report_and_nothing_of_the_rest(chromium: Browser, address: str) -> None:
    page = opened(chromium, address, DESK, "reyes")
    page.get_by_role("link", name=PROBATION_NUMBER).first.click()
    entry = page.get_by_role("listitem").filter(has_text="Check-in missed")
    expect(entry).to_contain_text("3 days later")
    body = page.inner_text("main")
    assert "Role given" not in body
    assert not re.search(r"withheld|hidden|redacted|not shown|\bmore events?\b", body, re.IGNORECASE)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_fits_has_one_heading_and_labels_everything(
    chromium: Browser, address: str, size: dict[str, int]
) -> None:
    page = opened(chromium, address, size, "okafor")
    for url in all_pages(page, address):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), url
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.locator("h1").count() == 1, url
        assert page.get_by_role("main").count() == page.get_by_role("banner").count() == 1, url
        unnamed = page.evaluate(
            """() => [...document.querySelectorAll('button, a, input:not([type=hidden]), textarea')]
                .filter(one => !(one.labels?.length || one.textContent.trim() || one.ariaLabel)).length"""
        )
        assert unnamed == 0, url
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(one => +one.tagName[1])")
        assert all(after - before <= 1 for before, after in pairwise(levels)), (url, levels)
    assert complaints(page) == []


def test_targets_on_a_phone_are_large_enough_for_a_thumb(chromium: Browser, address: str) -> None:
    page = opened(chromium, address, PHONE, "okafor")
    page.goto(f"{address}/tasks")
    for button in page.locator("main .btn").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_the_keyboard_alone_reaches_everything_and_shows_where_it_is(chromium: Browser, address: str) -> None:
    page = opened(chromium, address, DESK, "okafor")
    page.goto(f"{address}/tasks")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert float(outline.removesuffix("px")) >= 2
    page.get_by_role("button", name="Accept").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("The task is accepted.")


def test_on_paper_there_is_the_case_and_nothing_to_press(chromium: Browser, address: str) -> None:
    page = opened(chromium, address, DESK, "okafor")
    page.get_by_role("link", name=CASE_NUMBER).first.click()
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.locator(".bar").is_hidden()
    assert all(button.is_hidden() for button in page.locator("main .btn").all())


def test_scripts_find_no_cookie(chromium: Browser, address: str) -> None:
    page = opened(chromium, address, DESK, "okafor")
    assert page.evaluate("document.cookie") == ""
