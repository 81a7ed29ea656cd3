"""The file that says what is an effort: what is shipped is sound, and every mistake is named with its line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.catalogue import CATALOGUE
from services.domain.efforts import Toward
from services.domain.predicates import values_at
from services.policy.efforts import EffortBook, compile_efforts
from services.policy.source import InvalidPolicyError
from tests.payloads import minimal_payload

PATH = Path(__file__).parents[2] / "config" / "policy" / "efforts.yaml"
GOOD = """\
version: 1
silent_after_days: 30
efforts:
  briefing.sent:
    - {toward: system, action: An agency was briefed.}
  efforts.recorded:
    - {toward: {field: toward}, action: {field: action}, barrier: {field: barrier_code}, on: done_on}
parity:
  - {id: goals, kind: expectation, title: Goals, event: goal.created, person: person_ref}
"""


@pytest.fixture
def compiled(tmp_path: Path) -> Callable[[str], EffortBook]:
    def compile_text(text: str) -> EffortBook:
        path = tmp_path / "efforts.yaml"
        path.write_text(text)
        return compile_efforts(path, CATALOGUE)

    return compile_text


def test_what_is_good_compiles(compiled: Callable[[str], EffortBook]) -> None:
    book = compiled(GOOD)
    assert set(book.efforts.rules) == {"briefing.sent", "efforts.recorded"}
    assert book.efforts.silent_after == 30
    assert [one.id for one in book.counts] == ["goals"]


@pytest.mark.parametrize(
    ("was", "wrong", "line", "said"),
    [
        ("briefing.sent", "briefing.lost", 5, "no event type 'briefing.lost'"),
        ("toward: system", "toward: everybody", 5, "'everybody' is not known"),
        ("toward: system", "toward: {field: to_role}", 5, "to_role of briefing.sent does not say to whom"),
        ("toward: system", "toward: {field: nothing}", 5, "briefing.sent has no field 'nothing'"),
        (
            "toward: system",
            "toward: {person: redacted, otherwise: child}",
            5,
            "redacted of briefing.sent is a yes or no",
        ),
        ("toward: system, ", "", 5, "'toward' is missing"),
        ("action: An agency was briefed.", "action: {field: redacted}", 5, "redacted of briefing.sent is a yes or no"),
        ("was briefed.", f"was briefed. {'x' * 200}", 5, "is longer than 200 characters"),
        ("An agency was briefed.", "It was sent., barrier: bad luck", 5, "'bad luck' is no barrier"),
        ("barrier_code}", "toward}", 7, "does not say what stands in the way"),
        ("on: done_on", "on: action", 7, "action of efforts.recorded is a text"),
        ("An agency was briefed.", "It was sent., from: [BIP]", 5, "briefing.sent never comes from BIP"),
        ("An agency was briefed.", "It was sent., whence: here", 5, "unknown key"),
        ("silent_after_days: 30", "silent_after_days: 0", 2, "0 is less than 1"),
        ("kind: expectation", "kind: score", 9, "'score' is not known"),
        (", person: person_ref", "", 9, "counts for nobody"),
        ("event: goal.created", "event: goal.lost", 9, "no event type 'goal.lost'"),
        ("person: person_ref", "person: kind", 9, "kind of goal.created is a code"),
    ],
)
def test_a_mistake_is_named_with_its_line(
    compiled: Callable[[str], EffortBook], was: str, wrong: str, line: int, said: str
) -> None:
    assert was in GOOD
    with pytest.raises(InvalidPolicyError) as refused:
        compiled(GOOD.replace(was, wrong, 1))
    [error] = refused.value.errors
    assert said in error.message
    assert error.line == line


def test_all_mistakes_are_named_at_once(compiled: Callable[[str], EffortBook]) -> None:
    with pytest.raises(InvalidPolicyError) as refused:
        compiled(GOOD.replace("system", "nobody").replace("done_on", "action").replace("expectation", "score"))
    assert [error.line for error in refused.value.errors] == [5, 7, 9]


def test_a_line_of_the_parity_report_has_a_name_of_its_own(compiled: Callable[[str], EffortBook]) -> None:
    twice = GOOD + "  - {id: goals, kind: offer, title: Offers, event: provider.referral_sent, person: person_ref}\n"
    with pytest.raises(InvalidPolicyError, match="goals is given twice"):
        compiled(twice)


def test_no_assessment_is_directed_at_the_subject() -> None:
    """It is made of him and not with him: that somebody sat at a desk ends no silence (Settled 11)."""
    rules = compile_efforts(PATH, CATALOGUE).efforts.rules
    for name in ("pattern.mapped", "pattern.approved", "evidence.ruled", "court.report_filed", "briefing.sent"):
        assert {rule.toward for rule in rules[name]} == {Toward.SYSTEM}, name


def test_what_is_required_of_a_parent_is_the_goals_that_were_set_and_the_tasks_that_were_required() -> None:
    counts = compile_efforts(PATH, CATALOGUE).counts
    assert [one.id for one in counts if one.required] == ["goals", "required_tasks"]
    assert list(values_at(minimal_payload("goal.created"), "goal_id"))
