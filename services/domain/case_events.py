"""An event of a case, with what a decision about it needs beside its payload: who sent it, and what became of it."""

from dataclasses import dataclass
from typing import Protocol

from services.domain.events import Event


class Said(Protocol):
    """An event, and by whom it was sent (``staff:okafor``, ``client:alder-cps-records``)."""

    @property
    def event(self) -> Event:
        """The event."""

    @property
    def actor(self) -> str:
        """Who sent it."""


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """An event of a case in the log. ``linked`` says that it lies in another stream and a person put it on the case.

    ``settled`` says that routing let it through on this case; an event that is neither settled nor refused has not had
    its turn yet.
    """

    event: Event
    actor: str
    linked: bool
    settled: bool
