"""The parity report counts the same things for each parent, once, and flags what a supervisor should look at."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events import Event
from services.domain.parity import CountKind, CountRule, Imbalance, ParentKind, Parity, parity_of, types_counted
from services.domain.predicates import Equals
from services.domain.roles import Role
from tests.unit.test_efforts import happened, person

GOALS = CountRule(
    "goals", CountKind.EXPECTATION, "Goals", "goal.created", "person_ref", once_for="goal_id", required=True
)
TASKS = CountRule("tasks", CountKind.EXPECTATION, "Tasks", "survivor.task_required", "person_ref", required=True)
CALLS = CountRule(
    "calls",
    CountKind.CONTACT,
    "Calls",
    "safety.contact_recorded",
    "person_ref",
    ParentKind.PROTECTIVE_PARENT,
    when=Equals("outcome", "done"),
)
SPOKEN = CountRule(
    "spoken",
    CountKind.CONTACT,
    "Spoken with",
    "efforts.recorded",
    None,
    ParentKind.SUBJECT,
    emitters=frozenset({Role.CPS_WORKER}),
)
RULES = (GOALS, TASKS, CALLS, SPOKEN)
HE, SHE = "P-1", "P-2"
PARENTS = [person(1, HE, "subject"), person(2, SHE, "protective_parent"), person(3, "P-3", "child")]


def goal(number: int, whose: str, goal_id: str | None = None) -> Event:
    return happened(number, "goal.created", {"goal_id": goal_id or f"G{number}", "person_ref": whose})


def task(number: int, whose: str = SHE) -> Event:
    return happened(number, "survivor.task_required", {"person_ref": whose})


def mapped(number: int, whose: str, items: tuple[str, ...] = ("an act",)) -> Event:
    return happened(number, "pattern.mapped", {"person_ref": whose, "version": 1, "items": list(items)})


def designated(number: int, whose: str, value: str) -> Event:
    return happened(number, "pattern.designation_set", {"person_ref": whose, "value": value})


def numbers(parity: Parity, whose: str) -> dict[str, int]:
    [parent] = [parent for parent in parity.parents if parent.person_ref == whose]
    return {one.rule.id: one.number for one in parent.counts}


def test_each_parent_has_the_same_lines_and_a_child_has_none() -> None:
    parity = parity_of([*PARENTS, goal(4, HE), goal(5, HE), task(6)], RULES)
    assert [parent.person_ref for parent in parity.parents] == [HE, SHE]
    assert numbers(parity, HE) == {"goals": 2, "tasks": 0, "calls": 0, "spoken": 0}
    assert numbers(parity, SHE) == {"goals": 0, "tasks": 1, "calls": 0, "spoken": 0}


def test_what_is_told_twice_of_one_goal_counts_once() -> None:
    assert numbers(parity_of([*PARENTS, goal(4, HE, "G1"), goal(5, HE, "G1")], RULES), HE)["goals"] == 1


def test_an_event_that_names_nobody_counts_for_the_one_parent_who_is_meant() -> None:
    call = happened(4, "safety.contact_recorded", {"outcome": "done"})
    tried = happened(5, "safety.contact_recorded", {"outcome": "tried"})
    assert numbers(parity_of([*PARENTS, call, tried], RULES), SHE)["calls"] == 1
    two = [*PARENTS, person(6, "P-9", "protective_parent")]
    assert numbers(parity_of([*two, call], RULES), SHE)["calls"] == 0


def test_an_event_about_somebody_who_is_no_parent_counts_for_nobody() -> None:
    parity = parity_of([*PARENTS, goal(4, "P-3"), goal(5, "unknown")], RULES)
    assert numbers(parity, HE)["goals"] == numbers(parity, SHE)["goals"] == 0


def test_only_what_comes_from_the_roles_of_a_line_counts() -> None:
    said: dict[str, Any] = {"toward": "subject", "action": "Spoke with him."}
    events = [happened(4, "efforts.recorded", said), happened(5, "efforts.recorded", said, emitter=Role.SCHOOL)]
    assert numbers(parity_of([*PARENTS, *events], RULES), HE)["spoken"] == 1


def test_a_parent_without_a_mapped_pattern_who_must_do_more_is_flagged() -> None:
    parity = parity_of([*PARENTS, mapped(4, HE), goal(5, HE), task(6), task(7)], RULES)
    assert parity.imbalances == (Imbalance(SHE, 2, HE, 1),)


def test_a_parent_with_a_mapped_pattern_who_must_do_more_is_as_it_should_be() -> None:
    assert parity_of([*PARENTS, mapped(4, HE), goal(5, HE), goal(6, HE)], RULES).imbalances == ()


def test_as_much_as_the_other_is_not_more() -> None:
    assert parity_of([*PARENTS, mapped(4, HE), goal(5, HE), task(6)], RULES).imbalances == ()


@pytest.mark.parametrize(("value", "flagged"), [("protective", True), ("undetermined", False), ("subject", False)])
def test_whoever_is_designated_protective_has_no_mapped_pattern_though_both_were_mapped(
    value: str, flagged: bool
) -> None:
    events = [*PARENTS, mapped(4, HE), mapped(5, SHE), designated(6, SHE, value), task(7)]
    assert bool(parity_of(events, RULES).imbalances) is flagged


def test_a_map_that_found_nothing_is_no_mapped_pattern_and_one_taken_over_from_another_case_is() -> None:
    nothing = [*PARENTS, mapped(4, HE), mapped(5, SHE, ()), task(6)]
    assert parity_of(nothing, RULES).imbalances == (Imbalance(SHE, 1, HE, 0),)
    taken_over = happened(7, "pattern.carried_over", {"person_ref": SHE, "from_version": 1})
    assert parity_of([*nothing, taken_over], RULES).imbalances == ()


def test_a_case_without_parents_has_an_empty_report() -> None:
    assert parity_of([goal(1, HE)], RULES) == Parity((), ())


_EVENTS = st.builds(
    lambda number, make, whose: make(number, whose),
    st.integers(10, 60),
    st.sampled_from([goal, task, mapped, lambda number, whose: designated(number, whose, "protective")]),
    st.sampled_from([HE, SHE, "P-3"]),
)


@given(st.lists(_EVENTS, unique_by=lambda event: event.id), st.randoms(use_true_random=False))
def test_order_and_repetition_change_no_count_and_no_event_counts_for_two(events: list[Event], chance: Random) -> None:
    parity = parity_of([*PARENTS, *events], RULES)
    again = [*PARENTS, *events, *events]
    chance.shuffle(again)
    assert parity_of(again, RULES) == parity
    counted = [event for parent in parity.parents for one in parent.counts for event in one.events]
    assert len(counted) == len(set(counted))
    for flag in parity.imbalances:
        assert flag.required > flag.other_required


def test_every_type_that_a_line_counts_is_asked_for() -> None:
    assert types_counted(RULES) >= {rule.event_type for rule in RULES} | {"case.person_added", "pattern.mapped"}
