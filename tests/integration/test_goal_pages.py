"""The page of a case's goals: for whom it is, without a mouse, on paper, and for a bad question."""

from datetime import timedelta

from services.domain.goal_words import ASK
from tests.goals_on_record import hers, planned, send, verified
from tests.web_world import START, World


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
