"""Whether two people may decide together what can raise a status: of different reporting lines (practice.md §6.6).

Two people are of different lines where neither stands above the other and they share nobody above them, but for those
whom nobody supervises (the head of an agency shares a line with everybody, and so would never count).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from services.domain.known_events import Known
from services.domain.roles import Role

_STAFF = "staff:"


@dataclass(frozen=True, slots=True)
class Spell:
    """From a first day on, through a last one where there is one, ``who`` held or was under ``what``."""

    who: str
    what: str
    since: date
    until: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it was so on a day."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class ReportingLines:
    """``staff`` holds all user names of the agency whose case it is; ``supervised`` says by whom each was supervised
    (``who`` by ``what``), ``seats`` who held which child-welfare role on the case.
    """

    staff: frozenset[str] = frozenset()
    supervised: tuple[Spell, ...] = ()
    seats: tuple[Spell, ...] = ()

    def differ(self, one: str | None, other: str | None, day: date) -> bool:
        """Whether these were two people of different reporting lines on a day. Somebody unknown here is nobody."""
        if one is None or other is None or one == other or not {one, other} <= self.staff:
            return False
        above_one, above_other = frozenset(self._above(one, day)), frozenset(self._above(other, day))
        if one in above_other or other in above_one:
            return False
        return all(self._supervisor(name, day) is None for name in above_one & above_other)

    def author(self, known: Known, field_name: str, roles: Iterable[Role]) -> str | None:
        """Who decided what an event says: the person who signed in to say it; where an agency's system says it, whom it
        names, and else whoever held the first of ``roles`` that was held on the case.
        """
        if known.actor.startswith(_STAFF):
            return known.actor.removeprefix(_STAFF)
        held = (self._holder(role, known.on) for role in roles)
        return known.text(field_name) or next((name for name in held if name is not None), None)

    def second(self, known: Known, field_name: str) -> str | None:
        """The second person whom an event names. Whoever signs in speaks for nobody else: their own agency's system
        says who agreed, or the second person does, signed in.
        """
        return None if known.actor.startswith(_STAFF) else known.text(field_name)

    def _holder(self, role: Role, day: date) -> str | None:
        return next((one.who for one in self.seats if one.what == role.value and one.holds(day)), None)

    def _supervisor(self, name: str, day: date) -> str | None:
        return next((one.what for one in self.supervised if one.who == name and one.holds(day)), None)

    def _above(self, name: str, day: date) -> Iterator[str]:
        seen: set[str] = set()
        while (above := self._supervisor(name, day)) is not None and above not in seen:
            seen.add(above)
            yield above
            name = above
