"""Mistakes in language.yaml and goals.yaml are named with their file and line."""

import re
from pathlib import Path

import pytest

from schemas.vocabulary import BEHAVIOURS
from services.domain.goals import GoalKind
from services.domain.language import check_goal
from services.policy.book import load_policy_book
from services.policy.goal_library import compile_goal_library
from services.policy.language import compile_language
from services.policy.source import InvalidPolicyError

POLICY = Path(__file__).parents[2] / "config" / "policy"
LANGUAGE = compile_language(POLICY / "language.yaml")
LIBRARY = compile_goal_library(POLICY / "goals.yaml", LANGUAGE)
SMALL = """version: 1
words:
  him: [he, father]
service_alone: {reason: Why., better: What., source: here}
refuse:
  vague:
    in: [goal]
    reason: Why.
    better: What.
    source: here
    says:
      - "PHRASE"
says_nothing: [" weekly"]
court_found: [convicted]
warn:
  - {phrase: a, say_instead: b, source: here, says: ["violent relationship"]}
"""


def mistakes(folder: Path, text: str) -> list[str]:
    path = folder / "language.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidPolicyError) as refused:
        compile_language(path)
    return [str(error).removeprefix(f"{path}:") for error in refused.value.errors]


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ("be {her}", "{her} is no list of words; expected one of: him"),
        ("a ... b ... c ... d", "has more than 2 gaps"),
        ("[a] * ...", "names no word that must be there"),
        ("Improve", "is no word"),
        ("(a|b", "a bracket that does not close"),
        ("a.*b", "is no word"),
    ],
)
def test_a_phrase_that_cannot_be_is_named(tmp_path: Path, phrase: str, said: str) -> None:
    [mistake] = mistakes(tmp_path, SMALL.replace("PHRASE", phrase))
    assert mistake.startswith("12: refuse.vague.says[0]: ")
    assert said in mistake


def test_every_mistake_is_named_at_once(tmp_path: Path) -> None:
    text = SMALL.replace("in: [goal]", "in: [poem]").replace("{phrase: a, ", "{")
    found = mistakes(tmp_path, text.replace("PHRASE", "improve"))
    assert [mistake.split(":")[0] for mistake in found] == ["7", "16"]


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("improve* ... communication", "Improves all of their communication.", True),
        ("improve* ... communication", "Improves it. Communication is good.", False),
        ("be a [much] better|good {him}", "be a much better father", True),
        ("be a [much] better|good {him}", "be a good he", True),
        ("(work on|mend) it", "work on it", True),
        ("^ he|she runs", "that she runs", True),
        ("^ he|she runs", "Trent and he runs", True),
        ("^ he|she runs", "I hear he runs", False),
        ("run*", "overrun", False),
    ],
)
def test_the_signs_of_a_phrase_mean_what_the_file_says(tmp_path: Path, phrase: str, text: str, found: bool) -> None:
    path = tmp_path / "language.yaml"
    path.write_text(SMALL.replace("PHRASE", phrase), encoding="utf-8")
    assert bool(check_goal(compile_language(path), text)) is found


def test_no_pattern_repeats_without_bound() -> None:
    patterns = [refusal.finds.pattern for refusal in LANGUAGE.refusals] + [LANGUAGE.any_phrase.pattern]
    for pattern in patterns:
        assert not re.search(r"\)[*+]|\{\d+,\}", pattern)


def test_the_library_holds_thirty_goals_of_the_kinds_of_practice() -> None:
    assert [goal.code for goal in LIBRARY.goals] == list(range(1, 31))
    cessation = {goal.code for goal in LIBRARY.goals if goal.kind is GoalKind.CESSATION}
    assert cessation == {1, 2, 3, 4, 5, 6, 7, 8, 13, 15, 16, 25, 27}
    assert {goal.code for goal in LIBRARY.goals if goal.safety_critical} == {1, 2, 3, 4, 5, 6}
    assert {goal.code for goal in LIBRARY.goals if goal.speech} == {17, 18, 19}
    assert {goal.code for goal in LIBRARY.goals if goal.presence} == {22, 24, 26}
    assert all((goal.opportunity is not None) == (goal.kind is GoalKind.CESSATION) for goal in LIBRARY.goals)


def test_every_behaviour_of_the_map_is_answered_to_or_listed_with_the_reason() -> None:
    for behaviour in BEHAVIOURS:
        assert bool(LIBRARY.answering(behaviour)) != (behaviour in LIBRARY.uncovered)
    assert all(LIBRARY.uncovered.values())


def test_every_statement_of_the_library_passes_the_check_with_any_name() -> None:
    for goal in LIBRARY.goals:
        for name in ("Trent", "Mr. Calloway", "Mother", "The father"):
            assert check_goal(LANGUAGE, goal.statement_for(name)) == ()


@pytest.mark.parametrize(
    ("changed", "by", "said"),
    [
        (
            "{name} pays support in full and on time.",
            "{name} completes parenting classes.",
            "refuses it (services_only)",
        ),
        ("vantage: [IVD]", "vantage: [MOON]", "'MOON' is no kind of observer"),
        ("vantage: [IVD]", "vantage: []", "names nobody who could see it"),
        ("behaviours: [weapons]", "behaviours: [arson]", "'arson' is no behaviour of the map"),
        ("behaviours: [weapons]", "behaviours: []", "no goal answers to weapons"),
        ("  harming_pets: ", "  weapons: ", "a goal answers to it"),
        ("    safety_critical: true\n    vantage: [LE]", "    vantage: [LE]", "goals 1 to 6 are safety-critical"),
        ("  30:\n", "  31:\n", "'31' is no number of a goal"),
    ],
)
def test_a_mistake_in_the_library_is_named_with_its_line(tmp_path: Path, changed: str, by: str, said: str) -> None:
    text = (POLICY / "goals.yaml").read_text(encoding="utf-8")
    assert text.count(changed) == 1
    path = tmp_path / "goals.yaml"
    path.write_text(text.replace(changed, by), encoding="utf-8")
    with pytest.raises(InvalidPolicyError) as refused:
        compile_goal_library(path, LANGUAGE)
    found = [str(error) for error in refused.value.errors]
    assert any(re.match(rf"{re.escape(str(path))}:\d+: ", error) and said in error for error in found), found


def test_the_book_holds_both_and_remembers_their_texts() -> None:
    book = load_policy_book(POLICY)
    assert (book.language.digest, "language.yaml") in book.versions
    assert (book.goal_library.digest, "goals.yaml") in book.versions
