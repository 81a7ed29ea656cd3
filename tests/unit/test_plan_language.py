"""The language of plans: what is refused in whatever words, what passes, and what is only remarked on (§1.4, §1.8)."""

import json
import string
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.language import Language, Use, check_goal, check_text, plain_form, warnings
from services.domain.plan_language import keeps_out, objections_to
from services.policy.language import compile_language
from tests.goal_statements import GOOD, REFUSED, THE_THIRTY

CONFIG = Path(__file__).parents[2] / "config"
LANGUAGE: Language = compile_language(CONFIG / "policy" / "language.yaml")
STORY = (CONFIG / "demo" / "calloway_vega.ndjson").read_text(encoding="utf-8").splitlines()
EVENTS = [json.loads(line) for line in STORY]
OF_THE_DEMO = [one["data"]["statement"] for one in EVENTS if ".goal.created." in one["type"]]
BAD = [(code, statement) for code, statements in REFUSED.items() for statement in statements]


def codes(statement: str, use: Use = Use.GOAL) -> list[str]:
    return [objection.code for objection in check_text(LANGUAGE, statement, use)]


def phrases(text: str, *, adjudicated: bool = False) -> list[str]:
    return [found.phrase for found in warnings(LANGUAGE, text, adjudicated=adjudicated)]


def test_the_demo_has_seven_goals_and_practice_thirty() -> None:
    assert (len(OF_THE_DEMO), len(THE_THIRTY)) == (7, 30)


@pytest.mark.parametrize("statement", [*THE_THIRTY, *OF_THE_DEMO, *GOOD])
def test_a_goal_that_names_a_behaviour_passes(statement: str) -> None:
    assert codes(statement) == []


@pytest.mark.parametrize(("code", "statement"), BAD)
def test_a_goal_that_names_none_is_refused_in_whatever_words(code: str, statement: str) -> None:
    assert code in codes(statement)


@pytest.mark.parametrize(("code", "statement"), BAD)
def test_an_objection_says_why_what_is_better_and_where_it_comes_from(code: str, statement: str) -> None:
    for objection in check_goal(LANGUAGE, statement):
        assert objection.reason.endswith(".")
        assert objection.better
        assert "practice.md §" in objection.source


def test_a_service_beside_a_behaviour_is_no_service_alone() -> None:
    assert codes("Trent completes 26 weeks of BIP.") == ["services_only"]
    assert codes("Trent completes 26 weeks of BIP and uses no physical force on any member of the family.") == []


def test_a_service_beside_a_vague_word_still_says_nothing() -> None:
    assert codes("Improve communication and attend counseling") == ["services_only", "vague"]


def test_what_makes_her_answer_is_refused_beside_a_good_goal_too() -> None:
    said = "Trent uses no physical force on anybody, and mother will obtain a protective order."
    assert codes(said) == ["survivor_blaming"]


def test_a_mother_who_uses_violence_can_have_goals() -> None:
    assert codes("Mother uses no physical force on Cody and makes no threat.") == []


@given(
    case=st.sampled_from(BAD),
    between=st.sampled_from([" ", "  ", "\t", "\n", " \u200b", "\u00a0"]),
    change=st.sampled_from([str.upper, str.lower, str.title, str.swapcase]),
    end=st.sampled_from(["", ".", "!", " …", ";"]),
)
def test_letter_case_spacing_and_final_marks_change_nothing(
    case: tuple[str, str], between: str, change: Callable[[str], str], end: str
) -> None:
    code, statement = case
    said = between.join(change(statement).split()) + end
    assert code in codes(said)


@given(text=st.text(max_size=300), use=st.sampled_from(list(Use)))
def test_any_text_can_be_checked_and_the_answer_is_the_same_again(text: str, use: Use) -> None:
    assert check_text(LANGUAGE, text, use) == check_text(LANGUAGE, text, use)
    assert warnings(LANGUAGE, text) == warnings(LANGUAGE, text)


WORDS = sorted({word for _, statement in BAD for word in plain_form(statement).split()})


@given(st.lists(st.sampled_from([*WORDS, ".", ",", "and"]), max_size=60).map(" ".join))
def test_the_words_of_the_policy_in_any_order_are_answered(text: str) -> None:
    assert {objection.code for objection in check_goal(LANGUAGE, text)} <= REFUSED.keys()


@given(st.text(string.ascii_letters + " .,'-\n", max_size=200))
def test_the_plain_form_of_a_plain_form_is_itself(text: str) -> None:
    assert plain_form(plain_form(text)) == plain_form(text)


@pytest.mark.parametrize(
    "text",
    ["mother will not " * 500, "attend " * 1100, "was " * 2000, "and the " * 1000, "parents they " * 600, "a" * 8000],
)
def test_no_text_of_the_greatest_length_takes_long(text: str) -> None:
    began = time.perf_counter()
    check_goal(LANGUAGE, text[:8000])
    warnings(LANGUAGE, text[:8000])
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("the parents engaged in domestic violence", "The parents engaged in DV."),
        ("the parents engaged in domestic violence", "The parents have a history of domestic violence."),
        ("a violent relationship", "They are in a violent relationship."),
        ("mutual combat", "Officers described mutual combat."),
        ("refused services", "Mother refused services."),
        ("failed to protect", "Ms. Vega failed to protect the children."),
        ("he completed the programme, therefore", "Father completed BIP, therefore he may return home."),
        ("the passive voice for violence", "Marisol was strangled."),
        ("the passive voice for violence", "The children were exposed to domestic violence."),
        ("an incident that nobody did", "There was an incident on 3 May."),
        ("an incident that nobody did", "A domestic incident was reported after the incident of April."),
        ("alleged, after the court has found it", "He was convicted on 4 March of the alleged assault."),
    ],
)
def test_a_narrative_is_warned_of_what_it_is_better_without(phrase: str, text: str) -> None:
    found = {warning.phrase: warning for warning in warnings(LANGUAGE, text)}
    assert phrase in found
    assert found[phrase].say_instead
    assert f" {found[phrase].found} " in plain_form(text)


@pytest.mark.parametrize(
    "text",
    [
        "On 18 January Trent pushed Marisol against a door. Nobody else was hurt.",
        "Trent refused to leave the house.",
        "Trent came on time and gave Cody his medicine.",
        "Okafor offered help with childcare; Marisol takes it for May.",
    ],
)
def test_a_narrative_that_says_who_did_what_is_not(text: str) -> None:
    assert phrases(text) == []


def test_alleged_is_only_remarked_on_once_a_court_has_found_it() -> None:
    said = "Trent allegedly broke the door."
    assert phrases(said) == []
    assert phrases(said, adjudicated=True) == ["alleged, after the court has found it"]


def test_the_narratives_of_the_demo_draw_few_warnings() -> None:
    texts = [text for one in EVENTS for text in _texts(one["data"]) if " " in text]
    assert len(texts) > 200
    assert sum(bool(phrases(text)) for text in texts) <= 5


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inner for text in _texts(item)]


def test_what_a_court_orders_is_never_kept_out_and_the_objection_is_there() -> None:
    goal = {"statement": "Improve communication", "ordered_by": "o-1"}
    assert not keeps_out("goal.created", goal)
    assert keeps_out("goal.created", {"statement": "Improve communication"})
    assert [one.objection.code for one in objections_to(LANGUAGE, "goal.created", goal)] == ["vague"]


def test_an_ordered_service_without_a_goal_stands_alone_and_with_one_does_not() -> None:
    service = {"service_ref": "s", "order_ref": "o", "what": "complete 26 weeks of BIP"}
    assert not keeps_out("caseplan.service_ordered", service)
    alone = objections_to(LANGUAGE, "caseplan.service_ordered", service)
    assert [(one.field, one.objection.code) for one in alone] == [("goal_ids", "service_alone")]
    assert objections_to(LANGUAGE, "caseplan.service_ordered", {**service, "goal_ids": ["g17"]}) == ()


def test_ordered_couples_counselling_and_anger_management_have_their_objections() -> None:
    def said(what: str) -> list[str]:
        data = {"what": what, "goal_ids": ["g"]}
        return [one.objection.code for one in objections_to(LANGUAGE, "caseplan.service_ordered", data)]

    assert said("Couples counseling, 12 sessions") == ["joint_sessions"]
    assert said("Anger management") == ["anger_management"]


@pytest.mark.parametrize(
    "what",
    [
        "Obtain a protective order",
        "Not allow Trent in the home",
        "End the relationship",
        "Keep the children away from Trent",
        "Marisol will attend a domestic violence support group",
        "Report any contact to the agency",
        "Attend couples counselling",
    ],
)
def test_nothing_that_makes_her_answer_for_him_can_be_required_of_a_survivor(what: str) -> None:
    task = {"what": what, "stated_basis": "Drove with the children after drinking, twice in May."}
    found = objections_to(LANGUAGE, "survivor.task_required", task)
    assert {one.field for one in found} == {"what"}


@pytest.mark.parametrize(
    "basis",
    [
        "She is a victim of domestic violence.",
        "She failed to protect the children.",
        "She returned to him in May.",
        "The children were exposed to his violence.",
        "She refused shelter services.",
    ],
)
def test_what_was_done_to_her_is_no_basis(basis: str) -> None:
    task = {"what": "Takes a test for alcohol each week", "stated_basis": basis}
    found = objections_to(LANGUAGE, "survivor.task_required", task)
    assert [(one.field, one.objection.code) for one in found] == [("stated_basis", "victimisation_basis")]


def test_an_issue_of_her_own_is_a_basis() -> None:
    task = {
        "what": "Takes a test for alcohol each week",
        "stated_basis": "She drove with the children after drinking, on 3 and 17 May.",
    }
    assert objections_to(LANGUAGE, "survivor.task_required", task) == ()


def test_other_events_are_not_held_to_the_language_of_plans() -> None:
    assert objections_to(LANGUAGE, "visit.caseworker_made", {"statement": "improve communication"}) == ()
