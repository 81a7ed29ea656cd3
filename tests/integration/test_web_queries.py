"""Lists cost the same number of queries however long they are."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event as sql_events

from tests.web_world import PROBATION_NUMBER, World, event

CPS = "alder-cps-records"


def report(world: World, days: range) -> None:
    sent = [event("prob.checkin_missed", {"due": f"2025-02-{day:02}"}, PROBATION_NUMBER) for day in days]
    world.send("alder-probation-supervision", *sent)
    world.work()


def queries(world: World, browser: FlaskClient, path: str, headers: dict[str, str]) -> int:
    """How many statements one request sends to the database."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    engine = world.system.database.engine
    sql_events.listen(engine, "before_cursor_execute", note)
    try:
        assert browser.get(path, headers=headers).status_code == 200
    finally:
        sql_events.remove(engine, "before_cursor_execute", note)
    return len(sent)


@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/inbox", "/v1/cases/AC-2025-0117/timeline"])
def test_a_list_for_machines_costs_the_same_however_long_it_is(world: World, path: str) -> None:
    report(world, range(1, 2))
    headers = world.bearer(CPS)
    few = queries(world, world.client(), path, headers)
    report(world, range(2, 20))
    assert queries(world, world.client(), path, headers) == few


def test_a_page_costs_the_same_however_long_it_is(world: World) -> None:
    report(world, range(1, 2))
    browser = world.browser("okafor")
    paths = ["/inbox", "/tasks", f"/cases/{world.case_id()}"]
    few = [queries(world, browser, path, {}) for path in paths]
    report(world, range(2, 20))
    assert [queries(world, browser, path, {}) for path in paths] == few
    assert max(few) < 50
