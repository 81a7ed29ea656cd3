"""Builds the calendars of a county's offices from ``config/policy/calendars.yaml`` and the ``holidays`` library.

Each calendar is built for the years that the file names; beyond them only weekends are closed. Observed days (a holiday
on a weekend that is kept on the Friday or the Monday) come from the library. Closures are single days that an authority
declared, and days that an office keeps every year are written as month and day.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays

from services.domain.calendars import BusinessCalendar, Venue
from services.policy.source import Node, Problems, load_document

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OFFICES = ("federal", "state", "court", "county", "agency", "tribal")
"""The kinds of office whose open days count somewhere in practice.md §4; a county has a calendar for each."""


@dataclass(frozen=True, slots=True)
class CalendarPolicy:
    """All calendars by their id, and the venue of each county by its short name."""

    calendars: Mapping[str, BusinessCalendar]
    venues: Mapping[str, Venue]


def load_calendars(path: Path) -> CalendarPolicy:
    """Compile a calendar policy. Raises ``InvalidPolicyError`` with the file and line of every mistake."""
    root = load_document(path).only("version", "years", "calendars", "counties")
    years = root.at("years").only("from", "to")
    first = years.at("from").integer(1950, 2199)
    span = range(first, years.at("to").integer(first, 2199) + 1)
    problems = Problems()
    calendars: dict[str, BusinessCalendar] = {}
    for name, node in root.at("calendars").items():
        with problems.gathered():
            calendars[name] = _calendar(name, node, span, calendars)
    venues: dict[str, Venue] = {}
    for name, node in root.at("counties").items():
        with problems.gathered():
            venues[name] = _county(name, node, calendars)
    problems.raise_if_any()
    return CalendarPolicy(MappingProxyType(calendars), MappingProxyType(venues))


def _calendar(name: str, node: Node, span: range, earlier: Mapping[str, BusinessCalendar]) -> BusinessCalendar:
    node.only("holidays", "based_on", "weekend", "every_year", "closures")
    closed: set[date] = set()
    weekend = frozenset({5, 6})
    if (base := node.find("based_on")) is not None:
        if base.text() not in earlier:
            raise base.error(f"{base.text()!r} is not a calendar that stands above")
        closed |= earlier[base.text()].closed
        weekend = earlier[base.text()].weekend
    if (library := node.find("holidays")) is not None:
        closed |= _library_days(library, span)
    if (days := node.find("weekend")) is not None:
        weekend = frozenset(_weekday(day) for day in days.elements())
        if len(weekend) == len(WEEKDAYS):
            raise days.error("leaves no day open")
    closed |= set(_every_year(node, span)) | set(_closures(node))
    return BusinessCalendar(name, weekend, frozenset(closed))


def _library_days(node: Node, span: range) -> set[date]:
    node.only("country", "subdivision")
    country = node.at("country").text()
    subdivision = node.find("subdivision")
    supported = holidays.list_supported_countries()
    if country not in supported:
        raise node.at("country").error(f"no holidays are kept for {country!r}")
    if subdivision is not None and subdivision.text() not in supported[country]:
        raise subdivision.error(f"{country} has no subdivision {subdivision.text()!r}")
    kept = holidays.country_holidays(
        country, subdiv=subdivision.text() if subdivision is not None else None, years=span, observed=True
    )
    return set(kept)


def _weekday(node: Node) -> int:
    if node.text() not in WEEKDAYS:
        raise node.error(f"{node.text()!r} is not a weekday; expected one of: {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(node.text())


def _every_year(node: Node, span: range) -> Iterator[date]:
    if (days := node.find("every_year")) is None:
        return
    for entry in days.elements():
        entry.only("month", "day", "name").at("name").text()
        month, day = entry.at("month").integer(1, 12), entry.at("day").integer(1, 31)
        for year in span:
            try:
                yield date(year, month, day)
            except ValueError:
                raise entry.error(f"{day}.{month}. is not a day of the year {year}") from None


def _closures(node: Node) -> Iterator[date]:
    if (days := node.find("closures")) is None:
        return
    for entry in days.elements():
        entry.only("day", "reason").at("reason").text()
        yield entry.at("day").date()


def _county(name: str, node: Node, calendars: Mapping[str, BusinessCalendar]) -> Venue:
    node.only("zone", "offices")
    zone = node.at("zone")
    offices = node.at("offices").only(*OFFICES)
    kept = {}
    for office in OFFICES:
        calendar = offices.at(office)
        if calendar.text() not in calendars:
            raise calendar.error(f"there is no calendar {calendar.text()!r}")
        kept[office] = calendars[calendar.text()]
    return Venue(name, _zone(zone), MappingProxyType(kept))


def _zone(node: Node) -> ZoneInfo:
    try:
        return ZoneInfo(node.text())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise node.error(f"{node.text()!r} is not an IANA time zone") from None
