"""Efforts are made from events by policy: none is lost, none counts twice, and silence toward the subject is seen."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import CATALOGUE
from services.domain.efforts import (
    Effort,
    EffortPolicy,
    EffortRule,
    FromField,
    OfPerson,
    Silence,
    Toward,
    by_toward,
    efforts_of,
    is_borne_out,
    people_of,
    silent_since,
)
from services.domain.events import Event
from services.domain.predicates import Equals, values_at
from services.domain.roles import Role
from services.policy.efforts import compile_efforts
from tests.payloads import minimal_payload, payload_for

ZONE = "America/New_York"
AGENCY = UUID(int=7)
NOON = datetime(2025, 3, 10, 16, tzinfo=UTC)
SHIPPED = compile_efforts(Path(__file__).parents[2] / "config" / "policy" / "efforts.yaml", CATALOGUE).efforts


def happened(
    number: int, type_: str, data: Mapping[str, Any], time: datetime = NOON, emitter: Role = Role.CPS_WORKER
) -> Event:
    """An event of the case, accepted at its own time; its number is its id."""
    return Event(
        id=UUID(int=number),
        type=type_,
        case_id=None,
        sequence=number,
        source="urn:agency:test",
        source_id=f"e-{number}",
        agency_id=AGENCY,
        emitter=emitter,
        time=time,
        recorded=time,
        accepted=time + timedelta(seconds=number),
        data=data,
    )


def recorded(number: int, toward: str = "subject", **said: Any) -> Event:
    return happened(number, "efforts.recorded", {"toward": toward, "action": "Asked him how he will.", **said})


def person(number: int, token: str, kind: str) -> Event:
    return happened(number, "case.person_added", {"person_ref": token, "kind": kind, "name": "A Name"})


def made(*events: Event) -> tuple[Effort, ...]:
    return efforts_of(events, SHIPPED, ZONE)


@st.composite
def cases(draw: st.DrawFn) -> list[Event]:
    """Some events of a case, of types that may be efforts."""
    types = draw(st.lists(st.sampled_from(sorted(SHIPPED.types)), max_size=6))
    events = []
    for number, type_ in enumerate(types, start=1):
        time = NOON + timedelta(minutes=draw(st.integers(-100_000, 100_000)))
        data = draw(payload_for(type_))
        if draw(st.booleans()):
            data = {**data, "event_ref": str(UUID(int=draw(st.integers(1, 6))))}
        events.append(
            happened(number, type_, data, time, draw(st.sampled_from(sorted(CATALOGUE[type_].type.emitters))))
        )
    return events


@given(cases(), st.randoms(use_true_random=False))
def test_order_and_repetition_of_events_change_nothing(events: list[Event], chance: Random) -> None:
    again = [*events, *events]
    chance.shuffle(again)
    assert efforts_of(again, SHIPPED, ZONE) == efforts_of(events, SHIPPED, ZONE)


@given(cases())
def test_an_event_is_at_most_one_effort_toward_each_and_efforts_come_oldest_first(events: list[Event]) -> None:
    efforts = efforts_of(events, SHIPPED, ZONE)
    assert len({(one.event_id, one.toward) for one in efforts}) == len(efforts)
    assert [one.on for one in efforts] == sorted(one.on for one in efforts)
    assert all(one.action for one in efforts)


@given(cases())
def test_groups_hold_every_effort_once(events: list[Event]) -> None:
    efforts = efforts_of(events, SHIPPED, ZONE)
    groups = by_toward(efforts)
    assert list(groups) == list(Toward)
    assert sorted((one for group in groups.values() for one in group), key=str) == sorted(efforts, key=str)


@given(cases())
def test_an_effort_says_no_more_than_fixed_words_and_the_fields_that_it_rests_on(events: list[Event]) -> None:
    by_id = {event.id: event for event in events}
    fixed = {
        words
        for rules in SHIPPED.rules.values()
        for rule in rules
        for words in (rule.action, rule.outcome, rule.barrier)
        if isinstance(words, str)
    }
    for one in efforts_of(events, SHIPPED, ZONE):
        data = by_id[one.event_id].data
        told = {value for field in one.rests_on for value in values_at(data, field) if isinstance(value, str)}
        said = {one.action, one.outcome, one.barrier, one.actor} - {None}
        assert said <= fixed | told


@pytest.mark.parametrize("type_", sorted(SHIPPED.rules))
def test_every_type_of_the_shipped_policy_gives_an_effort_of_some_payload(type_: str) -> None:
    said: dict[str, dict[str, Any]] = {
        "export.court_report_sealed": {"request_ref": "q-1"},
        "task.done": {"kind": "report_violation"},
        "meeting.held": {"attendees": [{"role": "PROB"}]},
    }
    assert made(happened(1, type_, minimal_payload(type_) | said.get(type_, {})))


def test_a_changed_status_of_a_goal_is_no_effort() -> None:
    assert "goal.status_changed" not in SHIPPED.types


def test_the_day_is_that_of_the_case_unless_the_event_says_another() -> None:
    late = datetime(2025, 3, 11, 2, tzinfo=UTC)  # ten in the evening of the 10th in New York
    [by_time, said] = made(
        happened(1, "efforts.recorded", {"toward": "system", "action": "Asked."}, late),
        happened(2, "efforts.recorded", {"toward": "system", "action": "Asked.", "done_on": "2025-03-14"}, late),
    )
    assert (by_time.on, said.on) == (date(2025, 3, 10), date(2025, 3, 14))


def test_a_record_that_names_the_event_it_came_from_is_one_effort_with_it() -> None:
    referral = happened(1, "provider.referral_sent", {"service_ref": "tp"})
    by_id, by_number = recorded(2, event_ref=str(referral.id)), recorded(2, event_ref="e-1")
    assert [one.event_id for one in made(referral, by_id)] == [by_id.id]
    assert [one.event_id for one in made(referral, by_number)] == [by_number.id]


def test_a_record_toward_somebody_else_is_an_effort_of_its_own() -> None:
    referral = happened(1, "provider.referral_sent", {"service_ref": "tp"})
    barrier = recorded(2, "system", event_ref=str(referral.id), barrier_code="waiting_list")
    assert {one.toward for one in made(referral, barrier)} == {Toward.SUBJECT, Toward.SYSTEM}


def test_two_records_that_name_each_other_are_not_both_lost() -> None:
    first, second = recorded(1, event_ref=str(UUID(int=2))), recorded(2, event_ref=str(UUID(int=1)))
    assert [one.event_id for one in made(first, second)] == [second.id]


def test_a_report_that_is_missing_is_one_barrier_however_often_it_is_said() -> None:
    said = {"period": "2025-03", "due": "2025-04-10", "provider": "turning-point"}
    missing = [
        happened(1, "provider.report_missing", {**said, "days_late": 1}, emitter=Role.SYSTEM),
        happened(2, "provider.report_missing", {**said, "days_late": 5}, emitter=Role.SYSTEM),
        happened(3, "provider.report_missing", {**said, "period": "2025-04", "days_late": 1}, emitter=Role.SYSTEM),
    ]
    assert [(one.event_id.int, one.barrier) for one in made(*missing)] == [(1, "report_missing"), (3, "report_missing")]


@pytest.mark.parametrize(
    ("kind", "toward"),
    [
        ("subject", Toward.SUBJECT),
        ("protective_parent", Toward.SURVIVOR),
        ("child", Toward.CHILD),
        ("kin", Toward.SYSTEM),
    ],
)
def test_a_referral_is_directed_at_whoever_is_referred(kind: str, toward: Toward) -> None:
    [effort] = made(
        person(1, "P-1", kind), happened(2, "provider.referral_sent", {"service_ref": "s", "person_ref": "P-1"})
    )
    assert effort.toward is toward


def test_an_approved_designation_wins_over_how_somebody_was_added_and_an_undetermined_one_does_not() -> None:
    added = person(1, "P-1", "protective_parent")
    undetermined = happened(2, "pattern.designation_set", {"person_ref": "P-1", "value": "undetermined"})
    subject = happened(3, "pattern.designation_set", {"person_ref": "P-1", "value": "subject"})
    assert people_of([added, undetermined])["P-1"] is Toward.SURVIVOR
    assert people_of([added, undetermined, subject])["P-1"] is Toward.SUBJECT


def test_of_the_entries_with_the_same_direction_the_first_that_holds_counts() -> None:
    rules = (
        EffortRule("x", Toward.SYSTEM, "first", when=Equals("kind", "a")),
        EffortRule("x", Toward.SYSTEM, "second"),
        EffortRule("x", Toward.CHILD, "third"),
        EffortRule("x", OfPerson("who", Toward.CHILD), "fourth"),
        EffortRule("x", FromField("to"), "fifth", emitters=frozenset({Role.CPS_SUP})),
    )
    policy = EffortPolicy({"x": rules}, 30)
    said = {"kind": "a", "to": "survivor"}
    assert [one.action for one in efforts_of([happened(1, "x", said)], policy, ZONE)] == ["first", "third"]
    by_supervisor = happened(1, "x", said | {"kind": "b"}, emitter=Role.CPS_SUP)
    assert [one.action for one in efforts_of([by_supervisor], policy, ZONE)] == ["second", "third", "fifth"]


def test_what_a_reader_is_not_shown_of_the_event_bears_out_no_effort() -> None:
    rests_on, whole = {"reason", "attendees.role"}, {"reason": "safety", "attendees": [{"role": "DA"}, {"role": "LE"}]}
    assert is_borne_out(rests_on, whole, whole)
    assert not is_borne_out(rests_on, whole, {"attendees": whole["attendees"]})
    assert not is_borne_out(rests_on, whole, {"reason": "safety", "attendees": [{"role": "DA"}]})
    assert is_borne_out({"absent"}, whole, {})


# Settled 11

DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31))


def effort(on: date, toward: Toward = Toward.SUBJECT) -> Effort:
    return Effort(toward, on, "Spoke with him.", None, None, None, AGENCY, UUID(int=1))


@given(st.lists(st.tuples(DAYS, st.sampled_from(Toward))), DAYS, DAYS, st.integers(1, 90))
def test_a_case_is_silent_when_no_day_of_so_many_had_an_effort_toward_the_subject(
    said: list[tuple[date, Toward]], today: date, opened: date, after: int
) -> None:
    efforts = [effort(on, toward) for on, toward in said]
    lately = {today - timedelta(days=days) for days in range(after)}
    heard = max([opened, *(on for on, to in said if to is Toward.SUBJECT and on <= today)])
    assert (silent_since(efforts, today, opened, after) is not None) == (heard <= today and heard not in lately)


@given(st.lists(DAYS), DAYS, DAYS)
def test_another_effort_toward_the_subject_never_makes_a_case_silent(
    days: list[date], today: date, another: date
) -> None:
    opened = date(2024, 1, 1)
    before = silent_since(map(effort, days), today, opened, 30)
    after = silent_since(map(effort, [*days, another]), today, opened, 30)
    assert before is not None or after is None


def test_the_thirtieth_day_without_an_effort_is_the_first_on_the_list() -> None:
    opened, spoken = date(2025, 1, 1), effort(date(2025, 3, 1))
    assert silent_since([spoken], date(2025, 3, 30), opened, 30) is None
    assert silent_since([spoken], date(2025, 3, 31), opened, 30) == Silence(spoken.on, spoken.on, 30)


def test_a_case_without_any_effort_is_counted_from_the_day_on_which_it_was_opened() -> None:
    opened = date(2025, 3, 1)
    assert silent_since([effort(opened, Toward.SYSTEM)], date(2025, 3, 30), opened, 30) is None
    assert silent_since([], date(2025, 4, 5), opened, 30) == Silence(opened, None, 35)


def test_an_effort_that_is_still_to_come_ends_no_silence() -> None:
    opened, today = date(2025, 1, 1), date(2025, 3, 1)
    assert silent_since([effort(today + timedelta(days=1))], today, opened, 30) == Silence(opened, None, 59)


def test_the_types_toward_the_subject_are_all_that_the_supervisors_list_needs() -> None:
    events = [
        person(1, "P-1", "subject"),
        recorded(2),
        happened(3, "provider.referral_sent", {"service_ref": "s", "person_ref": "P-1"}),
        happened(4, "caseplan.adopted", minimal_payload("caseplan.adopted")),
        happened(5, "briefing.sent", minimal_payload("briefing.sent")),
        happened(6, "visit.caseworker_made", minimal_payload("visit.caseworker_made")),
    ]
    few = [event for event in events if event.type in SHIPPED.types_toward_subject]
    assert len(few) < len(events)
    toward = [one for one in made(*events) if one.toward is Toward.SUBJECT]
    assert [one for one in made(*few) if one.toward is Toward.SUBJECT] == toward
    assert len(toward) == 3


def test_days_are_counted_in_the_zone_that_is_asked_for() -> None:
    event = replace(recorded(1), time=datetime(2025, 3, 11, 2, tzinfo=UTC))
    for zone in (ZONE, "UTC", "Asia/Tokyo"):
        [one] = efforts_of([event], SHIPPED, zone)
        assert one.on == event.time.astimezone(ZoneInfo(zone)).date()
