"""Compiles ``config/policy/deadlines.yaml`` to the rules that ``services.domain.deadlines`` applies.

Every event, field, code, role and calendar that a rule names must exist; all mistakes are reported together, with file
and line. ``docs/deadlines.md`` explains the file.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from schemas.catalogue import EventSchema
from services.domain.deadline_rules import (
    TRACKS,
    Again,
    Closing,
    DeadlineRule,
    Ending,
    Extension,
    Recurrence,
    RuleBook,
    Trigger,
    rule_book,
)
from services.domain.due_dates import (
    CalendarDays,
    DayOfNextMonth,
    DaysBefore,
    DaySpan,
    Elapsed,
    Internal,
    Limit,
    Months,
    Roll,
    limit_from_text,
)
from services.domain.ladders import DayOffset, OnDayOfMonth, Rung
from services.domain.predicates import ALWAYS, Predicate
from services.domain.roles import Role
from services.policy.calendars import OFFICES
from services.policy.ladders import LadderReader, time_of_day
from services.policy.payloads import payloads_of
from services.policy.predicates import NUMBER_KINDS, Payloads, compile_predicate
from services.policy.source import Node, Problems, digest, load_document

DAY_KINDS = frozenset({"date", "date and time", "date, or date and time", "month"})
KEY_KINDS = frozenset({"token", "slug", "code", "whole number"}) | DAY_KINDS
_INSTANTS = DAY_KINDS - {"date", "month"}
_RULE_ID = re.compile(r"[A-Z][A-Z0-9]*(\.[A-Z0-9]+)?")
_DAY_OF_NEXT_MONTH = re.compile(r"day (?P<day>[1-9]|[12][0-9]|3[01]) of next month")
_DAYS_BEFORE = re.compile(r"(?P<count>[1-9][0-9]{0,2}) CD before")
_Made = TypeVar("_Made")


def compile_deadlines(path: Path, catalogue: Mapping[str, EventSchema], task_kinds: Collection[str]) -> RuleBook:
    """The rules of a file, against the catalogue of event types and the kinds of task.

    Raises ``InvalidPolicyError`` with the file and line of every mistake.
    """
    root = load_document(path).only("version", "step_time", "cancelled_by", "ladders", "rules")
    reader = _Reader(root, catalogue, with_envelope(catalogue), task_kinds, digest([path]))
    problems = Problems()
    rules: list[DeadlineRule] = []
    lines: dict[str, int] = {}
    for entry in root.at("rules").elements():
        with problems.gathered():
            rule = reader.rule(entry)
            if rule.id in lines:
                raise entry.at("id").error(f"{rule.id} is given twice, first on line {lines[rule.id]}")
            lines[rule.id] = entry.line
            rules.append(rule)
    problems.raise_if_any()
    return rule_book(rules)


def with_envelope(catalogue: Mapping[str, EventSchema]) -> Payloads:
    """The payload fields of every type, and what a rule may read of the envelope (see ``deadlines.facts_of``)."""
    payloads = payloads_of(catalogue)
    envelope = {
        "event.time": "date and time",
        "event.recorded": "date and time",
        "event.emitter": "code",
        "event.agency": "token",
    }

    def field_type(event_type: str, path: str) -> str | None:
        known = envelope.get(path) or payloads.field_type(event_type, path)
        return None if known is None else known.removeprefix("list of: ")

    def field_codes(event_type: str, path: str) -> frozenset[str] | None:
        if path == "event.emitter":
            return frozenset(role.value for role in catalogue[event_type].type.emitters)
        return payloads.field_codes(event_type, path)

    return Payloads(field_type, field_codes)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the rules of one file, with what they may refer to."""

    root: Node
    catalogue: Mapping[str, EventSchema]
    payloads: Payloads
    task_kinds: Collection[str]
    version: str

    def rule(self, node: Node) -> DeadlineRule:
        """One rule."""
        node.only(
            *("id", "title", "source", "owner", "tracks", "triggers", "extended_by", "limit", "open_days_only"),
            *("open_days_under", "calendar", "roll", "internal", "again", "met_by", "cancelled_by", "recurs"),
            *("ladder", "steps", "remind_of_internal", "ending"),
        )
        limit = _limit(node)
        owner = node.at("owner").choice(Role)
        triggers = tuple(self._trigger(entry, limit) for entry in node.at("triggers").elements())
        rule = DeadlineRule(
            id=_rule_id(node.at("id")),
            version=self.version,
            title=node.at("title").text(),
            source=node.at("source").text(),
            owner=owner,
            triggers=triggers,
            limit=limit,
            calendar=_office(node.at("calendar")),
            roll=_or(node, "roll", lambda at: at.choice(Roll), Roll.NONE),
            internal=_or(node, "internal", lambda at: at.choice(Internal), Internal.SAME),
            again=_or(node, "again", lambda at: at.choice(Again), Again.KEEP),
            met_by=self._closings(node, "met_by"),
            cancelled_by=(*self._closings(node, "cancelled_by"), *self._closings(self.root, "cancelled_by")),
            extended_by=tuple(self._extension(entry) for entry in _elements(node, "extended_by")),
            recurs=_or(node, "recurs", _recurrence, None),
            rungs=self._rungs(node, owner, [trigger.event_type for trigger in triggers]),
            remind_of_internal=_flag(node, "remind_of_internal"),
            ending=_or(node, "ending", lambda at: at.choice(Ending), Ending.OVERDUE),
            tracks=_or(node, "tracks", _tracks, TRACKS),
        )
        _check_hours(node, rule)
        if rule.recurs is not None and rule.again is Again.REPLACE:
            raise node.at("again").error("a row of recurring deadlines is not replaced; expected one of: keep, earlier")
        return rule

    def _trigger(self, node: Node, limit: Limit) -> Trigger:
        node.only("event", "when", "anchor", "start", "key", "moves_only", "unnamed_is_all")
        event = self._event(node.at("event"))
        trigger = Trigger(
            event_type=event,
            when=self._when(node, event),
            start=_or(node, "start", lambda at: tuple(_span(entry) for entry in _one_or_more(at)), ()),
            key=self._fields(node, "key", event, KEY_KINDS),
            moves_only=_flag(node, "moves_only"),
            unnamed_is_all=_flag(node, "unnamed_is_all"),
        )
        kinds = _INSTANTS if isinstance(limit, Elapsed) else DAY_KINDS
        anchor = self._fields(node, "anchor", event, kinds)
        return replace(trigger, anchor=anchor) if anchor else trigger

    def _closings(self, node: Node, name: str) -> tuple[Closing, ...]:
        return tuple(self._closing(entry) for entry in _elements(node, name))

    def _closing(self, node: Node) -> Closing:
        node.only("event", "when", "key", "any_key", "unnamed_is_all", "period", "same_day", "at", "itself")
        event = self._event(node.at("event"))
        any_key = _flag(node, "any_key")
        if any_key and node.find("key") is not None:
            raise node.at("key").error("has no meaning beside any_key")
        closing = Closing(
            event_type=event,
            when=self._when(node, event),
            key=self._fields(node, "key", event, KEY_KINDS),
            any_key=any_key,
            unnamed_is_all=_flag(node, "unnamed_is_all"),
            period=self._fields(node, "period", event, DAY_KINDS),
            same_day=next(iter(self._fields(node, "same_day", event, DAY_KINDS - {"month"})), None),
            itself=_flag(node, "itself"),
        )
        done_at = self._fields(node, "at", event, DAY_KINDS - {"month"})
        return replace(closing, at=done_at) if done_at else closing

    def _extension(self, node: Node) -> Extension:
        node.only("event", "when", "key", "unnamed_is_all", "days")
        event = self._event(node.at("event"))
        node.at("days").text()
        return Extension(
            event_type=event,
            days=self._fields(node, "days", event, NUMBER_KINDS)[0],
            when=self._when(node, event),
            key=self._fields(node, "key", event, KEY_KINDS),
            unnamed_is_all=_flag(node, "unnamed_is_all"),
        )

    def _rungs(self, node: Node, owner: Role, triggers: Collection[str]) -> tuple[Rung, ...]:
        step_time = time_of_day(self.root.at("step_time"))
        ladders = LadderReader(step_time, self.catalogue, self.payloads, self.task_kinds)
        rungs: tuple[Rung, ...] = ()
        if (named := node.find("ladder")) is not None:
            ladder = self.root.at("ladders").find(named.text())
            if ladder is None:
                raise named.error(f"there is no ladder {named.text()!r}")
            rungs = ladders.rungs(ladder, owner, triggers)
        if (steps := node.find("steps")) is not None:
            rungs += ladders.rungs(steps, owner, triggers)
        return rungs

    def _event(self, node: Node) -> str:
        if node.text() not in self.catalogue:
            raise node.error(f"there is no type of event {node.text()!r}")
        return node.text()

    def _when(self, node: Node, event: str) -> Predicate:
        when = node.find("when")
        return ALWAYS if when is None else compile_predicate(when, [event], self.payloads)

    def _fields(self, node: Node, name: str, event: str, kinds: Collection[str]) -> tuple[str, ...]:
        found = node.find(name)
        for entry in () if found is None else _one_or_more(found):
            kind = self.payloads.kind(entry, event, entry.text())
            if kind not in kinds:
                raise entry.error(f"{entry.text()} of {event} is a {kind}, and cannot stand under {name!r}")
        return () if found is None else found.texts()


def _flag(node: Node, name: str) -> bool:
    found = node.find(name)
    return found is not None and found.boolean()


def _or(node: Node, name: str, read: Callable[[Node], _Made], otherwise: _Made) -> _Made:
    found = node.find(name)
    return otherwise if found is None else read(found)


def _elements(node: Node, name: str) -> tuple[Node, ...]:
    found = node.find(name)
    return () if found is None else found.elements()


def _one_or_more(node: Node) -> tuple[Node, ...]:
    return (node,) if isinstance(node.value, str) else node.elements()


def _rule_id(node: Node) -> str:
    if not _RULE_ID.fullmatch(node.text()):
        raise node.error(f"{node.text()!r} is not the id of a rule; expected such as D05 or D01.P1")
    return node.text()


def _office(node: Node) -> str:
    if node.text() not in OFFICES:
        raise node.error(f"{node.text()!r} is not a kind of office; expected one of: {', '.join(OFFICES)}")
    return node.text()


def _tracks(node: Node) -> frozenset[str]:
    tracks = frozenset(node.texts())
    if not tracks or not tracks <= TRACKS:
        raise node.error(f"expected some of: {', '.join(sorted(TRACKS))}")
    return tracks


def _limit(node: Node) -> Limit:
    limit = _limit_of(node.at("limit"))
    only, under = node.find("open_days_only"), node.find("open_days_under")
    if only is not None:
        if not isinstance(limit, Elapsed):
            raise only.error("has a meaning for a limit of hours alone; write such as 5 BD instead")
        limit = replace(limit, open_days_only=only.boolean())
    if under is not None:
        if not isinstance(limit, CalendarDays):
            raise under.error("has a meaning for a limit of calendar days alone")
        limit = replace(limit, open_days_under=under.integer(1, 31))
    return limit


def _limit_of(node: Node) -> Limit:
    text = node.text()
    if (day := _DAY_OF_NEXT_MONTH.fullmatch(text)) is not None:
        return DayOfNextMonth(int(day["day"]))
    if (before := _DAYS_BEFORE.fullmatch(text)) is not None:
        return DaysBefore(int(before["count"]))
    if (limit := limit_from_text(text)) is None:
        raise node.error(
            f"{text!r} is not a limit; expected such as: 72 h, 30 CD, 5 BD, 6 months, 10 CD before, "
            "day 10 of next month, same day, month end"
        )
    return limit


def _span(node: Node) -> DaySpan:
    limit = _limit_of(node)
    if isinstance(limit, Elapsed):
        raise node.error("must count days or months")
    return limit


def _recurrence(node: Node) -> Recurrence:
    node.only("every", "opens")
    opens = node.at("opens")
    if opens.text() not in {"when_met", "when_due"}:
        raise opens.error(f"{opens.text()!r} is not known; expected one of: when_met, when_due")
    written = node.find("every")
    every = None if written is None else _limit_of(written)
    if written is not None and not isinstance(every, Months | CalendarDays):
        raise written.error("must count months or calendar days")
    if every is None and opens.text() == "when_due":
        raise node.error("what opens when_due needs 'every'")
    return Recurrence(every if isinstance(every, Months | CalendarDays) else None, opens.text() == "when_due")


def _check_hours(node: Node, rule: DeadlineRule) -> None:
    """A limit of hours never rolls, and its ladder counts hours (practice.md §4.2 rule 3)."""
    if not isinstance(rule.limit, Elapsed):
        return
    if rule.roll is not Roll.NONE or rule.internal is not Internal.SAME:
        raise node.at("limit").error("a limit of hours never rolls, and has no internal due day")
    if any(isinstance(rung.offset, DayOffset | OnDayOfMonth) for rung in rule.rungs):
        raise node.at("limit").error("the ladder of a limit of hours counts hours")
