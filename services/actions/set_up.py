"""Registering, as one audited command: a whole set-up or one thing of it. All of it is written, or nothing.

Asking for the same twice gives the same answer and writes nothing. What is left out of a set-up stays as it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import Connection

from services.domain.actors import Actor
from services.domain.registry import FORBIDDEN, NotRegistered, Outcome, Registered, TeamRef, may_register
from services.domain.set_up import Fault, Kind, Known, SetUp, endpoint_key, faults_of
from services.storage import agencies, audit, clients, endpoints, registration, staff, teams
from services.storage.audit import AuditEntry
from services.storage.secrets import hash_password, new_token, new_webhook_secret
from services.system import System

Entry = tuple[Kind, str]
"""One entry of a set-up: its kind, and its key as in ``Fault``."""


@dataclass(frozen=True, slots=True)
class SetUpDone:
    """Everything is registered. ``registered`` says by entry what became of it, with the secrets of those clients and
    endpoints that are new; ``counties`` by slug; ``passwords_given`` names those who can sign in for the first time.
    """

    registered: Mapping[Entry, Registered]
    counties: Mapping[str, Outcome]
    passwords_given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetUpRefused:
    """Nothing was written; ``faults`` names everything that is wrong."""

    faults: tuple[Fault, ...]


def set_up(
    system: System,
    actor: Actor,
    plan: SetUp,
    *,
    demo_password: str | None = None,
    allow_private: bool = False,
) -> SetUpDone | SetUpRefused:
    """Register everything in ``plan`` in one transaction.

    ``demo_password`` is given to those of its staff who have none yet: for an installation without real people only.
    ``allow_private`` lets webhooks go to this machine and into private networks, in plain http.
    """
    if not may_register(actor):
        return SetUpRefused((Fault("registry", "", FORBIDDEN),))
    with system.database.begin(actor) as connection:
        registration.lock(connection)
        faults = faults_of(plan, _known(connection, system, plan, allow_private=allow_private))
        if faults:
            return SetUpRefused(tuple(faults))
        done = _carry_out(connection, system, plan)
        audit.record(connection, actor, system.clock(), list(_lines(plan, done)))
    if demo_password is None:
        return done
    given = _give_passwords(system, actor, plan, demo_password)
    return SetUpDone(done.registered, done.counties, given)


def check_set_up(system: System, actor: Actor, plan: SetUp, *, allow_private: bool = False) -> SetUpRefused | None:
    """What ``set_up`` would refuse the plan for; None where it would carry it out. Writes nothing."""
    with system.database.begin(actor) as connection:
        faults = faults_of(plan, _known(connection, system, plan, allow_private=allow_private))
    return SetUpRefused(tuple(faults)) if faults else None


def register(
    system: System, actor: Actor, entry: Entry, plan: SetUp, *, allow_private: bool = False
) -> Registered | NotRegistered:
    """Register the one thing that ``plan`` holds, under ``entry``."""
    match set_up(system, actor, plan, allow_private=allow_private):
        case SetUpDone(registered=registered):
            return registered[entry]
        case SetUpRefused(faults=faults):
            return NotRegistered(tuple(fault.problem for fault in faults))


def _known(connection: Connection, system: System, plan: SetUp, *, allow_private: bool) -> Known:
    slugs = {new.slug for new in plan.agencies} | {
        new.agency for group in (plan.staff, plan.teams, plan.clients, plan.endpoints) for new in group
    }
    refs = {ref for county in plan.counties for ref in (county.on_call, county.intake) if ref}
    lines = agencies.find(connection, slugs)
    people = staff.find(connection, _people(plan))
    slug_of = {line.id: line.slug for line in agencies.listed(connection)}
    there = clients.find(connection, [new.client_id for new in plan.clients])
    policy = system.policy.calendars
    return Known(
        agencies={slug: line.roles for slug, line in lines.items()},
        staff={name: line.agency for name, line in people.items()},
        supervisions=staff.open_supervisions(connection),
        teams=frozenset(teams.find(connection, refs)),
        clients={name: slug_of[line.agency_id] for name, line in there.items()},
        venues={name: venue.zone.key for name, venue in policy.venues.items()},
        calendars=frozenset(policy.calendars),
        allow_private=allow_private,
    )


def _people(plan: SetUp) -> set[str]:
    named = {new.username for new in plan.staff} | {new.supervisor for new in plan.staff if new.supervisor}
    for team in plan.teams:
        named |= {member.username for member in team.members} | {shift.username for shift in team.shifts}
    return named


def _carry_out(connection: Connection, system: System, plan: SetUp) -> SetUpDone:
    now = system.clock()
    done: dict[Entry, Registered] = {}
    done |= {("agency", slug): it for slug, it in agencies.put(connection, plan.agencies, now).items()}
    named = {new.agency for group in (plan.staff, plan.teams, plan.clients, plan.endpoints) for new in group}
    agency_ids = {slug: line.id for slug, line in agencies.find(connection, named).items()}
    done |= {("staff", name): it for name, it in staff.put(connection, plan.staff, agency_ids, now).items()}
    staff_ids = {name: line.id for name, line in staff.find(connection, _people(plan)).items()}
    supervised = {
        staff_ids[new.username]: (staff_ids[new.supervisor], new.since)
        for new in plan.staff
        if new.supervisor and new.since
    }
    _note_changes(done, staff.put_supervisions(connection, supervised))
    put_teams = teams.put(connection, plan.teams, agency_ids)
    done |= {("team", str(ref)): it for ref, it in put_teams.items()}
    team_ids = {ref: it.id for ref, it in put_teams.items()}
    members = [(team_ids[new.ref], staff_ids[it.username], it) for new in plan.teams for it in new.members]
    shifts = [(team_ids[new.ref], staff_ids[it.username], it) for new in plan.teams for it in new.shifts]
    _note_changes(done, teams.put_members(connection, members) | teams.put_shifts(connection, shifts))
    done |= _put_clients(connection, system, plan, agency_ids)
    done |= _put_endpoints(connection, system, plan, agency_ids)
    return SetUpDone(done, _put_counties(connection, plan))


def _note_changes(done: dict[Entry, Registered], changed: Iterable[UUID]) -> None:
    touched = set(changed)
    for entry, it in done.items():
        if it.id in touched and it.outcome is Outcome.KEPT:
            done[entry] = Registered(it.id, Outcome.CHANGED)


def _put_clients(
    connection: Connection, system: System, plan: SetUp, agency_ids: Mapping[str, UUID]
) -> dict[Entry, Registered]:
    now = system.clock()
    put = clients.put(connection, plan.clients, agency_ids, now)
    secrets = {it.id: new_token() for it in put.values() if it.outcome is Outcome.CREATED}
    clients.add_secrets(connection, secrets, now)
    return {("client", name): Registered(it.id, it.outcome, secrets.get(it.id)) for name, it in put.items()}


def _put_endpoints(
    connection: Connection, system: System, plan: SetUp, agency_ids: Mapping[str, UUID]
) -> dict[Entry, Registered]:
    now = system.clock()
    put = endpoints.put(connection, plan.endpoints, agency_ids, now)
    secrets = {it.id: new_webhook_secret() for it in put.values() if it.outcome is Outcome.CREATED}
    endpoints.add_secrets(connection, system.keys, secrets, now)
    keys = {(new.agency, new.url): endpoint_key(new) for new in plan.endpoints}
    return {("endpoint", keys[at]): Registered(it.id, it.outcome, secrets.get(it.id)) for at, it in put.items()}


def _put_counties(connection: Connection, plan: SetUp) -> dict[str, Outcome]:
    refs: set[TeamRef] = {ref for county in plan.counties for ref in (county.on_call, county.intake) if ref}
    return agencies.put_counties(connection, plan.counties, teams.find(connection, refs))


def _lines(plan: SetUp, done: SetUpDone) -> Iterable[AuditEntry]:
    administrators = {new.username for new in plan.staff if new.administrator}
    for (kind, key), it in done.registered.items():
        if it.outcome is not Outcome.KEPT:
            detail = {"administrator": True} if kind == "staff" and key in administrators else {}
            yield AuditEntry(f"register_{kind}", f"{kind}:{it.id}", it.outcome.value, detail=detail)
    for slug, outcome in done.counties.items():
        if outcome is not Outcome.KEPT:
            yield AuditEntry("register_county", f"county:{slug}", outcome.value)


def _give_passwords(system: System, actor: Actor, plan: SetUp, password: str) -> tuple[str, ...]:
    # Hashing dozens of passwords takes a second: no transaction is open meanwhile.
    names = [new.username for new in plan.staff]
    with system.database.begin(actor) as connection:
        ids = {line.id: name for name, line in staff.find(connection, names).items()}
        lacking = staff.without_password(connection, ids)
    hashes = {person: hash_password(password) for person in lacking}
    line = partial(AuditEntry, "set_password", outcome="created", detail={"demo": True})
    with system.database.begin(actor) as connection:
        staff.set_passwords(connection, hashes)
        audit.record(connection, actor, system.clock(), [line(thing=f"staff:{person}") for person in lacking])
    return tuple(sorted(ids[person] for person in lacking))
