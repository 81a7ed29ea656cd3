"""Compiles the ladders of a deadline policy: what is done so many days before and after a due date.

A rung is one of::

    {days: -14, tell: [owner], urgency: U3}            {business_days: 1, tell: [CPS_SUP], urgency: U1}
    {hours: -4, tell: [owner], urgency: U1}            {day_of_month: 25, emit: visit.caseworker_missed, data: {…}}
    {days: -7, task: make_visit, for: CPS_WORKER, due: 5 BD, urgency: U2}

``at: "HH:MM"`` is the local time of the day of a rung that counts days; the file's ``step_time`` where it is missing.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import time, timedelta

from schemas.catalogue import EventSchema
from services.domain.due_dates import limit_from_text
from services.domain.ladders import (
    Action,
    DayOffset,
    DeadlineFact,
    Emit,
    Fact,
    Literal,
    Offset,
    OnDayOfMonth,
    OpenTask,
    Rung,
    Source,
    Tell,
    TimeOffset,
    TriggerFact,
)
from services.domain.roles import WITHOUT_LOGIN, Role
from services.domain.urgency import Urgency
from services.policy.predicates import Payloads
from services.policy.source import Node

_OFFSETS = ("days", "business_days", "hours", "day_of_month")
_ACTIONS = ("tell", "emit", "task")
_OWNER = "owner"
_YEAR = 366


@dataclass(frozen=True, slots=True)
class LadderReader:
    """Reads rungs, with what they may refer to. ``step_time`` is the time of day where a rung names none."""

    step_time: time
    catalogue: Mapping[str, EventSchema]
    payloads: Payloads
    task_kinds: Collection[str]

    def rungs(self, node: Node, owner: Role, triggers: Collection[str]) -> tuple[Rung, ...]:
        """The rungs of a list. ``owner`` stands for the rule's own role, ``triggers`` are the types that open it."""
        return tuple(self._rung(entry, owner, triggers) for entry in node.elements())

    def _rung(self, node: Node, owner: Role, triggers: Collection[str]) -> Rung:
        node.only(*_OFFSETS, *_ACTIONS, "at", "urgency", "data", "for", "due")
        offset, at = self._offset(node), node.find("at")
        if at is not None and isinstance(offset, TimeOffset):
            raise at.error("a rung that counts hours has no time of day")
        return Rung(offset, self._action(node, owner, triggers), self.step_time if at is None else time_of_day(at))

    def _offset(self, node: Node) -> Offset:
        named = _exactly_one(node, _OFFSETS)
        count = node.at(named)
        match named:
            case "hours":
                return TimeOffset(timedelta(hours=count.integer(-_YEAR * 24, _YEAR * 24)))
            case "day_of_month":
                return OnDayOfMonth(count.integer(1, 31))
            case _:
                return DayOffset(count.integer(-_YEAR, _YEAR), business=named == "business_days")

    def _action(self, node: Node, owner: Role, triggers: Collection[str]) -> Action:
        match _exactly_one(node, _ACTIONS):
            case "tell":
                node.only(*_OFFSETS, "at", "tell", "urgency")
                roles = node.at("tell")
                entries = (roles,) if isinstance(roles.value, str) else roles.elements()
                return Tell(tuple(_role(entry, owner) for entry in entries), node.at("urgency").choice(Urgency))
            case "task":
                node.only(*_OFFSETS, "at", "task", "for", "due", "urgency")
                return self._task(node, owner)
            case _:
                node.only(*_OFFSETS, "at", "emit", "data")
                return self._emit(node, triggers)

    def _task(self, node: Node, owner: Role) -> OpenTask:
        kind, due = node.at("task"), node.at("due")
        if kind.text() not in self.task_kinds:
            raise kind.error(f"there is no kind of task {kind.text()!r}")
        if (limit := limit_from_text(due.text())) is None:
            raise due.error(f"{due.text()!r} is not a limit; expected such as: 4 h, 5 BD, 30 CD, same day, month end")
        return OpenTask(kind.text(), _role(node.at("for"), owner), node.at("urgency").choice(Urgency), limit)

    def _emit(self, node: Node, triggers: Collection[str]) -> Emit:
        named, data = node.at("emit"), node.at("data")
        schema = self.catalogue.get(named.text())
        if schema is None:
            raise named.error(f"there is no type of event {named.text()!r}")
        if Role.SYSTEM not in schema.type.emitters:
            raise named.error(f"{named.text()} is not said by the system")
        required = {fact.path for fact in schema.field_paths() if fact.required and "." not in fact.path}
        if missing := sorted(required - {field for field, _ in data.items()}):
            raise data.error(f"{named.text()} also needs: {', '.join(missing)}")
        sources = []
        for field, source in data.items():
            self.payloads.kind(source, named.text(), field)
            sources.append((field, self._source(source, triggers)))
        return Emit(named.text(), tuple(sources))

    def _source(self, node: Node, triggers: Collection[str]) -> Source:
        if isinstance(node.value, dict):
            return Literal(_fact(node.only("literal").at("literal")))
        text = node.text()
        if not text.startswith("trigger."):
            return node.choice(DeadlineFact)
        path = text.removeprefix("trigger.")
        if not any(self.payloads.field_type(event_type, path) for event_type in triggers):
            raise node.error(f"none of the events that open it has a field {path!r}")
        return TriggerFact(path)


def time_of_day(node: Node) -> time:
    """A local time of the day, written ``HH:MM``."""
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", node.text()):
        raise node.error(f"expected a time of the day as HH:MM, found {node.text()!r}")
    return time.fromisoformat(node.text())


def _role(node: Node, owner: Role) -> Role:
    if node.text() == _OWNER:
        return owner
    role = node.choice(Role)
    if role in WITHOUT_LOGIN or role is Role.SYSTEM:
        raise node.error(f"{role.value} is never told by the system: tell the worker, who does it in person")
    return role


def _fact(node: Node) -> Fact:
    if isinstance(node.value, str | int):
        return node.value
    raise node.error("expected text, a whole number, true or false")


def _exactly_one(node: Node, names: tuple[str, ...]) -> str:
    found = [name for name in names if node.find(name) is not None]
    if len(found) != 1:
        raise node.error(f"needs exactly one of: {', '.join(names)}")
    return found[0]
