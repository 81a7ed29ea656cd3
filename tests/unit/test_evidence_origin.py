"""Whose perception an observation finally rests on, and what its sender's own record may be shown to."""

from typing import Any

import pytest

from services.domain.evidence import Basis, Direction, ObserverRole, Ruling
from services.domain.roles import Role
from tests.goal_story import iso, story

_HIS = ObserverRole.SUBJECT
_HERS = ObserverRole.SURVIVOR


@pytest.mark.parametrize(
    ("by", "said", "observer"),
    [
        (Role.CPS_WORKER, {}, ObserverRole.PROFESSIONAL),
        (Role.CPS_WORKER, {"observer_role": "subject"}, _HIS),
        (Role.CPS_WORKER, {"origin_person": "trent"}, _HIS),
        (Role.CPS_WORKER, {"reported_by": {"role": "SUBJECT"}}, _HIS),
        (Role.CPS_WORKER, {"reported_by": {"person": "trent"}}, _HIS),
        (Role.PROB, {"reported_by": {"role": "COUNSEL_SUBJECT"}}, ObserverRole.ALIGNED),
        (Role.COUNSEL_SUBJECT, {}, ObserverRole.ALIGNED),
        (Role.COUNSEL_SUBJECT, {"observer_role": "professional"}, ObserverRole.ALIGNED),
        (Role.SCHOOL, {"origin_person": "marisol"}, _HERS),
        (Role.SCHOOL, {"observer_role": "survivor"}, _HERS),
        (Role.SCHOOL, {"victim_sourced": True}, _HERS),
        (Role.SCHOOL, {"reported_by": {"role": "SURVIVOR"}}, _HERS),
        (Role.SCHOOL, {"reported_by": {"person": "marisol"}}, _HERS),
        (Role.COUNSEL_SURVIVOR, {}, _HERS),
        (Role.SCHOOL, {"origin_person": "ivy"}, ObserverRole.CHILD),
        (Role.CPS_WORKER, {"origin_person": "june"}, ObserverRole.KIN),
        (Role.CARER, {}, ObserverRole.KIN),
        (Role.CPS_WORKER, {"origin_person": "not-known-here"}, ObserverRole.KIN),
        (Role.CPS_WORKER, {"reported_by": {"role": "SCHOOL", "person": "a-teacher"}}, ObserverRole.PROFESSIONAL),
        (Role.CPS_WORKER, {"observer_role": "survivor", "reported_by": {"role": "SUBJECT"}}, _HIS),
    ],
)
def test_relayed_perception_counts_as_that_of_whoever_perceived(
    by: Role, said: dict[str, Any], observer: ObserverRole
) -> None:
    told = story()
    event = told.seen("G", 5, by, **said)
    assert told.item("G", event, 5).observer is observer


def test_the_word_of_the_subject_counts_as_his_where_the_plan_does_not_say_whose_goal_it_is() -> None:
    told = story()
    told.tell("goal.created", 0, Role.CPS_WORKER, goal_id="H", kind="positive")
    told.tell("caseplan.adopted", 0, Role.CPS_WORKER, goals=["H"])
    event = told.seen("H", 5, Role.CPS_WORKER, origin_person="trent")
    assert told.item("H", event, 5).observer is _HIS


def test_each_of_the_family_is_a_group_of_their_own_and_an_agency_is_one() -> None:
    told = story()
    groups = {}
    sources: list[tuple[str, Role, dict[str, Any]]] = [
        ("her", Role.SCHOOL, {"origin_person": "marisol"}),
        ("her again", Role.COUNSEL_SURVIVOR, {}),
        ("ivy", Role.SCHOOL, {"origin_person": "ivy"}),
        ("june", Role.CPS_WORKER, {"origin_person": "june"}),
        ("worker", Role.CPS_WORKER, {}),
        ("investigator", Role.CPS_INV, {}),
    ]
    for name, by, said in sources:
        groups[name] = told.item("G", told.seen("G", 5, by, **said), 5).group
    assert groups == {
        "her": "marisol",
        "her again": "marisol",
        "ivy": "ivy",
        "june": "june",
        "worker": "cps",
        "investigator": "cps",
    }


def test_what_one_agency_passes_on_of_another_counts_as_the_others() -> None:
    told = story()
    stated = told.seen("G", 5, Role.CPS_WORKER, observer_organisation="probation")
    relayed = told.seen("G", 6, Role.CPS_WORKER, reported_by={"role": "PROB", "organisation": "probation"})
    own = told.seen("G", 7, Role.PROB)
    assert {told.item("G", event, 9).group for event in (stated, relayed, own)} == {"probation"}


@pytest.mark.parametrize(
    ("by", "said", "classes"),
    [
        (Role.CPS_WORKER, {}, {"PLN-S"}),
        (Role.BIP, {}, {"BIPR"}),
        (Role.SUD, {}, {"P2"}),
        (Role.VISIT, {}, {"VIS"}),
        (Role.LE, {}, {"CJ"}),
        (Role.CHILD_TX, {}, {"CHS"}),
        (Role.SCHOOL, {"origin_person": "marisol"}, {"EDU", "SVS"}),
        (Role.VISIT, {"origin_person": "ivy"}, {"VIS", "CHS"}),
        (Role.CPS_WORKER, {"observer_organisation": "clinic"}, {"PLN-S", "P2"}),
        (Role.SUD, {"observer_organisation": "probation"}, {"P2", "CJ"}),
        (Role.CPS_WORKER, {"observer_organisation": "nobody-known"}, {"PLN-S", "CASE"}),
    ],
)
def test_an_item_carries_the_classes_of_who_holds_the_record_and_of_who_perceived(
    by: Role, said: dict[str, Any], classes: set[str]
) -> None:
    told = story()
    assert told.classes("G", told.seen("G", 5, by, **said), 5) == classes


_ADMISSION = {"observer_role": "subject", "direction": "-", "basis": "self"}


@pytest.mark.parametrize(
    ("said", "classes"),
    [
        ({}, {"PLN-S"}),
        ({"victim_sourced": True}, {"PLN-S", "SVS"}),
        ({"reported_by": {"role": "SURVIVOR"}}, {"PLN-S", "SVS"}),
        ({"reported_by": {"role": "COUNSEL_SURVIVOR"}}, {"PLN-S", "SVS"}),
        ({"reported_by": {"person": "marisol"}}, {"PLN-S", "SVS"}),
        ({"origin_person": "ivy"}, {"PLN-S", "CHS"}),
        ({"origin_person": "trent", "reported_by": {"person": "ivy"}}, {"PLN-S", "CHS"}),
        ({"origin_person": "marisol", "reported_by": {"person": "ivy"}}, {"PLN-S", "SVS", "CHS"}),
        ({"origin_person": "not-known-here"}, {"PLN-S", "SVS", "CHS"}),
    ],
)
@pytest.mark.parametrize("codes", [("1",), ("17",)])
def test_an_admission_that_went_through_the_survivor_or_a_child_is_shown_to_nobody_who_may_not_know_their_word(
    codes: tuple[str, ...], said: dict[str, Any], classes: set[str]
) -> None:
    told = story(*codes)
    event = told.seen("G", 5, Role.CPS_WORKER, **{**_ADMISSION, **said})
    assert told.classes("G", event, 5) == classes
    seen = {name for (_, name), one in told.assessed(5).items() if one.items}
    assert ("court" in seen or "subject" in seen) <= (classes == {"PLN-S"})


def test_whoever_is_not_known_yet_counts_as_who_they_are_once_they_are_known() -> None:
    told = story()
    event = told.seen("G", 5, Role.CPS_WORKER, origin_person="his-brother")
    assert told.item("G", event, 5).ruling is Ruling.CONTEXT
    told.tell("case.person_added", 6, Role.CPS_WORKER, person_ref="his-brother", kind="kin")
    assert [told.classes("G", event, on) for on in (5, 6)] == [{"PLN-S", "CASE", "SVS", "CHS"}, {"PLN-S", "CASE"}]


def test_an_adverse_party_is_whom_an_approved_map_designates_or_a_dual_arrest_leaves_open() -> None:
    told = story()
    word = told.seen("G", 5, Role.CPS_WORKER, origin_person="marisol", direction="-")
    assert told.item("G", word, 5).observer is _HERS
    told.tell("le.arrest", 6, Role.LE, person_ref="trent", dual_arrest=True, other_arrested_ref="marisol")
    assert told.item("G", word, 6).observer is ObserverRole.ADVERSE
    assert told.item("G", word, 5).observer is _HERS
    told.tell("pattern.designation_set", 7, person_ref="marisol", value="protective")
    assert told.item("G", word, 7).observer is ObserverRole.ADVERSE
    told.tell("pattern.approved", 8, person_ref="marisol", version=1)
    told.tell("pattern.designation_set", 8, person_ref="marisol", value="protective")
    assert told.item("G", word, 8).observer is _HERS


def test_a_designation_may_rest_on_a_map_that_was_taken_over_from_another_case() -> None:
    told = story()
    word = told.seen("G", 5, Role.CPS_WORKER, origin_person="june", direction="-")
    told.tell("pattern.carried_over", 6, person_ref="june", prior_person_ref="j", prior_case_ref="C-0", from_version=1)
    told.tell("pattern.designation_set", 6, person_ref="june", value="subject")
    assert told.item("G", word, 6).observer is ObserverRole.ADVERSE


def test_support_of_the_family_is_context_until_two_people_ruled_that_it_counts_and_word_against_counts_at_once() -> (
    None
):
    told = story()
    support = told.seen("G", 5, Role.CPS_WORKER, origin_person="june")
    against = told.seen("G", 6, Role.CPS_WORKER, origin_person="june", direction="-")
    assert told.item("G", support, 6).ruling is Ruling.CONTEXT
    assert told.item("G", against, 6).ruling is None
    assert told.status("G", 6) == "CONTRADICTED CONTRADICTED_ON_DAY_6"
    told.tell("evidence.ruled", 7, evidence_id=support, ruling="counts", ruled_by="okafor")
    assert told.item("G", support, 7).ruling is Ruling.CONTEXT
    told.tell("evidence.ruled", 8, evidence_id=support, ruling="counts", ruled_by="okafor", second_approver="price")
    assert [told.item("G", support, on).ruling for on in (7, 8)] == [Ruling.CONTEXT, Ruling.COUNTS]


def test_only_observers_whom_the_goal_names_are_placed_to_see_it() -> None:
    told = story(vantage=["VISIT", "CPS_WORKER", "KIN"])
    sources: list[tuple[str, Role, dict[str, Any]]] = [
        ("worker", Role.CPS_INV, {}),
        ("probation", Role.PROB, {}),
        ("kin", Role.CPS_WORKER, {"origin_person": "june"}),
        ("child", Role.CPS_WORKER, {"origin_person": "ivy"}),
    ]
    events = {name: told.seen("G", 5, by, **said) for name, by, said in sources}
    placed = {name: told.item("G", event, 5).vantage for name, event in events.items()}
    assert placed == {"worker": True, "probation": False, "kin": True, "child": False}


@pytest.mark.parametrize(
    ("by", "said", "heard"),
    [
        (Role.BIP, {"observer_role": "subject", "basis": "self"}, True),
        (Role.BIP, {"basis": "self"}, True),
        (Role.BIP, {"observer_role": "subject", "basis": "direct"}, True),
        (Role.CPS_WORKER, {"origin_person": "trent", "basis": "firsthand"}, True),
        (Role.COUNSEL_SUBJECT, {"observer_role": "subject", "basis": "self"}, False),
        (
            Role.CPS_WORKER,
            {"observer_role": "subject", "basis": "self", "reported_by": {"role": "COUNSEL_SUBJECT"}},
            False,
        ),
        (Role.CPS_WORKER, {"observer_role": "subject", "basis": "record"}, False),
        (Role.CPS_WORKER, {"observer_role": "aligned", "basis": "self"}, False),
    ],
)
def test_where_the_goal_is_what_he_says_whoever_heard_it_observed_it(
    by: Role, said: dict[str, Any], *, heard: bool
) -> None:
    told = story("17", "18")
    told.brief(Role.BIP, 0, read=0)
    item = told.item("G", told.seen("G", 5, by, **said), 5)
    direct = (item.basis, item.observer) == (Basis.DIRECT, ObserverRole.PROFESSIONAL)
    assert direct is heard
    conduct = story("1", kind="cessation")
    item = conduct.item("G", conduct.seen("G", 5, by, **said), 5)
    assert (item.basis, item.observer) != (Basis.DIRECT, ObserverRole.PROFESSIONAL)


def test_what_the_listener_of_another_organisation_heard_is_heard_by_that_organisation() -> None:
    told = story("17")
    event = told.seen("G", 5, Role.CPS_WORKER, observer_role="subject", observer_organisation="programme")
    assert told.item("G", event, 5).group == "programme"
    assert told.classes("G", event, 5) == {"PLN-S", "BIPR"}


def test_where_being_there_is_the_behaviour_a_log_is_a_record_and_a_missed_one_a_lapse() -> None:
    for codes, basis, direction in (
        (("24",), Basis.RECORD, Direction.LAPSE),
        (("21",), Basis.ATTENDANCE, Direction.AGAINST),
    ):
        told = story(*codes)
        there = told.item("G", told.seen("G", 5, basis="attendance"), 6)
        missed = told.item("G", told.seen("G", 6, basis="attendance", direction="-"), 6)
        assert (there.basis, missed.basis, missed.direction) == (basis, basis, direction)


def test_payments_are_records_and_a_late_a_partial_and_a_missed_one_are_lapses() -> None:
    told = story("11", "12")
    ways: list[dict[str, Any]] = [{}, {"in_full": True, "on_time": True}, {"in_full": False}, {"on_time": False}]
    paid = [told.tell("ivd.payment_posted", 5, Role.IVD, posted_on=iso(5), person_ref="trent", **said) for said in ways]
    paid.append(told.tell("ivd.payment_missed", 40, Role.IVD, due=iso(35), person_ref="trent"))
    items = [told.item("G", event, 40) for event in paid]
    assert {item.basis for item in items} == {Basis.RECORD}
    assert [item.direction.value for item in items] == ["+", "+", "0", "0", "0"]
    assert (items[4].start, items[4].recorded) == (35, 40)
    assert told.classes("G", paid[0], 40) == {"FIN"}


def test_a_payment_bears_on_the_goal_that_it_names_and_else_on_goals_of_paying_alone() -> None:
    told = story("11").goal("H", "21").goal("X", "11", "21").goal("O", "11", person_ref="marisol")
    told.tell("ivd.payment_posted", 5, Role.IVD, person_ref="trent")
    told.tell("ivd.payment_posted", 6, Role.IVD, goal_id="H")
    assert {name: len(told.state(name, 6).items) for name in "GHXO"} == {"G": 1, "H": 1, "X": 0, "O": 0}


def test_the_visit_log_and_missed_checkins_bear_on_the_goals_of_being_there() -> None:
    told = story("22").goal("C", "26").goal("H", "21")
    told.brief(Role.VISIT, 0, read=0)
    at = {"in_at": f"{iso(5)}T15:00:00-05:00", "out_at": f"{iso(5)}T16:00:00-05:00", "person_ref": "trent"}
    event = told.tell("visitctr.visit_completed", 5, Role.VISIT, on_time=True, **at)
    late = told.tell("visitctr.visit_completed", 6, Role.VISIT, on_time=False, **at)
    told.tell("prob.checkin_missed", 7, Role.PROB, due=iso(7), excused=True)
    missed = told.tell("prob.checkin_missed", 8, Role.PROB, due=iso(7))
    assert [told.item("G", one, 8).direction.value for one in (event, late)] == ["+", "0"]
    assert [item.evidence.direction.value for item in told.state("C", 8).items] == ["0"]
    assert told.item("C", missed, 8).start == 7
    assert told.state("H", 8).items == ()
