"""What the system itself says about deadlines, as events of the case that are routed like any other.

Each has an id of its own making (the deadline, the instant, the type), so that what was said is never said twice.
Which changes of a deadline are events and which are rows alone: docs/decisions/0007-deadline-events.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from schemas.catalogue import CATALOGUE
from services.actions.append_events import Draft, append_events
from services.domain.actors import system_actor
from services.domain.calendars import local_date
from services.domain.deadline_changes import Recomputed
from services.domain.deadline_rules import DeadlineRule
from services.domain.deadline_steps import step_facts
from services.domain.deadlines import Deadline
from services.domain.due_dates import Elapsed
from services.domain.events import Envelope, Event
from services.domain.ladders import Emit, Step, emitted_data
from services.domain.roles import Role
from services.storage import deadline_facts
from services.storage.chain import body_mac
from services.storage.deadline_facts import Home
from services.storage.deadlines import Move
from services.system import System

ACTOR = system_actor("deadlines")
SOURCE = "urn:tallystick:system"

_TOKEN = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class Saying:
    """Something to be said of a case, which happened at ``time``. ``name`` tells it from everything else said."""

    case_id: UUID
    type: str
    name: str
    time: datetime
    data: Mapping[str, object]


def say(system: System, connection: Connection, sayings: Sequence[Saying], now: datetime) -> list[Event]:
    """Append what was not said before, with the jobs that route it, as the agency whose case it is.

    Raises marshmallow's ValidationError for a payload that its type does not allow: a rule emits what it must not.
    """
    if not sayings:
        return []
    homes = deadline_facts.homes(connection, {saying.case_id for saying in sayings})
    by_name = {saying.name: saying for saying in sayings}
    agency_ids = {home.agency_id for home in homes.values()}
    said = deadline_facts.said_already(connection, agency_ids, SOURCE, by_name.keys())
    drafts = [
        _draft(system, saying, homes[saying.case_id], now) for name, saying in by_name.items() if name not in said
    ]
    return append_events(system, connection, drafts, now) if drafts else []


def missed(deadline: Deadline, rule: DeadlineRule, at: datetime) -> Saying:
    """The last moment of a deadline passed at ``at``, and it was not met."""
    late = (local_date(at, ZoneInfo(deadline.zone)) - deadline.due_on).days
    return Saying(
        deadline.basis.case_id,
        "deadline.missed",
        _name(deadline, at, "deadline.missed"),
        at,
        {
            "deadline_id": str(deadline.id),
            "rule": deadline.rule_id,
            "due": _due(deadline, rule),
            "days_late": max(late, 1),
            **_about(deadline),
        },
    )


def met(deadline: Deadline, move: Move, rule: DeadlineRule) -> Saying:
    """What was overdue is done: late, or in time and only told late."""
    at = move.met_at or deadline.rolled_due
    late = (local_date(at, ZoneInfo(deadline.zone)) - deadline.due_on).days
    return Saying(
        deadline.basis.case_id,
        "deadline.met",
        _name(deadline, at, "deadline.met"),
        at,
        {
            "deadline_id": str(deadline.id),
            "rule": deadline.rule_id,
            "due": _due(deadline, rule),
            "met_at": at.isoformat(),
            **({} if move.by_event is None else {"met_by_event": str(move.by_event)}),
            **({} if move.overdue_since is None else {"late_by": max(late, 1)}),
            **_about(deadline),
        },
    )


def recomputed(change: Recomputed, rule: DeadlineRule) -> Saying:
    """Another deadline took the place of one, at the instant at which it was computed."""
    new = change.by
    return Saying(
        new.basis.case_id,
        "deadline.recomputed",
        _name(change.deadline, new.computed_at, "deadline.recomputed"),
        new.computed_at,
        {
            "deadline_id": str(new.id),
            "rule": new.rule_id,
            "due": _due(new, rule),
            "was_due": _due(change.deadline, rule),
            "trigger_event": str(new.basis.trigger_event_id),
            **_about(new),
        },
    )


def emitted(emit: Emit, step: Step, deadline: Deadline, rule: DeadlineRule, trigger: Event) -> Saying:
    """What a step of a deadline says."""
    data = emitted_data(emit, step_facts(step, deadline, rule), trigger.data)
    return Saying(deadline.basis.case_id, emit.event_type, _name(deadline, step.at, emit.event_type), step.at, data)


def _name(deadline: Deadline, at: datetime, event_type: str) -> str:
    return f"deadline:{deadline.id}:{at.isoformat()}:{event_type}"


def _due(deadline: Deadline, rule: DeadlineRule) -> str:
    """The day; for a limit of hours, the instant."""
    return deadline.rolled_due.isoformat() if isinstance(rule.limit, Elapsed) else deadline.due_on.isoformat()


def _about(deadline: Deadline) -> dict[str, str]:
    return {"about_ref": deadline.basis.key} if _TOKEN.fullmatch(deadline.basis.key) else {}


def _draft(system: System, saying: Saying, home: Home, now: datetime) -> Draft:
    envelope = Envelope(
        id=saying.name,
        source=SOURCE,
        type=saying.type,
        subject=home.token,
        time=saying.time,
        recorded=now,
        data=CATALOGUE[saying.type].load(dict(saying.data)),
    )
    return Draft(
        type=saying.type,
        source=SOURCE,
        source_id=saying.name,
        subject=home.token,
        emitter=Role.SYSTEM,
        agency_id=home.agency_id,
        actor=ACTOR.name,
        time=saying.time,
        recorded=now,
        data=dict(saying.data),
        body_mac=body_mac(system.keys.payloads, envelope.said()),
        case_id=saying.case_id,
        attributes=envelope.attributes,
    )
