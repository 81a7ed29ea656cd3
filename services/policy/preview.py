"""Who would be told of an event, and why, without sending anything (``tallystick policy preview``).

Without the facts of a case a stand-in is used, in which every role is held by one person of its own agency, the
child-welfare agency has a duty desk, and nothing is known of how to reach the survivor.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from schemas.catalogue import CATALOGUE
from services.domain.due_dates import (
    BusinessDays,
    CalendarDays,
    DayOfNextMonth,
    DaysBefore,
    Elapsed,
    Limit,
    MonthEnd,
    Months,
)
from services.domain.events import Event
from services.domain.roles import CHILD_WELFARE, WITHOUT_LOGIN, Role
from services.domain.routing import route
from services.domain.routing_decision import NotificationDraft, RoutingDecision, TaskDraft
from services.domain.routing_facts import CaseFacts, Seat
from services.domain.routing_rules import RoutingPolicy, TypeRules

_STAND_IN_TIME = datetime(2025, 1, 6, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """One notification that would be written. ``why`` is the reason code, ``recipient`` the party of the facts."""

    rule: str
    line: int | None
    role: Role
    recipient: UUID
    urgency: str
    caution: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Opened:
    """One task that would open: for whom, and when it is due after the event, in words."""

    rule: str
    line: int | None
    kind: str
    title: str
    role: Role
    assignee: UUID
    due: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a policy decides of one event."""

    event_type: str
    emitter: Role
    urgency: str
    held_back: bool
    raises_caution: bool
    lifts_caution: bool
    told: tuple[Told, ...]
    tasks: tuple[Opened, ...]
    completes: tuple[str, ...]
    gaps: tuple[str, ...]
    because: str | None
    digest: str

    def as_lines(self) -> tuple[str, ...]:
        """The preview as lines of plain text, one thing a line."""
        return tuple(_lines(self))


def preview(
    event_type: str,
    data: Mapping[str, object],
    policy: RoutingPolicy,
    facts: CaseFacts | None = None,
    emitter: Role | None = None,
) -> Preview:
    """What ``policy`` decides of an event with this (validated) payload.

    Without ``emitter`` the sender is the likeliest: one whose word is a public record, else the first of those who may
    send the type; the preview says which.
    """
    rules = policy.types.get(event_type)
    lines = {} if rules is None else _lines_of(rules)
    sender = emitter or _likely_sender(event_type, rules)
    decision = route(_stand_in_event(event_type, data, sender), facts or stand_in_facts(data), policy)
    return Preview(
        event_type=event_type,
        emitter=sender,
        urgency=decision.urgency.value,
        held_back=decision.held_back,
        raises_caution=decision.raises_caution,
        lifts_caution=decision.lifts_caution,
        told=tuple(_told(draft, lines) for draft in decision.notifications),
        tasks=tuple(_opened(draft, lines) for draft in decision.tasks),
        completes=tuple(f"{done.kind} {done.key}".strip() for done in decision.completes),
        gaps=tuple(f"{gap.audience} ({gap.rule_id})" for gap in decision.gaps),
        because=_because(decision, policy, event_type),
        digest=decision.digest,
    )


def stand_in_facts(data: Mapping[str, object]) -> CaseFacts:
    """A case on which every role is held, and of which the event's task is one of the child-welfare agency's."""
    county = _id("agency CPS")
    seats = tuple(
        Seat(role, _id(f"person {role}"), "person", county if role in CHILD_WELFARE else _id(f"agency {role}"))
        for role in Role
        if role not in WITHOUT_LOGIN | {Role.SYSTEM, Role.ADMIN}
    )
    named = [value for value in data.values() if isinstance(value, str)]
    task = str(data.get("task_id"))
    return CaseFacts(
        case_id=_id("case"),
        zone="UTC",
        county="",
        track="investigation",
        closed=False,
        seats=seats,
        desks={county: _id("desk CPS")},
        on_call=_id("on call"),
        on_call_agency=county,
        agencies={name: _id("agency BIP") for name in named},
        task_requesters={task: _id("agency PROB")},
        task_assignees={task: _id("person CPS_WORKER")},
    )


def due_in_words(limit: Limit) -> str:
    """A limit as policy writes it."""
    match limit:
        case Elapsed(length, _):
            minutes = int(length.total_seconds() // 60)
            return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
        case BusinessDays(count):
            return "next business day" if count == 1 else f"{count} BD"
        case CalendarDays(count, _):
            return "same day" if count == 0 else f"{count} CD"
        case Months(count):
            return f"{count} months"
        case MonthEnd():
            return "month end"
        case DayOfNextMonth(day):
            return f"day {day} of the next month"
        case DaysBefore(count):
            return f"{count} CD before"


def _likely_sender(event_type: str, rules: TypeRules | None) -> Role:
    presumed = rules.public_record.presumed_from if rules is not None else frozenset()
    senders = CATALOGUE[event_type].type.emitters if event_type in CATALOGUE else frozenset()
    return min(presumed or senders, default=Role.SYSTEM)


def _lines_of(rules: TypeRules) -> dict[str, int]:
    lines = {rule.id: rule.line for rule in rules.tells}
    lines |= {rule.id: rule.line for rule in rules.tasks}
    return lines | {rule.id: rule.line for rule in rules.survivor}


def _stand_in_event(event_type: str, data: Mapping[str, object], emitter: Role) -> Event:
    agency = _id("agency CPS") if emitter in CHILD_WELFARE else _id(f"agency {emitter}")
    at = _STAND_IN_TIME
    return Event(_id("event"), event_type, _id("case"), 1, "preview", "preview", agency, emitter, at, at, at, data)


def _told(draft: NotificationDraft, lines: Mapping[str, int]) -> Told:
    return Told(
        draft.rule_id,
        lines.get(draft.rule_id),
        draft.role,
        draft.recipient,
        draft.urgency.value,
        draft.caution,
        draft.reason.value,
    )


def _opened(draft: TaskDraft, lines: Mapping[str, int]) -> Opened:
    due = due_in_words(draft.limit) if draft.due_on is None else f"on {draft.due_on.isoformat()}"
    return Opened(draft.rule_id, lines.get(draft.rule_id), draft.kind, draft.title, draft.role, draft.assignee, due)


def _because(decision: RoutingDecision, policy: RoutingPolicy, event_type: str) -> str | None:
    rules = policy.types.get(event_type)
    return rules.because if rules is not None and not decision.notifications else None


def _lines(preview: Preview) -> Iterator[str]:
    yield f"{preview.event_type} from {preview.emitter}: {preview.urgency}"
    if preview.held_back:
        yield "stays within the child-welfare agency: neither on public record nor released"
    if preview.raises_caution:
        yield "nobody raises it with the subject until contact with the survivor is recorded"
    if preview.lifts_caution:
        yield "ends the caution not to raise things with the subject"
    for told in preview.told:
        caution = ", not to be raised with the subject" if told.caution else ""
        yield f"tells {told.role} {told.urgency}{caution} ({told.why}; rule {_rule(told.rule, told.line)})"
    for task in preview.tasks:
        yield f"opens {task.kind} for {task.role}, due {task.due} (rule {_rule(task.rule, task.line)})"
    for done in preview.completes:
        yield f"completes {done}"
    for gap in preview.gaps:
        yield f"nobody holds {gap}"
    if preview.because:
        yield f"tells nobody: {preview.because}"


def _rule(rule: str, line: int | None) -> str:
    return rule if line is None else f"{rule}, line {line}"


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"tallystick:preview:{name}")
