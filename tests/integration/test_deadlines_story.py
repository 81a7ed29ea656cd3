"""Deadlines from the event to the alarm, on the dates of the demo story (practice.md §8), through all of routing."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from services.actions.play_story import agency_actors, let_time_pass
from services.actions.set_up import SetUpDone, set_up
from services.clock import StoryClock
from services.domain.actors import Actor, system_actor
from services.domain.deadlines import State
from services.domain.registry import NewAgency, NewStaff
from services.domain.roles import Role
from services.domain.set_up import SetUp
from services.storage import deadlines
from services.storage.deadlines import DueLine
from tests.alder import Alder
from tests.payloads import minimal_payload

ZONE = ZoneInfo("America/New_York")
READER = system_actor("test")
COURTHOUSE = SetUp(
    agencies=(
        NewAgency("court", "Courthouse", frozenset({Role.CRIM_COURT, Role.JUV_COURT})),
        NewAgency("attorney", "Agency attorney", frozenset({Role.AG_ATTY})),
    ),
    staff=(NewStaff("court", "clerk", "Clerk"), NewStaff("attorney", "counsel", "Counsel")),
)


def local(day: str, at: str = "12:00") -> datetime:
    """An instant (UTC) of the county's own clock."""
    return datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=ZONE).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Story:
    """The case C-1 as it is told: time passes to each event, and everything due on the way is done."""

    county: Alder
    clock: StoryClock

    def tell(self, agency: str, event_type: str, at: datetime, **fields: Any) -> UUID:
        """One event of an agency at an instant, with all that follows from it."""
        self.pass_until(at)
        receipt = self.county.accept(agency, event_type, {**minimal_payload(event_type), **fields})
        self.county.work()
        return receipt

    def pass_until(self, at: datetime) -> None:
        """Let time pass; what is due on the way is done at its own instant."""
        let_time_pass(self.county.system, self.clock, at)

    def of(self, rule_id: str) -> list[DueLine]:
        """All deadlines of a rule on the case, the first due first."""
        with self.county.system.database.begin(READER) as connection:
            case_id = connection.execute(text("SELECT id FROM cases")).scalar_one()
            return [one for one in deadlines.of_case(connection, case_id) if one.rule_id == rule_id]

    def rows(self, query: str, **values: object) -> list[Any]:
        """What a query answers."""
        with self.county.system.database.begin(READER) as connection:
            return list(connection.execute(text(query), values).all())

    def days_of(self, event_type: str) -> list[date]:
        """The local days on which events of a type happened, in order."""
        found = self.rows("SELECT time FROM event_log WHERE type = :type ORDER BY time, sequence", type=event_type)
        return [row.time.astimezone(ZONE).date() for row in found]

    def told(self, rule_id: str) -> list[tuple[str, str, date]]:
        """By whom (user name), how urgently and on which day something was heard of a deadline's own steps."""
        found = self.rows(
            "SELECT s.username, n.urgency, n.created_at FROM notifications AS n"
            " JOIN staff AS s ON s.id = n.recipient_id"
            " WHERE n.rule_id LIKE :rule AND n.channel = 'inbox' ORDER BY n.created_at, s.username",
            rule=f"deadline.{rule_id}.%",
        )
        return [(row.username, row.urgency, row.created_at.astimezone(ZONE).date()) for row in found]

    def set_aside(self) -> int:
        """How many jobs could not be done."""
        return int(self.rows("SELECT count(*) FROM jobs WHERE state = 'set_aside' OR error_code IS NOT NULL")[0][0])


@pytest.fixture
def story(county: Alder, clock: StoryClock) -> Story:
    """The case on the evening of 18 January 2025, with courts and all agencies on it."""
    done = set_up(county.system, Actor(name="system:test", administrates=True), COURTHOUSE)
    assert isinstance(done, SetUpDone), done
    everybody = Alder(county.system, agency_actors(county.system))
    clock.move_to(local("2025-01-18", "21:00"))
    everybody.open_case("police", "probation", "programme")
    for agency, role, person in (("court", "JUV_COURT", "clerk"), ("attorney", "AG_ATTY", "counsel")):
        everybody.accept("cps", "case.identifier_linked", {"agency": agency, "value": "C-1"})
        everybody.seat(role, agency, person)
    everybody.work()
    return Story(everybody, clock)


def test_first_contact_is_due_after_24_hours_even_on_a_holiday_weekend_and_is_met_by_the_contact(story: Story) -> None:
    story.tell("cps", "intake.screening_decided", local("2025-01-18", "23:30"), decision="in", priority="P1")
    [due] = story.of("D01.P1")
    assert (due.rolled_due, due.state) == (local("2025-01-19", "23:30"), State.OPEN)
    story.tell("cps", "inv.first_contact_made", local("2025-01-19", "13:10"), seen=True)
    [met] = story.of("D01.P1")
    assert (met.state, met.met_at, met.overdue_since) == (State.MET, local("2025-01-19", "13:10"), None)
    story.pass_until(local("2025-02-01"))
    assert story.told("D01.P1") == []
    assert story.days_of("deadline.missed") == []
    assert story.set_aside() == 0


def test_an_investigation_that_is_not_finished_is_overdue_since_18_february_and_met_late(story: Story) -> None:
    story.tell("cps", "intake.referral_received", local("2025-01-18", "22:45"), referral_ref="ref-1")
    story.pass_until(local("2025-02-17", "23:59"))
    [due] = story.of("D02")
    assert (due.due_on, due.state, due.overdue_since) == (date(2025, 2, 17), State.OPEN, None)
    story.pass_until(local("2025-02-18", "00:00"))
    [overdue] = story.of("D02")
    assert (overdue.state, overdue.overdue_since) == (State.OPEN, date(2025, 2, 18))
    assert story.days_of("deadline.missed") == [date(2025, 2, 18)]
    heard = story.rows(
        "SELECT DISTINCT s.username FROM notifications AS n JOIN event_log AS e ON e.id = n.event_id"
        " JOIN staff AS s ON s.id = n.recipient_id WHERE e.type = 'deadline.missed'"
    )
    assert {row.username for row in heard} == {"worker", "supervisor"}
    story.tell("cps", "inv.disposition", local("2025-02-28"), finding="indicated")
    [met] = story.of("D02")
    assert (met.state, met.met_at, met.overdue_since) == (State.MET, local("2025-02-28"), date(2025, 2, 18))
    assert story.days_of("deadline.missed") == [date(2025, 2, 18)]
    assert story.days_of("deadline.met") == [date(2025, 2, 28)]
    [made_good] = story.rows("SELECT state FROM tasks WHERE kind = 'recover_deadline'")
    assert made_good.state == "done"
    assert story.set_aside() == 0


def test_reminders_of_a_role_that_nobody_holds_reach_whoever_carries_the_case(story: Story) -> None:
    story.tell("cps", "intake.referral_received", local("2025-01-18", "22:45"), referral_ref="ref-1")
    story.pass_until(local("2025-02-17", "23:59"))
    # The raw due day is Presidents' Day: reminders count from the agency's own day, Friday 14 February.
    assert story.told("D02") == [
        ("worker", "U3", date(2025, 1, 31)),
        ("worker", "U3", date(2025, 2, 7)),
        ("worker", "U2", date(2025, 2, 11)),
        ("worker", "U2", date(2025, 2, 13)),
        ("worker", "U2", date(2025, 2, 14)),
    ]


def test_a_missing_programme_report_is_said_on_11_and_15_april_and_a_late_one_is_accepted(story: Story) -> None:
    story.tell(
        "cps", "provider.referral_sent", local("2025-01-27"), programme="BIP", provider="programme", referral_ref="bip"
    )
    story.tell("programme", "provider.progress_report", local("2025-03-10"), period="2025-02")
    story.pass_until(local("2025-04-16"))
    february, march, *_ = story.of("D18")
    assert (february.due_on, february.state) == (date(2025, 3, 10), State.MET)
    assert (march.due_on, march.state, march.overdue_since) == (date(2025, 4, 10), State.OPEN, date(2025, 4, 11))
    assert story.days_of("provider.report_missing") == [date(2025, 4, 11), date(2025, 4, 15)]
    story.tell("programme", "provider.progress_report", local("2025-04-17"), period="2025-03")
    _, march, *_ = story.of("D18")
    assert (march.state, march.met_at) == (State.MET, local("2025-04-17"))
    assert story.set_aside() == 0


def test_an_order_s_end_is_said_60_30_and_14_days_before_and_no_more_once_it_is_renewed(story: Story) -> None:
    order = {"kind": "civil_protective", "protected_refs": ["marisol"], "terms": ["no_contact"], "firearms": False}
    story.tell(
        "court",
        "order.issued",
        local("2025-02-04"),
        **order,
        order_ref="o-1",
        issued="2025-02-04",
        expires="2025-08-04",
    )
    story.pass_until(local("2025-07-27"))
    assert story.days_of("order.expiring") == [date(2025, 6, 5), date(2025, 7, 5), date(2025, 7, 21)]
    story.tell(
        "court",
        "order.issued",
        local("2025-07-28"),
        **order,
        order_ref="o-2",
        issued="2025-07-28",
        expires="2026-08-04",
        renews="o-1",
    )
    story.pass_until(local("2025-10-17"))
    assert len(story.days_of("order.expiring")) == 3
    assert [(one.key, one.state) for one in story.of("D22")] == [("o-1", State.CANCELLED), ("o-2", State.OPEN)]
    assert story.set_aside() == 0


def test_a_month_without_a_visit_is_said_on_day_25_and_a_visit_after_that_still_meets_it(story: Story) -> None:
    story.tell("cps", "child.removed", local("2025-01-20"), child_ref="cody", removal_at="2025-01-20T12:00:00-05:00")
    for month in range(2, 7):
        story.tell("cps", "visit.caseworker_made", local(f"2025-{month:02}-12"), child_ref="cody")
    story.pass_until(local("2025-07-29"))
    assert story.days_of("visit.caseworker_missed") == [date(2025, 7, 25)]
    story.tell("cps", "visit.caseworker_made", local("2025-07-30"), child_ref="cody")
    story.pass_until(local("2025-08-02"))
    states = [(one.due_on.month, one.state) for one in story.of("D14")]
    assert states == [*((month, State.MET) for month in range(2, 8)), (8, State.OPEN)]
    story.pass_until(local("2025-09-02"))
    august, september = story.of("D14")[-2:]
    assert (august.state, august.overdue_since) == (State.MISSED, date(2025, 9, 1))
    assert (september.due_on, september.state) == (date(2025, 9, 30), State.OPEN)
    assert story.set_aside() == 0


def test_a_court_report_is_due_ten_days_before_the_hearing_and_moves_with_it(story: Story) -> None:
    story.tell(
        "court",
        "juv.hearing_set",
        local("2025-06-02"),
        hearing="2025-08-18T09:30:00-04:00",
        hearing_type="review",
        hearing_ref="h-1",
    )
    story.tell(
        "court",
        "juv.hearing_continued",
        local("2025-06-20"),
        hearing="2025-08-25T09:30:00-04:00",
        hearing_type="review",
        hearing_ref="h-1",
    )
    first, second = story.of("D17")
    assert (first.due_on, first.state) == (date(2025, 8, 8), State.RECOMPUTED)
    assert (second.due_on, second.state) == (date(2025, 8, 15), State.OPEN)
    assert story.days_of("deadline.recomputed") == [date(2025, 6, 20)]
    story.tell("cps", "court.report_filed", local("2025-08-14"), filed_on="2025-08-14", hearing_ref="h-1")
    assert [one.state for one in story.of("D17")] == [State.RECOMPUTED, State.MET]
    story.pass_until(local("2025-09-01"))
    assert story.set_aside() == 0


def test_closing_the_case_cancels_what_is_open(story: Story) -> None:
    story.tell("cps", "intake.referral_received", local("2025-01-18", "22:45"), referral_ref="ref-1")
    story.tell("cps", "case.closed", local("2025-02-03"), closed_on="2025-02-03", reason="court_dismissed")
    told = story.told("D02")
    story.pass_until(local("2025-06-01"))
    assert [one.state for one in story.of("D02")] == [State.CANCELLED]
    assert story.told("D02") == told
    assert story.days_of("deadline.missed") == []
