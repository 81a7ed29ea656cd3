"""Nobody is told late because somebody else moves the deadlines of the case: what is left to do follows as a job."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import sleep
from uuid import UUID

import pytest
from sqlalchemy import event as on
from sqlalchemy import text

from services.actions.run_jobs import TRIES, run_jobs
from services.clock import StoryClock
from services.domain.actors import Actor, system_actor
from services.domain.urgency import Lane
from services.storage import deadlines
from services.storage.database import DATABASE_AWAY
from tests.alder import Alder
from tests.payloads import minimal_payload

REFERRED = datetime(2025, 1, 20, 15, 0, tzinfo=UTC)
MOMENT = timedelta(seconds=1)
A_MOMENT = 0.3
"""Seconds on the clock of the database, by which jobs are given back."""


@contextmanager
def busy(county: Alder) -> Iterator[None]:
    """Somebody else moves the deadlines of all cases."""
    with county.system.database.begin(system_actor("other")) as connection:
        deadlines.lock_cases(connection, connection.execute(text("SELECT id FROM cases")).scalars().all())
        yield


def refer(county: Alder, clock: StoryClock) -> UUID:
    clock.move_to(REFERRED)
    data = {**minimal_payload("intake.referral_received"), "referral_ref": "r-1"}
    return county.accept("cps", "intake.referral_received", data)


def asked(county: Alder, question: str) -> int:
    with county.system.database.begin(system_actor("other")) as connection:
        return int(connection.execute(text(question)).scalar_one())


def outcomes(county: Alder, receipt: UUID) -> int:
    return asked(county, f"SELECT count(*) FROM event_outcomes WHERE event_id = '{receipt}' AND state = 'processed'")


def told_while_busy(county: Alder, clock: StoryClock) -> tuple[UUID, int]:
    """An event that was routed while somebody else moved the deadlines of its case; how many there were before."""
    county.open_case()
    county.work()
    before = asked(county, DEADLINES)
    with busy(county):
        receipt = refer(county, clock)
        county.work()
    return receipt, before


DEADLINES = "SELECT count(*) FROM deadlines WHERE task_id IS NULL"
LEFT = "SELECT count(*) FROM jobs WHERE kind = 'catch_up'"


def test_an_event_is_told_while_somebody_else_moves_the_deadlines_of_its_case(county: Alder, clock: StoryClock) -> None:
    receipt, before = told_while_busy(county, clock)
    assert outcomes(county, receipt) == 1
    assert asked(county, DEADLINES) == before
    assert asked(county, LEFT) == 1
    sleep(A_MOMENT)
    county.work()
    assert asked(county, DEADLINES) > before
    assert asked(county, LEFT) == 0


def test_what_was_left_is_done_as_if_nobody_had_been_there(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    county.work()
    refer(county, clock)
    with busy(county):
        county.work()
        county.accept("cps", "inv.disposition", minimal_payload("inv.disposition"), time=REFERRED + MOMENT)
    clock.move_to(clock() + 2 * MOMENT)
    sleep(A_MOMENT)
    county.work()
    assert asked(county, f"{DEADLINES} AND rule_id = 'D02' AND state = 'met'") == 1
    assert asked(county, f"{DEADLINES} AND rule_id = 'D02' AND state <> 'met'") == 0


def test_a_step_of_a_deadline_waits_a_moment_where_its_case_is_busy(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    refer(county, clock)
    county.work()
    due = "SELECT count(*) FROM jobs WHERE kind = 'deadline' AND lease_until IS NOT NULL AND attempts = 0"
    clock.move_to(REFERRED + timedelta(days=200))
    with busy(county):
        county.work()
        assert asked(county, due) > 0
        assert asked(county, "SELECT count(*) FROM deadlines WHERE overdue_since IS NOT NULL") == 0
    sleep(A_MOMENT)
    county.work()
    assert asked(county, due) == 0
    assert asked(county, "SELECT count(*) FROM deadlines WHERE overdue_since IS NOT NULL") > 0


def test_what_was_left_is_forgotten_where_the_event_is_no_longer_on_the_case(county: Alder, clock: StoryClock) -> None:
    receipt, before = told_while_busy(county, clock)
    with county.system.database.begin(Actor(name="system:test", administrates=True)) as connection:
        connection.execute(text(f"UPDATE event_outcomes SET state = 'refused' WHERE event_id = '{receipt}'"))
    sleep(A_MOMENT)
    county.work()
    assert (asked(county, DEADLINES), asked(county, LEFT)) == (before, 0)


def test_who_stands_still_in_a_transaction_is_cut_off_and_holds_nothing_any_more(county: Alder) -> None:
    county.open_case()
    with pytest.raises(DATABASE_AWAY):
        stand_still_holding_all_cases(county)


def stand_still_holding_all_cases(county: Alder) -> None:
    """Hold the cases, and say nothing for so long that somebody else gets them."""
    frozen = county.system.database.begin(system_actor("frozen"), idle_seconds=0.05)
    with frozen as connection:
        case_ids = connection.execute(text("SELECT id FROM cases")).scalars().all()
        deadlines.lock_cases(connection, case_ids)
        with county.system.database.begin(system_actor("other")) as other:
            deadlines.lock_cases(other, case_ids)
        connection.execute(text("SELECT 1"))


def test_a_batch_that_stands_still_is_taken_apart_so_that_nobody_waits_for_the_slow_one(county: Alder) -> None:
    county.open_case("police", "probation")
    county.work()
    slow = county.accept("police", "order.violated", minimal_payload("order.violated"))
    other = county.accept("police", "order.violated", minimal_payload("order.violated"))

    def stand_still(_: object, __: object, statement: str, parameters: object, *___: object) -> None:
        if "INSERT INTO notifications" in statement and str(slow) in str(parameters):
            sleep(2.5)

    engine = county.system.database.engine
    on.listen(engine, "before_cursor_execute", stand_still)
    try:
        run_jobs(county.system, Lane.URGENT)
    finally:
        on.remove(engine, "before_cursor_execute", stand_still)
    assert outcomes(county, other) == 1


def test_what_was_left_and_cannot_be_done_is_put_before_people(county: Alder, clock: StoryClock) -> None:
    told_while_busy(county, clock)
    sleep(A_MOMENT)

    def fail(_: object, __: object, statement: str, *___: object) -> None:
        if "INSERT INTO deadlines" in statement:
            raise RuntimeError

    engine = county.system.database.engine
    on.listen(engine, "before_cursor_execute", fail)
    try:
        for _ in range(TRIES):
            county.work()
            clock.move_to(clock() + timedelta(minutes=5))
    finally:
        on.remove(engine, "before_cursor_execute", fail)
    assert asked(county, f"{LEFT} AND state = 'set_aside'") == 1
    county.work()
    assert asked(county, "SELECT count(*) FROM tasks WHERE kind = 'see_to_set_aside'") > 0


def test_what_an_urgent_event_leaves_to_do_is_routine_work(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    county.work()
    with busy(county):
        clock.move_to(REFERRED)
        county.accept("cps", "child.removed", minimal_payload("child.removed"))
        county.work()
    lanes = asked(county, "SELECT count(*) FROM jobs WHERE kind = 'catch_up' AND lane = 'routine'")
    assert (lanes, asked(county, LEFT)) == (1, 1)
