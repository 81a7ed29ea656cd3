"""What is known of a case, folded by the day on which it became known: day 0, briefings, corrections, succession."""

from typing import Any

import pytest

from services.domain.evidence import Ruling
from services.domain.roles import Role
from tests.goal_story import GoalStory, iso, story


def test_what_was_seen_before_day_0_is_baseline_and_what_spans_it_counts_from_day_0() -> None:
    told = story()
    told.seen("G", -10, to=-1, on=1)
    spanning = told.seen("G", -10, to=5)
    assert [item.observed.event_id for item in told.state("G", 9).items] == [spanning]
    item = told.item("G", spanning, 9)
    assert (item.start, item.end) == (0, 5)


def test_days_are_counted_on_the_calendar_of_the_county() -> None:
    told = story()
    event = told.seen("G", 0, observed_from=f"{iso(6)}T03:30:00Z", on=6)
    assert told.item("G", event, 6).start == 5


def test_day_0_is_the_plans_first_day_unless_the_goal_has_its_own() -> None:
    told = GoalStory().people()
    for goal_id, own in (("G", {}), ("H", {"day_0": iso(3)})):
        told.tell("goal.created", 1, Role.CPS_WORKER, goal_id=goal_id, kind="positive", **own)
    assert told.assessed(5) == {}
    told.tell("caseplan.adopted", 6, Role.CPS_WORKER, goals=["G", "H"], effective=iso(5))
    told.tell("caseplan.adopted", 20, Role.CPS_WORKER, goals=["G"], effective=iso(20))
    assert {goal: state.goal.day_zero.isoformat() for goal, state in told.case(20).goals.items()} == {
        "G": iso(5),
        "H": iso(3),
    }
    assert {goal for goal, _ in told.assessed(6)} == {"G", "H"}


def test_a_goal_stands_as_it_was_first_written() -> None:
    told = story("21")
    told.tell("goal.created", 5, Role.CPS_WORKER, goal_id="G", kind="cessation", day_0=iso(4))
    assert told.state("G", 5).goal.kind.value == "positive"


def test_an_item_that_comes_twice_counts_once() -> None:
    told = story()
    first = told.seen("G", 5, evidence_id="n-1")
    told.seen("G", 6, evidence_id="n-1", count=7)
    other = told.seen("G", 6, Role.LE, evidence_id="n-1")
    assert [item.observed.event_id for item in told.state("G", 9).items] == [first, other]


def test_what_comes_late_works_at_the_day_that_it_is_about_from_the_day_on_which_it_came() -> None:
    told = story().verify("G")
    assert told.status("G", 90) == "VERIFIED"
    told.seen("G", 40, Role.SCHOOL, direction="-", on=95)
    assert told.status("G", 94) == "VERIFIED"
    assert told.status("G", 95) == (
        "PARTIALLY_SUPPORTED RESET_BY_CONTRADICTION "
        "NEED_SECOND_INDEPENDENT_SOURCE NEED_MORE_OBSERVATIONS NEED_DURATION(30/90)"
    )
    told.seen("G", 92, direction="-", on=96)
    assert told.status("G", 96) == "CONTRADICTED CONTRADICTED_ON_DAY_92"
    assert told.status("G", 95).startswith("PARTIALLY")


def test_a_correction_of_the_same_agency_stands_in_place_of_what_it_corrects_from_its_day_on() -> None:
    told = story()
    wrong = told.seen("G", 5, count=9)
    right = told.seen("G", 6, corrects=wrong)
    assert [item.observed.event_id for item in told.standing("G", 5)] == [wrong]
    assert [item.observed.event_id for item in told.standing("G", 6)] == [right]
    again = told.seen("G", 7, corrects=right, evidence_id="n-3")
    assert [item.observed.event_id for item in told.standing("G", 7)] == [again]


def test_another_agency_corrects_nothing() -> None:
    told = story()
    item = told.seen("G", 5, evidence_id="n-1", direction="-")
    told.seen("G", 6, Role.LE, corrects="n-1")
    assert told.item("G", item, 6).ruling is None


@pytest.mark.parametrize(
    "said",
    [
        {"direction": "+"},
        {"direction": "0"},
        {"direction": "-", "basis": "opinion"},
        {"direction": "-", "observer_role": "adverse"},
        {"direction": "-", "observed_from": iso(-20)},
        {"direction": "-", "observed_from": iso(4)},
    ],
)
def test_a_correction_that_leaves_less_against_a_goal_is_a_dispute_until_two_people_rule(said: dict[str, Any]) -> None:
    told = story()
    item = told.seen("G", 5, direction="-")
    told.seen("G", 6, corrects=item, on=8, **said)
    assert told.item("G", item, 7).ruling is None
    assert told.item("G", item, 8).ruling is Ruling.DISPUTED
    told.tell("evidence.ruled", 9, evidence_id=item, ruling="rejected", ruled_by="okafor")
    assert told.item("G", item, 9).ruling is Ruling.DISPUTED
    told.tell("evidence.ruled", 10, evidence_id=item, ruling="rejected", ruled_by="okafor", second_approver="price")
    assert told.item("G", item, 10).ruling is Ruling.REJECTED


def test_a_correction_that_leaves_as_much_against_a_goal_stands_in_its_place() -> None:
    told = story()
    item = told.seen("G", 5, direction="-")
    later = told.seen("G", 6, direction="-", corrects=item)
    assert [one.observed.event_id for one in told.standing("G", 9)] == [later]


def test_a_lapse_that_is_corrected_stays_until_two_people_rule() -> None:
    told = story().verify("G")
    lapses = [told.seen("G", at, direction="0") for at in (80, 85)]
    assert told.status("G", 90) == "CONTRADICTED CONTRADICTED_ON_DAY_85"
    told.seen("G", 85, corrects=lapses[1], on=91)
    assert told.status("G", 91) == "CONTRADICTED CONTRADICTED_ON_DAY_85"
    told.tell(
        "evidence.ruled", 92, evidence_id=lapses[1], ruling="rejected", ruled_by="okafor", second_approver="price"
    )
    assert told.status("G", 92) == "VERIFIED LAPSE_ON_DAY_80"


def test_a_correction_that_a_view_may_not_know_of_changes_nothing_there() -> None:
    told = story()
    item = told.seen("G", 5, direction="-")
    before = told.status("G", 8, "court")
    told.seen("G", 6, corrects=item, on=8, observer_role="survivor", origin_person="marisol")
    told.seen("G", 7, direction="-", corrects=item, on=8, observer_role="child", origin_person="ivy")
    assert told.status("G", 8, "court") == before
    assert told.status("G", 8) != before


def test_what_is_against_a_goal_and_dated_after_it_was_known_counts_on_the_day_on_which_it_was_known() -> None:
    told = story().verify("G")
    told.seen("G", 400, direction="-", on=95)
    assert told.status("G", 95) == "CONTRADICTED CONTRADICTED_ON_DAY_95"


def test_two_items_cannot_correct_each_other_away() -> None:
    told = story()
    told.seen("G", 5, direction="-", evidence_id="n-1", corrects="n-2")
    told.seen("G", 6, direction="-", evidence_id="n-2", corrects="n-1")
    assert told.status("G", 9) == "CONTRADICTED CONTRADICTED_ON_DAY_6"


def test_items_of_a_provider_are_from_vantage_from_the_day_on_which_it_read_a_briefing_that_names_the_goal() -> None:
    told = story().goal("H", "21")
    told.brief(Role.BIP, 8, read=10, goal_ids=["G"])
    told.brief(Role.VISIT, 8)
    before = told.seen("G", 5, Role.BIP, to=9)
    spanning = told.seen("G", 5, Role.BIP, to=15)
    after = told.seen("G", 12, Role.BIP)
    not_named = told.seen("H", 12, Role.BIP)
    not_read = told.seen("G", 12, Role.VISIT)
    items = {name: told.item(name, event, 20) for name, event in (("H", not_named),)}
    items |= {event: told.item("G", event, 20) for event in (before, spanning, after, not_read)}
    assert [items[event].vantage for event in (before, spanning, after, not_read, "H")] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert (items[spanning].start, items[spanning].end) == (10, 15)


def test_a_briefing_that_names_no_goal_is_about_those_in_force_when_it_was_sent() -> None:
    told = story().goal("H", "21", on=20)
    told.brief(Role.BIP, 5, read=10)
    given, later = told.seen("G", 30, Role.BIP), told.seen("H", 30, Role.BIP)
    assert (told.item("G", given, 30).vantage, told.item("H", later, 30).vantage) == (True, False)


def test_a_briefing_is_read_by_whom_it_was_sent_to_or_a_worker_says_so_and_not_before_it_was_sent() -> None:
    told = story()
    event = told.seen("G", 12, Role.BIP)
    told.brief(Role.BIP, 13)
    reference = str(told.events[-1].event.data["briefing_ref"])
    told.tell("briefing.acknowledged", 14, Role.PROB, briefing_ref=reference, acknowledged_on=iso(5))
    told.tell("briefing.acknowledged", 15, Role.CPS_WORKER, briefing_ref=reference, agency="probation")
    later = told.seen("G", 15, Role.BIP)
    assert told.item("G", later, 15).vantage is False
    told.tell("briefing.acknowledged", 16, Role.CPS_WORKER, briefing_ref=reference, acknowledged_on=iso(5))
    assert (told.item("G", event, 16).vantage, told.item("G", later, 16).vantage) == (False, True)


def test_what_a_provider_saw_waits_for_its_briefing_whoever_passes_it_on() -> None:
    told = story()
    passed_on = told.seen("G", 5, Role.CPS_WORKER, observer_organisation="programme")
    lent = told.seen("G", 5, Role.BIP, observer_organisation="probation")
    assert {told.item("G", event, 6).vantage for event in (passed_on, lent)} == {False}
    told.brief(Role.BIP, 3, read=4)
    assert {told.item("G", event, 6).vantage for event in (passed_on, lent)} == {True}


def test_what_a_provider_says_against_a_goal_needs_no_briefing() -> None:
    told = story()
    told.seen("G", 5, Role.BIP, direction="-")
    assert told.status("G", 5) == "CONTRADICTED CONTRADICTED_ON_DAY_5"


def test_attendance_and_certificates_are_context_beside_goals_that_the_service_supports() -> None:
    told = GoalStory().people().goal("S", "26", services=["bip"]).goal("O", "17", services=["other"]).goal("N", "21")
    for service, provider in (("bip", "programme"), ("other", "clinic")):
        told.tell("provider.referral_sent", 1, Role.CPS_WORKER, service_ref=service, provider=provider)
    told.brief(Role.BIP, 1, read=1)
    sessions = {"offered": 4, "attended": 4, "excused": 0, "unexcused": 0}
    told.tell("provider.progress_report", 35, Role.BIP, period="2025-03", attendance=sessions, person_ref="trent")
    assert [told.shown(goal, 40, ["internal"])[0] for goal in "SON"] == [
        "ATTENDANCE_ONLY",
        "NOT_ASSESSED",
        "NOT_ASSESSED",
    ]
    told.tell("provider.certificate_received", 50, Role.JUV_COURT, issued=iso(49), person_ref="trent")
    assert [told.shown(goal, 50, ["internal"])[0] for goal in "SON"] == [
        "ATTENDANCE_ONLY",
        "ATTENDANCE_ONLY",
        "NOT_ASSESSED",
    ]
    told.tell("provider.discharged", 60, Role.BIP, discharge_type="requirements_met", person_ref="trent")
    told.tell("provider.discharged", 60, Role.BIP, discharge_type="administrative", person_ref="trent")
    assert [len(told.state(goal, 60).items) for goal in "SON"] == [3, 1, 0]


def test_months_without_attendance_and_of_somebody_else_are_no_context() -> None:
    told = story("17", services=["bip"])
    none = {"offered": 4, "attended": 0, "excused": 0, "unexcused": 4}
    told.tell("provider.progress_report", 35, Role.BIP, period="2025-03", attendance=none)
    told.tell("provider.certificate_received", 36, issued=iso(30), person_ref="marisol")
    assert told.state("G", 40).items == ()


def test_a_goal_that_takes_the_place_of_another_takes_over_what_was_firm_against_it() -> None:
    told = story("1", kind="cessation")
    told.seen("G", 15)
    firm = told.seen("G", 20, direction="-")
    rejected = told.seen("G", 21, direction="-")
    told.tell("evidence.ruled", 22, evidence_id=rejected, ruling="rejected", ruled_by="okafor", second_approver="price")
    told.seen("G", 45, direction="-", on=46)
    told.goal("H", "1", kind="cessation", on=40, supersedes="G")
    told.goal("I", "1", kind="cessation", on=50, supersedes="H")
    assert [told.shown(goal, 50, ["internal"])[0] for goal in "GHI"] == ["CLOSED", "CLOSED", "CONTRADICTED"]
    inherited = {(item.evidence.id, item.evidence.end, item.inherited) for item in told.state("H", 50).items}
    assert inherited == {(f"G/{firm}", -20, True)}
    assert {item.evidence.end for item in told.state("I", 50).items} == {-30, -5}
    assert told.status("I", 50) == "CONTRADICTED CONTRADICTED_ON_DAY_-5"


def test_a_goal_is_superseded_from_the_day_of_the_revision_and_a_circle_ends() -> None:
    told = story("1").goal("H", "1")
    told.seen("G", 5, direction="-")
    diff = [
        {"op": "superseded", "goal_id": "H", "supersedes": "G"},
        {"op": "superseded", "goal_id": "G", "supersedes": "H"},
    ]
    told.tell("caseplan.revised", 10, Role.CPS_WORKER, diff=diff[:1], reason="clearer", effective=iso(12))
    assert told.shown("G", 11, ["internal"]) == ["CONTRADICTED"]
    assert told.shown("G", 12, ["internal"]) == ["CLOSED"]
    told.tell("caseplan.revised", 13, Role.CPS_WORKER, diff=diff, reason="clearer")
    assert told.shown("H", 13, ["internal"]) == ["CLOSED"]


def test_a_goal_that_names_itself_as_the_earlier_one_stays_open() -> None:
    told = story("1", supersedes="G")
    assert told.shown("G", 5, ["internal"]) == ["NOT_ASSESSED"]


def test_a_closed_goal_shows_what_it_was_when_it_was_closed_whatever_time_does_afterwards() -> None:
    told = story("21").verify("G")
    told.tell("review.hold_set", 91, hold_ref="h-1", goal_id="G", expires=iso(110))
    told.tell(
        "caseplan.revised",
        100,
        Role.CPS_WORKER,
        diff=[{"op": "closed", "goal_id": "G"}],
        reason="done",
        effective=iso(100),
    )
    for on in (100, 140):
        found = told.assessed(on)["G", "internal"]
        assert found.last_status is not None
        assert (found.assessment.status.value, found.last_status.status.value) == ("CLOSED", "UNDER_REVIEW")


def test_an_event_is_known_from_the_day_on_which_it_was_linked_until_the_day_on_which_that_was_taken_back() -> None:
    told = story()
    event = told.seen("G", 5, on=9)
    told.until(event, 12)
    assert [len(told.state("G", on).items) for on in (8, 9, 11, 12)] == [0, 1, 1, 0]


def test_a_case_without_goals_has_none() -> None:
    told = GoalStory().people()
    told.tell("le.dv_incident", 5, Role.LE)
    assert told.case(9).goals == {}
    assert told.assessed(9) == {}
