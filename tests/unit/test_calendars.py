"""Open and closed days, months, and the bounds of local days; and the calendars that the policy builds."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from services.domain.calendars import (
    LAST_DAY,
    BusinessCalendar,
    day_of_month,
    end_of_day,
    local_date,
    local_instant,
    month_end,
    plus_days,
    plus_months,
    start_of_day,
)
from services.policy.calendars import OFFICES, load_calendars
from services.policy.source import InvalidPolicyError

POLICY = Path(__file__).parents[2] / "config" / "policy" / "calendars.yaml"
ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Phoenix",
    "America/Havana",
    "Asia/Kolkata",
    "Pacific/Apia",
    "UTC",
)

days = st.dates(date(2015, 1, 1), date(2050, 12, 31))
zones = st.sampled_from(ZONES).map(ZoneInfo)
calendars = st.builds(
    BusinessCalendar,
    st.just("office"),
    st.frozensets(st.integers(0, 6), max_size=6),
    st.frozensets(st.dates(date(2024, 12, 1), date(2026, 2, 1)), max_size=60),
)
near_days = st.dates(date(2024, 12, 15), date(2026, 1, 15))


@given(calendars, near_days)
def test_the_next_and_the_previous_open_day_are_open_and_nothing_open_lies_between(
    calendar: BusinessCalendar, day: date
) -> None:
    after, before = calendar.next_open(day), calendar.previous_open(day)
    assert calendar.is_open(after)
    assert calendar.is_open(before)
    assert before <= day <= after
    between = (before + timedelta(days=offset) for offset in range(1, (after - before).days))
    assert not any(calendar.is_open(one) for one in between if one != day)
    assert calendar.is_open(day) == (before == after == day)


@given(calendars, near_days, st.integers(-30, 30).filter(bool))
def test_business_days_land_on_open_days_and_count_exactly(calendar: BusinessCalendar, day: date, count: int) -> None:
    landed = calendar.add_business_days(day, count)
    assert calendar.is_open(landed)
    step = 1 if count > 0 else -1
    passed = [day + timedelta(days=step * offset) for offset in range(1, abs((landed - day).days) + 1)]
    assert sum(calendar.is_open(one) for one in passed) == abs(count)
    assert passed[-1] == landed


@given(calendars, near_days, st.integers(0, 15), st.integers(1, 15))
def test_business_days_add_up(calendar: BusinessCalendar, day: date, first: int, more: int) -> None:
    assert calendar.add_business_days(day, first + more) == calendar.add_business_days(
        calendar.add_business_days(day, first), more
    )


@given(calendars, near_days, near_days)
def test_business_days_between_counts_what_adding_passes(calendar: BusinessCalendar, one: date, other: date) -> None:
    count = calendar.business_days_between(one, other)
    assert count == -calendar.business_days_between(other, one)
    if count > 0:
        assert calendar.add_business_days(one, count) <= other


@given(calendars, near_days, st.frozensets(near_days, max_size=20), st.integers(1, 20))
def test_a_closure_never_makes_a_day_come_sooner(
    calendar: BusinessCalendar, day: date, closed: frozenset[date], count: int
) -> None:
    assert calendar.with_closures(closed).add_business_days(day, count) >= calendar.add_business_days(day, count)


def test_zero_business_days_is_the_day_itself_even_when_closed() -> None:
    sunday = date(2025, 1, 19)
    assert BusinessCalendar("office").add_business_days(sunday, 0) == sunday


@pytest.mark.parametrize("weekend", [frozenset(range(7)), frozenset({7}), frozenset({-1})])
def test_a_calendar_must_leave_a_day_open(weekend: frozenset[int]) -> None:
    with pytest.raises(ValueError, match="weekend"):
        BusinessCalendar("office", weekend)


@given(days, st.integers(-400, 400))
def test_months_are_clamped_to_their_end_as_another_library_does(day: date, count: int) -> None:
    assert plus_months(day, count) == day + relativedelta(months=count)


@given(days, days, st.integers(-60, 60))
def test_adding_months_keeps_the_order_of_days(one: date, other: date, count: int) -> None:
    first, last = sorted((one, other))
    assert plus_months(first, count) <= plus_months(last, count)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 3, 3), 6, date(2025, 9, 3)),
        (date(2025, 3, 3), 15, date(2026, 6, 3)),
        (date(2025, 12, 31), 2, date(2026, 2, 28)),
        (date(2025, 3, 31), -1, date(2025, 2, 28)),
    ],
)
def test_months_of_the_story_and_of_the_rule(day: date, count: int, expected: date) -> None:
    assert plus_months(day, count) == expected


@given(days, st.integers(1, 31))
def test_a_day_of_the_month_stays_in_its_month(day: date, number: int) -> None:
    found = day_of_month(day, number)
    assert (found.year, found.month) == (day.year, day.month)
    assert found.day == min(number, month_end(day).day)
    assert (month_end(day) + timedelta(days=1)).day == 1


@given(st.dates(), st.integers(-(10**7), 10**7))
def test_absurd_dates_never_fail(day: date, count: int) -> None:
    assert plus_days(day, count) <= max(LAST_DAY, day)
    assert plus_months(day, count // 1000) <= max(LAST_DAY, day)


@given(days, zones)
def test_a_local_day_begins_and_ends_where_its_date_changes(day: date, zone: ZoneInfo) -> None:
    begins, ends = start_of_day(day, zone), end_of_day(day, zone)
    tick = timedelta(microseconds=1)
    assert begins < ends
    assert local_date(begins, zone) >= day
    assert local_date(begins - tick, zone) < day
    assert local_date(ends - tick, zone) <= day
    assert local_date(ends, zone) > day


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 3, 9), 23), (date(2025, 11, 2), 25), (date(2025, 7, 1), 24)])
def test_a_local_day_has_its_true_length_when_clocks_change(day: date, hours: int) -> None:
    zone = ZoneInfo("America/New_York")
    assert end_of_day(day, zone) - start_of_day(day, zone) == timedelta(hours=hours)


def test_a_time_that_does_not_exist_is_taken_after_the_gap() -> None:
    zone = ZoneInfo("America/New_York")
    instant = local_instant(date(2025, 3, 9), time(2, 30), zone)
    assert instant == datetime(2025, 3, 9, 7, 30, tzinfo=UTC)
    assert instant.astimezone(zone).time() == time(3, 30)


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    zone = ZoneInfo("America/New_York")
    assert local_instant(date(2025, 11, 2), time(1, 30), zone) == datetime(2025, 11, 2, 5, 30, tzinfo=UTC)


def test_a_day_whose_midnight_does_not_exist_begins_after_the_gap() -> None:
    zone = ZoneInfo("America/Havana")  # clocks go from 00:00 to 01:00
    begins = start_of_day(date(2025, 3, 9), zone)
    assert begins.astimezone(zone).time() == time(1)
    assert end_of_day(date(2025, 3, 8), zone) == begins


# --- the calendars of the shipped policy --------------------------------------------------------------------------

FEDERAL = {  # as the Office of Personnel Management publishes them, observed days
    2025: "01-01 01-09 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25",
    2026: "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
    2027: "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
}


@pytest.mark.parametrize("year", FEDERAL)
def test_federal_offices_are_closed_on_the_published_days_and_no_others(year: int) -> None:
    calendar = load_calendars(POLICY).calendars["us-federal"]
    published = {date.fromisoformat(f"{year}-{day}") for day in FEDERAL[year].split()}
    weekdays = [one for one in (date(year, 1, 1) + timedelta(days=at) for at in range(365)) if one.weekday() < 5]
    assert {one for one in weekdays if not calendar.is_open(one)} == published


def test_a_county_has_a_calendar_for_every_kind_of_office() -> None:
    venue = load_calendars(POLICY).venues["alder"]
    assert set(venue.calendars) == set(OFFICES)
    assert venue.zone.key == "America/New_York"
    presidents_day = date(2025, 2, 17)
    assert not any(calendar.is_open(presidents_day) for calendar in venue.calendars.values())
    assert venue.calendars["court"].is_open(date(2025, 12, 24))
    assert not venue.calendars["agency"].is_open(date(2025, 12, 24))


BASE = """
version: 1
years: {from: 2020, to: 2030}
calendars:
  a: {holidays: {country: US}}
counties:
  x: {zone: America/New_York, offices: {federal: a, state: a, court: a, county: a, agency: a, tribal: a}}
"""


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("country: US", "country: XX", 5, "no holidays are kept for 'XX'"),
        ("{country: US}", "{country: US, subdivision: ZZ}", 5, "has no subdivision 'ZZ'"),
        ("America/New_York", "America/Nowhere", 7, "not an IANA time zone"),
        ("tribal: a", "tribal: b", 7, "no calendar 'b'"),
        (", tribal: a", "", 7, "'tribal' is missing"),
        ("{holidays: {country: US}}", "{based_on: b}", 5, "not a calendar that stands above"),
        ("{holidays: {country: US}}", "{weekend: [mon, tue, wed, thu, fri, sat, sun]}", 5, "leaves no day open"),
        ("{holidays: {country: US}}", "{weekend: [friday]}", 5, "is not a weekday"),
        ("{holidays: {country: US}}", "{closures: [{day: 2025-02-30, reason: x}]}", 5, "not a day of the calendar"),
        ("{holidays: {country: US}}", "{every_year: [{month: 2, day: 29, name: x}]}", 5, "not a day of the year 2021"),
        ("to: 2030", "to: 2010", 3, "2010 is less than 2020"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, before: str, after: str, line: int, message: str) -> None:
    path = tmp_path / "calendars.yaml"
    path.write_text(BASE.replace(before, after), encoding="utf-8")
    with pytest.raises(InvalidPolicyError, match=message) as caught:
        load_calendars(path)
    assert [error.line for error in caught.value.errors][:1] == [line]
