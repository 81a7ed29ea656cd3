"""Routing on a real database: who is told, which tasks open and close, and what is never told."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from services.actions.play_story import agency_actors
from services.actions.set_up import set_up
from services.clock import StoryClock
from services.domain.actors import Actor
from services.domain.registry import NewAgency, NewStaff
from services.domain.roles import Role
from services.domain.set_up import SetUp
from services.system import System
from tests.alder import Alder
from tests.integration.test_receive_events import INCIDENT

LE = frozenset({Role.LE})


def rows(county: Alder, someone: Actor, query: str) -> list[Any]:
    with county.system.database.begin(someone) as connection:
        return list(connection.execute(text(query)).all())


TOLD = """
    SELECT COALESCE(s.username, t.slug) AS who, n.role, n.urgency, n.caution, n.reason FROM notifications n
    JOIN event_log e ON e.id = n.event_id LEFT JOIN staff s ON s.id = n.recipient_id
    LEFT JOIN teams t ON t.id = n.recipient_id WHERE e.type = '{}' AND n.channel = 'inbox'
"""


def test_a_dv_incident_reaches_worker_probation_and_their_desks_with_the_caution(county: Alder, someone: Actor) -> None:
    county.open_case("police", "probation")
    county.accept("police", "le.dv_incident", INCIDENT)
    county.work()
    told = {row.who: row for row in rows(county, someone, TOLD.format("le.dv_incident"))}
    assert {"worker", "officer", "on-call", "duty"} <= set(told)
    assert {row.urgency for row in told.values()} == {"U0"}
    assert told["officer"].caution == "do_not_raise"
    assert told["worker"].caution is None


def test_the_survivors_safety_task_is_committed_with_the_alerts(county: Alder, someone: Actor) -> None:
    county.open_case("police", "probation")
    county.accept("police", "le.dv_incident", INCIDENT)
    county.work()
    found = rows(
        county,
        someone,
        "SELECT kind, state FROM tasks JOIN event_log e ON e.id = event_id WHERE e.type = 'le.dv_incident'",
    )
    assert "find_safe_contact" in {row.kind for row in found}


def test_a_role_that_nobody_holds_is_told_to_the_supervisor_with_a_task_to_fill_it(
    county: Alder, someone: Actor
) -> None:
    county.open_case()
    county.accept(
        "cps",
        "child.removed",
        {"child_ref": "c-cody", "removal_at": "2025-01-20T10:00:00-05:00", "from_ref": "p-trent"},
    )
    county.work()
    assert "supervisor" in {row.who for row in rows(county, someone, TOLD.format("child.removed"))}
    assert "fill_role" in {row.kind for row in rows(county, someone, "SELECT kind FROM tasks")}


def test_a_part_2_report_without_a_consent_is_quarantined_unread(county: Alder, someone: Actor) -> None:
    county.open_case("clinic")
    report = {"period": "2025-01", "per_goal": [], "statements": []}
    receipt = county.accept("clinic", "provider.progress_report", report)
    county.work()
    [outcome] = rows(county, someone, f"SELECT state, code FROM event_outcomes WHERE event_id = '{receipt}'")
    assert tuple(outcome) == ("quarantined", "no_valid_consent")
    assert rows(county, someone, TOLD.format("provider.progress_report")) == []


def test_a_part_2_report_under_a_consent_is_routed(county: Alder, someone: Actor) -> None:
    county.open_case("clinic")
    consent = {
        "consent_ref": "k-1",
        "person_ref": "p-trent",
        "scope": ["attendance and test results"],
        "recipients": [{"role": "CPS_WORKER"}],
        "purpose": "plan_monitoring",
        "expires": str(date(2025, 9, 14)),
        "criminal_justice": False,
    }
    county.accept("clinic", "sud.consent_signed", consent)
    receipt = county.accept(
        "clinic", "provider.progress_report", {"period": "2025-01", "per_goal": [], "statements": []}
    )
    county.work()
    [outcome] = rows(county, someone, f"SELECT state FROM event_outcomes WHERE event_id = '{receipt}'")
    assert outcome.state == "processed"


def test_nobody_can_set_a_goal_to_verified(county: Alder, someone: Actor) -> None:
    county.open_case()
    receipt = county.accept(
        "cps",
        "goal.override_requested",
        {
            "override_ref": "o-1",
            "goal_id": "G6",
            "direction": "set_verified",
            "reason_code": "EVIDENCE_RELIABILITY",
            "why": "because certificate",
            "expires": "2025-02-01",
        },
    )
    county.work()
    [outcome] = rows(county, someone, f"SELECT state, code FROM event_outcomes WHERE event_id = '{receipt}'")
    assert tuple(outcome) == ("refused", "status_is_computed")


def test_an_unmatched_event_that_a_person_links_is_routed_on_its_case(county: Alder, someone: Actor) -> None:
    receipt = county.accept("police", "le.dv_incident", INCIDENT, subject="24-unknown")
    county.work()
    assert {row.who for row in rows(county, someone, TOLD.format("le.dv_incident"))} == {"on-call"}
    county.open_case()
    county.accept("cps", "event.linked", {"linked_event": str(receipt), "why": "same incident number"})
    county.work()
    [outcome] = rows(county, someone, f"SELECT state, case_id FROM event_outcomes WHERE event_id = '{receipt}'")
    assert outcome.state == "processed"
    assert outcome.case_id is not None
    assert "worker" in {row.who for row in rows(county, someone, TOLD.format("le.dv_incident"))}


def test_the_policy_of_every_decision_can_be_read_again(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    county.accept("police", "le.dv_incident", INCIDENT)
    county.work()
    lost = "SELECT 1 FROM notifications WHERE policy_digest NOT IN (SELECT digest FROM policy_versions)"
    assert rows(county, someone, lost) == []
    kept = {row.kind: row.content for row in rows(county, someone, "SELECT kind, content FROM policy_versions")}
    assert "le.dv_incident" in kept["routing.yaml"]
    assert set(kept) >= {"calendars.yaml", "deadlines.yaml", "disclosure.yaml", "escalation.yaml", "tasks.yaml"}


def test_contact_before_a_new_act_of_violence_neither_does_its_task_nor_lifts_its_caution(
    county: Alder, clock: StoryClock, someone: Actor
) -> None:
    county.open_case("police", "probation")
    county.accept("police", "le.dv_incident", INCIDENT)
    county.work()
    earlier = clock() - timedelta(days=3)
    county.accept("cps", "safety.contact_recorded", {"outcome": "done"}, time=earlier)
    county.work()
    calls = "SELECT state FROM tasks WHERE kind = 'find_safe_contact' AND state = 'proposed'"
    assert len(rows(county, someone, calls)) == 1
    assert [row.lifted_at for row in rows(county, someone, "SELECT lifted_at FROM cautions")] == [None]


def test_without_any_county_an_unmatched_event_reaches_the_administrators(system: System, someone: Actor) -> None:
    plan = SetUp(
        agencies=(NewAgency("operators", "Operators", frozenset({Role.ADMIN})), NewAgency("police", "Police", LE)),
        staff=(NewStaff("operators", "operator", "Operator", administrator=True),),
    )
    set_up(system, Actor(name="system:test", administrates=True), plan)
    nowhere = Alder(system, agency_actors(system))
    nowhere.accept("police", "le.dv_incident", INCIDENT)
    nowhere.work()
    assert {row.who for row in rows(nowhere, someone, TOLD.format("le.dv_incident"))} == {"operator"}
