"""Patterns on a real database: what has no effect and why, and what is asked when a child is removed (§1.1, §1.9)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.actions.play_story import agency_actors
from services.actions.receive_events import Accepted, receive_events
from services.actions.set_up import set_up
from services.clock import StoryClock
from services.domain.actors import Actor
from services.domain.registry import NewAgency, NewStaff
from services.domain.roles import Role
from services.domain.set_up import SetUp
from tests.alder import Alder
from tests.integration.test_deadlines_checks import statements
from tests.integration.test_route_events import TOLD, rows
from tests.payloads import minimal_payload

MAP = {"version": 1, "items": [], "sources": ["s-1"]}


def outcome(county: Alder, someone: Actor, receipt: object) -> tuple[str, str | None]:
    [row] = rows(county, someone, f"SELECT state, code FROM event_outcomes WHERE event_id = '{receipt}'")
    return row.state, row.code


def become(county: Alder, someone: Actor, event_type: str, data: Mapping[str, Any], **said: Any) -> tuple[str, Any]:
    """What becomes of an event of child welfare."""
    receipt = county.accept("cps", event_type, data, **said)
    county.work()
    return outcome(county, someone, receipt)


def designation(person: str = "p-trent", value: str = "subject") -> dict[str, Any]:
    return {"person_ref": person, "value": value}


def goal(person: str = "p-trent") -> dict[str, Any]:
    return {**minimal_payload("goal.created"), "person_ref": person}


def map_and_approve(county: Alder, person: str = "p-trent", **said: Any) -> None:
    county.accept("cps", "pattern.mapped", {**MAP, "person_ref": person}, **said)
    county.accept("cps", "pattern.approved", {"version": 1, "person_ref": person}, **said)
    county.work()


def arrest_both(county: Alder) -> None:
    arrest = {"person_ref": "p-trent", "charges": ["assault"], "dual_arrest": True, "other_arrested_ref": "p-marisol"}
    county.accept("police", "le.arrest", arrest)
    county.work()


def test_nobody_is_designated_without_an_approved_map_and_it_is_told_all_the_same(
    county: Alder, someone: Actor
) -> None:
    county.open_case("police")
    arrest_both(county)
    assert become(county, someone, "pattern.designation_set", designation()) == ("refused", "no_approved_map")
    assert "worker" in {row.who for row in rows(county, someone, TOLD.format("pattern.designation_set"))}
    assert "check_goals_and_parity" not in {row.kind for row in rows(county, someone, "SELECT kind FROM tasks")}
    map_and_approve(county)
    assert become(county, someone, "pattern.designation_set", designation()) == ("processed", None)


def test_an_approval_of_what_was_never_mapped_is_refused(county: Alder, someone: Actor) -> None:
    county.open_case()
    approval = {"version": 2, "person_ref": "p-trent"}
    assert become(county, someone, "pattern.approved", approval) == ("refused", "no_such_version")
    map_and_approve(county)
    assert become(county, someone, "pattern.approved", approval) == ("refused", "no_such_version")


def test_whoever_mapped_a_version_does_not_approve_it(county: Alder, someone: Actor) -> None:
    county.open_case()
    agency = county.senders["cps"]
    person = Actor("staff:supervisor", agency.agency_id, agency.roles)
    kept = []
    for event_type, data in (("mapped", {**MAP, "person_ref": "p-trent"}), ("approved", {"version": 1})):
        [outcome_of] = receive_events(county.system, person, [county.envelope("cps", f"pattern.{event_type}", data)])
        assert isinstance(outcome_of, Accepted)
        kept.append(outcome_of.receipt)
    county.work()
    assert outcome(county, someone, kept[-1]) == ("refused", "approved_by_its_author")
    assert become(county, someone, "pattern.approved", {"version": 1}) == ("processed", None)


def test_there_are_no_goals_until_both_patterns_are_mapped(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    arrest_both(county)
    assert "map_both_patterns" in {row.kind for row in rows(county, someone, "SELECT kind FROM tasks")}
    assert become(county, someone, "goal.created", goal()) == ("refused", "undetermined")
    map_and_approve(county)
    assert become(county, someone, "goal.created", goal()) == ("refused", "undetermined")
    map_and_approve(county, "p-marisol")
    assert become(county, someone, "goal.created", goal()) == ("processed", None)


def test_an_arrest_of_one_stops_no_goal(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    county.accept("police", "le.arrest", {"person_ref": "p-trent", "charges": ["assault"], "dual_arrest": False})
    county.work()
    assert become(county, someone, "goal.created", goal()) == ("processed", None)


def test_map_approval_designation_and_goal_in_one_batch_take_effect(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    arrest_both(county)
    for person in ("p-trent", "p-marisol"):
        county.accept("cps", "pattern.mapped", {**MAP, "person_ref": person})
        county.accept("cps", "pattern.approved", {"version": 1, "person_ref": person})
    county.accept("cps", "pattern.designation_set", designation())
    county.accept("cps", "goal.created", goal())
    county.work()
    assert rows(county, someone, "SELECT code FROM event_outcomes WHERE state = 'refused'") == []
    done = rows(county, someone, "SELECT key, state FROM tasks WHERE kind = 'approve_map' ORDER BY key")
    assert [tuple(row) for row in done] == [
        ("person=p-marisol;version=1", "done"),
        ("person=p-trent;version=1", "done"),
    ]


def test_a_dual_arrest_that_a_person_links_to_the_case_counts_from_then_on(county: Alder, someone: Actor) -> None:
    county.open_case()
    arrest = {"person_ref": "p-trent", "charges": ["assault"], "dual_arrest": True, "other_arrested_ref": "p-marisol"}
    receipt = county.accept("police", "le.arrest", arrest, subject="24-unknown")
    county.work()
    assert become(county, someone, "goal.created", goal()) == ("processed", None)
    county.accept("cps", "event.linked", {"linked_event": str(receipt), "why": "same incident number"})
    county.work()
    assert become(county, someone, "goal.created", goal()) == ("refused", "undetermined")


def test_a_batch_without_any_such_act_asks_the_database_nothing_more(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    county.accept("police", "le.dv_incident", minimal_payload("le.dv_incident"))
    with statements(county.system) as sent:
        county.work()
    assert not [one for one in sent if "UNION ALL" in one and "event_links" in one and "event_log.actor" in one]


def test_an_approved_map_is_taken_over_from_another_case_by_a_supervisor(county: Alder, someone: Actor) -> None:
    county.open_case()
    map_and_approve(county)
    county.accept("cps", "case.closed", {"closed_on": "2025-01-18", "reason": "other"})
    opened = {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": "2025-01-18"}
    county.accept("cps", "case.opened", opened, subject="C-2")
    for role, person in (("CPS_WORKER", "worker"), ("CPS_SUP", "supervisor")):
        seat = {"role": role, "agency": "cps", "person": person, "since": "2025-01-18"}
        county.accept("cps", "case.role_given", seat, subject="C-2")
    county.work()
    over = {"person_ref": "p-7", "prior_case_ref": "C-1", "prior_person_ref": "p-trent", "why": "He said so himself."}
    assert become(county, someone, "pattern.designation_set", designation("p-7"), subject="C-2")[0] == "refused"
    for wrong in ({"from_version": 2}, {"from_version": 1, "prior_case_ref": "C-0"}):
        told = become(county, someone, "pattern.carried_over", {**over, **wrong}, subject="C-2")
        assert told == ("refused", "no_such_version")
    told = become(county, someone, "pattern.carried_over", {**over, "from_version": 1}, subject="C-2")
    assert told == ("processed", None)
    told = become(county, someone, "pattern.designation_set", designation("p-7"), subject="C-2")
    assert told == ("processed", None)


REMOVAL = {"child_ref": "c-cody", "removal_at": "2025-01-18T07:00:00-05:00", "from_role": "protective_parent"}
PARTS = {"danger": "d", "protective_efforts": "p", "system_efforts": "s"}


def asked(county: Alder, someone: Actor, kind: str) -> list[tuple[str, str]]:
    found = rows(county, someone, f"SELECT key, state FROM tasks WHERE kind = '{kind}' ORDER BY key, state")
    return [(row.key, row.state) for row in found]


def test_a_removal_without_its_justification_is_taken_and_alarms_the_supervisor_after_a_day(
    county: Alder, clock: StoryClock, someone: Actor
) -> None:
    county.open_case()
    assert become(county, someone, "child.removed", REMOVAL) == ("processed", None)
    assert asked(county, someone, "justify_removal") == [("child=c-cody", "proposed")]
    late = "SELECT s.username FROM notifications n JOIN staff s ON s.id = n.recipient_id "
    late += "WHERE n.rule_id = 'deadline.task.justify_removal.overdue'"
    clock.move_to(clock() + timedelta(hours=23))
    county.work()
    assert rows(county, someone, late) == []
    clock.move_to(clock() + timedelta(hours=2))
    county.work()
    assert "supervisor" in {row.username for row in rows(county, someone, late)}
    justified = {"child_ref": "c-cody", "three_part_justification": PARTS}
    assert become(county, someone, "child.removal_justified", justified) == ("processed", None)
    assert asked(county, someone, "justify_removal") == [("child=c-cody", "done")]


def hearing(kind: str = "review", **fields: Any) -> dict[str, Any]:
    return {"hearing": "2025-07-14T09:00:00-04:00", "hearing_type": kind, **fields}


def court(county: Alder, event_type: str, data: Mapping[str, Any]) -> None:
    county.accept("court", event_type, data)
    county.work()


def with_court(county: Alder) -> Alder:
    """The county with a juvenile court on the case."""
    court = NewAgency("court", "Juvenile court", frozenset({Role.JUV_COURT}))
    plan = SetUp(agencies=(court,), staff=(NewStaff("court", "judge", "Judge"),))
    set_up(county.system, Actor(name="system:test", administrates=True), plan)
    found = replace(county, senders=agency_actors(county.system))
    found.open_case()
    found.accept("cps", "case.identifier_linked", {"agency": "court", "value": "C-1"})
    found.seat("JUV_COURT", "court", "judge")
    return found


def test_at_every_review_it_is_asked_of_each_removed_child_whether_it_is_still_needed(
    county: Alder, someone: Actor
) -> None:
    county = with_court(county)
    court(county, "juv.hearing_set", hearing())
    assert asked(county, someone, "ask_removal_again") == []
    for child in ("c-cody", "c-ivy"):
        county.accept("cps", "child.removed", {**REMOVAL, "child_ref": child, "three_part_justification": PARTS})
    court(county, "juv.hearing_set", hearing("adjudication"))
    assert asked(county, someone, "ask_removal_again") == []
    court(county, "juv.hearing_set", hearing())
    assert asked(county, someone, "ask_removal_again") == [("child=c-cody", "proposed"), ("child=c-ivy", "proposed")]
    due = rows(
        county, someone, "SELECT DISTINCT due_on::text AS day FROM deadlines WHERE rule_id = 'task.ask_removal_again'"
    )
    assert [row.day for row in due] == ["2025-07-14"]
    answer = {"child_ref": "c-cody", "three_part_justification": PARTS, "still_needed": True}
    assert become(county, someone, "child.removal_justified", answer) == ("processed", None)
    home = {"child_ref": "c-ivy", "kind": "protective_parent", "effective": "2025-01-20"}
    county.accept("cps", "child.placement_changed", home)
    both_done = [("child=c-cody", "done"), ("child=c-ivy", "done")]
    order: dict[str, Any] = {"orders": [], "hearing_type": "review"}
    court(county, "juv.order_entered", {**order, "findings": {"removal_still_needed": True}})
    assert asked(county, someone, "ask_removal_again") == both_done
    court(county, "juv.order_entered", {**order, "findings": {}})
    assert asked(county, someone, "ask_removal_again") == sorted([*both_done, ("child=c-cody", "proposed")])


def test_a_hearing_about_one_child_asks_of_that_one_and_once_while_it_is_open(county: Alder, someone: Actor) -> None:
    county = with_court(county)
    for child in ("c-cody", "c-ivy"):
        county.accept("cps", "child.removed", {**REMOVAL, "child_ref": child, "three_part_justification": PARTS})
    county.work()
    court(county, "juv.hearing_set", hearing(child_refs=["c-cody"]))
    court(
        county, "juv.order_entered", {"findings": {}, "orders": [], "hearing_type": "review", "child_refs": ["c-cody"]}
    )
    assert asked(county, someone, "ask_removal_again") == [("child=c-cody", "proposed")]


def test_a_differential_case_has_no_legal_clock_and_works_without_a_disposition(county: Alder, someone: Actor) -> None:
    opened = {"track": "differential", "county": "alder", "zone": "America/New_York", "opened_on": "2025-01-18"}
    county.accept("cps", "case.opened", opened)
    county.seat("CPS_WORKER", "cps", "worker")
    county.seat("CPS_SUP", "cps", "supervisor")
    for event_type in ("intake.referral_received", "intake.screening_decided", "child.removed"):
        county.accept("cps", event_type, minimal_payload(event_type))
    map_and_approve(county)
    assert become(county, someone, "pattern.designation_set", designation()) == ("processed", None)
    assert become(county, someone, "goal.created", goal()) == ("processed", None)
    clocks = rows(county, someone, "SELECT rule_id FROM deadlines WHERE rule_id NOT LIKE 'task.%'")
    assert {row.rule_id for row in clocks} <= {"D01.P1", "D01.P2", "D01.P3", "D30"}


def test_what_a_survivor_answers_to_an_offer_has_no_consequence(county: Alder, someone: Actor) -> None:
    county.open_case()
    county.work()
    before = rows(county, someone, "SELECT (SELECT count(*) FROM tasks), (SELECT count(*) FROM deadlines)")
    for answer in ("accepted", "declined", "later"):
        offer = {"offered": "A lawyer of her own", "on": "2025-01-18", "answer": answer}
        assert become(county, someone, "protective.support_offered", offer) == ("processed", None)
    assert rows(county, someone, "SELECT (SELECT count(*) FROM tasks), (SELECT count(*) FROM deadlines)") == before


def test_a_workers_alert_stays_with_child_welfare(county: Alder, someone: Actor) -> None:
    county.open_case("police", "probation", "programme")
    alert = {"kind": "threatened", "facts": "He said that he knows which car she drives.", "tonight": True}
    assert become(county, someone, "safety.worker_alert", alert) == ("processed", None)
    told = rows(county, someone, TOLD.format("safety.worker_alert"))
    assert {row.who for row in told} == {"worker", "supervisor", "on-call"}
    assert {row.role for row in told} <= {"CPS_WORKER", "CPS_SUP"}
