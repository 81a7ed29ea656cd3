"""Which events take effect that link an unmatched event to a case, or take that back (practice.md, Settled 7).

A person says where an event belongs; nothing is ever linked by a name, a number or a guess. Only what waits is linked,
and only what is linked to a case is taken off it again; anything else that is asked has no effect, and says so.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from services.domain.contradictions import KIND
from services.domain.events import Event

LINKED: Final = "event.linked"
UNLINKED: Final = "event.unlinked"

LINK_TASK: Final = "link_event"
COMPARE_TASK: Final = KIND
"""The kinds of task that may be about an event of no case: find its case, or find out which version of it is true."""

NOT_WAITING: Final = "not_waiting"
"""The event is on a case, or nothing has been decided of it yet."""
NOT_LINKED: Final = "not_linked"
"""The event is not linked to this case."""


@dataclass(frozen=True, slots=True)
class Link:
    """An event belongs to a case because the event ``by`` says so; or, where it is not ``made``, does not after all."""

    event_id: UUID
    case_id: UUID
    by: UUID
    made: bool


@dataclass(slots=True)
class Linking:
    """The links of the events that a batch speaks of, while its events are gone through in order.

    ``waiting`` are those that match no case and are linked to none, ``on`` the cases of those that are linked.
    ``changes`` gathers what takes effect, in order.
    """

    waiting: set[UUID]
    on: dict[UUID, UUID]
    changes: list[Link] = field(default_factory=list)

    def take(self, event: Event) -> str | None:
        """Take an event in. Returns the code of why it has no effect; None where it has, or is about something else."""
        target = target_of(event)
        if event.case_id is None or event.type not in {LINKED, UNLINKED}:
            return None
        if event.type == LINKED:
            if target is None or target not in self.waiting:
                return NOT_WAITING
            self.waiting.discard(target)
            self.on[target] = event.case_id
            self.changes.append(Link(target, event.case_id, event.id, made=True))
            return None
        if target is None or self.on.get(target) != event.case_id:
            return NOT_LINKED
        del self.on[target]
        self.waiting.add(target)
        self.changes.append(Link(target, event.case_id, event.id, made=False))
        return None


def linking(waiting: Collection[UUID], on: Mapping[UUID, UUID]) -> Linking:
    """The links as they stand before a batch."""
    return Linking(set(waiting), dict(on))


def target_of(event: Event) -> UUID | None:
    """The event that a linking event speaks of; None where it speaks of none, or of nothing that is an id here."""
    if event.type not in {LINKED, UNLINKED}:
        return None
    try:
        return UUID(str(event.data["linked_event"]))
    except ValueError:
        return None


def targets_of(events: Iterable[Event]) -> Iterator[UUID]:
    """The events that these speak of."""
    return (target for event in events if (target := target_of(event)) is not None)
