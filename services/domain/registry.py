"""What may be registered: agencies, their people, teams, clients and endpoints, and the counties that they serve.

Each value is what somebody asks for; ``problems_of`` says what is wrong with it by itself. Whether the things that it
names exist is a question to the database, asked in the action.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.domain.actors import Actor
from services.domain.errors import FieldProblem
from services.domain.roles import WITHOUT_LOGIN, Role
from services.domain.scopes import Scope

SECRETS_AT_A_TIME = 2
"""How many secrets of a client or an endpoint are valid at once: the one in use and the one it is replaced by."""
EVENTS_PER_MINUTE = 600_000
"""The limit of a client where nobody set another."""
MOST_EVENTS_PER_MINUTE = 1_000_000_000
"""The highest limit that a client may be given."""

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
_USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,63}")
_NAME_LENGTH = 200


class Outcome(StrEnum):
    """What became of one thing that was to be registered."""

    CREATED = "created"
    CHANGED = "changed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Registered:
    """It is registered under ``id``. ``outcome`` is ``kept`` where it was there already, just so. A client or an
    endpoint that is new has a ``secret``, which nobody can be shown again.
    """

    id: UUID
    outcome: Outcome
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class NotRegistered:
    """Nothing was written; ``problems`` names every field at fault."""

    problems: tuple[FieldProblem, ...]


@dataclass(frozen=True, slots=True)
class NewAgency:
    """An agency, and the roles in which its people and clients may speak."""

    slug: str
    name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class TeamRef:
    """A team, named by its agency's slug and its own."""

    agency: str
    team: str

    def __str__(self) -> str:
        return f"{self.agency}/{self.team}"


@dataclass(frozen=True, slots=True)
class NewCounty:
    """A county: its IANA time zone, the calendar of its days, its on-call team for what cannot wait (U0) and its
    intake desk for what can, where events belong to no case yet (practice.md, Settled 7).
    """

    slug: str
    name: str
    zone: str
    calendar: str
    on_call: TeamRef | None = None
    intake: TeamRef | None = None


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A member of staff of the agency with this slug. ``supervisor`` is a username, in force from ``since`` (a day)."""

    agency: str
    username: str
    display_name: str
    administrator: bool = False
    supervisor: str | None = None
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Membership:
    """Somebody belongs to a team from ``since`` to ``until``, both days included; without end where that is None."""

    username: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody answers for a team from ``starts_at`` until before ``ends_at`` (instants, UTC)."""

    username: str
    starts_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewTeam:
    """A team of the agency with this slug. A duty desk acknowledges what somebody must act on tonight (Settled 10)."""

    agency: str
    slug: str
    name: str
    duty_desk: bool = False
    members: tuple[Membership, ...] = ()
    shifts: tuple[Shift, ...] = ()

    @property
    def ref(self) -> TeamRef:
        """How others name this team."""
        return TeamRef(self.agency, self.slug)


@dataclass(frozen=True, slots=True)
class NewClient:
    """A machine of the agency with this slug: what it may ask to do, and the roles in which it may speak."""

    agency: str
    client_id: str
    name: str
    scopes: frozenset[Scope]
    roles: frozenset[Role]
    events_per_minute: int = EVENTS_PER_MINUTE


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An address of the agency with this slug at which it takes signed webhooks."""

    agency: str
    url: str


def may_register(actor: Actor) -> bool:
    """Whether somebody may change the registry: an administrator, or the system itself at its own command line."""
    return actor.administrates or Role.SYSTEM in actor.roles


FORBIDDEN = FieldProblem("", "forbidden", "Only an administrator changes the registry.")


def agency_problems(agency: NewAgency) -> list[FieldProblem]:
    """What is wrong with an agency by itself."""
    problems = [*_slug("slug", agency.slug), *_name("name", agency.name)]
    if not agency.roles:
        problems.append(FieldProblem("roles", "required", "An agency speaks in at least one role."))
    problems += _no_login("roles", agency.roles)
    return problems


def county_problems(county: NewCounty) -> list[FieldProblem]:
    """What is wrong with a county by itself."""
    problems = [*_slug("slug", county.slug), *_name("name", county.name)]
    try:
        ZoneInfo(county.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problems.append(FieldProblem("zone", "unknown", "Not a time zone of the IANA database."))
    return problems


def staff_problems(staff: NewStaff, agency_roles: frozenset[Role]) -> list[FieldProblem]:
    """What is wrong with a member of staff of an agency that holds ``agency_roles``."""
    problems = _name("display_name", staff.display_name)
    if not _USERNAME.fullmatch(staff.username):
        message = "2 to 64 characters: small letters, digits, dot, hyphen and underscore, a letter first."
        problems.append(FieldProblem("username", "malformed", message))
    if staff.administrator and Role.ADMIN not in agency_roles:
        message = "Only staff of an agency that holds the role ADMIN administer the system."
        problems.append(FieldProblem("administrator", "not_allowed", message))
    if staff.supervisor == staff.username:
        problems.append(FieldProblem("supervisor", "not_allowed", "Nobody supervises themselves."))
    if (staff.supervisor is None) != (staff.since is None):
        problems.append(FieldProblem("since", "required", "A supervisor and the day since when belong together."))
    return problems


def team_problems(team: NewTeam) -> list[FieldProblem]:
    """What is wrong with a team by itself."""
    problems = [*_slug("slug", team.slug), *_name("name", team.name)]
    for at, member in enumerate(team.members):
        problems += (
            replace(problem, field=f"members[{at}].{problem.field}") for problem in membership_problems(member)
        )
    for at, shift in enumerate(team.shifts):
        problems += (replace(problem, field=f"on_call[{at}].{problem.field}") for problem in shift_problems(shift))
    for name, beginnings in (
        ("members", [(member.username, member.since) for member in team.members]),
        ("on_call", [(shift.username, shift.starts_at) for shift in team.shifts]),
    ):
        if len(set(beginnings)) < len(beginnings):
            problems.append(FieldProblem(name, "repeated", "Somebody begins twice at the same time."))
    return problems


def membership_problems(member: Membership) -> list[FieldProblem]:
    """What is wrong with a membership by itself."""
    if member.until is not None and member.until < member.since:
        return [FieldProblem("until", "out_of_order", "It ends before it begins.")]
    return []


def shift_problems(shift: Shift) -> list[FieldProblem]:
    """What is wrong with a shift by itself."""
    if shift.ends_at is not None and shift.ends_at <= shift.starts_at:
        return [FieldProblem("until", "out_of_order", "It ends before it begins.")]
    return []


def client_problems(client: NewClient, agency_roles: frozenset[Role]) -> list[FieldProblem]:
    """What is wrong with a client of an agency that holds ``agency_roles``."""
    problems = [*_slug("client_id", client.client_id), *_name("name", client.name)]
    if not client.scopes:
        problems.append(FieldProblem("scopes", "required", "A client has at least one scope."))
    if not client.roles <= agency_roles:
        problems.append(FieldProblem("roles", "not_allowed", "A client speaks only in roles that its agency holds."))
    if Scope.EVENTS_WRITE in client.scopes and not client.roles:
        problems.append(FieldProblem("roles", "required", "A client that sends events speaks in at least one role."))
    if Scope.ADMIN in client.scopes and Role.ADMIN not in client.roles:
        problems.append(FieldProblem("scopes", "not_allowed", "The scope admin needs the role ADMIN."))
    if not 1 <= client.events_per_minute <= MOST_EVENTS_PER_MINUTE:
        message = f"Between 1 and {MOST_EVENTS_PER_MINUTE}."
        problems.append(FieldProblem("events_per_minute", "out_of_range", message))
    return problems


def _slug(field: str, slug: str) -> list[FieldProblem]:
    if _SLUG.fullmatch(slug):
        return []
    return [FieldProblem(field, "malformed", "1 to 64 small letters, digits and hyphens, no hyphen first or last.")]


def _name(field: str, name: str) -> list[FieldProblem]:
    if name.strip() and len(name) <= _NAME_LENGTH:
        return []
    return [FieldProblem(field, "malformed", f"1 to {_NAME_LENGTH} characters.")]


def _no_login(field: str, roles: frozenset[Role]) -> list[FieldProblem]:
    forbidden = sorted(roles & (WITHOUT_LOGIN | {Role.SYSTEM}))
    return [
        FieldProblem(field, "not_allowed", f"{role.value} is never spoken by an agency: it has no log-in.")
        for role in forbidden
    ]
