"""What is behind a status, in words: the observations that one view holds, from whom they come, and what each does.

Nothing outside the view is looked at: what is said here is made from the picture that the status was decided from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from services.domain.case_goals import Item
from services.domain.evidence import Direction, Evidence, ObserverRole, Ruling, Weight
from services.domain.explained import ItemSaid, Part
from services.domain.goal_views import Assessed
from services.domain.goal_words import BASIS_WORDS, OBSERVER_WORDS
from services.domain.verification import Picture, Weighed, is_adverse

_UNNAMED = "one organisation"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a view has of a goal, to be put into words. ``names`` are the display names of agencies by short name."""

    assessed: Assessed
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def picture(self) -> Picture:
        """What the status rests on."""
        return self.assessed.picture

    def day(self, day: int) -> date:
        """A day of the goal on the calendar."""
        return self.assessed.state.goal.day_zero + timedelta(days=day)

    def source(self, item: Evidence) -> str:
        """From whom an observation comes, as one independent source."""
        if item.observer is not ObserverRole.PROFESSIONAL:
            return OBSERVER_WORDS[item.observer]
        return self.names.get(item.group) or self._sender(item) or _UNNAMED

    def sources(self, items: Iterable[Weighed]) -> tuple[str, ...]:
        """The independent sources of these items, each once, in the order of the items."""
        by_group: dict[str, str] = {}
        for item, _ in items:
            by_group.setdefault(item.group, self.source(item))
        return tuple(dict.fromkeys(by_group.values()))

    def items(self) -> tuple[ItemSaid, ...]:
        """Every observation that was considered, in the order of its days."""
        of_run = frozenset(item.id for item, _ in self.picture.run.items) if self.picture.run else frozenset()
        supporting = frozenset(item.id for item, _ in self.picture.support)
        found = []
        for item, weight in sorted(self.picture.considered, key=_in_order):
            observed = self._item(item)
            if observed is not None:
                found.append(
                    ItemSaid(
                        id=item.id,
                        event_id=observed.observed.event_id,
                        first=self.day(item.start),
                        last=self.day(item.end),
                        source=self._said_by(item, observed),
                        basis=BASIS_WORDS[item.basis],
                        part=_part(item, weight, of_run, supporting, self.picture.contradicted_on),
                    )
                )
        return tuple(found)

    def _item(self, item: Evidence) -> Item | None:
        return next((one for one in self.assessed.items if one.evidence.id == item.id), None)

    def _sender(self, item: Evidence) -> str | None:
        """Of a source that was made of several, the agency that sent the observation."""
        observed = self._item(item)
        return None if observed is None else self.names.get(observed.observed.agency)

    def _said_by(self, item: Evidence, observed: Item) -> str:
        """The source; where somebody else wrote it down, who did."""
        source, sender = self.source(item), self.names.get(observed.observed.agency)
        return source if sender is None or sender == source else f"{source}, recorded by {sender}"


def _in_order(weighed: Weighed) -> tuple[int, int, str]:
    item, _ = weighed
    return item.start, item.end, item.id


def _part(
    item: Evidence, weight: Weight, of_run: frozenset[str], supporting: frozenset[str], contradicted_on: int | None
) -> Part:
    """What an observation does."""
    if weight is Weight.C:
        return Part.CONTEXT
    if item.ruling is Ruling.DISPUTED:
        return Part.DISPUTED
    if item.direction is Direction.AGAINST:
        return Part.UNCONFIRMED if is_adverse(item) else Part.AGAINST
    if weight is Weight.D:
        return Part.OWN_WORD
    if item.observer is ObserverRole.ADVERSE:
        return Part.UNCONFIRMED
    if item.direction is Direction.LAPSE:
        return Part.LAPSE
    if item.id in of_run:
        return Part.COUNTS
    if contradicted_on is not None and item.end <= contradicted_on:
        return Part.BEFORE_CONTRADICTION
    return Part.BEFORE_GAP if item.id in supporting else Part.OUT_OF_REACH
