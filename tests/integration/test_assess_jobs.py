"""The jobs that assess goals: of a day, done twice, of what was linked or taken back, and set aside."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.actions.assess_goals import assess_goals
from services.actions.play_story import let_time_pass
from services.actions.run_jobs import TRIES, run_jobs
from services.clock import StoryClock
from services.domain.urgency import Lane
from services.storage import jobs
from services.storage.jobs import NewJob
from tests.alder import Alder
from tests.assessed_case import READER, VIEWS, Case, assessed_case, iso
from tests.payloads import minimal_payload


@pytest.fixture
def case(county: Alder, clock: StoryClock) -> Case:
    """The case with all agencies on it, and the family."""
    return assessed_case(county, clock)


def test_time_alone_makes_a_goal_stale_by_the_job_of_the_day_which_there_is_once(case: Case) -> None:
    case.goal("G", "21")
    case.verify("G")
    [tomorrow] = case.jobs()
    assert tomorrow.lane == "bulk"
    assert tomorrow.due_at == datetime(2025, 1, 19, 5, 5, tzinfo=UTC)
    case.seen("G", 100)
    assert [row.key for row in case.jobs()] == [tomorrow.key]
    said = {row.id for row in case.said()}
    let_time_pass(case.county.system, case.clock, datetime(2025, 3, 3, 5, 4, tzinfo=UTC))
    assert case.statuses() == dict.fromkeys(VIEWS, "VERIFIED")
    assert case.said(said) == []
    let_time_pass(case.county.system, case.clock, datetime(2025, 3, 3, 12, tzinfo=UTC))
    assert case.statuses() == dict.fromkeys(VIEWS, "STALE")
    changed = case.data(case.said(said))
    assert {(data["from_status"], data["to_status"], data["as_of"]) for data in changed} == {
        ("VERIFIED", "STALE", "2025-03-03")
    }
    assert len(changed) == len(VIEWS)
    assert len(case.jobs()) == 1
    assert case.failed() == 0


def test_a_job_that_runs_twice_writes_nothing_new(case: Case) -> None:
    case.goal("G", "21")
    case.verify("G")
    system = case.county.system
    before = case.rows("SELECT * FROM goal_statuses ORDER BY view"), len(case.said())
    [waiting] = case.jobs()
    for number in (1, 2):
        new = NewJob(f"assess:again:{number}", Lane.ROUTINE, "assess", waiting.case_id, system.clock(), waiting.case_id)
        with system.database.begin(READER) as connection:
            jobs.add(connection, [new])
            leased = jobs.lease(connection, Lane.ROUTINE, ("assess",), system.clock(), 10)
        assess_goals(system, leased)
    assert (case.rows("SELECT * FROM goal_statuses ORDER BY view"), len(case.said())) == before
    assert [row.key for row in case.jobs()] == [waiting.key]


def test_two_changes_at_one_instant_are_two_events(case: Case) -> None:
    case.goal("G", "21")
    case.seen("G", 100)
    case.seen("G", 101, "police", direction="-")
    case.county.work()
    assert case.failed() == 0
    assert {data["to_status"] for data in case.data(case.said())} == {"PARTIALLY_SUPPORTED", "CONTRADICTED"}
    assert set(case.statuses().values()) == {"CONTRADICTED"}


def test_evidence_that_a_person_links_is_assessed_and_no_more_when_that_is_taken_back(case: Case) -> None:
    case.goal("G", "21")
    case.verify("G")
    stray = case.seen("G", 108, "police", "nobody-s", direction="-", basis="record")
    assert set(case.statuses().values()) == {"VERIFIED"}
    case.send("cps", "event.linked", linked_event=str(stray))
    assert set(case.statuses().values()) == {"CONTRADICTED"}
    case.send("cps", "event.unlinked", linked_event=str(stray), why="another family")
    assert set(case.statuses().values()) == {"VERIFIED"}
    assert case.failed() == 0


def test_a_report_that_is_put_in_quarantine_brings_nothing_even_where_a_person_linked_it(case: Case) -> None:
    case.goal("G", "21")
    seen = {"goal_id": "G", "direction": "-", "behaviour": "x", "observed_from": iso(108), "basis": "test"}
    fields: dict[str, Any] = {"period": "2025-01", "per_goal": [seen], "statements": []}
    case.send("clinic", "provider.progress_report", **fields)
    stray = case.send("clinic", "provider.progress_report", "nobody-s", **fields)
    case.send("cps", "event.linked", linked_event=str(stray))
    signed: dict[str, Any] = {
        "consent_ref": "c-1",
        "person_ref": "trent",
        "recipients": [{"role": "CPS_WORKER"}],
        "expires": "2025-09-14",
    }
    case.send("clinic", "sud.consent_signed", **signed, signed_on="2024-09-14", criminal_justice=False)
    assert case.statuses()["internal"] == "NOT_ASSESSED"


def test_a_closed_goal_is_looked_at_no_more(case: Case) -> None:
    case.goal("G", "21")
    case.verify("G")
    diff = [{"op": "closed", "goal_id": "G"}]
    case.send("cps", "caseplan.revised", diff=diff, reason="done", effective="2025-01-18")
    assert set(case.statuses().values()) == {"CLOSED"}
    let_time_pass(case.county.system, case.clock, datetime(2025, 1, 20, 12, tzinfo=UTC))
    assert case.jobs() == []


def test_where_goals_cannot_be_assessed_people_are_told_of_which_event(case: Case) -> None:
    case.goal("G")
    receipt = case.county.accept(
        "probation",
        "evidence.submitted",
        {
            **minimal_payload("evidence.submitted"),
            "goal_id": "G",
            "direction": "+",
            "basis": "direct",
            "observed_from": iso(5),
        },
        subject="C-1",
    )
    for lane in Lane:
        run_jobs(case.county.system, lane, ["route"])
    zone = "UPDATE cases SET zone = :zone RETURNING id"
    case.rows(zone, zone="Nowhere/At_All")
    for _ in range(TRIES):
        for lane in Lane:
            run_jobs(case.county.system, lane, ["assess"])
        case.clock.move_to(case.clock() + timedelta(minutes=1))
    case.rows(zone, zone="America/New_York")
    assert case.rows("SELECT kind FROM jobs WHERE state = 'set_aside'") == [("assess",)]
    case.county.work()
    asked = "SELECT event_id FROM tasks WHERE kind = 'see_to_set_aside'"
    assert [row.event_id for row in case.rows(asked)] == [receipt]
