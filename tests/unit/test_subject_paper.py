"""What the subject is shown of a goal betrays nothing that is withheld from him, and changes on review days only."""

from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.domain.hearings import HEARING_TYPES, hearings_on
from services.domain.known_events import Known, known_on
from services.domain.roles import Role
from services.domain.status import Status
from services.domain.subject_paper import SubjectPaper, subject_paper
from tests.conftest import RELEASE
from tests.goal_story import AGENCIES, POLICY, ZONE, GoalStory, day, instant, iso, story

looked_at = settings(
    max_examples=2_000 if RELEASE else 100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
NAMES = {slug: slug.title() for slug in AGENCIES.values()}
FIRST, SECOND = 60, 120
VANTAGE = ["PROB", "LE", "SCHOOL", "CHILD_TX", "SURVIVOR", "CHILD", "KIN", "VISIT"]


def courts(told: GoalStory, on: int) -> tuple[Known, ...]:
    """What the case knew of hearings on a day."""
    return tuple(one for one in known_on(told.events, day(on), ZONE) if one.event.type in HEARING_TYPES)


def paper(told: GoalStory, on: int, goal_id: str = "G") -> SubjectPaper:
    """What the subject is shown on a day, as the reading action makes it."""
    hearings = hearings_on(courts(told, on), day(on))
    view = POLICY.view("subject")
    assert view
    reviewed = None
    if hearings.last_review is not None:
        number = (hearings.last_review - day(0)).days
        reviewed = told.assessed(number).get((goal_id, "subject"))
    return subject_paper(told.state(goal_id, on).goal, reviewed, view.holds, NAMES, hearings.next_review)


def printed(told: GoalStory, on: int) -> bytes:
    """The paper as bytes."""
    return orjson.dumps(paper(told, on), default=sorted)


def reviewed(told: GoalStory) -> GoalStory:
    """The court reviews the case twice."""
    for on, following in ((FIRST, SECOND), (SECOND, 240)):
        told.tell(
            "juv.order_entered",
            on,
            Role.JUV_COURT,
            hearing_type="review",
            entered_on=iso(on),
            next_review=iso(following),
            findings={},
            orders=["o"],
        )
    return told


PROTECTED = st.sampled_from(
    (
        ("evidence.submitted", Role.CPS_WORKER, {"observer_role": "survivor", "basis": "firsthand"}),
        ("evidence.submitted", Role.CPS_WORKER, {"observer_role": "child", "basis": "firsthand"}),
        ("evidence.submitted", Role.CPS_WORKER, {"origin_person": "marisol", "basis": "firsthand"}),
        ("evidence.submitted", Role.CHILD_TX, {"basis": "direct"}),
        ("evidence.submitted", Role.SCHOOL, {"basis": "direct"}),
        ("evidence.submitted", Role.CARER, {"basis": "firsthand"}),
        ("evidence.submitted", Role.COUNSEL_SURVIVOR, {"basis": "firsthand"}),
        ("order.violated", Role.CPS_WORKER, {"victim_sourced": True}),
        ("safety.location_seeking_detected", Role.CPS_WORKER, {}),
    )
)
HIDDEN = st.lists(st.tuples(PROTECTED, st.integers(0, 140), st.sampled_from("+-")), min_size=1, max_size=6)
OPEN = st.lists(
    st.tuples(st.sampled_from((Role.PROB, Role.LE, Role.VISIT)), st.integers(0, 140), st.sampled_from("+-")), max_size=5
)


def hide(told: GoalStory, hidden: Iterable[tuple[tuple[str, Role, dict[str, Any]], int, str]]) -> None:
    """Let the case know things that are protected from the subject."""
    for (event_type, role, fields), at, direction in hidden:
        if event_type == "evidence.submitted":
            told.seen("G", at, role, direction=direction, **fields)
        else:
            told.tell(event_type, at, role, **fields)


@looked_at
@given(hidden=HIDDEN, shown=OPEN, on=st.integers(0, 200))
def test_the_paper_is_byte_identical_with_and_without_any_protected_items(
    hidden: list[tuple[tuple[str, Role, dict[str, Any]], int, str]], shown: list[tuple[Role, int, str]], on: int
) -> None:
    told = reviewed(story("4", "21", vantage=VANTAGE))
    for role, at, direction in shown:
        told.seen("G", at, role, direction=direction)
    before = printed(told, on)
    hide(told, hidden)
    assert printed(told, on) == before


@looked_at
@given(hidden=HIDDEN, shown=OPEN, between=st.sampled_from(((0, FIRST - 1), (FIRST, SECOND - 1), (SECOND, 200))))
def test_between_two_reviews_the_paper_does_not_change(
    hidden: list[tuple[tuple[str, Role, dict[str, Any]], int, str]],
    shown: list[tuple[Role, int, str]],
    between: tuple[int, int],
) -> None:
    told = reviewed(story("21", vantage=VANTAGE))
    for role, at, direction in shown:
        told.seen("G", at, role, direction=direction)
    hide(told, hidden)
    first, last = between
    papers = {printed(told, on) for on in (first, (first + last) // 2, last)}
    assert len(papers) == 1


def test_what_may_be_shown_is_there_from_the_review_on() -> None:
    told = reviewed(story("21"))
    told.seen("G", 30, Role.PROB)
    told.seen("G", 31, Role.SCHOOL)
    told.seen("G", 90, Role.PROB)
    assert paper(told, FIRST - 1).received == ()
    first, second = paper(told, FIRST), paper(told, SECOND)
    assert [(line.on, line.agency) for line in first.received] == [(day(30), "Probation")]
    assert [line.on for line in second.received] == [day(30), day(90)]
    assert (first.as_of, first.next_review) == (day(FIRST), day(SECOND))
    assert "The next review is on" in first.review


def test_ten_observations_of_a_day_are_one_line() -> None:
    told = reviewed(story("21"))
    for _ in range(10):
        told.seen("G", 30, Role.PROB)
    assert len(paper(told, FIRST).received) == 1


@pytest.mark.parametrize("codes", [("21",), ("1",), ("17",)])
def test_the_paper_holds_no_status_and_no_count(codes: tuple[str, ...]) -> None:
    told = reviewed(story(*codes, kind="positive" if codes[0] != "1" else "cessation", vantage=VANTAGE)).verify("G")
    words = paper(told, FIRST).what_counts + paper(told, FIRST).review
    for status in Status:
        assert status.value.lower().replace("_", " ") not in words.lower()
    assert not any(sign.isdigit() for sign in paper(told, FIRST).what_counts)
    for betraying in ("survivor", "child", "mother", "school", "therap", "relative", "withheld"):
        assert betraying not in paper(told, FIRST).what_counts


def test_a_goal_that_is_younger_than_the_last_review_has_nothing_received() -> None:
    told = reviewed(story("21")).goal("N", "11", on=FIRST + 1)
    told.seen("N", FIRST + 2, Role.PROB)
    young = paper(told, FIRST + 5, "N")
    assert (young.received, young.as_of) == ((), None)


# Hearings


def set_hearing(told: GoalStory, on: int, at: int, kind: str = "review", **fields: Any) -> None:
    told.tell("juv.hearing_set", on, Role.JUV_COURT, hearing=instant(at), hearing_type=kind, **fields)


def test_the_next_hearing_is_the_first_that_has_not_been_and_one_put_off_is_on_its_new_day() -> None:
    told = story("21")
    set_hearing(told, 1, 50, "adjudication", hearing_ref="h-1")
    set_hearing(told, 2, 80, hearing_ref="h-2")
    assert hearings_on(courts(told, 10), day(10)).next == day(50)
    assert hearings_on(courts(told, 51), day(51)).next == day(80)
    told.tell(
        "juv.hearing_continued",
        60,
        Role.JUV_COURT,
        hearing=instant(95),
        hearing_type="review",
        hearing_ref="h-2",
        was=instant(80),
    )
    assert hearings_on(courts(told, 60), day(60)).next == day(95)
    assert hearings_on(courts(told, 85), day(85)).last_review is None
    assert hearings_on(courts(told, 95), day(95)).last_review == day(95)


def test_without_a_hearing_that_is_set_the_next_is_the_review_that_an_order_names() -> None:
    told = reviewed(story("21"))
    assert hearings_on(courts(told, SECOND + 1), day(SECOND + 1)).next == day(240)


def test_a_review_that_is_set_between_two_reviews_changes_no_paper() -> None:
    told = reviewed(story("21"))
    before = printed(told, FIRST + 20)
    set_hearing(told, FIRST + 10, SECOND - 5)
    assert printed(told, FIRST + 20) == before


def test_an_adjudication_is_no_review() -> None:
    told = story("21")
    told.tell(
        "juv.order_entered",
        10,
        Role.JUV_COURT,
        hearing_type="adjudication",
        entered_on=iso(10),
        findings={},
        orders=["o"],
    )
    assert hearings_on(courts(told, 20), day(20)).last_review is None
