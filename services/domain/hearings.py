"""The hearings of the juvenile court that a case knows of: the next one, and reviews (practice.md §3 rows 57, 58)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from services.domain.known_events import Known

HEARING_TYPES: Final = frozenset({"juv.hearing_set", "juv.hearing_continued", "juv.order_entered"})
"""The types of event that hearings are read from."""

REVIEWS: Final = frozenset({"review", "permanency"})
"""The kinds of hearing at which the court reviews the case."""


@dataclass(frozen=True, slots=True)
class Hearings:
    """``next`` is the first hearing from the day on which it is asked; ``last_review`` the last day on which the court
    reviewed the case, ``next_review`` the review after it, as it was set by then.
    """

    next: date | None = None
    last_review: date | None = None
    next_review: date | None = None


def hearings_on(known: Iterable[Known], as_of: date) -> Hearings:
    """The hearings as a case knew them on a day. What was put off counts on its new day only."""
    known = tuple(known)
    read = _read(known)
    reviews = {day for day, kind in read.days() if kind in REVIEWS} | {day for day, _ in read.reviewed}
    past = [day for day in reviews if day <= as_of]
    last = max(past, default=None)
    return Hearings(
        next=min((day for day in (*(day for day, _ in read.days()), *read.ordered()) if day >= as_of), default=None),
        last_review=last,
        next_review=_next_review(known, last) if last else None,
    )


def _next_review(known: tuple[Known, ...], last: date) -> date | None:
    """The review after this one: as the order of that day says, else as it had been set by then. Nothing that is set
    later, between two reviews, changes what was said at the first.
    """
    said = [following for day, following in _read(known).reviewed if day == last and following and following > last]
    by_then = _read(one for one in known if one.on <= last)
    set_by_then = [day for day, kind in by_then.days() if kind in REVIEWS and day > last]
    return min(said or set_by_then, default=None)


@dataclass(slots=True)
class _Read:
    """``at`` are the hearings by name, each with its day and kind; ``reviewed`` the days of orders entered at a review,
    with the next review that they set.
    """

    at: dict[str, tuple[date, str]] = field(default_factory=dict)
    reviewed: list[tuple[date, date | None]] = field(default_factory=list)

    def days(self) -> Iterable[tuple[date, str]]:
        return self.at.values()

    def ordered(self) -> Iterable[date]:
        """The reviews that orders have set."""
        return (following for _, following in self.reviewed if following is not None)

    def take(self, one: Known) -> None:
        kind, day = one.text("hearing_type") or "", one.day("hearing")
        if one.event.type == "juv.order_entered":
            if kind in REVIEWS:
                self.reviewed.append((one.day("entered_on") or one.happened_on, one.day("next_review")))
            return
        if day is None:
            return
        name = one.text("hearing_ref") or f"{kind}:{day}"
        if (was := one.day("was")) is not None:
            self.at = {known: of for known, of in self.at.items() if of != (was, kind)}
        self.at[name] = (day, kind)


def _read(known: Iterable[Known]) -> _Read:
    read = _Read()
    for one in known:
        if one.event.type in HEARING_TYPES:
            read.take(one)
    return read
