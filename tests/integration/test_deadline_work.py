"""What moving deadlines costs, counted in calls and statements: no noise changes it, and no history makes it grow."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import Any
from uuid import UUID

from sqlalchemy import event as engine_events

from services.actions.move_deadlines import move_deadlines
from services.actions.receive_events import Accepted, receive_events
from services.clock import StoryClock
from services.domain.actors import system_actor
from services.storage import event_log, rosters
from tests.alder import Alder
from tests.payloads import minimal_payload

READER = system_actor("test")
SLACK = 1.3
"""Caches that are cold the first time, and the rows of the case itself."""


@dataclass
class Work:
    """What was done meanwhile: calls of our own functions, and statements."""

    calls: int = 0
    statements: int = 0


def test_a_batch_costs_the_same_after_a_thousand_events_as_after_fifty(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    happened(county, clock, 50)
    county.work()
    early = cost_of_moving(county, happened(county, clock, 100))
    happened(county, clock, 1_000)
    county.work()
    late = cost_of_moving(county, happened(county, clock, 100))
    assert late.statements == early.statements
    assert late.calls <= early.calls * SLACK


def test_a_batch_costs_in_proportion_to_its_events_whatever_waits_behind_it(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    few = happened(county, clock, 50)
    many = happened(county, clock, 200)
    happened(county, clock, 500)
    of_few = cost_of_moving(county, few)
    of_many = cost_of_moving(county, many)
    assert of_many.statements == of_few.statements
    assert of_many.calls <= of_few.calls * 4 * SLACK


def test_a_batch_that_is_told_late_goes_once_through_what_happened_since(county: Alder, clock: StoryClock) -> None:
    county.open_case()
    happened(county, clock, 150)
    county.work()
    over_few = cost_of_moving(county, happened(county, clock, 50, earlier=timedelta(hours=2)))
    happened(county, clock, 600)
    county.work()
    over_many = cost_of_moving(county, happened(county, clock, 50, earlier=timedelta(hours=4)))
    assert over_many.statements == over_few.statements
    assert over_many.calls <= over_few.calls * (600 + 250) / 200 * SLACK


def happened(county: Alder, clock: StoryClock, count: int, *, earlier: timedelta = timedelta()) -> list[UUID]:
    """So many referrals and dispositions, a second apart, that are kept and not routed."""
    envelopes = []
    for number in range(count):
        clock.move_to(clock() + timedelta(seconds=1))
        kind = "inv.disposition" if number % 2 else "intake.referral_received"
        data = dict(minimal_payload(kind))
        if kind == "intake.referral_received":
            data["referral_ref"] = f"r-{clock().timestamp():.0f}"
        envelopes.append(county.envelope("cps", kind, data, time=clock() - earlier))
    outcomes = receive_events(county.system, county.senders["cps"], envelopes)
    return [outcome.receipt for outcome in outcomes if isinstance(outcome, Accepted)]


def cost_of_moving(county: Alder, receipts: list[UUID]) -> Work:
    """What it costs to move deadlines by these events, as routing does."""
    assert receipts
    system = county.system
    with system.database.begin(READER) as connection:
        loaded = event_log.load(connection, system.keys, receipts)
        events = [loaded[receipt] for receipt in receipts]
        facts = rosters.case_facts(connection, {event.case_id for event in events if event.case_id}, (), system.clock())
        with counted(county) as work:
            move_deadlines(system, connection, events, facts, system.clock())
    return work


@contextmanager
def counted(county: Alder) -> Iterator[Work]:
    work = Work()

    def called(frame: FrameType, what: str, _: object) -> None:
        work.calls += what == "call" and "/services/" in frame.f_code.co_filename

    def said(*_: Any) -> None:
        work.statements += 1

    engine_events.listen(county.system.database.engine, "before_cursor_execute", said)
    before = sys.getprofile()
    sys.setprofile(called)
    try:
        yield work
    finally:
        sys.setprofile(before)
        engine_events.remove(county.system.database.engine, "before_cursor_execute", said)
