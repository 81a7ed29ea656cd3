"""Reading a case: who may open it, and what of the case itself they are shown.

A case is opened by somebody who stands in a role on it now: a person as ``services.domain.standing`` has it (by a seat
of their own or of a team of theirs, as the desk behind one, or as the supervisor of one); a client by the seats of its
agency, in the roles in which it may speak. Everybody else gets nothing, exactly as for no such case.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from services.domain.actors import Actor
from services.domain.disclosure import DataClass, Disclosed, Field, Matrix, Purpose, Reader, disclose
from services.domain.roles import CHILD_WELFARE, Role
from services.domain.routing_facts import CaseFacts
from services.domain.standing import Addressee, may_read
from services.storage import audit, case_reading, cases, rosters, teams
from services.storage.audit import AuditEntry
from services.storage.case_reading import CaseLine
from services.system import System

_ON_CASES = frozenset(Role) - {Role.ADMIN, Role.SYSTEM}
_OF_THE_CASE = frozenset({DataClass.CASE})


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that somebody may read, within the transaction that reads it."""

    case: CaseLine
    reader: Reader
    protected: frozenset[str]

    @property
    def of_child_welfare(self) -> bool:
        """Whether the reader is of the agency whose case it is, and so sees all of its tasks and due dates."""
        return bool(self.reader.roles & CHILD_WELFARE)


@dataclass(frozen=True, slots=True)
class ShownCase:
    """What a reader sees of a case itself. ``number`` is their agency's own, or the token; ``roles`` those in which
    they read it; the rest is None where it is not theirs to see.
    """

    id: UUID
    token: str
    number: str
    zone: str
    roles: tuple[str, ...]
    agency: str | None
    county: str | None
    track: str | None
    opened_on: date | None
    closed_on: date | None


def parties_of(connection: Connection, actor: Actor, now: datetime) -> frozenset[UUID]:
    """The parties as whom a person acts: themselves and their teams. None for a client."""
    if actor.party_id is None:
        return frozenset()
    return frozenset({actor.party_id, *teams.teams_of(connection, actor.party_id, now.date())})


def readers_of(
    connection: Connection, actor: Actor, case_ids: frozenset[UUID], now: datetime, purpose: Purpose
) -> Mapping[UUID, tuple[Reader, CaseFacts]]:
    """As whom the actor reads each of these cases, and what is known of it; a case that is not theirs to read is left
    out. Set-wise.
    """
    parties = parties_of(connection, actor, now)
    found: dict[UUID, tuple[Reader, CaseFacts]] = {}
    for case_id, facts in rosters.case_facts(connection, case_ids, (), now).items():
        roles = _roles(actor, parties, facts)
        if roles:
            found[case_id] = Reader(actor.party_id, actor.agency_id, roles, purpose), facts
    return found


def _roles(actor: Actor, parties: frozenset[UUID], facts: CaseFacts) -> frozenset[Role]:
    """The roles in which the actor stands on a case. To administer the system is no role on any case."""
    if actor.agency_id is None:
        return frozenset()
    if actor.party_id is None:
        return actor.roles & {seat.role for seat in facts.seats if seat.agency_id == actor.agency_id}
    addressees = [Addressee(role, party, actor.agency_id) for role in _ON_CASES for party in parties]
    return frozenset(addressee.role for addressee in addressees if may_read(addressee, facts))


def case_of_reference(connection: Connection, actor: Actor, reference: str) -> UUID | None:
    """The case that a number of the actor's agency, or a token, means to it; None where it means none."""
    if actor.agency_id is None:
        return None
    return cases.resolve(connection, actor.agency_id, [reference]).get(reference)


def open_case(
    connection: Connection, actor: Actor, case_id: UUID | None, now: datetime, purpose: Purpose
) -> OpenCase | None:
    """A case for a reader; None where there is none for them."""
    if case_id is None or actor.agency_id is None:
        return None
    found = readers_of(connection, actor, frozenset({case_id}), now, purpose).get(case_id)
    case = case_reading.find(connection, case_id, actor.agency_id) if found else None
    if found is None or case is None:
        return None
    reader, facts = found
    return OpenCase(case, reader, facts.protected_persons)


def shown_case(opened: OpenCase, matrix: Matrix, now: datetime) -> ShownCase:
    """The case itself, through disclosure: beyond its number it is case information (class CASE)."""
    case = opened.case
    facts = {
        "agency": case.agency_name,
        "county": case.county,
        "track": case.track,
        "opened_on": case.opened_on,
        "closed_on": case.closed_on,
    }
    fields = [Field(name, value, _OF_THE_CASE) for name, value in facts.items()]
    shown = {field.path: field.value for field in disclose(fields, opened.reader, matrix, (), now).shown}
    return ShownCase(
        id=case.id,
        token=case.token,
        number=case.number or case.token,
        zone=case.zone,
        roles=tuple(sorted(opened.reader.roles)),
        **{name: shown.get(name) for name in facts},  # type: ignore[arg-type]
    )


def find_case(system: System, actor: Actor, reference: str, purpose: Purpose = Purpose.API) -> ShownCase | None:
    """The case that a reference means to the actor, as they may see it; None where there is none for them. Audited."""
    now = system.clock()
    with system.database.begin(actor) as connection:
        opened = open_case(connection, actor, case_of_reference(connection, actor, reference), now, purpose)
        if opened is None:
            return None
        note_reading(connection, actor, now, "read_case", opened, {})
        return shown_case(opened, system.policy.disclosure, now)


@dataclass(frozen=True, slots=True)
class Zones:
    """In which zone the times of a list are shown: the case's own; else that of all counties, where they have one."""

    by_case: Mapping[UUID, str]
    otherwise: str | None

    def of(self, case_id: UUID | None) -> str | None:
        """The zone for a line of this case, or of none."""
        return self.by_case.get(case_id, self.otherwise) if case_id else self.otherwise


def zones(system: System, actor: Actor, case_ids: frozenset[UUID]) -> Zones:
    """The zones for a list of these cases, read set-wise."""
    with system.database.begin(actor) as connection:
        by_case = case_reading.zones_of(connection, case_ids) if case_ids else {}
        return Zones(by_case, case_reading.common_zone(connection))


def note_reading(
    connection: Connection,
    actor: Actor,
    now: datetime,
    act: str,
    opened: OpenCase,
    decisions: Mapping[UUID, Disclosed],
) -> None:
    """Write down what was shown to whom, under which rules, and what was withheld: names of fields, never values."""
    detail: dict[str, object] = {
        "purpose": opened.reader.purpose.value,
        "roles": sorted(opened.reader.roles),
        "events": {
            str(event_id): {
                "rules": list(decision.rules),
                "withheld": {held.path: held.rule.value for held in decision.withheld},
                "policy": decision.digest,
            }
            for event_id, decision in decisions.items()
        },
    }
    case_id = opened.case.id
    audit.record(connection, actor, now, [AuditEntry(act, f"case:{case_id}", case_id=case_id, detail=detail)])
