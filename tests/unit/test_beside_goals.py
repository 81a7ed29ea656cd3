"""What stands beside the goals: mapped behaviours without a goal, and goals that nobody is placed to observe."""

from services.domain.beside_goals import uncovered_behaviours, unobserved_goals
from services.domain.observers import Placement
from services.domain.roles import Role
from services.policy.book import PolicyBook
from tests.goal_story import AGENCIES, GoalStory, of_agencies, story

ITEMS: list[dict[str, object]] = [
    {"item_id": "i-1", "behaviour_code": "strangulation"},
    {"item_id": "i-2", "behaviour_code": "economic_control"},
    {"item_id": "i-3", "behaviour_code": "harming_pets"},
    {"item_id": "i-4", "behaviour_code": "isolation", "current": False},
    {"item_id": "i-5"},
]
EVERYBODY = Placement(frozenset((role.value, agency) for role, agency in AGENCIES.items()), of_agencies())


def bare(told: GoalStory, book: PolicyBook, on: int = 10) -> list[tuple[str, bool]]:
    states = told.case(on).goals.values()
    return [
        (one.behaviour, one.why is not None)
        for one in uncovered_behaviours({"trent": ITEMS}, states, book.goal_library)
    ]


def test_a_behaviour_that_no_open_goal_covers_is_listed_and_one_that_none_could_says_why(
    policy_book: PolicyBook,
) -> None:
    assert bare(story("21", baseline_item_refs=["i-1"]), policy_book) == [
        ("economic_control", False),
        ("harming_pets", True),
    ]
    assert bare(story("13", baseline_item_refs=["i-1"]), policy_book) == [("harming_pets", True)]


def test_a_goal_of_somebody_else_and_a_closed_one_cover_nothing(policy_book: PolicyBook) -> None:
    told = story("13", baseline_item_refs=["i-1", "i-3"], person_ref="marisol")
    assert [one for one, _ in bare(told, policy_book)] == ["strangulation", "economic_control", "harming_pets"]
    told = story("13", baseline_item_refs=["i-1", "i-3"])
    told.tell("caseplan.revised", 5, Role.CPS_WORKER, diff=[{"op": "closed", "goal_id": "G"}])
    assert [one for one, _ in bare(told, policy_book)] == ["strangulation", "economic_control", "harming_pets"]


def test_goals_that_nobody_is_placed_to_observe_are_listed() -> None:
    told = story("21", vantage=["SURVIVOR"]).goal("P", "11", vantage=["PROB"]).goal("B", "17", vantage=["BIP"])
    states = list(told.case(10).goals.values())
    assert [one.goal.id for one in unobserved_goals(states, EVERYBODY)] == ["G", "B"]
    assert [one.goal.id for one in unobserved_goals(states, Placement())] == ["G", "P", "B"]


def test_a_goal_that_names_nobody_is_observed_by_whoever_is_on_the_case() -> None:
    states = list(story("21").case(10).goals.values())
    assert unobserved_goals(states, EVERYBODY) == ()
    assert len(unobserved_goals(states, Placement())) == 1
