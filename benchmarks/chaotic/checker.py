"""The checker: holds what was promised to senders against what the database and the receivers have at the end.

Pure: journals and rows in, a verdict out. It knows nothing of how the system works; what each kind of event must bring
about it learns from events that were sent while nothing was disturbed (``learn``).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from benchmarks.figures import percentile


class Step(StrEnum):
    """A step in the life of something that a client sends."""

    ATTEMPT = "attempt"
    """About to be sent: from now on it may be there, and must not be if this was never written."""
    ACK = "ack"
    """Answered: from now on it must be there."""
    UNKNOWN = "unknown"
    """No answer, or one that promises nothing."""
    REFUSED = "refused"
    """Answered that it will never be taken."""


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a client's journal. ``name`` is the sender's own name of what it sends, the same when sent again."""

    step: Step
    name: str
    kind: str
    case: str
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A line of a receiver's journal: a message by its id, and whether it was answered that it is taken."""

    endpoint: str
    message: str
    took: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that the database keeps because a client sent it. ``accepted`` in seconds, by the database's day."""

    id: str
    name: str
    kind: str
    case: str
    lane: str
    sequence: int
    accepted: float
    decided: bool = True


@dataclass(frozen=True, slots=True)
class Done:
    """Something that was done because of a kept event: somebody told, a task opened.

    ``effect`` names it as expectations do, ``once`` names it so closely that there must never be a second one of the
    event. ``endpoint`` is set where it is a message to a receiver, whose id is ``id``; ``inbox`` where it is an entry
    in an inbox by which the event was first told. ``written`` in seconds.
    """

    id: str
    event: str
    effect: str
    once: str
    written: float
    endpoint: str | None = None
    inbox: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come of an event, by kind: ``each`` of every event, ``a_case`` once of all events of a case together.
    Effects that begin with one of ``may`` are allowed beside them.
    """

    each: Mapping[str, frozenset[str]]
    a_case: Mapping[str, frozenset[str]]
    may: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is known at the end. ``left`` names work that was owed and is still not done."""

    said: Sequence[Said]
    heard: Sequence[Heard]
    kept: Sequence[Kept]
    done: Sequence[Done]
    left: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checker found. ``checked`` is how many effects were owed and looked for."""

    attempted: int
    acked: int
    refused: int
    recovered: int
    checked: int
    doubled_on_wire: int
    lost: tuple[str, ...]
    unexpected: tuple[str, ...]
    doubled: tuple[str, ...]
    out_of_order: tuple[str, ...]
    urgent: tuple[float, ...] = field(repr=False, default=())

    @property
    def clean(self) -> bool:
        """Whether nothing is lost, unexpected, doubled or out of order."""
        return not (self.lost or self.unexpected or self.doubled or self.out_of_order)

    @property
    def bound(self) -> float:
        """With no failure among ``checked`` effects, the share that fails is below this at 95 % (rule of three)."""
        return 3 / self.checked if self.checked and self.clean else math.inf

    def urgent_at(self, share: float) -> float:
        """The latency of urgent events, in seconds, that a ``share`` of them does not exceed."""
        return percentile(self.urgent, share)


def learn(kept: Iterable[Kept], done: Iterable[Done], may: tuple[str, ...] = ()) -> Expected:
    """What each kind of event brings about, from at least two undisturbed events of each kind, each kind on a case of
    its own. What the first did and the second did not is done once a case. Raises ValueError where they differ
    otherwise, or where a kind brings nothing about.
    """
    by_event = _by_event(done)
    effects: defaultdict[str, list[frozenset[str]]] = defaultdict(list)
    for one in sorted(kept, key=lambda kept: kept.sequence):
        here = frozenset(each.effect for each in by_event[one.id] if not each.effect.startswith(may))
        effects[one.kind].append(here)
    each: dict[str, frozenset[str]] = {}
    a_case: dict[str, frozenset[str]] = {}
    for kind, (first, *others) in effects.items():
        if not others or not others[0] or any(other != others[0] for other in others) or others[0] - first:
            raise ValueError(
                f"{kind}: what comes of it cannot be told from {[sorted(one) for one in (first, *others)]}"
            )
        each[kind], a_case[kind] = others[0], first - others[0]
    return Expected(each, a_case, may)


def check(evidence: Evidence, expected: Expected) -> Verdict:
    """Hold the evidence against itself and against what is expected."""
    steps: defaultdict[Step, set[str]] = defaultdict(set)
    for said in evidence.said:
        steps[said.step].add(said.name)
    owed = _Owed(evidence, expected)
    repeats = Counter(heard.message for heard in evidence.heard)
    kept_names = {one.name for one in evidence.kept}
    return Verdict(
        attempted=len(steps[Step.ATTEMPT]),
        acked=len(steps[Step.ACK]),
        refused=len(steps[Step.REFUSED]),
        recovered=len(steps[Step.UNKNOWN] & kept_names),
        checked=len(steps[Step.ACK]) + owed.checked,
        doubled_on_wire=sum(times - 1 for times in repeats.values()),
        lost=(*_lost_events(evidence), *owed.lost, *_lost_messages(evidence), *evidence.left),
        unexpected=(*_unexpected_events(evidence, steps), *owed.unexpected, *_unexpected_messages(evidence)),
        doubled=tuple(_doubled(evidence)),
        out_of_order=tuple(_out_of_order(evidence)),
        urgent=tuple(_latencies(evidence)),
    )


def _by_event(done: Iterable[Done]) -> defaultdict[str, list[Done]]:
    found: defaultdict[str, list[Done]] = defaultdict(list)
    for one in done:
        found[one.event].append(one)
    return found


def _lost_events(evidence: Evidence) -> Iterable[str]:
    """What was promised and is not there, or not under the receipt that was given for it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one in evidence.kept:
        found[one.name].add(one.id)
    promised = {(said.name, said.receipt) for said in evidence.said if said.step is Step.ACK}
    for name, receipt in sorted(promised, key=str):
        if not found[name]:
            yield f"event {name}"
        elif receipt is not None and receipt not in found[name]:
            yield f"receipt {receipt} of {name}"


def _unexpected_events(evidence: Evidence, steps: Mapping[Step, set[str]]) -> Iterable[str]:
    """What is there and was never sent, or was answered that it is refused."""
    allowed = steps[Step.ATTEMPT] - steps[Step.REFUSED]
    return (f"event {one.name}" for one in evidence.kept if one.name not in allowed)


class _Owed:
    """The effects of kept events, held against what is expected of their kinds."""

    def __init__(self, evidence: Evidence, expected: Expected) -> None:
        self.checked = 0
        self.lost: list[str] = []
        self.unexpected: list[str] = []
        by_event = _by_event(evidence.done)
        owed_by_case: defaultdict[str, set[str]] = defaultdict(set)
        found_in_case: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for one in evidence.kept:
            each = expected.each.get(one.kind, frozenset())
            found = {done.effect for done in by_event[one.id]}
            owed_by_case[one.case] |= expected.a_case.get(one.kind, frozenset())
            found_in_case[one.case].update(found - each)
            self.checked += len(each)
            self.lost += [f"{effect} of {one.name}" for effect in sorted(each - found)]
            if not one.decided:
                self.lost.append(f"decision on {one.name}")
        for case, owed in owed_by_case.items():
            found_here = found_in_case[case]
            self.checked += len(owed)
            self.lost += [f"{effect} of case {case}" for effect in sorted(owed - found_here.keys())]
            for effect, times in sorted(found_here.items()):
                if not effect.startswith(expected.may) and times > (effect in owed):
                    self.unexpected.append(f"{effect} of case {case}")
        known = {one.id for one in evidence.kept}
        self.unexpected += [f"{done.effect} of no event" for done in evidence.done if done.event not in known]


def _lost_messages(evidence: Evidence) -> Iterable[str]:
    taken = {(heard.endpoint, heard.message) for heard in evidence.heard if heard.took}
    for done in evidence.done:
        if done.endpoint is not None and (done.endpoint, done.id) not in taken:
            yield f"message {done.id} to {done.endpoint}"


def _unexpected_messages(evidence: Evidence) -> Iterable[str]:
    sent = {(done.endpoint, done.id) for done in evidence.done if done.endpoint is not None}
    heard = {(heard.endpoint, heard.message) for heard in evidence.heard}
    return (f"message {message} at {endpoint}" for endpoint, message in sorted(heard - sent))


def _doubled(evidence: Evidence) -> Iterable[str]:
    """What happened twice, also for a receiver that drops a message whose id it has seen."""
    for name, times in Counter(one.name for one in evidence.kept).items():
        if times > 1:
            yield f"event {name}"
    for (event, once), times in Counter((done.event, done.once) for done in evidence.done).items():
        if times > 1:
            yield f"{once} of {event}"
    rows = {done.id: done for done in evidence.done if done.endpoint is not None}
    distinct = {(heard.endpoint, heard.message) for heard in evidence.heard if heard.message in rows}
    effects = Counter((endpoint, rows[message].event, rows[message].once) for endpoint, message in distinct)
    for (endpoint, event, once), times in effects.items():
        if times > 1:
            yield f"{once} of {event} at {endpoint}"


def _out_of_order(evidence: Evidence) -> Iterable[str]:
    """Within a case and lane, an event that was first told before one that was accepted before it."""
    first = _first_told(evidence)
    streams: defaultdict[tuple[str, str], list[Kept]] = defaultdict(list)
    for one in evidence.kept:
        if one.id in first:
            streams[one.case, one.lane].append(one)
    for (case, lane), events in streams.items():
        for earlier, later in pairwise(sorted(events, key=lambda kept: kept.sequence)):
            if first[later.id] < first[earlier.id]:
                yield f"{later.name} before {earlier.name} in {lane} of case {case}"


def _first_told(evidence: Evidence) -> dict[str, float]:
    first: dict[str, float] = {}
    for done in evidence.done:
        if done.inbox:
            first[done.event] = min(done.written, first.get(done.event, math.inf))
    return first


def _latencies(evidence: Evidence) -> Iterable[float]:
    """Of each urgent event, from its acceptance to the last of the entries in inboxes by which it was first told."""
    last: dict[str, float] = {}
    for done in evidence.done:
        if done.inbox:
            last[done.event] = max(done.written, last.get(done.event, -math.inf))
    return (last[one.id] - one.accepted for one in evidence.kept if one.lane == "urgent" and one.id in last)
