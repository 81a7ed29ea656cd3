"""An unacknowledged alert climbs its ladder until somebody who counts has acknowledged it."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from services.actions.acknowledge_notification import Acknowledged, acknowledge_notification
from services.actions.escalate_notifications import first_escalation_job
from services.actions.play_story import let_time_pass
from services.channels.rehearsal import RehearsalChannel
from services.clock import StoryClock
from services.domain.roles import Role
from services.domain.urgency import Lane, Urgency
from services.storage.notifications import NewNotification
from services.system import System
from tests.telling import THREATENED, Telling, telling


@pytest.fixture
def county(system: System, clock: StoryClock) -> Telling:
    return telling(system, clock, RehearsalChannel())


def _minutes(county: Telling, minutes: int) -> None:
    let_time_pass(county.system, county.clock, county.clock() + timedelta(minutes=minutes))


def _climbed(county: Telling, event: UUID) -> list[tuple[str, str]]:
    """Who was told on which rung: the rung's number as it stands in the rule id, and the recipient."""
    return [(row.rule_id.rpartition("+")[2], row.who) for row in county.told(event) if row.reason == "escalated"]


def _acknowledge(county: Telling, person: str, agency: str, event: UUID, where: str) -> None:
    outcome = acknowledge_notification(county.web, county.person(person, agency), county.notice(event, where))
    assert isinstance(outcome, Acknowledged)


def _only(county: Telling, agency: str) -> None:
    """Leave the ladders of one agency alone."""
    county.do(
        "DELETE FROM jobs WHERE kind = 'escalate' AND agency_id <> (SELECT id FROM agencies WHERE slug = :slug)",
        slug=agency,
    )


def test_every_agency_that_was_told_of_a_u0_has_one_ladder(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    waiting = county.jobs("escalate")
    assert len(waiting) == 2
    assert {job.lane for job in waiting} == {"urgent"}
    assert {job.due_at - county.clock() for job in waiting} == {timedelta(minutes=5)}
    assert {job.ref for job in waiting} <= {row.id for row in county.told(event)}


def test_an_alert_that_nobody_acknowledges_climbs_to_the_countys_on_call_desk(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    _only(county, "cps")
    _minutes(county, 4)
    assert _climbed(county, event) == []
    _minutes(county, 1)
    assert _climbed(county, event) == [("1", "on-call")]
    _minutes(county, 5)
    assert _climbed(county, event)[1:] == [("2", "supervisor")]
    _minutes(county, 20)
    assert ("4", "on-call") in _climbed(county, event)
    assert {row.state for row in county.told(event)} == {"delivered"}


def test_whoever_is_on_shift_is_told_rather_than_the_desk(county: Telling) -> None:
    county.do(
        "INSERT INTO on_call_shifts (team_id, staff_id, starts_at) "
        "SELECT t.id, s.id, '2025-01-01' FROM teams t, staff s WHERE t.slug = 'duty' AND s.username = 'officer'"
    )
    event = county.violate()
    county.alder.work()
    _only(county, "probation")
    _minutes(county, 5)
    assert _climbed(county, event) == [("1", "officer")]


def test_the_desks_acknowledgement_ends_the_ladder_of_its_agency_alone(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    _acknowledge(county, "officer", "probation", event, "duty")
    _minutes(county, 10)
    agencies = {
        row.slug
        for row in county.rows(
            "SELECT a.slug FROM jobs j JOIN agencies a ON a.id = j.agency_id WHERE j.kind = 'escalate'"
        )
    }
    assert agencies == {"cps"}
    assert {who for _, who in _climbed(county, event)} == {"on-call", "supervisor"}


def test_one_officers_acknowledgement_is_not_the_desks(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    _only(county, "cps")
    _acknowledge(county, "worker", "cps", event, "worker")
    _minutes(county, 5)
    assert _climbed(county, event) == [("1", "on-call")]


def test_where_an_agency_has_no_desk_anybodys_acknowledgement_counts(county: Telling) -> None:
    event = county.alder.accept("programme", "provider.new_violence_or_threat", THREATENED)
    county.alder.work()
    _only(county, "police")
    assert county.jobs("escalate") != []
    _acknowledge(county, "sergeant", "police", event, "sergeant")
    _minutes(county, 30)
    assert _climbed(county, event) == []
    assert county.jobs("escalate") == []


def test_whoever_was_told_on_a_rung_may_end_the_ladder(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    _only(county, "probation")
    _minutes(county, 5)
    rung = next(row for row in county.told(event) if row.reason == "escalated")
    county.do(
        "UPDATE team_members SET until = '2025-01-01' WHERE staff_id = (SELECT id FROM staff WHERE username = "
        "'supervisor')"
    )
    _minutes(county, 25)
    assert ("4", "on-call") in _climbed(county, event)
    county.do(
        "UPDATE notifications SET acknowledged_at = :now, acknowledged_by = 'staff:x' WHERE id = :id",
        now=county.clock(),
        id=rung.id,
    )
    before = _climbed(county, event)
    _minutes(county, 120)
    assert _climbed(county, event) == before
    assert county.jobs("escalate") == []


def test_a_ladder_ends_after_a_day(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    _only(county, "probation")
    _minutes(county, 25 * 60)
    assert county.jobs("escalate") == []
    told = _climbed(county, event)
    assert ("51", "on-call") in told
    assert len(told) == len(set(told))


def test_each_rung_is_an_event_of_the_case_and_its_repetitions_are_not(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    _only(county, "probation")
    _minutes(county, 3 * 60)
    said = county.rows("SELECT attributes FROM event_log WHERE type = 'notification.escalated'")
    assert len(said) == 4
    assert {row.attributes["causationid"] for row in said} == {str(event)}
    audited = county.rows("SELECT detail FROM audit_log WHERE act = 'escalate_notification' ORDER BY number")
    assert [row.detail["rung"] for row in audited][:5] == [1, 2, 3, 4, 5]


def test_an_agency_that_has_left_the_case_is_told_nothing_more(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    _only(county, "probation")
    county.take_off(Role.PROB, "probation", "officer", date(2025, 1, 17))
    _minutes(county, 5)
    assert _climbed(county, event) == [("1", "on-call")]


def test_receivers_hear_of_every_rung(system: System, clock: StoryClock) -> None:
    channel = RehearsalChannel()
    county = telling(system, clock, channel)
    county.hook("probation", "https://receiver.example/hook")
    county.violate()
    county.alder.work()
    _only(county, "probation")
    _minutes(county, 5)
    assert len({message.id for message in channel.sent}) == len(channel.sent) == 2


def test_looking_twice_at_one_moment_tells_nobody_twice(county: Telling) -> None:
    event = county.violate()
    county.alder.work()
    _only(county, "probation")
    [job] = county.jobs("escalate")
    _minutes(county, 5)
    county.do(
        "INSERT INTO jobs (key, lane, kind, ref, case_id, agency_id, arguments, due_at) "
        "SELECT 'again', lane, kind, ref, case_id, agency_id, '{}', due_at FROM jobs WHERE kind = 'escalate'"
    )
    before = _climbed(county, event)
    county.alder.work()
    assert _climbed(county, event) == before
    assert {row.ref for row in county.jobs("escalate")} == {job.ref}


def test_only_a_u0_in_an_inbox_begins_a_ladder(county: Telling) -> None:
    ladder, now = county.system.policy.escalation, county.clock()

    def told(channel: str, urgency: Urgency, reason: str = "rule") -> NewNotification:
        return NewNotification(
            id=UUID(int=1),
            event_id=UUID(int=2),
            case_id=UUID(int=3),
            rule_id="order.violated/informed",
            role=Role.PROB,
            recipient_id=UUID(int=4),
            agency_id=UUID(int=5),
            channel=channel,
            endpoint_id=None,
            urgency=urgency,
            caution=None,
            reason=reason,
            policy_digest="",
            state="delivered",
            created_at=now,
        )

    first = first_escalation_job(told("inbox", Urgency.U0), ladder, now)
    assert first is not None
    assert (first.kind, first.lane, first.due_at) == ("escalate", Lane.URGENT, now + ladder.rungs[0].after)
    assert first_escalation_job(told("webhook", Urgency.U0), ladder, now) is None
    assert first_escalation_job(told("inbox", Urgency.U1), ladder, now) is None
    assert first_escalation_job(told("inbox", Urgency.U0, "escalated"), ladder, now) is None
