"""What a process measures of its own work: durations in classes, and counts. No label names a case or a person.

prometheus-client counts within the process. Every few seconds what was added goes into the database
(``actions.keep_measures``), and every web answers for the whole system from there
(docs/decisions/0009-figures-and-traces.md).
"""

import json
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric

from services.domain.urgency import Lane

Sample = tuple[str, str]
"""A sample by its name and its labels, as they are kept: ``{"lane":"urgent","le":"0.1"}``."""

TAKEN_IN: Final = ("accepted", "batch", "refused", "conflict", "limited", "failed", "unavailable")
CALLED: Final = ("delivered", "failed", "refused")
WAYS: Final = ("inbox", "webhook")

# A histogram whose classes change gets another name: the old classes' totals are still in the database.
_REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10)
_CALL_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 10)
_TOLD_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 86400)


class Measures:
    """The measures of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._taken_in = self._histogram(
            "tallystick_intake_seconds",
            "How long a request to take events in took, from its first hook to its answer.",
            ("outcome",),
            _REQUEST_SECONDS,
        )
        self._called = self._histogram(
            "tallystick_delivery_call_seconds", "How long a call to a receiver took.", ("outcome",), _CALL_SECONDS
        )
        self._told = self._histogram(
            "tallystick_told_after_seconds",
            "From the acceptance of an event until its inbox rows stood, or until a receiver took its webhook.",
            ("lane", "way"),
            _TOLD_SECONDS,
        )
        self._undelivered = Counter("tallystick_undelivered", "Messages that were given up.", registry=self._registry)
        self._not_rung = Counter(
            "tallystick_bells_not_rung", "Bells that the broker did not take.", ("lane",), registry=self._registry
        )
        for outcome in TAKEN_IN:
            self._taken_in.labels(outcome)
        for outcome in CALLED:
            self._called.labels(outcome)
        for lane in Lane:
            self._not_rung.labels(lane.value)
            for way in WAYS:
                self._told.labels(lane.value, way)
        self._kept: dict[Sample, float] = {}
        self._lock = Lock()

    def _histogram(self, name: str, text: str, labels: Sequence[str], classes: Sequence[float]) -> Histogram:
        return Histogram(name, text, labels, registry=self._registry, buckets=classes)

    def taken_in(self, outcome: str, seconds: float) -> None:
        """A request to take events in was answered. ``outcome`` is one of TAKEN_IN."""
        self._taken_in.labels(outcome).observe(seconds)

    def called(self, outcome: str, seconds: float) -> None:
        """A call to a receiver ended. ``outcome`` is one of CALLED."""
        self._called.labels(outcome).observe(seconds)

    def told(self, lane: Lane, way: str, seconds: Sequence[float]) -> None:
        """Events of a lane reached whom they were for, each so long after it was accepted. ``way`` is one of WAYS."""
        into = self._told.labels(lane.value, way)
        for one in seconds:
            into.observe(one)

    def given_up(self, messages: int) -> None:
        """Messages were given up."""
        self._undelivered.inc(messages)

    def bell_not_rung(self, lane: Lane) -> None:
        """The broker did not take a bell."""
        self._not_rung.labels(lane.value).inc()

    def grown(self) -> dict[Sample, float]:
        """By how much each sample has grown since it was last kept; those that have not are left out."""
        with self._lock:
            by = {name: total - self._kept.get(name, 0.0) for name, total in self._now().items()}
        return {name: added for name, added in by.items() if added}

    def keep(self, grown: Mapping[Sample, float]) -> None:
        """These were written down."""
        with self._lock:
            for name, by in grown.items():
                self._kept[name] = self._kept.get(name, 0.0) + by

    def _now(self) -> dict[Sample, float]:
        return {
            _name_of(sample.name, sample.labels): sample.value
            for family in self._registry.collect()
            for sample in family.samples
            if not sample.name.endswith("_created")
        }


def families(totals: Mapping[Sample, float]) -> list[Metric]:
    """Everything that this version measures, with these totals, 0 where there is none yet."""
    found = []
    for family in Measures()._registry.collect():
        filled = Metric(family.name, family.documentation, family.type)
        for sample in family.samples:
            if not sample.name.endswith("_created"):
                filled.add_sample(sample.name, sample.labels, totals.get(_name_of(sample.name, sample.labels), 0.0))
        found.append(filled)
    return found


def _name_of(name: str, labels: Mapping[str, str]) -> Sample:
    return name, json.dumps(dict(labels), sort_keys=True, separators=(",", ":"))
