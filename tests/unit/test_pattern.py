"""The pattern of a person (practice.md §1.2, §1.9): versions, designations, and what no goal covers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.events import Event
from services.domain.pattern import Covering, Patterns, patterns_of, uncovered
from services.domain.pattern_sections import sections_of
from services.domain.pattern_sentences import sentence_warnings
from services.domain.roles import Role

CASE = UUID("7d1c7a52-93f5-4f5e-8d3c-0e4b2b0f6a11")
START = datetime(2025, 2, 14, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    event: Event
    actor: str = "client:cps"


def said(event_type: str, hours: int, data: Mapping[str, Any], actor: str = "client:cps", name: str = "") -> Told:
    """An event, so many hours after noon of 14 February 2025."""
    at = START + timedelta(hours=hours)
    found = uuid5(CASE, f"{event_type}{hours}{sorted(data.items(), key=str)}{name}")
    emitter = Role.LE if event_type == "le.arrest" else Role.CPS_SUP
    return Told(Event(found, event_type, CASE, 1, "urn:test", str(found), CASE, emitter, at, at, at, data), actor)


def mapped(person: str, version: int, hours: int, *codes: str, **fields: Any) -> Told:
    items = [{"item_id": f"i{at}", "behaviour_code": code, "act": "x"} for at, code in enumerate(codes)]
    data = {"person_ref": person, "version": version, "items": items, "sources": ["s"]}
    return said("pattern.mapped", hours, data, **fields)


def approved(person: str | None, version: int, hours: int, **fields: Any) -> Told:
    data = {"version": version, **({"person_ref": person} if person else {})}
    return said("pattern.approved", hours, data, **fields)


def designated(person: str, value: str, hours: int, version: int | None = None) -> Told:
    data = {"person_ref": person, "value": value, **({"map_version": version} if version else {})}
    return said("pattern.designation_set", hours, data)


def dual_arrest(one: str, other: str, hours: int) -> Told:
    return said(
        "le.arrest", hours, {"person_ref": one, "dual_arrest": True, "other_arrested_ref": other, "charges": []}
    )


def arrest(person: str, hours: int) -> Told:
    return said("le.arrest", hours, {"person_ref": person, "dual_arrest": False, "charges": []})


PEOPLE = st.sampled_from(["trent", "marisol"])
HOURS = st.integers(0, 400)
ARRESTS = st.one_of(
    st.builds(arrest, PEOPLE, HOURS), st.builds(dual_arrest, st.just("trent"), st.just("marisol"), HOURS)
)
VERSIONS = st.integers(1, 3)
FACTS = st.one_of(
    ARRESTS,
    st.builds(mapped, PEOPLE, VERSIONS, HOURS),
    st.builds(approved, PEOPLE, VERSIONS, HOURS),
    st.builds(designated, PEOPLE, st.sampled_from(["subject", "protective", "undetermined"]), HOURS),
)


def what_stands(patterns: Patterns) -> object:
    return [
        (
            person,
            patterns.designation(person),
            patterns.is_undetermined(person),
            patterns.current(person),
            patterns.waiting(person),
            patterns.unmapped_beside(person),
        )
        for person in patterns.persons()
    ]


@given(st.lists(ARRESTS, max_size=8))
def test_an_arrest_designates_nobody(arrests: list[Told]) -> None:
    patterns = patterns_of(arrests)
    assert {patterns.designation(person) for person in ("trent", "marisol")} == {"undetermined"}


@given(st.lists(FACTS, max_size=12), ARRESTS)
def test_an_arrest_never_makes_anybody_a_subject_or_a_protective_parent(facts: list[Told], one: Told) -> None:
    before, after = patterns_of(facts), patterns_of([*facts, one])
    for person in ("trent", "marisol"):
        assert after.designation(person) in {before.designation(person), "undetermined"}


@given(st.lists(FACTS, max_size=12), st.randoms(use_true_random=False))
def test_the_order_and_the_repetition_of_what_arrives_change_nothing(facts: list[Told], random: Any) -> None:
    shuffled = [*facts, *facts[:3]]
    random.shuffle(shuffled)
    assert what_stands(patterns_of(shuffled)) == what_stands(patterns_of(facts))


@given(st.lists(FACTS, max_size=12))
def test_whoever_is_a_subject_has_an_approved_map_of_their_own(facts: list[Told]) -> None:
    patterns = patterns_of(facts)
    for person in patterns.persons():
        if patterns.designation(person) == "subject":
            assert patterns.approved(person)


@given(st.lists(FACTS, max_size=12))
def test_after_a_dual_arrest_nobody_is_designated_without_a_map_of_their_own(facts: list[Told]) -> None:
    patterns = patterns_of([*facts, dual_arrest("trent", "marisol", 500)])
    for person in ("trent", "marisol"):
        if not patterns.approved(person):
            assert patterns.designation(person) == "undetermined"
            assert patterns.unmapped_beside("trent") >= {person} <= patterns.unmapped_beside("marisol")


def test_the_version_that_was_approved_last_counts() -> None:
    one = [mapped("trent", 1, 0), approved("trent", 1, 1), mapped("trent", 2, 2)]
    assert patterns_of(one).current("trent").version == 1  # type: ignore[union-attr]
    assert patterns_of(one).waiting("trent") == (2,)
    two = patterns_of([*one, approved("trent", 2, 3)])
    assert two.current("trent").version == 2  # type: ignore[union-attr]
    assert two.waiting("trent") == ()


def test_what_is_mapped_under_an_approved_number_later_changes_nothing_that_was_approved() -> None:
    first = mapped("trent", 1, 0, "strangulation")
    patterns = patterns_of([first, approved("trent", 1, 1), mapped("trent", 1, 2)])
    assert patterns.current("trent").mapped is first  # type: ignore[union-attr]


def test_an_approval_without_a_person_is_about_the_only_one_who_has_that_version() -> None:
    facts = [mapped("trent", 1, 0), approved(None, 1, 1)]
    assert patterns_of(facts).current("trent")
    assert not patterns_of([*facts, mapped("marisol", 1, 0)]).approvals


def test_a_protective_parent_is_designated_by_the_map_of_the_other_until_both_were_arrested() -> None:
    facts = [mapped("trent", 1, 0), approved("trent", 1, 1), designated("marisol", "protective", 2, 1)]
    assert patterns_of(facts).designation("marisol") == "protective"
    both = [*facts, dual_arrest("marisol", "trent", 3)]
    assert patterns_of(both).designation("marisol") == "undetermined"
    assert patterns_of(both).unmapped_beside("trent") == {"marisol"}
    own = [*both, mapped("marisol", 1, 4), approved("marisol", 1, 5)]
    assert patterns_of(own).designation("marisol") == "protective"
    assert not patterns_of(own).unmapped_beside("trent")


def test_a_map_that_was_carried_over_counts_as_approved() -> None:
    data = {"person_ref": "trent", "prior_case_ref": "C-0", "prior_person_ref": "p", "from_version": 3, "why": "w"}
    current = patterns_of([said("pattern.carried_over", 0, data)]).current("trent")
    assert current is not None
    assert (current.version, current.mapped) == (3, None)


ITEMS: list[dict[str, object]] = [
    {"item_id": "i1", "behaviour_code": "strangulation"},
    {"item_id": "i2", "behaviour_code": "economic_control", "current": True},
    {"item_id": "i3", "behaviour_code": "isolation", "current": False},
    {"item_id": "i4", "behaviour_code": "economic_control"},
]


@pytest.mark.parametrize(
    ("goals", "bare"),
    [
        ([], ("strangulation", "economic_control")),
        ([Covering(baseline_item_refs=["i1"])], ("economic_control",)),
        ([Covering(baseline_item_refs=["i1", "i2"])], ("economic_control",)),
        ([Covering(goal_codes=["11"])], ("strangulation",)),
        ([Covering(["i1"], ["11"])], ()),
    ],
)
def test_mapped_behaviours_that_no_goal_covers_are_named(goals: list[Covering], bare: tuple[str, ...]) -> None:
    assert uncovered(ITEMS, goals, {"11": ["economic_control"], "1": ["physical_violence"]}) == bare


@given(st.lists(st.sets(st.sampled_from(["i1", "i2", "i4"])), max_size=4))
def test_more_goals_never_leave_more_uncovered(refs: list[set[str]]) -> None:
    goals = [Covering(baseline_item_refs=one) for one in refs]
    left = [set(uncovered(ITEMS, goals[:count], {})) for count in range(len(goals) + 1)]
    assert all(after <= before for before, after in pairwise(left))


def test_a_sentence_names_who_did_what_when_and_what_came_of_it() -> None:
    good: dict[str, object] = {
        "item_id": "i1",
        "act": "Trent put both hands around Marisol's throat.",
        "since": "2025-01-18",
        "child_refs": ["ivy"],
        "pathways": [{"child_ref": "ivy", "effect": "wakes at night"}],
    }
    assert sentence_warnings([good]) == ()
    bad: list[dict[str, object]] = [
        {**good, "act": "The parents have a history of domestic violence."},
        {**good, "act": "there was an incident"},
        {**good, "child_refs": ["ivy", "mateo"]},
        {"item_id": "i1", "act": "Trent hit her."},
    ]
    assert [{one.code for one in sentence_warnings([item])} for item in bad] == [
        {"both_as_one"},
        {"no_actor"},
        {"child_without_effect"},
        {"no_date", "no_effect"},
    ]


def test_each_item_stands_in_one_of_the_first_two_sections() -> None:
    items = [
        {"item_id": "i1", "behaviour_code": "strangulation", "child_role": "present", "effect_on_family": "e"},
        {"item_id": "i2", "behaviour_code": "interrogating_children"},
        {"item_id": "i3", "behaviour_code": "physical_violence", "child_role": "targeted"},
    ]
    found = sections_of({"items": items, "culture": "c", "intersections": [{"issue": "culture"}]})
    assert [one["item_id"] for one in found.control] == ["i1"]
    assert [one["item_id"] for one in found.harm_to_children] == ["i2", "i3"]
    assert found.effects == ({"item_id": "i1", "behaviour_code": "strangulation", "effect_on_family": "e"},)
    assert (found.culture, len(found.circumstances)) == ("c", 1)
