"""Who answers to an entry of the routing policy on one case, and who is told instead where nobody does."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.domain.events import Event
from services.domain.predicates import values_at
from services.domain.roles import CHILD_WELFARE, WITHOUT_LOGIN, Role
from services.domain.routing_facts import CaseFacts, Seat
from services.domain.routing_rules import Audience, Special

SUPERVISING = frozenset({Role.CPS_SUP, Role.CPS_MGR})
_ROLE_CODES = frozenset(role.value for role in Role)
_CARRYING = (Role.CPS_WORKER, Role.CPS_INV, Role.CPS_INTAKE)


@dataclass(frozen=True, slots=True)
class People:
    """The people of one case, as one event finds them, in an order that does not depend on how they were read.

    Whoever is the subject or the survivor of the case is never among them, whatever other role they hold (a police
    officer can be a respondent, practice.md §5.4 rule 11).
    """

    event: Event
    facts: CaseFacts
    seats: tuple[Seat, ...]
    barred: frozenset[UUID]

    def of(self, audience: Audience, data: Mapping[str, object]) -> tuple[Seat, ...]:
        """Everybody who belongs to this audience; empty where nobody does. ``data`` holds the field of ``role_in``."""
        match audience.special:
            case None if audience.agency_in is not None:
                return self._of_agency(self._agency_in(data, audience.agency_in))
            case None:
                choices = (roles_in(data, audience.role_in),) if audience.role_in else audience.choices
                return next((found for choice in choices if (found := self._holders(choice))), ())
            case Special.SENDER:
                return self._of_sender()
            case Special.REQUESTER:
                return self._of_agency(self._named(self.facts.task_requesters))
            case Special.ASSIGNEE:
                return self._of_party(self._named(self.facts.task_assignees))
            case Special.ON_CALL:
                return self.on_call()

    def _holders(self, roles: tuple[Role, ...]) -> tuple[Seat, ...]:
        return tuple(seat for role in roles for seat in self.seats if seat.role is role)

    def on_call(self) -> tuple[Seat, ...]:
        """The county's on-call desk, speaking as the child-welfare intake."""
        if self.facts.on_call is None or self.facts.on_call_agency is None:
            return ()
        return (Seat(Role.CPS_INTAKE, self.facts.on_call, "team", self.facts.on_call_agency),)

    def desk_of(self, seat: Seat) -> Seat | None:
        """The duty desk behind a seat, in the seat's role: of its agency, else the county's for child welfare."""
        desk = self.facts.desks.get(seat.agency_id)
        if desk is not None:
            return Seat(seat.role, desk, "team", seat.agency_id)
        if seat.role in CHILD_WELFARE:
            return next((Seat(seat.role, at.party_id, "team", at.agency_id) for at in self.on_call()), None)
        return None

    def instead(self) -> tuple[Seat, ...]:
        """Who is told where a role is held by nobody: the case's supervisor, else the worker's, else the on-call desk,
        else an administrator. Empty only where none of them exists."""
        return next((found for found in self._last_resorts() if found), ())

    def _last_resorts(self) -> Iterator[tuple[Seat, ...]]:
        yield tuple(seat for seat in self.seats if seat.role is Role.CPS_SUP)
        yield self._supervisor_of_worker()
        yield self.on_call()
        yield self._administrators()

    def _supervisor_of_worker(self) -> tuple[Seat, ...]:
        for seat in (seat for role in _CARRYING for seat in self.seats if seat.role is role):
            supervisor = self._supervisor_of(seat)
            if supervisor is not None:
                return (supervisor,)
        return ()

    def _supervisor_of(self, seat: Seat) -> Seat | None:
        """Who supervises a seat's holder; outside child welfare in the seat's own role, to read no more than it may."""
        supervisor = self.facts.supervisors.get(seat.party_id)
        if supervisor is None or supervisor in self.barred:
            return None
        role = Role.CPS_SUP if seat.role in CHILD_WELFARE else seat.role
        return Seat(role, supervisor, "person", seat.agency_id)

    def _of_sender(self) -> tuple[Seat, ...]:
        agency, role = self.event.agency_id, self.event.emitter
        speaking = tuple(seat for seat in self.seats if seat.agency_id == agency and seat.role is role)
        if speaking or any(seat.agency_id == agency for seat in self.seats):
            return speaking or self._of_agency(agency)
        desk = self.facts.desks.get(agency)
        return () if desk is None else (Seat(role, desk, "team", agency),)

    def _of_agency(self, agency: UUID | None) -> tuple[Seat, ...]:
        """The agency's people on the case who do its work; else its desk; else those who supervise there."""
        there = tuple(seat for seat in self.seats if seat.agency_id == agency)
        working = tuple(seat for seat in there if seat.role not in SUPERVISING)
        if working or not there or there[0].agency_id not in self.facts.desks:
            return working or there
        return (Seat(there[0].role, self.facts.desks[there[0].agency_id], "team", there[0].agency_id),)

    def _of_party(self, party: UUID | None) -> tuple[Seat, ...]:
        """The seat, desk, supervision or administration by which this party has to do with the case."""
        return next(((seat,) for seat in self._everybody() if seat.party_id == party), ())

    def _everybody(self) -> Iterator[Seat]:
        yield from self.seats
        for seat in self.seats:
            desk = self.desk_of(seat)
            if desk is not None:
                yield desk
            supervisor = self._supervisor_of(seat)
            if supervisor is not None:
                yield supervisor
        yield from self.on_call()
        yield from self._administrators()

    def _administrators(self) -> tuple[Seat, ...]:
        return tuple(sorted(seat for seat in self.facts.admins if seat.party_id not in self.barred))

    def _agency_in(self, data: Mapping[str, object], path: str) -> UUID | None:
        known = (self.facts.agencies.get(name) for name in values_at(data, path) if isinstance(name, str))
        return next((agency for agency in known if agency is not None), None)

    def _named(self, by_task: Mapping[str, UUID]) -> UUID | None:
        task = self.event.data.get("task_id")
        return by_task.get(task) if isinstance(task, str) else None


def roles_in(data: Mapping[str, object], path: str) -> tuple[Role, ...]:
    """The roles that a payload field names, each once, in the order given."""
    named = dict.fromkeys(Role(value) for value in values_at(data, path) if value in _ROLE_CODES)
    return tuple(named)


def people_of(event: Event, facts: CaseFacts) -> People:
    """The people of the case whom this event may be told to."""
    barred = frozenset(seat.party_id for seat in facts.seats if seat.role in WITHOUT_LOGIN)
    seats = sorted(seat for seat in facts.seats if seat.party_id not in barred)
    return People(event, facts, tuple(seats), barred)
