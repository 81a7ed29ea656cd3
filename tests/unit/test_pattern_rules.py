"""Which acts about a pattern have no effect (practice.md §1.9), whatever the order in which their turn comes."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.case_events import CaseEvent
from services.domain.pattern import NO_PATTERNS, Patterns, patterns_of
from services.domain.pattern_rules import RULED_TYPES, refusal_of, refusals
from tests.unit.test_pattern import FACTS, Told, approved, arrest, designated, dual_arrest, mapped, said

DONE = [mapped("trent", 1, 0), approved("trent", 1, 1)]


def goal(person: str | None, hours: int = 9) -> Told:
    return said("goal.created", hours, {"goal_id": "G1", **({"person_ref": person} if person else {})})


@pytest.mark.parametrize(
    ("one", "before", "code"),
    [
        (designated("trent", "subject", 9), [], "no_approved_map"),
        (designated("trent", "subject", 9), [mapped("trent", 1, 0)], "no_approved_map"),
        (
            designated("trent", "subject", 9),
            [arrest("trent", 0), dual_arrest("trent", "marisol", 1)],
            "no_approved_map",
        ),
        (designated("trent", "subject", 9), DONE, None),
        (designated("trent", "subject", 9, 2), DONE, "no_approved_map"),
        (designated("marisol", "subject", 9), DONE, "no_approved_map"),
        (designated("marisol", "protective", 9, 1), DONE, None),
        (designated("marisol", "protective", 9, 1), [*DONE, dual_arrest("trent", "marisol", 2)], "no_approved_map"),
        (designated("marisol", "undetermined", 9), [], None),
        (approved("trent", 1, 9), [], "no_such_version"),
        (approved("trent", 2, 9), DONE, "no_such_version"),
        (approved("marisol", 1, 9), DONE, "no_such_version"),
        (approved(None, 1, 9), [mapped("trent", 1, 0), mapped("marisol", 1, 0)], "no_such_version"),
        (approved("trent", 1, 9, actor="staff:sup"), [mapped("trent", 1, 0, actor="staff:worker")], None),
        (
            approved("trent", 1, 9, actor="staff:sup"),
            [mapped("trent", 1, 0, actor="staff:sup")],
            "approved_by_its_author",
        ),
        (approved("trent", 1, 9), [mapped("trent", 1, 0)], None),  # both by the agency's program: nobody is named
        (goal("trent"), [arrest("trent", 0)], None),
        (goal("trent"), [dual_arrest("trent", "marisol", 0)], "undetermined"),
        (goal("marisol"), [dual_arrest("trent", "marisol", 0)], "undetermined"),
        (goal("trent"), [*DONE, dual_arrest("trent", "marisol", 0)], "undetermined"),
        (goal(None), [dual_arrest("trent", "marisol", 0)], "undetermined"),
        (goal("somebody"), [dual_arrest("trent", "marisol", 0)], None),
        (
            goal("trent"),
            [*DONE, dual_arrest("trent", "marisol", 0), mapped("marisol", 1, 3), approved("marisol", 1, 4)],
            None,
        ),
    ],
)
def test_an_act_about_a_pattern_takes_effect_or_says_why_not(one: Told, before: list[Told], code: str | None) -> None:
    assert refusal_of(one, patterns_of(before)) == code


def test_whom_the_payloads_name_counts_like_who_was_signed_in() -> None:
    by = mapped("trent", 1, 0)
    by = replace(by, event=replace(by.event, data={**by.event.data, "mapped_by": "okafor"}))
    own = replace(approved("trent", 1, 1), actor="staff:okafor")
    assert refusal_of(own, patterns_of([by])) == "approved_by_its_author"
    assert refusal_of(replace(own, actor="staff:lindqvist"), patterns_of([by])) is None


@pytest.mark.parametrize(("prior", "code"), [(NO_PATTERNS, "no_such_version"), (patterns_of(DONE), None)])
def test_only_what_is_approved_in_the_other_case_is_taken_over(prior: Patterns, code: str | None) -> None:
    data = {"person_ref": "t", "prior_case_ref": "C", "prior_person_ref": "trent", "from_version": 1, "why": "w"}
    assert refusal_of(said("pattern.carried_over", 9, data), NO_PATTERNS, prior) == code


def log_of(facts: Sequence[Told], settled: int) -> list[CaseEvent]:
    """The facts as a case's log holds them, as sent one after another; the first so many of which had their turn."""
    once = {one.event.id: one for one in facts}.values()
    return [
        CaseEvent(replace(one.event, sequence=at + 1), one.actor, linked=False, settled=at < settled)
        for at, one in enumerate(once)
    ]


@given(st.lists(st.one_of(FACTS, st.builds(goal, st.sampled_from(["trent", "marisol"]))), max_size=10), st.data())
def test_it_does_not_matter_in_which_batches_or_lanes_the_turn_comes(facts: list[Told], data: st.DataObject) -> None:
    log = log_of(facts, 0)
    ruled = [one.event.id for one in log if one.event.type in RULED_TYPES]
    at_once = refusals(ruled, log, {})
    outcome: dict[object, str | None] = {}
    for event_id in data.draw(st.permutations(ruled)):
        standing = [
            replace(one, settled=one.event.id in outcome)
            for one in log
            if outcome.get(one.event.id) is None  # what was refused is read no more
        ]
        outcome[event_id] = refusals([event_id], standing, {}).get(event_id)
    assert {event_id: code for event_id, code in outcome.items() if code} == at_once
