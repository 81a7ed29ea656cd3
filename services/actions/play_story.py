"""Playing a file of CloudEvents through the real pipeline with the clock moved along: replays, and the demo's past.

The clock goes from one recorded instant to the next (``recordedtime``, else ``time``; practice.md, Settled 14); every
job whose time comes on the way is done at its own instant, in the order of the instants.

A story may say three things that no agency's system sends:

* a reference to another event of the story where a payload holds a receipt, which is made when the story is played:
  ``"linked_event": "urn:agency:alder-police:rms#dv-call"``, its source and its id;
* that people answer their alerts: with the extension ``storyacknowledged`` of ``9``, nine minutes after the event
  was recorded every desk that was alerted and has not yet said so acknowledges;
* that people do their tasks: with ``storydone`` of ``update_pickup appeal_letter``, whoever has open tasks of these
  kinds has done them by the time of the event.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.actions.play_people import acknowledge_alerts, do_tasks
from services.actions.receive_events import Accepted, Outcome, receive_events
from services.actions.run_jobs import run_jobs
from services.clock import StoryClock
from services.domain.actors import Actor, system_actor
from services.domain.events import Envelope
from services.storage import agencies, jobs
from services.system import System

ACKNOWLEDGED = "storyacknowledged"
"""The extension of an event after which alerts are acknowledged: minutes after it was recorded."""

DONE = "storydone"
"""The extension of an event by whose time tasks of these kinds, with spaces between, are done."""

_REFERENCES = ("linked_event", "about_event")
_MOST_ROUNDS = 10_000
"""Rounds of work at one instant before something is plainly going in circles."""


@dataclass(frozen=True, slots=True)
class StoryEvent:
    """One line of a story: who sends it, what it says, and when it was recorded."""

    line: int
    sender: Actor
    envelope: Envelope


_Act = tuple[datetime, int, StoryEvent | None]
"""What happens when, in the order of the lines; without an event, that people acknowledge their alerts."""


class GoingInCirclesError(Exception):
    """Work at one instant kept making more work at the same instant."""


def play_story(
    system: System,
    clock: StoryClock,
    events: Sequence[StoryEvent],
    *,
    until: datetime | None = None,
    heard: Callable[[StoryEvent, Outcome], None] = lambda _event, _outcome: None,
) -> None:
    """Play events in the order of their recorded instants; ``clock`` must be the system's own.

    ``heard`` is called with the outcome of each, after everything that follows from it at that instant is done. With
    ``until``, events recorded after it are left out, and time goes on to it at the end. Raises ValueError, naming the
    line, where a reference, or what people are said to do, makes no sense.
    """
    receipts: dict[str, str] = {}
    for instant, _, event in sorted((*_said(events), *_answers(events)), key=lambda act: act[:2]):
        if until is not None and instant > until:
            break
        let_time_pass(system, clock, instant)
        if event is None:
            acknowledge_alerts(system)
            continue
        _do(system, event)
        [outcome] = receive_events(system, event.sender, [_resolved(event, receipts)])
        if isinstance(outcome, Accepted):
            receipts[f"{event.envelope.source}#{event.envelope.id}"] = str(outcome.receipt)
        _work(system)
        heard(event, outcome)
    if until is not None:
        let_time_pass(system, clock, until)


def let_time_pass(system: System, clock: StoryClock, instant: datetime) -> None:
    """Move the clock to ``instant``, stopping wherever a job is due on the way, and do it there."""
    while True:
        with system.database.begin(system_actor("replay")) as connection:
            due = jobs.next_due(connection)
        if due is None or due > instant:
            break
        clock.move_to(due)
        _work(system)
    clock.move_to(instant)


def _said(events: Iterable[StoryEvent]) -> Iterable[_Act]:
    return ((event.envelope.recorded, event.line, event) for event in events)


def _answers(events: Iterable[StoryEvent]) -> Iterable[_Act]:
    for event in events:
        minutes = event.envelope.extensions.get(ACKNOWLEDGED)
        if minutes is not None:
            if not minutes.isdecimal():
                raise ValueError(f"line {event.line}: {ACKNOWLEDGED} must be a whole number of minutes")
            yield event.envelope.recorded + timedelta(minutes=int(minutes)), event.line, None


def _resolved(event: StoryEvent, receipts: Mapping[str, str]) -> Envelope:
    """The event with the receipts of the story's own events in the place of references to them."""
    data = event.envelope.data
    if not isinstance(data, Mapping):
        return event.envelope
    named = {name: data[name] for name in _REFERENCES if "#" in str(data.get(name, ""))}
    for name, reference in named.items():
        if reference not in receipts:
            raise ValueError(f"line {event.line}: {name} names no event that was accepted before: {reference}")
    resolved = {name: receipts[str(reference)] for name, reference in named.items()}
    return replace(event.envelope, data={**data, **resolved})


def _do(system: System, event: StoryEvent) -> None:
    kinds = event.envelope.extensions.get(DONE, "").split()
    if not kinds:
        return
    try:
        do_tasks(system, kinds)
    except ValueError as error:
        raise ValueError(f"line {event.line}: {error}") from None
    _work(system)


def _work(system: System) -> None:
    """Do everything that is due now, the most urgent lane first."""
    for _ in range(_MOST_ROUNDS):
        with system.database.begin(system_actor("replay")) as connection:
            lanes = jobs.lanes_with_work(connection, system.clock())
        if not any(run_jobs(system, lane) for lane in lanes):
            return
    raise GoingInCirclesError(system.clock().isoformat())


def senders(agencies: Mapping[str, Actor], envelopes: Iterable[tuple[int, Envelope]]) -> list[StoryEvent]:
    """Give each line its sender: the agency that its ``source`` names, as in ``urn:agency:alder-police:rms``.

    Raises ValueError, naming the line, where no such agency is set up.
    """
    events = []
    for line, envelope in envelopes:
        slug = agency_of(envelope.source)
        if slug not in agencies:
            raise ValueError(f"line {line}: source {envelope.source} names no agency that is set up")
        events.append(StoryEvent(line, agencies[slug], envelope))
    return events


def agency_actors(system: System) -> dict[str, Actor]:
    """An actor for each agency that is set up, speaking in all of its roles; by slug."""
    with system.database.begin(system_actor("replay")) as connection:
        lines = agencies.listed(connection)
    return {
        line.slug: Actor(name=f"client:{line.slug}", agency_id=line.id, roles=frozenset(line.roles)) for line in lines
    }


def agency_of(source: str) -> str:
    """The agency in a story's ``source``: ``urn:agency:alder-police:rms`` → ``alder-police``; '' where none is."""
    parts = source.split(":")
    return parts[2] if parts[:2] == ["urn", "agency"] and len(parts) > 2 else ""
