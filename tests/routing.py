"""A case around which every role is held, and events on it, for tests of routing by the policy that is shipped."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from schemas.catalogue import CATALOGUE
from services.domain.events import Event
from services.domain.roles import CHILD_WELFARE, WITHOUT_LOGIN, Role
from services.domain.routing import route
from services.domain.routing_decision import RoutingDecision, TaskDraft
from services.domain.routing_facts import CaseFacts, Seat
from services.domain.routing_rules import RoutingPolicy
from services.policy.preview import due_in_words
from services.policy.routing import compile_routing
from tests.payloads import minimal_payload

FOLDER = Path(__file__).parents[1] / "config" / "policy"
POLICY: RoutingPolicy = compile_routing(FOLDER / "routing.yaml", FOLDER / "tasks.yaml", CATALOGUE)

AT = datetime(2025, 9, 7, 3, 15, tzinfo=UTC)


def party(name: str) -> UUID:
    """The id of a party by a name of its own: ``person PROB``, ``desk CPS``."""
    return uuid5(NAMESPACE_URL, name)


COUNTY_AGENCY = party("agency CPS")


def agency_of(role: Role) -> UUID:
    """Child welfare is one agency; every other role has one of its own."""
    return COUNTY_AGENCY if role in CHILD_WELFARE else party(f"agency {role}")


def seat(role: Role) -> Seat:
    """One person who holds a role."""
    return Seat(role, party(f"person {role}"), "person", agency_of(role))


HELD = tuple(role for role in Role if role not in WITHOUT_LOGIN | {Role.SYSTEM, Role.ADMIN, Role.CPS_INTAKE})
ADMIN = Seat(Role.ADMIN, party("person ADMIN"), "person", COUNTY_AGENCY)

CASE = CaseFacts(
    case_id=party("case"),
    zone="America/Chicago",
    county="alder",
    track="investigation",
    closed=False,
    seats=tuple(seat(role) for role in HELD),
    desks={COUNTY_AGENCY: party("desk CPS"), agency_of(Role.PROB): party("desk PROB")},
    supervisors={party("person CPS_WORKER"): party("person CPS_SUP"), party("person CPS_SUP"): party("person CPS_MGR")},
    on_call=party("county on-call"),
    on_call_agency=COUNTY_AGENCY,
    agencies={"turning-point": agency_of(Role.BIP)},
    protected_persons=frozenset({"marisol", "ivy", "mateo"}),
    admins=(ADMIN,),
)
"""Every role is held by one person; nothing is known of how the survivor can be reached."""


def without(*roles: Role, facts: CaseFacts = CASE) -> CaseFacts:
    """The case without anybody in these roles."""
    return replace(facts, seats=tuple(held for held in facts.seats if held.role not in roles))


def only(*roles: Role) -> CaseFacts:
    """The case with nobody but these roles."""
    return replace(CASE, seats=tuple(seat(role) for role in roles))


def event_of(event_type: str, emitter: Role, data: Mapping[str, Any] | None = None, **fields: Any) -> Event:
    """An event with the smallest good payload of its type, changed by ``fields``; or with ``data`` as it is."""
    payload = dict(data) if data is not None else {**minimal_payload(event_type), **fields}
    CATALOGUE[event_type].load(payload)
    return Event(
        party("event"), event_type, CASE.case_id, 1, "test", "1", agency_of(emitter), emitter, AT, AT, AT, payload
    )


def routed(event_type: str, emitter: Role, facts: CaseFacts = CASE, **fields: Any) -> RoutingDecision:
    """What the shipped policy decides of such an event."""
    return route(event_of(event_type, emitter, **fields), facts, POLICY)


def told(decision: RoutingDecision) -> set[str]:
    """The roles that are told."""
    return {draft.role.value for draft in decision.notifications}


def dues(decision: RoutingDecision) -> dict[str, str]:
    """When each kind of task is due, in the words of the policy."""
    return {task.kind: due_of(task) for task in decision.tasks}


def due_of(task: TaskDraft) -> str:
    """The day that the event gives, or the limit."""
    return task.due_on.isoformat() if task.due_on else due_in_words(task.limit)


def assignees(decision: RoutingDecision, kind: str) -> list[str]:
    """The roles to whom tasks of a kind were put."""
    return [task.role.value for task in decision.tasks if task.kind == kind]


def recipients(decision: RoutingDecision, roles: Iterable[Role] = frozenset(Role)) -> set[UUID]:
    """The parties that are told in one of these roles."""
    return {draft.recipient for draft in decision.notifications if draft.role in set(roles)}
