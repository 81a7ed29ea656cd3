"""Places in lists, as a word in a URL. A place is no secret: it opens nothing that its holder may not read."""

import base64
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.domain.errors import FieldProblem
from services.web.kinds import ProblemError

Place = tuple[datetime, UUID]
"""The instant that a list is ordered by, and the id of the row."""
WORD = "[A-Za-z0-9_-]{32}"
"""How the word of a place looks."""

_BYTES_OF_INSTANT = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _LAST = ((datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND for year in (1, 9999))
_WORD = re.compile(WORD)


def word_of(place: Place | None) -> str | None:
    """The word for a place; None for none."""
    if place is None:
        return None
    instant, id_ = place
    raw = ((instant - _EPOCH) // _MICROSECOND).to_bytes(_BYTES_OF_INSTANT, "big", signed=True) + id_.bytes
    return base64.urlsafe_b64encode(raw).decode()


def place_of(word: str | None) -> Place | None:
    """The place that a word means; None where there is no word. Raises ProblemError."""
    if not word:
        return None
    if not _WORD.fullmatch(word):
        problem = FieldProblem("start", "invalid", "Use the address that the page before gave.")
        raise ProblemError("invalid", errors=[problem])
    raw = base64.urlsafe_b64decode(word)
    microseconds = int.from_bytes(raw[:_BYTES_OF_INSTANT], "big", signed=True)
    # A place that nobody gave may lie before or after all time; there, as elsewhere, a list goes on from it.
    instant = _EPOCH + _MICROSECOND * min(max(microseconds, _FIRST), _LAST)
    return instant, UUID(bytes=raw[_BYTES_OF_INSTANT:])
