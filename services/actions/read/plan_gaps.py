"""What the plans of many cases leave open, for those who supervise them: set-wise (practice.md, Settled 11)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from services.actions.read.approved_maps import approved_maps
from services.domain.beside_goals import Uncovered, uncovered_behaviours, unobserved_goals
from services.domain.case_goals import CaseContext, GoalState, goals_on
from services.domain.disclosure import DataClass, Field, Reader, disclose
from services.domain.known_events import KnownEvent
from services.domain.observers import Placement
from services.domain.routing_facts import CaseFacts
from services.storage import agencies, goal_events
from services.storage.agencies import AgencyLine
from services.system import System

PLAN_TYPES: Final = frozenset(
    {"goal.created", "caseplan.adopted", "caseplan.revised", "briefing.sent", "briefing.acknowledged"}
)
"""The types of event that say which goals a plan holds, and who was briefed on them."""

_PLAN: Final = frozenset({DataClass.PLN_S})


@dataclass(frozen=True, slots=True)
class PlanGaps:
    """What a plan leaves open: mapped behaviours that no goal covers, and goals that nobody is placed to observe, by
    their id and, where there is one, their short name.
    """

    uncovered: tuple[Uncovered, ...]
    unobserved: tuple[tuple[str, str | None], ...]


def plan_gaps(
    system: System,
    connection: Connection,
    zones: Mapping[UUID, str],
    readers: Mapping[UUID, tuple[Reader, CaseFacts]],
    now: datetime,
) -> dict[UUID, PlanGaps]:
    """What the plans of these cases of one agency (with their time zones) leave open, as far as their reader may see
    it; a case that leaves nothing open is left out.
    """
    agency_id = next((reader.agency_id for reader, _ in readers.values()), None)
    if agency_id is None or not zones:
        return {}
    sighted = {case_id: (readers[case_id][0], readers[case_id][1].protected_persons) for case_id in zones}
    maps = approved_maps(system, connection, sighted, agency_id, now)
    events = goal_events.of_cases(connection, system.keys, list(zones), PLAN_TYPES)
    lines = agencies.listed(connection)
    found = {}
    for case_id, zone in zones.items():
        reader, facts = readers[case_id]
        states = _states(system, events.get(case_id, ()), ZoneInfo(zone), now)
        unobserved = unobserved_goals(states, placement_of(facts, lines))
        gaps = PlanGaps(
            uncovered=uncovered_behaviours(maps.get(case_id, {}), states, system.policy.goal_library),
            unobserved=_shown(system, reader, unobserved, now),
        )
        if gaps.uncovered or gaps.unobserved:
            found[case_id] = gaps
    return found


def placement_of(facts: CaseFacts, lines: Iterable[AgencyLine]) -> Placement:
    """Who is on a case, by the short names of agencies."""
    lines = tuple(lines)
    slugs = {line.id: line.slug for line in lines}
    return Placement(
        seats=frozenset((seat.role.value, slugs[seat.agency_id]) for seat in facts.seats),
        roles={line.slug: frozenset(line.roles) for line in lines},
    )


def _states(system: System, events: Iterable[KnownEvent], zone: ZoneInfo, now: datetime) -> list[GoalState]:
    case = goals_on(events, now.astimezone(zone).date(), CaseContext(zone), system.policy.verification)
    return list(case.goals.values())


def _shown(
    system: System, reader: Reader, states: Iterable[GoalState], now: datetime
) -> tuple[tuple[str, str | None], ...]:
    fields = [Field(one.goal.id, (one.goal.id, one.goal.label), _PLAN) for one in states]
    return tuple(one.value for one in disclose(fields, reader, system.policy.disclosure, (), now).shown)  # type: ignore[misc]
