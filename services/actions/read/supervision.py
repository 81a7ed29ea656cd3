"""What a supervisor must look at in the open cases they answer for: that nobody has turned to the subject for too long
(practice.md, Settled 11; §1.1, principle 3: every open case has a current, dated action that faces him), and what a
plan leaves open: mapped behaviours without a goal, and goals that nobody is placed to observe.

Read set-wise: so many cases at once, and for each of them only the few events that can be such an effort.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from services.actions.read.cases import parties_of, readers_of
from services.actions.read.efforts import shown_efforts
from services.actions.read.plan_gaps import PlanGaps, plan_gaps
from services.domain.actors import Actor
from services.domain.disclosure import Purpose, Reader
from services.domain.efforts import Effort, Silence, efforts_of, silent_since
from services.domain.events import Event
from services.domain.roles import Role
from services.domain.routing_facts import CaseFacts
from services.storage import audit, effort_events, event_log, supervised_cases
from services.storage.audit import AuditEntry
from services.storage.case_reading import Place
from services.storage.supervised_cases import SupervisedCase, Supervisor
from services.system import System

PAGE: Final = 50
_AT_ONCE: Final = 200
_Found = TypeVar("_Found")
_Readers = Mapping[UUID, tuple[Reader, CaseFacts]]
_Look = Callable[[Connection, Sequence[SupervisedCase], _Readers, datetime], Mapping[UUID, _Found]]
"""Finds what there is to look at in these cases, set-wise."""


@dataclass(frozen=True, slots=True)
class SilentCase:
    """A case with no effort toward the subject, and for how long; ``number`` is the agency's own, or the token."""

    case_id: UUID
    number: str
    silence: Silence


@dataclass(frozen=True, slots=True)
class SilentCases:
    """One page, the case that was opened first first. ``after_days`` is the policy's; ``next`` where the page after it
    begins, None on the last.
    """

    after_days: int
    cases: tuple[SilentCase, ...]
    next: Place | None


@dataclass(frozen=True, slots=True)
class OpenPlan:
    """A case whose plan leaves something open."""

    case_id: UUID
    number: str
    gaps: PlanGaps


@dataclass(frozen=True, slots=True)
class OpenPlans:
    """One page of them, as for the silent cases."""

    cases: tuple[OpenPlan, ...]
    next: Place | None


def silent_cases(
    system: System, actor: Actor, purpose: Purpose, after: Place | None = None, limit: int = PAGE
) -> SilentCases:
    """The cases that a supervisor (or, for a program, the supervisors of its agency) answers for and that are silent;
    none for anybody else. Audited.
    """

    def look(
        connection: Connection, some: Sequence[SupervisedCase], readers: _Readers, now: datetime
    ) -> Mapping[UUID, Silence]:
        return _silent(system, connection, some, readers, now)

    found, more = _page(system, actor, purpose, after, limit, look)
    after_days = system.policy.efforts.efforts.silent_after
    return SilentCases(after_days, tuple(SilentCase(one.id, one.number, silence) for one, silence in found), more)


def open_plans(
    system: System, actor: Actor, purpose: Purpose, after: Place | None = None, limit: int = PAGE
) -> OpenPlans:
    """The cases that a supervisor answers for and whose plan leaves something open. Audited."""

    def look(
        connection: Connection, some: Sequence[SupervisedCase], readers: _Readers, now: datetime
    ) -> Mapping[UUID, PlanGaps]:
        return plan_gaps(system, connection, {one.id: one.zone for one in some if one.id in readers}, readers, now)

    found, more = _page(system, actor, purpose, after, limit, look)
    return OpenPlans(tuple(OpenPlan(one.id, one.number, gaps) for one, gaps in found), more)


def _page(
    system: System, actor: Actor, purpose: Purpose, after: Place | None, limit: int, look: _Look[_Found]
) -> tuple[list[tuple[SupervisedCase, _Found]], Place | None]:
    """One page of what there is to look at, and where the page after it begins."""
    now = system.clock()
    with system.database.begin(actor) as connection:
        whose = _supervisor(connection, actor, now)
        found = _found(connection, actor, whose, purpose, now, after, limit + 1, look) if whose else []
        kept = found[:limit]
        lines = [AuditEntry("read_supervision", f"case:{one.id}", case_id=one.id) for one, _ in kept]
        audit.record(connection, actor, now, lines)
    return kept, _place(kept[-1][0]) if len(found) > limit else None


def _supervisor(connection: Connection, actor: Actor, now: datetime) -> Supervisor | None:
    if actor.agency_id is None:
        return None
    if actor.party_id is not None:
        return Supervisor(actor.agency_id, parties_of(connection, actor, now))
    return Supervisor(actor.agency_id, None) if Role.CPS_SUP in actor.roles else None


def _found(
    connection: Connection,
    actor: Actor,
    whose: Supervisor,
    purpose: Purpose,
    now: datetime,
    after: Place | None,
    wanted: int,
    look: _Look[_Found],
) -> list[tuple[SupervisedCase, _Found]]:
    """Up to ``wanted`` cases, read in large steps until there are enough, or no case is left; one that the reader may
    not open as a supervisor is left out.
    """
    found: list[tuple[SupervisedCase, _Found]] = []
    place = (after[0].date(), after[1]) if after else None
    while len(found) < wanted:
        some = supervised_cases.open_cases(connection, whose, now, place, _AT_ONCE)
        readers = _readers(connection, actor, some, purpose, now)
        seen = look(connection, some, readers, now) if readers else {}
        found += [(one, seen[one.id]) for one in some if one.id in seen]
        if len(some) < _AT_ONCE:
            break
        place = (some[-1].opened_on, some[-1].id)
    return found[:wanted]


def _readers(
    connection: Connection, actor: Actor, some: Sequence[SupervisedCase], purpose: Purpose, now: datetime
) -> _Readers:
    """As whom the actor reads these cases, where that is as a supervisor."""
    if not some:
        return {}
    readers = readers_of(connection, actor, frozenset(one.id for one in some), now, purpose)
    return {case_id: of for case_id, of in readers.items() if Role.CPS_SUP in of[0].roles}


def _silent(
    system: System, connection: Connection, some: Sequence[SupervisedCase], readers: _Readers, now: datetime
) -> dict[UUID, Silence]:
    """Which of these cases are silent."""
    policy = system.policy.efforts.efforts
    events = _events(system, connection, readers)
    silent = {}
    for one in some:
        if one.id not in readers:
            continue
        efforts = _efforts(system, one, *readers[one.id], events.get(one.id, []), now)
        today = now.astimezone(ZoneInfo(one.zone)).date()
        if (silence := silent_since(efforts, today, one.opened_on, policy.silent_after)) is not None:
            silent[one.id] = silence
    return silent


def _events(system: System, connection: Connection, readers: _Readers) -> dict[UUID, list[Event]]:
    types = system.policy.efforts.efforts.types_toward_subject
    homes = effort_events.of_types(connection, readers.keys(), types)
    by_case: dict[UUID, list[Event]] = {}
    for event_id, event in event_log.load(connection, system.keys, list(homes)).items():
        by_case.setdefault(homes[event_id], []).append(event)
    return by_case


def _efforts(
    system: System, case: SupervisedCase, reader: Reader, facts: CaseFacts, events: Sequence[Event], now: datetime
) -> list[Effort]:
    made = efforts_of(events, system.policy.efforts.efforts, case.zone)
    known = {event.id: event for event in events}
    return shown_efforts(system, reader, facts.protected_persons, made, known, now)[0]


def _place(case: SupervisedCase) -> Place:
    return datetime.combine(case.opened_on, time(), UTC), case.id
