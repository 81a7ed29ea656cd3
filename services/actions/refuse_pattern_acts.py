"""Which acts about patterns have no effect: the facts of their cases are read set-wise, for a batch that has any."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection

from services.domain.case_events import CaseEvent
from services.domain.events import Event
from services.domain.pattern import CARRIED_OVER, PATTERN_TYPES, Patterns, patterns_of
from services.domain.pattern_rules import GOAL_CREATED, RULED_TYPES, refusals
from services.storage import case_events, cases
from services.system import System


def refused_pattern_acts(system: System, connection: Connection, events: Sequence[Event]) -> dict[UUID, str]:
    """The events of a batch that have no effect because of what stands on their case: by event, the code. No query
    where the batch holds none of which that is asked.
    """
    wanted: dict[UUID, set[UUID]] = {}
    for event in events:
        if event.case_id is not None and event.type in RULED_TYPES:
            wanted.setdefault(event.case_id, set()).add(event.id)
    if not wanted:
        return {}
    on_cases = case_events.of_types(connection, system.keys, wanted, PATTERN_TYPES | {GOAL_CREATED})
    prior = _prior(system, connection, [one for said in on_cases.values() for one in said])
    refused: dict[UUID, str] = {}
    for case_id, event_ids in wanted.items():
        refused |= refusals(event_ids, on_cases.get(case_id, ()), prior)
    return refused


def _prior(system: System, connection: Connection, on_cases: Iterable[CaseEvent]) -> Mapping[UUID, Patterns]:
    """For what takes a map over and has not had its turn: the patterns of the case that it names, by event. A case that
    the sending agency is not on has none, like one that does not exist.
    """
    open_ones = [one.event for one in on_cases if one.event.type == CARRIED_OVER and not one.settled]
    named: dict[UUID, UUID] = {}
    for agency_id in {event.agency_id for event in open_ones}:
        theirs = [event for event in open_ones if event.agency_id == agency_id]
        known = cases.resolve(connection, agency_id, {_reference(event) for event in theirs})
        named |= {event.id: known[_reference(event)] for event in theirs if _reference(event) in known}
    there = case_events.of_types(connection, system.keys, set(named.values()), PATTERN_TYPES)
    patterns = {case_id: patterns_of(one for one in said if one.settled) for case_id, said in there.items()}
    return {event_id: patterns[case_id] for event_id, case_id in named.items() if case_id in patterns}


def _reference(event: Event) -> str:
    return str(event.data["prior_case_ref"])
