"""What an action needs, as one value. `services/wiring.py` builds it; tests build it on real stores."""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from services.channels.message import Channel
from services.clock import Clock
from services.domain.urgency import Lane
from services.policy.book import PolicyBook
from services.storage.database import Database
from services.storage.sealing import KeyRing
from services.telemetry.measures import Measures
from services.telemetry.traces import NoTraces, Traces


class Bells(Protocol):
    """Says to the workers of a lane that there is work. Best effort: a lost bell delays, it never loses."""

    def ring(self, lanes: Iterable[Lane]) -> None:
        """Ring once for each of these lanes. Returns within 200 ms and never raises."""
        ...


class NoBells:
    """For a system without a broker: the sweeper finds the work."""

    def ring(self, lanes: Iterable[Lane]) -> None:
        """Ring nothing."""


class BellsApart:
    """Rings other bells from a thread of its own: whoever rings goes on at once, and what is rung meanwhile is rung
    together: after each ring it rests for a moment, ``gap_seconds``, so that ringing takes
    little from what the process is there for. The thread begins with the first ring, and so in the process that rings.
    """

    def __init__(self, bells: Bells, gap_seconds: float = 0.01) -> None:
        self._bells = bells
        self._gap_seconds = gap_seconds
        self._due: set[Lane] = set()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def ring(self, lanes: Iterable[Lane]) -> None:
        """Have these lanes rung soon."""
        with self._changed:
            self._due.update(lanes)
            if self._thread is None:
                self._thread = threading.Thread(target=self._ring_what_is_due, name="bells", daemon=True)
                self._thread.start()
            self._changed.notify()

    def _ring_what_is_due(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._due)
                due, self._due = self._due, set()
            self._bells.ring(due)
            time.sleep(self._gap_seconds)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of what is taken in and of what is done in one go.

    A lease of urgent jobs is short work, so that what comes meanwhile does not wait; of others, it is many jobs for few
    statements.
    """

    events_a_batch: int = 1_000
    body_bytes: int = 5_000_000
    event_bytes: int = 256_000
    clock_skew_seconds: int = 300
    jobs_a_lease: int = 500
    urgent_jobs_a_lease: int = 100

    def leased_in(self, lane: Lane) -> int:
        """The most jobs of a lane that are leased at once."""
        return min(self.urgent_jobs_a_lease, self.jobs_a_lease) if lane is Lane.URGENT else self.jobs_a_lease


@dataclass(frozen=True, slots=True)
class System:
    """Everything that the actions share. ``done_by`` names the engine in the tally of jobs: celery, sweeper, replay."""

    database: Database
    clock: Clock
    keys: KeyRing
    policy: PolicyBook
    bells: Bells = field(default_factory=NoBells)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    public_url: str = "http://127.0.0.1:8400"
    done_by: str = "sweeper"
    measures: Measures = field(default_factory=Measures)
    traces: Traces = field(default_factory=NoTraces)
