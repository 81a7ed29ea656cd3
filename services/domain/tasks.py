"""The life of a task between agencies: proposed → accepted | declined → done | withdrawn (as in FHIR Task).

A task moves forward only. The same answer given twice changes nothing and is no error: answers are repeated by people
who are not sure that the first one arrived.
"""

from dataclasses import dataclass
from enum import StrEnum

REASON_CHARACTERS = 2_000
"""How long the reason of an answer may be."""


class TaskState(StrEnum):
    """Where a task stands."""

    PROPOSED = "proposed"
    """Put to somebody, who has not answered yet."""
    ACCEPTED = "accepted"
    """Taken on."""
    DECLINED = "declined"
    """Not taken on, with a reason. Somebody else has to be found."""
    DONE = "done"
    """Finished."""
    WITHDRAWN = "withdrawn"
    """No longer needed, or wrong."""


OPEN = frozenset({TaskState.PROPOSED, TaskState.ACCEPTED})
"""The states in which something is still to be done."""


class Verb(StrEnum):
    """What somebody answers, or does to a task."""

    ACCEPT = "accept"
    DECLINE = "decline"
    COMPLETE = "complete"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Moved:
    """The task now stands in ``state``."""

    state: TaskState


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The task stands there already: the same answer again."""

    state: TaskState


@dataclass(frozen=True, slots=True)
class Refused:
    """The answer does not fit. ``code`` is stable; ``message`` one plain sentence."""

    code: str
    message: str


_INTO = {
    Verb.ACCEPT: TaskState.ACCEPTED,
    Verb.DECLINE: TaskState.DECLINED,
    Verb.COMPLETE: TaskState.DONE,
    Verb.WITHDRAW: TaskState.WITHDRAWN,
}
_FROM = {
    Verb.ACCEPT: frozenset({TaskState.PROPOSED}),
    Verb.DECLINE: frozenset({TaskState.PROPOSED}),
    Verb.COMPLETE: frozenset({TaskState.ACCEPTED}),
    Verb.WITHDRAW: OPEN,
}
_NEEDS_A_REASON = frozenset({Verb.DECLINE})
_WHY_NOT = {
    TaskState.PROPOSED: Refused("not_accepted", "Accept the task before it is marked as done."),
    TaskState.ACCEPTED: Refused("already_accepted", "The task was accepted; it can be marked as done."),
    TaskState.DECLINED: Refused("already_declined", "The task was declined; it is with somebody else now."),
    TaskState.DONE: Refused("already_done", "The task is done."),
    TaskState.WITHDRAWN: Refused("withdrawn", "The task was withdrawn; nothing is to be done any more."),
}


def answer(state: TaskState, verb: Verb, reason: str | None = None) -> Moved | Unchanged | Refused:
    """What an answer makes of a task that stands in ``state``. Declining needs a ``reason``."""
    if verb in _NEEDS_A_REASON and not (reason or "").strip():
        return Refused("reason_required", "Say why the task is declined.")
    if reason is not None and len(reason) > REASON_CHARACTERS:
        return Refused("reason_too_long", f"The reason may have {REASON_CHARACTERS} characters at most.")
    if state is _INTO[verb]:
        return Unchanged(state)
    if state not in _FROM[verb]:
        return _WHY_NOT[state]
    return Moved(_INTO[verb])


def offered(state: TaskState) -> tuple[Verb, ...]:
    """The answers that whoever the task was put to may give now, in the order in which they are shown."""
    given = (Verb.ACCEPT, Verb.DECLINE, Verb.COMPLETE)
    return tuple(verb for verb in given if state in _FROM[verb])
