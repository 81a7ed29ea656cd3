"""Log lines carry ids and codes only, whatever fails: canaries in every value that is sent, and none in any line."""

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NoReturn
from uuid import UUID, uuid4

import pytest
import structlog

from services.actions.run_jobs import TRIES, run_jobs
from services.actions.sweep import sweep
from services.channels.message import NotDelivered, OutwardMessage, Refused, SendResult
from services.clock import StoryClock
from services.domain.scopes import Scope
from services.domain.urgency import Lane
from services.local.machine import LocalStores
from services.storage.database import Database
from services.system import System
from services.telemetry import logs
from services.web.authentication import public, scope
from tests.telling import VIOLATED, Telling, telling
from tests.web_world import MEDIA, PROBATION_NUMBER, World, event

CANARY = "canary-4711-marisol"
"""Stands in every value that a sender may choose."""

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """What this process has written to its log since it was last asked; logging is set up as in a service."""
    before = logging.root.handlers[:], sys.excepthook, threading.excepthook, structlog.get_config()
    capsys.readouterr()
    logs.configure()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logging.root.handlers, sys.excepthook, threading.excepthook = before[:3]
    structlog.configure(**before[3])


def test_a_field_that_is_not_on_the_list_does_not_reach_the_line_and_is_counted(lines: Lines) -> None:
    log = structlog.get_logger()
    receipt = uuid4()
    log.warning("told", receipt=receipt, subject=CANARY, kind="route", code="two words of a text", at=["a.py:1"])
    log.warning(f"told {CANARY}", lane="urgent")
    first, second = lines()
    assert {name: first[name] for name in first if name != "timestamp"} == {
        "event": "told",
        "level": "warning",
        "receipt": str(receipt),
        "kind": "route",
        "at": ["a.py:1"],
        "dropped": 2,
    }
    assert (second["event"], second["lane"], second["dropped"]) == ("unnamed", "urgent", 1)


def test_a_library_is_quoted_with_its_holes_unfilled(lines: Lines) -> None:
    library = logging.getLogger("library.of.somebody")
    library.warning("Could not read %s", CANARY)
    library.warning(f"Could not read {CANARY}")
    try:
        int(CANARY)
    except ValueError:
        library.exception("It broke")
    found = lines()
    assert CANARY not in str(found)
    assert [line["said"] for line in found] == ["Could not read %s", None, "It broke"]
    assert [line["logger"] for line in found] == ["library.of.somebody"] * 3
    assert found[1]["at"][0].startswith("test_logs.py:")
    assert found[2]["error"] == "ValueError"


def test_a_library_that_writes_to_a_stream_of_its_own_writes_there_no_more(lines: Lines) -> None:
    library = logging.getLogger("library.with.a.stream")
    library.addHandler(logging.StreamHandler(sys.stderr))
    library.propagate = False
    logs.configure()
    library.error("Error handling request %s", CANARY)
    (line,) = lines()
    assert line["said"] == "Error handling request %s"


def test_what_nobody_caught_is_said_by_class_and_place(lines: Lines) -> None:
    def fail() -> NoReturn:
        raise RuntimeError(CANARY)

    thread = threading.Thread(target=fail, name="of-test")
    thread.start()
    thread.join()
    try:
        fail()
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    found = lines()
    assert [(line["event"], line["error"], line.get("thread")) for line in found] == [
        ("uncaught", "RuntimeError", "of-test"),
        ("uncaught", "RuntimeError", None),
    ]
    assert CANARY not in str(found)
    assert all(line["at"] for line in found)


class Answering:
    """A receiver that answers this, or raises it."""

    def __init__(self) -> None:
        self.result: SendResult | Exception = NotDelivered("http_500")

    def send(self, _: OutwardMessage) -> SendResult:
        """As a channel does."""
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def receiver() -> Answering:
    return Answering()


@pytest.fixture
def county(system: System, clock: StoryClock, receiver: Answering) -> Telling:
    """A county with a receiver of webhooks whose address holds the canary."""
    made = telling(system, clock, receiver)
    made.hook("probation", f"http://127.0.0.1:1/{CANARY}?{CANARY}")
    return made


def test_no_line_of_intake_quotes_what_was_sent(world: World, lines: Lines, stores: LocalStores) -> None:
    said = {
        "conditions": [CANARY],
        "facts": CANARY,
        "dangerous": True,
    }
    sent = event(
        "prob.violation_filed", said, PROBATION_NUMBER, source=f"https://x.example/{CANARY}", id=CANARY, extra=CANARY
    )
    bearer = world.bearer("alder-probation-supervision")
    answers = [
        world.client().post("/v1/events", json=sent | changes, headers=bearer | MEDIA)
        for changes in (
            {},
            {"data": {**said, "facts": CANARY * 2}},
            {"subject": CANARY, "id": f"{CANARY}-2"},
            {"type": f"org.dvcw.{CANARY}"},
            {"data": {CANARY: CANARY}},
        )
    ]
    assert [answer.status_code for answer in answers] == [202, 409, 202, 422, 422]
    world.work()
    _refuse_rows(stores, world.system.database, "event_log")
    broken = world.client().post(f"/v1/events?{CANARY}", json=sent | {"id": f"{CANARY}-3"}, headers=bearer | MEDIA)
    assert broken.status_code == 500
    found = lines()
    (failed,) = [line for line in found if line["event"] == "request_failed"]
    assert failed["cause"] == "RaiseException"
    assert CANARY not in str(found)


def test_a_line_of_a_request_says_which_and_whose(world: World, lines: Lines) -> None:
    def fail() -> NoReturn:
        raise RuntimeError(CANARY)

    def fail_for_machines() -> NoReturn:
        raise RuntimeError(CANARY)

    world.app.add_url_rule("/v1/fail", "fail", public(fail))
    world.app.add_url_rule("/v1/fail-later", "later", scope(Scope.TASKS)(fail_for_machines))
    bearer = world.bearer("alder-probation-supervision")
    world.client().get("/v1/fail")
    world.client().get("/v1/fail-later", headers=bearer)
    structlog.get_logger().info("outside")
    first, second, outside = lines()
    assert first["request"] != second["request"]
    assert (first["endpoint"], second["endpoint"]) == ("fail", "later")
    assert "client" not in first
    assert second["client"] == "client:alder-probation-supervision"
    assert UUID(second["agency"])
    assert not {"request", "client", "agency"} & outside.keys()


def test_no_line_of_a_delivery_quotes_address_error_or_event(
    county: Telling, clock: StoryClock, receiver: Answering, lines: Lines
) -> None:
    for result in (NotDelivered("http_500"), RuntimeError(CANARY), Refused("gone")):
        receiver.result = result
        event_id = county.alder.accept(
            "police", "order.violated", {**VIOLATED, "facts": CANARY, "order_ref": CANARY}, subject="C-1"
        )
        county.alder.work()
        assert county.attempts(event_id)
        clock.move_to(clock() + timedelta(minutes=1))
    found = lines()
    assert CANARY not in str(found)
    by_word = {line["event"]: line for line in found}
    for word in ("delivery_failed", "call_failed", "undelivered"):
        assert UUID(by_word[word]["notification"])
        assert by_word[word]["code"]
    assert by_word["delivery_failed"]["attempt"] == 1


def test_a_job_that_is_set_aside_is_logged_without_the_row_that_postgresql_quotes(
    county: Telling, clock: StoryClock, stores: LocalStores, lines: Lines
) -> None:
    _refuse_rows(stores, county.system.database, "event_outcomes")
    event_id = county.alder.accept("police", "order.violated", {**VIOLATED, "facts": CANARY}, subject="C-1")
    for _ in range(TRIES):
        county.alder.work()
        clock.move_to(clock() + timedelta(minutes=1))
    found = [line for line in lines() if line["event"] == "job_failed" and line["kind"] == "route"]
    assert [line["attempts"] for line in found] == list(range(1, TRIES + 1))
    for line in found:
        assert (line["ref"], line["lane"], line["cause"]) == (str(event_id), "urgent", "RaiseException")
        assert any(place.startswith("route_events.py:") for place in line["at"])
    assert CANARY not in str(found)


def _refuse_rows(stores: LocalStores, database: Database, table: str) -> None:
    """Let PostgreSQL refuse rows, and quote them with the canary as its own messages quote rows."""
    with stores.postgres.connect_as_superuser(str(database.engine.url.database)) as superuser:
        superuser.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION 'no {CANARY}' USING DETAIL = 'Failing row contains ({CANARY})'; END $$;"
        )
        superuser.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()".encode())


def test_a_job_that_fails_after_its_lease_was_lost_is_left_to_who_has_it_now(
    county: Telling, stores: LocalStores, lines: Lines
) -> None:
    with stores.postgres.connect_as_superuser(str(county.system.database.engine.url.database)) as superuser:
        superuser.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
            "CREATE TRIGGER refuse BEFORE INSERT ON event_outcomes EXECUTE FUNCTION refuse();"
            "CREATE FUNCTION take() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "UPDATE jobs SET lease = gen_random_uuid() WHERE id = NEW.id; RETURN NULL; END $$;"
            "CREATE TRIGGER take AFTER UPDATE ON jobs FOR EACH ROW "
            "WHEN (pg_trigger_depth() = 0 AND NEW.lease IS NOT NULL) EXECUTE FUNCTION take();"
        )
    county.violate()
    assert run_jobs(county.system, Lane.URGENT) == 1
    assert [line["event"] for line in lines()] == ["job_failed"]
    assert [row.error_code for row in county.jobs("route")] == [None]


def test_a_sweeper_of_which_one_thread_fails_ends_so_that_it_is_started_anew(
    county: Telling, stores: LocalStores, lines: Lines
) -> None:
    with stores.postgres.connect_as_superuser(str(county.system.database.engine.url.database)) as superuser:
        superuser.execute("ALTER TABLE jobs RENAME COLUMN due_at TO was_due_at")
    sweep(county.system, threading.Event())
    found = lines()
    assert {line["event"] for line in found} == {"uncaught"}
    assert {line["error"] for line in found} == {"ProgrammingError"}
