"""Explanations say in plain words what the status rests on, from the view's own items and nothing else."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.domain.evidence import Basis, Direction, Evidence, ObserverRole
from services.domain.explain import BANNER, Around, classes_held, explain
from services.domain.explained import Explanation, Gap, Part
from services.domain.explained_next import what_is_missing
from services.domain.goal_views import VERIFIED, Assessed
from services.domain.goal_words import KIND_WORDS, ONLY_THIS, record_class
from services.domain.known_events import known_on
from services.domain.observers import Placement, is_unobserved
from services.domain.roles import Role
from services.domain.status import Reason, ReasonCode, Status
from services.domain.verification import Assessment, decide, look
from tests.conftest import RELEASE
from tests.goal_story import AGENCIES, POLICY, ZONE, GoalStory, day, of_agencies, story
from tests.unit.test_case_goals_laws import any_acts, two_goals
from tests.verification_cases import Case, cases, loaded

looked_at = settings(
    max_examples=2_000 if RELEASE else 100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
NAMES = {slug: slug.title() for slug in AGENCIES.values()}
SEATS = frozenset((role.value, agency) for role, agency in AGENCIES.items())
VIEWS = ("internal", "attorney", "court", "probation", "programme")
FIGURES = {
    ReasonCode.CONTRADICTED_ON_DAY: (40,),
    ReasonCode.LAPSE_ON_DAY: (40,),
    ReasonCode.NEED_DURATION: (80, 90),
    ReasonCode.NOT_FRESH: (50,),
    ReasonCode.RESTARTED_AFTER_GAP: (60,),
}


def around(view: str, hearing: date | None = None, seats: frozenset[tuple[str, str]] = SEATS) -> Around:
    found = POLICY.view(view)
    assert found
    return Around(Placement(seats, of_agencies()), NAMES, classes_held(found, day(0), ()), hearing)


def explained(
    told: GoalStory, on: int, view: str = "internal", goal: str = "G", hearing: int | None = None, **seats: Any
) -> Explanation:
    surroundings = around(view, day(hearing) if hearing is not None else None, **seats)
    return explain(told.assessed(on)[goal, view], surroundings)


def said(explanation: Explanation) -> list[str]:
    return [reason.says for reason in explanation.reasons]


def without_day_numbers(explanation: Explanation) -> bool:
    """No text holds a code of a status or of a reason, and so none of the day numbers that codes carry."""
    gap, coming = explanation.gap, explanation.next
    texts = [explanation.says, *said(explanation), gap.says if gap else "", *(coming.says if coming else ())]
    return not re.search(r"[A-Z]+_[A-Z]+|[Dd]ay -?\d", " ".join(texts))


# Reasons


@pytest.mark.parametrize("code", list(ReasonCode))
def test_every_reason_has_a_sentence(code: ReasonCode) -> None:
    assessed = story("21").verify("G").assessed(90)["G", "internal"]
    given_one = replace(
        assessed, assessment=Assessment(Status.PARTIALLY_SUPPORTED, (Reason(code, FIGURES.get(code, ())),))
    )
    [reason] = explain(given_one, around("internal")).reasons
    assert reason.code is code
    assert reason.says.endswith(".")
    assert reason.says[0].isupper()
    assert code.value not in reason.says


def test_a_second_source_is_asked_for_by_name_of_the_first_with_the_items_behind_it() -> None:
    told = story("21")
    ids = [told.seen("G", at, Role.PROB) for at in (0, 30, 60, 90)]
    found = explained(told, 90)
    assert said(found) == ["One more independent source is needed: everything so far comes from Probation."]
    assert list(found.reasons[0].items) == ids
    assert [item.part for item in found.items] == [Part.COUNTS] * 4
    assert found.status is Status.PARTIALLY_SUPPORTED


def test_a_contradiction_is_told_by_its_day_of_the_calendar() -> None:
    told = story("21").verify("G")
    against = told.seen("G", 95, Role.PROB, direction="-")
    found = explained(told, 100)
    [reason] = found.reasons
    assert reason.on == day(95)
    assert reason.items == (against,)
    assert "4 Jun 2025" in reason.says
    assert "4 Jul 2025" in reason.says  # 30 days on
    assert found.gap is not None
    assert found.gap.gap is Gap.LOOKED
    assert without_day_numbers(found)


def test_two_lapses_are_told_as_a_relapse_with_the_lapse_behind_it() -> None:
    told = story("11").verify("G")
    told.seen("G", 92, Role.IVD, direction="0", basis="record")
    second = told.seen("G", 110, Role.IVD, direction="0", basis="record")
    [reason] = explained(told, 115).reasons
    assert "A second lapse within 90 days" in reason.says
    assert reason.items == (second,)


def test_what_somebody_passed_on_is_named_by_whom_it_comes_from_and_who_wrote_it_down() -> None:
    told = story("21")
    told.seen("G", 10, Role.CPS_WORKER, observer_role="survivor", basis="firsthand", direction="-")
    [item] = explained(told, 12).items
    assert item.source == "the survivor, recorded by Cps"
    assert item.part is Part.AGAINST


# The status


def test_every_verified_goal_says_this_behaviour_only() -> None:
    told = story("21").verify("G")
    found = explained(told, 90)
    assert found.status is Status.VERIFIED
    assert ONLY_THIS in found.says
    assert found.gap is None
    assert found.next is not None
    assert found.next.says == ("To stay verified it has to be borne out again by 14 Jul 2025.",)


def test_a_closed_goal_says_what_it_was() -> None:
    told = story("21").verify("G")
    told.tell("caseplan.revised", 95, Role.CPS_WORKER, diff=[{"op": "closed", "goal_id": "G"}])
    found = explained(told, 96)
    assert found.status is Status.CLOSED
    assert found.last is not None
    assert found.last.status is Status.VERIFIED
    assert ONLY_THIS in found.says
    assert (found.next, found.gap, found.hearing) == (None, None, None)


def test_a_review_that_is_required_stands_as_a_banner_and_the_court_is_shown_no_verified_status() -> None:
    told = story("21").verify("G")
    told.tell("order.violated", 92, Role.LE, severity="violence")
    inside, court = explained(told, 93), explained(told, 93, "court")
    assert (inside.status, inside.banner) == (Status.VERIFIED, BANNER)
    assert (court.status, court.banner) == (Status.UNDER_REVIEW, BANNER)
    assert court.gap is not None
    assert court.gap.gap is Gap.RULING
    assert court.next is not None
    assert court.next.says == ("Nothing more needs to be seen: a supervisor's ruling is missing.",)


# What comes next, who could look, and whose gap it is


def test_what_is_missing_is_counted_and_dated() -> None:
    told = story("21")
    told.seen("G", 0, Role.PROB)
    told.seen("G", 30, Role.LE)
    coming = explained(told, 30).next
    assert coming is not None
    assert (coming.sources, coming.observations, coming.days) == (0, 1, 60)
    assert coming.earliest == day(90)


def test_nobody_was_placed_to_look_until_a_provider_has_read_its_briefing() -> None:
    told = story("21", vantage=["VISIT"])
    found = explained(told, 10)
    assert found.gap is not None
    assert found.gap.gap is Gap.NOBODY_PLACED
    assert "Centre has not acknowledged a briefing yet" in found.gap.says
    assert is_unobserved(told.state("G", 10), Placement(SEATS, of_agencies()))
    told.brief(Role.VISIT, 11, read=12, goal_ids=["G"])
    found = explained(told, 12)
    assert found.gap is not None
    assert (found.gap.gap, found.observers[0].placed) == (Gap.MORE_NEEDED, ("Centre",))
    assert not is_unobserved(told.state("G", 12), Placement(SEATS, of_agencies()))


def test_where_the_only_one_who_looks_was_heard_nobody_else_was_placed() -> None:
    told = story("21", vantage=["PROB"])
    for at in (0, 30, 60, 90):
        told.seen("G", at, Role.PROB)
    gap = explained(told, 90).gap
    assert gap is not None
    assert (gap.gap, gap.says) == (Gap.NOBODY_PLACED, "Nobody besides Probation was placed to look.")


def test_only_time_can_be_missing() -> None:
    told = story("21").verify("G", 0, 60)
    gap = explained(told, 60).gap
    assert gap is not None
    assert gap.gap is Gap.ONLY_TIME


def test_a_view_that_may_not_know_a_kind_of_record_is_not_told_that_somebody_is_asked_for_it() -> None:
    told = story("21", vantage=["SUD", "CHILD_TX", "SURVIVOR", "PROB"])
    told.brief(Role.SUD, 0, read=0)
    court = explained(told, 10, "court")
    assert [one.kind for one in court.observers] == ["PROB"]
    text = repr(court).lower()
    assert not any(word in text for word in ("clinic", "treatment", "therap", "survivor", "laborator", "substance"))


def test_by_when_it_is_needed_for_the_hearing() -> None:
    told = story("21").verify("G")
    told.seen("G", 90, Role.LE)
    for on, hearing, says in (
        (90, 100, "is still recent at the hearing on 9 Jun 2025"),
        (90, 150, "has to be borne out again on 14 Jun 2025 or later"),
    ):
        found = explained(told, on, hearing=hearing).hearing
        assert found is not None
        assert found.on == day(hearing)
        assert says in found.says
    short = story("21").verify("G", 0, 60)
    assert "can be verified by the hearing" in repr(explained(short, 60, hearing=95).hearing)
    assert "cannot be verified by the hearing" in repr(explained(short, 60, hearing=80).hearing)


@pytest.mark.parametrize("kind", sorted(role for role in AGENCIES if role in KIND_WORDS))
def test_the_class_of_a_kind_of_observer_is_that_of_what_it_observes(kind: str) -> None:
    """Otherwise a view could be told of observers whose observations it may not know."""
    told = story("21")
    event_id = told.seen("G", 1, Role(kind))
    assert record_class(kind).value in told.classes("G", event_id, 1)


# Laws


@looked_at
@given(acts=any_acts(), on=st.integers(0, 200), seated=st.booleans())
def test_explain_never_raises_on_what_the_schemas_let_through(
    acts: Callable[[GoalStory], None], on: int, *, seated: bool
) -> None:
    told = two_goals().verify("G")
    acts(told)
    for (_, view), assessed in told.assessed(on).items():
        found = explain(assessed, around(view, day(on + 20), SEATS if seated else frozenset()))
        assert found.says
        assert without_day_numbers(found)
        known = {item.id for item in found.items}
        for reason in found.reasons:
            assert set(reason.items) <= known
        if found.status in VERIFIED:
            assert ONLY_THIS in found.says
            assert found.gap is None


def made(document: Case) -> Assessed:
    """A case of the fixture format as an assessed goal, without anything about who observed it."""
    found = loaded(document)
    state = replace(story("21").state("G", 0), facts=found.goal)
    view = POLICY.view(found.view)
    assert view
    picture = look(found.goal, found.evidence, found.as_of, found.view)
    return Assessed(state, view, day(found.as_of), decide(picture), (), picture)


@looked_at
@given(cases())
def test_explain_never_raises_on_a_case_of_the_fixture_format(document: Case) -> None:
    assessed = made(document)
    found = explain(assessed, around(assessed.view.name, day(500)))
    assert [reason.code for reason in found.reasons] == [one.code for one in assessed.assessment.reasons]


@looked_at
@given(cases(closed=False, hold=False, no_opportunity=[]))
def test_on_the_earliest_day_it_can_be_verified_and_on_none_before(document: Case) -> None:
    found = loaded({**document, "goal": {name: of for name, of in document["goal"].items() if name != "waiver"}})
    picture = look(found.goal, found.evidence, found.as_of, found.view)
    status = decide(picture).status
    assume(status not in {Status.VERIFIED, Status.UNDER_REVIEW, Status.SUSPENDED} and not found.goal.hold)
    # What is recorded later than the day that is asked for is not known to it.
    known = tuple(item for item, _ in picture.considered)
    missing = what_is_missing(picture)
    contradicted_on = picture.contradicted_on
    first = found.as_of if contradicted_on is None else max(found.as_of, contradicted_on + 1)
    assert missing.earliest >= found.as_of

    def on(day_asked: int) -> Status:
        days = sorted({*range(first, day_asked + 1, 40), day_asked, first})
        more = tuple(seen(at, group) for at in days if first <= at <= day_asked for group in ("new-1", "new-2"))
        goal = replace(found.goal, opportunities=(*found.goal.opportunities, *[first] * 3))
        return decide(look(goal, (*known, *more), day_asked, found.view)).status

    if decide(look(found.goal, known, missing.earliest, found.view)).status is not Status.UNDER_REVIEW:
        assert on(missing.earliest) is Status.VERIFIED
    for earlier in range(max(found.as_of, first), missing.earliest):
        assert on(earlier) is not Status.VERIFIED


def seen(at: int, group: str) -> Evidence:
    return Evidence(
        f"{group}:{at}", Basis.DIRECT, ObserverRole.PROFESSIONAL, group, at, at, Direction.SUPPORT, at, count=3
    )


PROTECTED = st.sampled_from(
    (
        (Role.CPS_WORKER, {"observer_role": "survivor", "basis": "firsthand"}),
        (Role.CPS_WORKER, {"origin_person": "ivy", "basis": "firsthand"}),
        (Role.CHILD_TX, {}),
        (Role.SCHOOL, {}),
        (Role.SUD, {"basis": "test"}),
        (Role.CARER, {"basis": "firsthand"}),
    )
)
OUTSIDE = st.lists(st.tuples(PROTECTED, st.integers(0, 100), st.sampled_from("+-0")), min_size=1, max_size=6)


@looked_at
@given(outside=OUTSIDE, inside=st.lists(st.integers(0, 100), max_size=4), on=st.integers(0, 160))
def test_an_explanation_does_not_change_when_items_outside_the_view_are_added(
    outside: list[tuple[tuple[Role, dict[str, Any]], int, str]], inside: list[int], on: int
) -> None:
    told = story("21", vantage=["PROB", "LE", "SUD", "CHILD_TX", "SCHOOL", "SURVIVOR", "CARER"])
    for at in inside:
        told.seen("G", at, Role.PROB)
    before = {view: explained(told, on, view) for view in ("court", "programme", "probation")}
    for (role, fields), at, direction in outside:
        told.seen("G", at, role, direction=direction, **fields)
    assert {view: explained(told, on, view) for view in before} == before


def test_what_is_known_later_is_not_in_an_explanation_of_a_past_day() -> None:
    told = story("21").verify("G")
    before = explained(told, 90)
    told.seen("G", 80, Role.PROB, direction="-", on=120)
    assert explained(told, 90) == before
    assert len(known_on(told.events, day(90), ZONE)) < len(told.events)
