"""What is known of a case when an event of it is routed: who holds which role, and what protects the survivor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple
from uuid import UUID

from services.domain.roles import Role

INCIDENTS = frozenset({"le.dv_incident", "le.arrest", "order.violated", "prob.violation_filed"})
"""Types of event by which violence comes on record, where police, a court, the prosecutor or probation send them."""

ON_RECORD = frozenset({Role.LE, Role.CRIM_COURT, Role.JUV_COURT, Role.DA, Role.PROB})
"""Whose word about an incident is a public record."""

PartyKind = Literal["person", "team"]
"""A party is one person, or a team (a desk) that several people look after in turn."""


class SafeContact(StrEnum):
    """What is known of reaching the survivor safely (practice.md, Settled 3)."""

    UNKNOWN = "unknown"
    """Nobody has asked her yet."""
    CURRENT = "current"
    """She has said how, and it has not run out."""
    EXPIRED = "expired"
    """She has said how, but it must be asked again before it is used."""
    NEVER = "never"
    """She has said that she must not be contacted."""


class Seat(NamedTuple):
    """A role on a case, held by a party of an agency, in force on the day of routing."""

    role: Role
    party_id: UUID
    party_kind: PartyKind
    agency_id: UUID


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What ``route`` needs to know of a case. Everything is read in the transaction that writes the decision.

    ``zone`` is the IANA time zone of the case's county; ``track`` is ``investigation`` or ``differential``.
    ``seats`` are those in force now, in any order. ``desks`` maps an agency to its duty desk (a team),
    ``supervisors`` a party to the party that supervises it. ``on_call`` is the county's on-call team, of
    ``on_call_agency``; ``admins`` are the system's administrators, the last resort where nobody else can be told.
    ``safe_contact`` counts on the day of routing. ``cautioned`` says that an earlier act of violence may not yet be
    raised with the subject (Settled 2).

    ``agencies`` maps the short names of the case's agencies to their ids. ``task_requesters``, ``task_assignees`` and
    ``task_kinds`` map a task's id (as text) to the agency that asked for it, to the party that it was put to, and to
    its kind; only the task that the event names is needed. ``protected_persons`` are the person tokens of the case's
    protective parents and children, as payloads name them: what rests on their word is held back (Settled 1), unless
    ``released`` says that a release of the survivor, in force now, covers this event. ``incident_at`` is when the last
    act of violence happened that stands on record (``INCIDENTS``), ``removed`` are the children who are removed from
    home; both are read only where a rule asks for them.
    """

    case_id: UUID
    zone: str
    county: str
    track: str
    closed: bool
    seats: tuple[Seat, ...]
    desks: Mapping[UUID, UUID] = field(default_factory=dict)
    supervisors: Mapping[UUID, UUID] = field(default_factory=dict)
    on_call: UUID | None = None
    on_call_agency: UUID | None = None
    safe_contact: SafeContact = SafeContact.UNKNOWN
    cautioned: bool = False
    agencies: Mapping[str, UUID] = field(default_factory=dict)
    task_requesters: Mapping[str, UUID] = field(default_factory=dict)
    task_assignees: Mapping[str, UUID] = field(default_factory=dict)
    task_kinds: Mapping[str, str] = field(default_factory=dict)
    admins: tuple[Seat, ...] = ()
    protected_persons: frozenset[str] = frozenset()
    released: bool = False
    incident_at: datetime | None = None
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CountyFacts:
    """What ``route_unmatched`` needs: who answers for events that belong to no case yet (Settled 7).

    ``intake`` is the county's intake desk for events that can wait until the next business day; ``on_call`` the team
    that is told at once of a U0; ``admins`` the last resort.
    """

    county: str
    intake: Seat | None = None
    on_call: Seat | None = None
    admins: tuple[Seat, ...] = ()
