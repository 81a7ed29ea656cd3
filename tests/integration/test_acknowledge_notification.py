"""Acknowledging: kept and audited, outside the chain of the case; what is not yours does not exist."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest

from services.actions.acknowledge_notification import (
    Acknowledged,
    AlreadyAcknowledged,
    NotFound,
    acknowledge_notification,
)
from services.channels.rehearsal import RehearsalChannel
from services.clock import StoryClock
from services.system import System
from tests.telling import Telling, telling


@pytest.fixture
def county(system: System, clock: StoryClock) -> Telling:
    return telling(system, clock, RehearsalChannel())


def test_whoever_acknowledges_does_so_in_their_own_inbox_and_for_their_desk(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    officer = county.person("officer", "probation")
    outcome = acknowledge_notification(county.web, officer, county.notice(event, "officer"))
    assert isinstance(outcome, Acknowledged)
    assert outcome.at == county.clock()
    marked = {row.who: (row.state, row.acknowledged_by) for row in county.told(event)}
    assert marked["officer"] == marked["duty"] == ("acknowledged", "staff:officer")
    assert marked["worker"] == ("delivered", None)
    assert set(outcome.notifications) == {county.notice(event, who) for who in ("officer", "duty")}


def test_the_second_time_says_who_was_first_and_changes_nothing(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    first = county.clock()
    acknowledge_notification(county.web, county.person("supervisor", "cps"), county.notice(event, "on-call"))
    county.clock.move_to(first + timedelta(minutes=1))
    again = acknowledge_notification(county.web, county.person("supervisor", "cps"), county.notice(event, "on-call"))
    assert again == AlreadyAcknowledged(first, "staff:supervisor")


def test_what_is_not_yours_is_answered_like_what_does_not_exist(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    theirs = county.notice(event, "worker")
    for actor, asked in (
        (county.person("officer", "probation"), theirs),
        (county.person("supervisor", "cps"), uuid4()),
        (county.person("facilitator", "programme"), theirs),
        (county.client("probation"), county.notice(event, "duty")),
        (county.client("cps", "inbox"), county.notice(event, "duty")),
    ):
        assert acknowledge_notification(county.web, actor, asked) == NotFound()
    assert all(row.state == "delivered" for row in county.told(event))


def test_a_desk_is_acknowledged_by_whoever_belongs_to_it_on_that_day_in_the_countys_zone(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    county.do(
        "UPDATE team_members SET until = '2025-01-19' WHERE staff_id = (SELECT id FROM staff WHERE username = "
        "'supervisor')"
    )
    supervisor, desk = county.person("supervisor", "cps"), county.notice(event, "on-call")
    # The supervisor's own copy would do too; without it, only the desk's is left.
    county.do("DELETE FROM notifications WHERE recipient_id = :id", id=supervisor.party_id)
    county.clock.move_to(datetime.fromisoformat("2025-01-20T05:01:00+00:00"))
    assert acknowledge_notification(county.web, supervisor, desk) == NotFound()
    county.do("UPDATE team_members SET until = '2025-01-20'")
    assert isinstance(acknowledge_notification(county.web, supervisor, desk), Acknowledged)


def test_before_midnight_in_the_county_it_is_still_that_day(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    supervisor, desk = county.person("supervisor", "cps"), county.notice(event, "on-call")
    county.do("DELETE FROM notifications WHERE recipient_id = :id", id=supervisor.party_id)
    county.do("UPDATE team_members SET until = :day", day=date(2025, 1, 19))
    county.clock.move_to(datetime.fromisoformat("2025-01-20T04:59:00+00:00"))
    assert isinstance(acknowledge_notification(county.web, supervisor, desk), Acknowledged)


def test_a_client_acknowledges_for_the_desks_of_its_agency_and_for_nobody_else(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    machine = county.client("probation", "inbox")
    outcome = acknowledge_notification(county.web, machine, county.notice(event, "duty"))
    assert isinstance(outcome, Acknowledged)
    marked = {row.who: row.acknowledged_by for row in county.told(event)}
    assert (marked["duty"], marked["officer"]) == ("client:probation", None)


def test_the_id_of_the_webhook_leads_to_the_readers_own_inbox(county: Telling) -> None:
    county.hook("probation", "https://receiver.example/hook")
    event = county.violate()
    county.alder.work()
    [hooked] = county.told(event, "webhook")
    outcome = acknowledge_notification(county.web, county.person("officer", "probation"), hooked.id)
    assert isinstance(outcome, Acknowledged)
    assert county.notice(event, "officer") in outcome.notifications
    assert county.told(event, "webhook")[0].state == "delivered"


def test_every_try_is_audited_and_the_chain_of_the_case_is_left_alone(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    length = county.one("SELECT count(*) AS events FROM event_log").events
    officer, mine = county.person("officer", "probation"), county.notice(event, "officer")
    acknowledge_notification(county.web, officer, mine)
    acknowledge_notification(county.web, officer, mine)
    acknowledge_notification(county.web, officer, county.notice(event, "worker"))
    audited = county.rows(
        "SELECT actor, outcome, case_id FROM audit_log WHERE act = 'acknowledge_notification' ORDER BY number"
    )
    assert [(row.actor, row.outcome, row.case_id is not None) for row in audited] == [
        ("staff:officer", "done", True),
        ("staff:officer", "unchanged", True),
        ("staff:officer", "refused", False),
    ]
    assert county.one("SELECT count(*) AS events FROM event_log").events == length
