"""Events as a case came to know them: what bears on the past is folded by the day on which it became known.

An event of a case is known from the day on which it was accepted. One that matched no case is known to a case from the
day on which a person linked it, until the day on which such a link was taken back (practice.md, Settled 7).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.domain.events import Event
from services.domain.roles import Role

_DAY = len("2025-01-18")


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event, by whom it was sent (``staff:okafor``, ``client:alder-cps-records``), of which agency (its short name),
    and the instants from which and until which the case knew it.
    """

    event: Event
    actor: str
    agency: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A known event on the calendar of its case's county: ``on`` is the day on which it became known, ``place`` its
    place among all that was known.
    """

    event: Event
    actor: str
    agency: str
    on: date
    zone: ZoneInfo
    place: int = 0

    @property
    def data(self) -> Mapping[str, object]:
        """Its payload."""
        return self.event.data

    @property
    def emitter(self) -> Role:
        """The role in which it was sent."""
        return self.event.emitter

    @property
    def happened_on(self) -> date:
        """The day of what it tells: as its payload says, else its own time."""
        return self.day("occurred_at") or self.event.time.astimezone(self.zone).date()

    def day(self, *names: str) -> date | None:
        """The day that the first of these fields gives, on the county's calendar; None where none is given."""
        return next((day for name in names if (day := day_of(self.data.get(name), self.zone))), None)

    def text(self, name: str) -> str | None:
        """The text of a field; None where it is not given."""
        value = self.data.get(name)
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list; none where it is not given."""
        value = self.data.get(name)
        return tuple(map(str, value)) if isinstance(value, list) else ()


def known_on(events: Iterable[KnownEvent], as_of: date, zone: ZoneInfo) -> tuple[Known, ...]:
    """What a case knew at the end of a day, in the order in which it came to know it."""
    known = (
        Known(one.event, one.actor, one.agency, one.since.astimezone(zone).date(), zone, place)
        for place, one in enumerate(sorted(events, key=lambda one: (one.since, one.event.sequence, one.event.id)))
        if one.until is None or one.until.astimezone(zone).date() > as_of
    )
    return tuple(one for one in known if one.on <= as_of)


def day_of(value: object, zone: ZoneInfo) -> date | None:
    """The day that a payload's date, or moment, falls on; None for anything else."""
    if not isinstance(value, str):
        return None
    if len(value) == _DAY:
        return date.fromisoformat(value)
    return datetime.fromisoformat(value).astimezone(zone).date()
