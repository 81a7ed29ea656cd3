"""The shipped rules give the dates of the story (practice.md §8); a mistake in the file is named with its line."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from schemas.catalogue import CATALOGUE
from services.domain.deadline_changes import next_opened
from services.domain.deadline_steps import next_check, step_facts, steps_due, steps_of
from services.domain.deadlines import Deadline, State, is_overdue, overdue_since
from services.domain.ladders import BecomeOverdue, CloseMissed, Emit, OpenNext, Tell, emitted_data
from services.domain.roles import Role
from services.policy.deadlines import compile_deadlines
from services.policy.source import InvalidPolicyError, digest, load_document
from tests.unit.deadline_cases import POLICY, CaseFile, alder, at, event, local_days, shipped_rules

PATH = POLICY / "deadlines.yaml"


@pytest.fixture
def case() -> CaseFile:
    return CaseFile()


def told(deadline: Deadline) -> list[tuple[str, str]]:
    """Who is told on which local day, or what is said, if nothing meets a deadline."""
    rule = shipped_rules().rules[deadline.rule_id]
    days: list[tuple[str, str]] = []
    for step in steps_of(deadline, rule, alder()):
        day = local_days([step.at])[0]
        match step.action:
            case Tell(roles, urgency):
                days.extend((day, f"{role.value} {urgency.value}") for role in roles)
            case Emit(event_type, _):
                days.append((day, event_type))
    return days


def said(deadline: Deadline, trigger: dict[str, object]) -> list[tuple[str, dict[str, object]]]:
    """The events that a deadline says, with the local day, each once it is found good by its schema."""
    rule = shipped_rules().rules[deadline.rule_id]
    events = []
    for step in steps_of(deadline, rule, alder()):
        if isinstance(step.action, Emit):
            data = emitted_data(step.action, step_facts(step, deadline, rule), trigger)
            events.append((local_days([step.at])[0], dict(CATALOGUE[step.action.event_type].load(data))))
    return events


def pass_until(case: CaseFile, until: str) -> None:
    """Let time pass, as far as it opens and closes deadlines."""
    checked: dict[object, datetime] = {}
    while True:
        checks = [
            (check, one)
            for one in case.deadlines.values()
            if (check := next_check(one, case.book.rules[one.rule_id], case.venue, checked.get(one.id))) is not None
            and check <= at(until)
        ]
        if not checks:
            return
        now, deadline = min(checks, key=lambda pair: (pair[0], pair[1].id))
        rule = case.book.rules[deadline.rule_id]
        for step in steps_due(deadline, rule, case.venue, checked.get(deadline.id), now):
            if isinstance(step.action, OpenNext):
                case.write(next_opened(deadline, list(case.deadlines.values()), case.book, case.venue, now))
        checked[deadline.id] = now


def removal(time: str = "2025-01-20 10:30") -> dict[str, object]:
    return {"child_ref": "cody", "removal_at": at(time).isoformat()}


# --- the dates of the story -------------------------------------------------------------------------------------------


def test_row_3_first_contact_is_due_after_24_hours_through_a_holiday_weekend(case: CaseFile) -> None:
    case.arrive(event("intake.screening_decided", "2025-01-18 23:30", {"decision": "in", "priority": "P1"}))
    deadline = case.only("D01.P1")
    assert deadline.rolled_due == at("2025-01-19 23:30")
    assert not is_overdue(deadline, at("2025-01-19 23:00"))
    case.arrive(event("inv.first_contact_made", "2025-01-19 13:10", {"child_refs": ["cody"], "seen": True}))
    assert case.late == {deadline.id: 0}


def test_a_contact_that_did_not_see_every_child_meets_nothing(case: CaseFile) -> None:
    case.arrive(
        event("intake.screening_decided", "2025-01-18 23:30", {"decision": "in", "priority": "P1"}),
        event("inv.first_contact_made", "2025-01-19 13:10", {"child_refs": ["cody"], "seen": False}),
    )
    assert case.only("D01.P1")


@pytest.mark.parametrize(
    ("priority", "hours"), [("P1", "2025-01-19 23:30"), ("P2", "2025-01-21 23:30"), ("P3", "2025-01-25 23:30")]
)
def test_each_priority_has_its_hours(case: CaseFile, priority: str, hours: str) -> None:
    case.arrive(event("intake.screening_decided", "2025-01-18 23:30", {"decision": "in", "priority": priority}))
    assert case.only(f"D01.{priority}").rolled_due == at(hours)


def test_a_new_priority_takes_the_place_of_the_old_one(case: CaseFile) -> None:
    case.arrive(
        event("intake.screening_decided", "2025-01-18 20:00", {"decision": "in", "priority": "P2"}),
        event("intake.screening_decided", "2025-01-18 23:30", {"decision": "in", "priority": "P1"}),
    )
    assert case.of("D01.P2") == []
    assert case.only("D01.P1").rolled_due == at("2025-01-19 23:30")


def test_row_5_a_removal_starts_its_clocks(case: CaseFile) -> None:
    case.arrive(event("child.removed", "2025-01-20 10:30", removal()))
    assert case.only("D03").rolled_due == at("2025-01-23 10:30")
    assert {rule: case.due_on(rule).isoformat() for rule in ("D05", "D06", "D13")} == {
        "D05": "2025-03-21",
        "D06": "2025-03-21",
        "D13": "2025-02-19",
    }


def test_a_federal_due_day_on_a_weekend_stands_and_the_agency_is_ready_before(case: CaseFile) -> None:
    case.arrive(event("child.removed", "2025-01-22 10:30", removal("2025-01-22 10:30")))
    plan = case.only("D06")
    assert plan.due_on == date(2025, 3, 23)
    assert plan.internal_due == at("2025-03-22 00:00")
    assert ("2025-03-20", "CPS_WORKER U2") in told(plan)


def test_a_differential_case_has_no_legal_clocks() -> None:
    case = CaseFile(track="differential")
    case.arrive(
        event("intake.referral_received", "2025-01-18 22:45", {"referral_ref": "r"}),
        event("child.removed", "2025-01-20 10:30", removal()),
        event("intake.screening_decided", "2025-01-18 23:30", {"decision": "in", "priority": "P2"}),
    )
    assert {one.rule_id for one in case.deadlines.values()} == {"D01.P2"}


def test_row_9_the_shelter_hearing_meets_its_clocks(case: CaseFile) -> None:
    case.arrive(event("child.removed", "2025-01-20 10:30", removal()))
    findings = {"reasonable_efforts": True, "permanency_plan_ok": False, "contrary_to_welfare": True}
    case.arrive(event("juv.order_entered", "2025-01-23 10:00", {"findings": findings, "child_refs": ["cody"]}))
    assert case.only("D03", State.MET)
    assert case.only("D04", State.MET)
    assert case.only("D05")


def test_rows_12_and_13_the_earliest_hearing_and_its_extension(case: CaseFile) -> None:
    case.arrive(
        event("icwa.notice_received", "2025-01-31 12:00", {"tribe_ref": "red-cedar", "received_on": "2025-01-31"})
    )
    assert case.due_on("D16") == date(2025, 2, 10)
    case.arrive(
        event(
            "icwa.extension_requested",
            "2025-02-03 09:00",
            {"tribe_ref": "red-cedar", "days": 20, "requested_on": "2025-02-03"},
        )
    )
    assert case.due_on("D16") == date(2025, 3, 2)
    assert case.only("D16", State.RECOMPUTED).due_on == date(2025, 2, 10)


def test_row_10_a_notice_that_names_no_child_is_about_all(case: CaseFile) -> None:
    case.arrive(event("icwa.reason_to_know", "2025-01-23 10:00", {"child_ref": "cody"}))
    assert case.due_on("D15") == date(2025, 1, 28)
    case.arrive(event("icwa.notice_sent", "2025-01-24 15:00", {"tribe_ref": "red-cedar", "sent_on": "2025-01-24"}))
    assert case.only("D15", State.MET)


def test_row_14_alerts_before_an_order_ends(case: CaseFile) -> None:
    order: dict[str, object] = {"order_ref": "o1", "kind": "civil_protective", "expires": "2025-08-04"}
    case.arrive(event("order.issued", "2025-02-04 11:00", order))
    assert said(case.only("D22"), order) == [
        ("2025-06-05", {"order_ref": "o1", "days_left": 60, "expires": "2025-08-04"}),
        ("2025-07-05", {"order_ref": "o1", "days_left": 30, "expires": "2025-08-04"}),
        ("2025-07-21", {"order_ref": "o1", "days_left": 14, "expires": "2025-08-04"}),
        ("2025-08-01", {"order_ref": "o1", "days_left": 3, "expires": "2025-08-04"}),
    ]
    assert case.only("D22").internal_due == at("2025-08-02 00:00"), "a renewal is filed by Friday 1 August"


def test_row_42_a_renewed_order_raises_no_more_alerts(case: CaseFile) -> None:
    case.arrive(
        event(
            "order.issued", "2025-02-04 11:00", {"order_ref": "o1", "kind": "civil_protective", "expires": "2025-08-04"}
        ),
        event(
            "order.issued",
            "2025-07-28 11:00",
            {"order_ref": "o2", "kind": "civil_protective", "expires": "2026-08-04", "renews": "o1"},
        ),
    )
    assert case.only("D22", State.CANCELLED).basis.key == "o1"
    assert case.due_on("D22") == date(2026, 8, 4)


def test_an_order_that_only_lost_a_part_still_ends(case: CaseFile) -> None:
    case.arrive(
        event(
            "order.issued",
            "2025-02-04 11:00",
            {"order_ref": "o1", "kind": "criminal_protective", "expires": "2025-08-04"},
        ),
        event("order.vacated", "2025-03-04 11:00", {"order_ref": "o1", "diff": "no longer covers the workplace"}),
    )
    assert case.only("D22")
    case.arrive(event("order.vacated", "2025-04-04 11:00", {"order_ref": "o1"}))
    assert case.of("D22") == []


def test_row_19_the_investigation_is_overdue_since_18_february(case: CaseFile) -> None:
    case.arrive(event("intake.referral_received", "2025-01-18 22:45", {"referral_ref": "r1"}))
    deadline = case.only("D02")
    assert (deadline.due_on, overdue_since(deadline)) == (date(2025, 2, 17), date(2025, 2, 18))
    assert not is_overdue(deadline, at("2025-02-17 23:59"))
    assert is_overdue(deadline, at("2025-02-18 00:00"))
    assert ("2025-02-20", "CPS_SUP U1") in told(deadline)
    assert ("2025-02-26", "CPS_MGR U1") in told(deadline)
    case.arrive(event("inv.disposition", "2025-02-28 10:00", {"finding": "indicated"}))
    assert case.late == {deadline.id: 11}


def test_a_referral_that_is_screened_out_needs_no_investigation(case: CaseFile) -> None:
    case.arrive(
        event("intake.referral_received", "2025-01-18 22:45", {"referral_ref": "r1"}),
        event("intake.referral_received", "2025-02-05 09:00", {"referral_ref": "r2"}),
        event("intake.screening_decided", "2025-02-05 12:00", {"decision": "out", "referral_ref": "r2"}),
    )
    assert case.only("D02").basis.key == "r1"
    assert case.only("D02", State.CANCELLED).basis.key == "r2"


def adjudication(**more: object) -> dict[str, object]:
    findings = {"reasonable_efforts": True, "permanency_plan_ok": False, "maltreatment_found": True}
    return {"findings": findings, "hearing_type": "adjudication", **more}


@pytest.mark.parametrize("named", [{"child_refs": ["cody"]}, {}])
def test_row_20_entry_into_care_is_the_finding_where_it_is_earlier(case: CaseFile, named: dict[str, object]) -> None:
    case.arrive(event("child.removed", "2025-01-20 10:30", removal()))
    assert case.due_on("D07") == date(2025, 3, 21)
    case.arrive(event("juv.order_entered", "2025-03-03 14:00", adjudication(**named)))
    assert {rule: case.due_on(rule).isoformat() for rule in ("D07", "D08", "D09", "D11", "D12")} == {
        "D07": "2025-03-03",
        "D08": "2025-09-03",
        "D09": "2026-03-03",
        "D11": "2026-06-03",
        "D12": "2026-03-03",
    }
    assert case.only("D08", State.RECOMPUTED).due_on == date(2025, 9, 21)


def test_entry_into_care_is_60_days_after_the_removal_where_the_finding_is_later(case: CaseFile) -> None:
    case.arrive(event("child.removed", "2025-01-20 10:30", removal()))
    case.arrive(event("juv.order_entered", "2025-04-03 14:00", adjudication(child_refs=["cody"])))
    assert case.due_on("D08") == date(2025, 9, 21)


def test_a_finding_about_children_at_home_starts_no_clock_of_care(case: CaseFile) -> None:
    case.arrive(event("juv.order_entered", "2025-03-03 14:00", adjudication(child_refs=["ivy"])))
    assert case.deadlines == {}


def test_row_46_the_review_is_met_and_the_next_is_counted_from_it(case: CaseFile) -> None:
    case.arrive(event("child.removed", "2025-01-20 10:30", removal()))
    case.arrive(event("juv.order_entered", "2025-03-03 14:00", adjudication()))
    review = {"findings": {"reasonable_efforts": True, "permanency_plan_ok": True}, "hearing_type": "review"}
    case.arrive(event("juv.order_entered", "2025-08-25 14:00", review))
    assert case.only("D08", State.MET).due_on == date(2025, 9, 3)
    assert case.due_on("D08") == date(2026, 2, 25)
    assert case.due_on("D09") == date(2026, 3, 3)


def test_a_child_who_goes_home_stops_the_clocks_of_care(case: CaseFile) -> None:
    case.arrive(event("child.removed", "2025-01-20 10:30", removal()))
    home = {"child_ref": "cody", "kind": "protective_parent", "effective": "2025-01-22"}
    case.arrive(event("child.placement_changed", "2025-01-22 09:00", home))
    assert [one for one in case.deadlines.values() if one.state is State.OPEN] == []


def referral(**more: object) -> dict[str, object]:
    return {
        "service_ref": "turning-point",
        "programme": "BIP",
        "provider": "turning-point",
        "referral_ref": "ref1",
        **more,
    }


def test_rows_27_and_29_the_march_report_is_missing_and_comes_7_days_late(case: CaseFile) -> None:
    case.arrive(event("provider.referral_sent", "2025-01-27 10:00", referral()))
    case.arrive(event("provider.progress_report", "2025-03-10 10:00", {"period": "2025-02"}, emitter=Role.BIP))
    march = case.only("D18")
    assert march.due_on == date(2025, 4, 10)
    assert said(march, referral()) == [
        (
            day,
            {
                "period": "2025-03",
                "due": "2025-04-10",
                "days_late": late,
                "provider": "turning-point",
                "referral_ref": "ref1",
            },
        )
        for day, late in (("2025-04-11", 1), ("2025-04-15", 5))
    ]
    assert told(march)[-1] == ("2025-04-21", "CPS_MGR U1")
    pass_until(case, "2025-04-16 12:00")
    case.arrive(event("provider.progress_report", "2025-04-17 11:00", {"period": "2025-03"}, emitter=Role.BIP))
    assert case.late[march.id] == 7
    assert case.due_on("D18") == date(2025, 5, 12), "10 May is a Saturday"


def test_a_report_of_another_programme_meets_nothing(case: CaseFile) -> None:
    case.arrive(event("provider.referral_sent", "2025-01-27 10:00", referral()))
    case.arrive(event("provider.progress_report", "2025-03-10 10:00", {"period": "2025-02"}, emitter=Role.SUD))
    assert case.due_on("D18") == date(2025, 3, 10)


def test_an_agreement_says_from_which_month_reports_are_due(case: CaseFile) -> None:
    case.arrive(event("provider.referral_sent", "2025-01-27 10:00", referral(report_from="2025-01")))
    assert case.due_on("D18") == date(2025, 2, 10)


def test_what_has_an_alarm_of_its_own_does_not_say_missed_as_well(case: CaseFile) -> None:
    case.arrive(
        event("provider.referral_sent", "2025-01-27 10:00", referral()),
        event("child.removed", "2025-01-20 10:30", removal()),
        event("intake.referral_received", "2025-01-18 22:45", {"referral_ref": "r1"}),
    )
    says = {
        rule: step.action.says_missed
        for rule in ("D18", "D14", "D02")
        for step in steps_of(case.only(rule), shipped_rules().rules[rule], alder())
        if isinstance(step.action, BecomeOverdue | CloseMissed)
    }
    assert says == {"D18": False, "D14": False, "D02": True}


def test_row_28_absences_that_were_told_late_are_late_by_their_days(case: CaseFile) -> None:
    for session in ("2025-03-18", "2025-03-25"):
        absence = {"session": session, "excused": False, "run": 1}
        case.arrive(event("provider.absence", f"{session} 18:00", absence, recorded="2025-04-14 09:00"))
    assert sorted(case.late.values()) == [13, 20]
    case.arrive(event("provider.absence", "2025-04-01 18:00", {"session": "2025-04-01", "excused": True, "run": 1}))
    assert len(case.deadlines) == 2


def test_row_23_firearms_are_given_up_by_the_courts_own_date(case: CaseFile) -> None:
    case.arrive(
        event(
            "firearm.relinquishment_status",
            "2025-03-07 15:00",
            {"status": "due", "due": "2025-03-11", "order_ref": "o"},
        )
    )
    assert overdue_since(case.only("D24")) == date(2025, 3, 12)
    case.arrive(event("firearm.relinquishment_status", "2025-03-12 09:00", {"status": "overdue", "order_ref": "o"}))
    assert case.only("D24", State.CANCELLED)


def test_row_41_the_visit_of_july_is_asked_for_on_the_25th(case: CaseFile) -> None:
    case.arrive(event("child.removed", "2025-01-20 10:30", removal()))
    for month in range(2, 7):
        case.arrive(event("visit.caseworker_made", f"2025-{month:02}-12 10:00", {"child_ref": "cody"}))
    july = case.only("D14")
    assert july.due_on == date(2025, 7, 31)
    assert said(july, {}) == [
        ("2025-07-25", {"month": "2025-07", "child_ref": "cody", "month_over": False}),
        ("2025-08-01", {"month": "2025-07", "child_ref": "cody", "month_over": True}),
    ]
    case.arrive(event("visit.caseworker_made", "2025-07-30 10:00", {"child_ref": "cody"}))
    assert case.late[july.id] == 0
    assert case.due_on("D14") == date(2025, 8, 31)


def hearing(time: str, kind: str = "review", **more: str) -> dict[str, object]:
    return {"hearing": at(time).isoformat(), "hearing_type": kind, **more}


def test_row_44_the_court_report_is_due_ten_days_before_the_hearing(case: CaseFile) -> None:
    case.arrive(event("juv.hearing_set", "2025-05-27 10:00", hearing("2025-08-25 09:00", hearing_ref="h1")))
    assert case.due_on("D17") == date(2025, 8, 15)
    case.arrive(event("court.report_filed", "2025-08-14 16:00", {"filed_on": "2025-08-14", "hearing": "2025-08-25"}))
    assert case.only("D17", State.MET)


def test_a_report_day_that_is_closed_rolls_back(case: CaseFile) -> None:
    case.arrive(event("juv.hearing_set", "2025-05-27 10:00", hearing("2025-07-14 09:00", hearing_ref="h1")))
    deadline = case.only("D17")
    assert deadline.raw_due == at("2025-07-05 00:00")
    assert deadline.due_on == date(2025, 7, 3)


@pytest.mark.parametrize("ref", [{"hearing_ref": "h1"}, {}])
def test_a_continued_hearing_moves_its_report_and_keeps_the_old_date(case: CaseFile, ref: dict[str, str]) -> None:
    case.arrive(
        event("juv.hearing_set", "2025-05-27 10:00", hearing("2025-08-18 09:00", **ref)),
        event("juv.hearing_continued", "2025-06-20 10:00", hearing("2025-08-25 09:00", **ref)),
    )
    assert case.due_on("D17") == date(2025, 8, 15)
    assert case.only("D17", State.RECOMPUTED).due_on == date(2025, 8, 8)


def test_row_50_a_part_2_consent_warns_three_times_and_ends(case: CaseFile) -> None:
    consent: dict[str, object] = {"consent_ref": "c1", "person_ref": "p", "expires": "2025-09-14"}
    case.arrive(event("sud.consent_signed", "2025-03-14 10:00", consent))
    deadline = case.only("D27")
    warned = [day for day, who in told(deadline) if who.startswith("CPS_WORKER")]
    assert warned == ["2025-08-15", "2025-08-31", "2025-09-11"]
    assert said(deadline, consent) == [("2025-09-14", {"consent_ref": "c1", "expires": "2025-09-14"})]
    expired = [
        step.at for step in steps_of(deadline, shipped_rules().rules["D27"], alder()) if isinstance(step.action, Emit)
    ]
    assert expired == [at("2025-09-14 00:00")]


def test_the_survivor_is_asked_again_30_days_after_she_was_last_asked(case: CaseFile) -> None:
    case.arrive(event("survivor.safe_contact_set", "2025-01-22 09:00", {"person_ref": "marisol"}))
    assert case.due_on("D28") == date(2025, 2, 21)
    case.arrive(event("safety.contact_recorded", "2025-02-18 10:30", {"outcome": "tried"}))
    assert case.due_on("D28") == date(2025, 2, 21)
    case.arrive(
        event("safety.contact_recorded", "2025-02-20 10:30", {"outcome": "done", "safe_contact_confirmed": True})
    )
    assert case.due_on("D28") == date(2025, 3, 22)


def test_no_rule_ever_tells_the_survivor_or_the_subject() -> None:
    roles = {
        role
        for rule in shipped_rules().rules.values()
        for rung in rule.rungs
        if isinstance(rung.action, Tell)
        for role in rung.action.roles
    }
    assert roles.isdisjoint({Role.SURVIVOR, Role.SUBJECT, Role.COUNSEL_SUBJECT})


def test_every_row_of_the_table_but_d31_has_a_rule() -> None:
    numbers = {rule.split(".")[0] for rule in shipped_rules().rules}
    assert numbers == {f"D{number:02}" for number in range(1, 31)}


def test_the_table_in_the_documentation_is_true() -> None:
    lines = (Path(__file__).parents[2] / "docs" / "deadlines.md").read_text(encoding="utf-8").splitlines()
    written = {cells[0]: cells[2:] for line in lines if (cells := _cells(line)) and cells[0].startswith("D")}
    entries = {entry.at("id").text(): entry for entry in load_document(PATH).at("rules").elements()}
    for name, rule in shipped_rules().rules.items():
        limit = entries[name].at("limit").text()
        assert written.pop(name) == [limit, rule.roll.value, rule.internal.value, rule.ending.value], name
    assert written == {}


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []


def test_every_rule_can_end() -> None:
    for rule in shipped_rules().rules.values():
        assert rule.met_by or rule.ending.value == "reached", rule.id
        assert any(closing.event_type == "case.closed" for closing in rule.cancelled_by), rule.id


def test_every_rule_remembers_the_digest_of_its_file() -> None:
    assert {rule.version for rule in shipped_rules().rules.values()} == {digest([PATH])}


# --- mistakes ---------------------------------------------------------------------------------------------------------

RULE = """
version: 1
step_time: "07:00"
cancelled_by: []
ladders:
  short: [{days: -1, tell: [owner], urgency: U2}]
rules:
  - id: D99
    title: A report
    source: test
    owner: CPS_WORKER
    triggers:
      - {event: order.issued, anchor: expires, key: order_ref}
    limit: 30 CD
    calendar: court
    met_by:
      - {event: order.served, key: order_ref}
    steps:
      - {days: -3, emit: order.expiring, data: {order_ref: key, days_left: days_left}}
"""


def errors_of(tmp_path: Path, change: Callable[[str], str]) -> list[str]:
    path = tmp_path / "deadlines.yaml"
    path.write_text(change(RULE), encoding="utf-8")
    with pytest.raises(InvalidPolicyError) as caught:
        compile_deadlines(path, CATALOGUE, {"make_visit"})
    return [f"{error.line}: {error.message}" for error in caught.value.errors]


def test_a_good_file_compiles(tmp_path: Path) -> None:
    path = tmp_path / "deadlines.yaml"
    path.write_text(RULE, encoding="utf-8")
    assert list(compile_deadlines(path, CATALOGUE, set()).rules) == ["D99"]


@pytest.mark.parametrize(
    ("before", "after", "error"),
    [
        (
            "event: order.issued",
            "event: order.isued",
            "13: rules[0].triggers[0].event: there is no type of event 'order.isued'",
        ),
        ("anchor: expires", "anchor: expired", "13: rules[0].triggers[0].anchor: order.issued has no field 'expired'"),
        ("anchor: expires", "anchor: terms", "and cannot stand under 'anchor'"),
        ("key: order_ref}\n    limit", "key: firearms}\n    limit", "and cannot stand under 'key'"),
        ("limit: 30 CD", "limit: 30 days", "14: rules[0].limit: '30 days' is not a limit"),
        (
            "limit: 30 CD",
            "limit: 24 h",
            "13: rules[0].triggers[0].anchor: expires of order.issued is a date, and cannot stand under 'anchor'",
        ),
        ("calendar: court", "calendar: moon", "15: rules[0].calendar: 'moon' is not a kind of office"),
        ("owner: CPS_WORKER", "owner: CPS", "11: rules[0].owner: 'CPS' is not known"),
        ("order_ref: key, ", "", "19: rules[0].steps[0].data: order.expiring also needs: order_ref"),
        (
            "days_left: days_left",
            "days_left: days_lef",
            "19: rules[0].steps[0].data.days_left: 'days_lef' is not known",
        ),
        ("days_left: days_left", "days_left: trigger.x", "none of the events that open it has a field 'x'"),
        (
            "emit: order.expiring",
            "emit: order.served",
            "19: rules[0].steps[0].emit: order.served is not said by the system",
        ),
        (
            "emit: order.expiring",
            "emit: order.ended",
            "19: rules[0].steps[0].emit: there is no type of event 'order.ended'",
        ),
        ("days: -3", "weeks: -3", "19: rules[0].steps[0].weeks: unknown key"),
        ("days: -3,", "days: -3, hours: 2,", "needs exactly one of: days, business_days, hours, day_of_month"),
        ("days: -3", "hours: -3, at: '07:00'", "a rung that counts hours has no time of day"),
        ("    steps:", "    ladder: long\n    steps:", "18: rules[0].ladder: there is no ladder 'long'"),
        (
            "    steps:",
            "    open_days_only: true\n    steps:",
            "18: rules[0].open_days_only: has a meaning for a limit of hours alone",
        ),
        (
            "    steps:",
            "    recurs: {opens: when_due}\n    steps:",
            "18: rules[0].recurs: what opens when_due needs 'every'",
        ),
        (
            "    steps:",
            "    recurs: {opens: when_met}\n    again: replace\n    steps:",
            "19: rules[0].again: a row of recurring deadlines is not replaced",
        ),
        ("    steps:", "    tracks: [family]\n    steps:", "18: rules[0].tracks: expected some of"),
        ("    steps:", "    tels: []\n    steps:", "18: rules[0].tels: unknown key"),
        (
            "emit: order.expiring, data: {order_ref: key, days_left: days_left}",
            "tell: [SURVIVOR], urgency: U2",
            "SURVIVOR is never told by the system",
        ),
        (
            "emit: order.expiring, data: {order_ref: key, days_left: days_left}",
            "task: make_visits, for: owner, due: 5 BD, urgency: U2",
            "there is no kind of task 'make_visits'",
        ),
        (
            "emit: order.expiring, data: {order_ref: key, days_left: days_left}",
            "task: make_visit, for: owner, due: soon, urgency: U2",
            "'soon' is not a limit",
        ),
        (
            "event: order.served, key: order_ref",
            "event: order.served, when: {field: order_ref, equals: 5}",
            "is a token, and is never 5",
        ),
        (
            "event: order.served, key: order_ref",
            "event: order.served, any_key: true, key: order_ref",
            "has no meaning beside any_key",
        ),
        ("id: D99", "id: d-99", "8: rules[0].id: 'd-99' is not the id of a rule"),
        ('"07:00"', '"7"', "3: step_time: expected a time of the day as HH:MM"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, before: str, after: str, error: str) -> None:
    found = errors_of(tmp_path, lambda text: text.replace(before, after, 1))
    assert any(error in one for one in found), found


def test_a_limit_of_hours_never_rolls_and_has_a_ladder_of_hours(tmp_path: Path) -> None:
    def hours(text: str, extra: str) -> str:
        return (
            text.replace("anchor: expires, ", "")
            .replace("30 CD", "24 h")
            .replace("    calendar", f"{extra}    calendar")
        )

    assert "counts hours" in errors_of(tmp_path, lambda text: hours(text, ""))[0]
    assert "never rolls" in errors_of(tmp_path, lambda text: hours(text, "    roll: forward\n"))[0]


def test_the_same_id_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    twice = errors_of(tmp_path, lambda text: text + text.split("rules:\n")[1])
    assert twice == ["20: rules[1].id: D99 is given twice, first on line 8"]


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    broken = RULE + RULE.split("rules:\n")[1].replace("D99", "D98").replace("30 CD", "30")
    assert len(errors_of(tmp_path, lambda _: broken.replace("CPS_WORKER", "CPS", 1))) == 2
