"""An observation cannot be about days after it is reported: one that supports a goal and does is refused at intake
(verification.md §1). What speaks against a goal is never kept out for its date; it counts as of the day it is known.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from services.domain.errors import FieldProblem

_AHEAD: Final = timedelta(hours=14)
"""How far the calendar of the place furthest ahead is before UTC: the case's county is not known here."""
_DAY: Final = len("2025-01-18")
_LAST: Final = ("observed_to", "observed_from")
_AGAINST: Final = "-"


def observed_too_late(data: Mapping[str, object], now: datetime) -> list[FieldProblem]:
    """The observations of a payload that are about days to come, by field."""
    latest = (now + _AHEAD).date().isoformat()
    return [
        FieldProblem(f"data.{place}{field}", "in_the_future", "Lies after the day on which it is reported.")
        for place, said in _observations(data)
        if said.get("direction") != _AGAINST and said.get("interference") is not True
        for field in _LAST
        if str(said.get(field, ""))[:_DAY] > latest
    ]


def _observations(data: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    if "observed_from" in data or "observed_to" in data:
        yield "", data
    reported = data.get("per_goal")
    for at, said in enumerate(reported if isinstance(reported, Iterable) and not isinstance(reported, str) else ()):
        if isinstance(said, Mapping):
            yield f"per_goal[{at}].", said
