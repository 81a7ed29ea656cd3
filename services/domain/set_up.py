"""A set-up: everything that is to be registered in one go, and what is wrong with it as a whole."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from services.domain.errors import FieldProblem
from services.domain.registry import (
    NewAgency,
    NewClient,
    NewCounty,
    NewEndpoint,
    NewStaff,
    NewTeam,
    TeamRef,
    agency_problems,
    client_problems,
    county_problems,
    staff_problems,
    team_problems,
)
from services.domain.roles import Role
from services.domain.webhook_urls import url_problems

Kind = Literal["agency", "county", "staff", "team", "client", "endpoint", "registry"]
"""What an entry of a set-up is about; ``registry`` for the whole of it."""


@dataclass(frozen=True, slots=True)
class SetUp:
    """What is to be registered. Things name each other by slug; what is not in here must be registered already."""

    agencies: tuple[NewAgency, ...] = ()
    counties: tuple[NewCounty, ...] = ()
    staff: tuple[NewStaff, ...] = ()
    teams: tuple[NewTeam, ...] = ()
    clients: tuple[NewClient, ...] = ()
    endpoints: tuple[NewEndpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Supervision:
    """Who supervises somebody, since which day, without an end so far."""

    supervisor: str
    since: date


@dataclass(frozen=True, slots=True)
class Known:
    """What is registered already, and what policy knows. Agencies with their roles; staff and clients with the slug of
    their agency; ``venues`` the time zone of every county that policy has calendars for.
    """

    agencies: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    staff: Mapping[str, str] = field(default_factory=dict)
    supervisions: Mapping[str, Supervision] = field(default_factory=dict)
    teams: frozenset[TeamRef] = frozenset()
    clients: Mapping[str, str] = field(default_factory=dict)
    venues: Mapping[str, str] = field(default_factory=dict)
    calendars: frozenset[str] = frozenset()
    allow_private: bool = False

    def with_plan(self, plan: SetUp) -> "Known":
        """What will be registered once the plan is carried out."""
        return replace(
            self,
            agencies={**self.agencies, **{new.slug: new.roles for new in plan.agencies}},
            staff={**{new.username: new.agency for new in plan.staff}, **self.staff},
            teams=self.teams | {new.ref for new in plan.teams},
            clients={**{new.client_id: new.agency for new in plan.clients}, **self.clients},
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one entry of a set-up. ``key`` is its slug, user name, client id or URL; a team's is
    ``agency/team``, an endpoint's ``agency url``.
    """

    kind: Kind
    key: str
    problem: FieldProblem


def faults_of(plan: SetUp, known: Known) -> list[Fault]:
    """Everything that is wrong with a set-up; empty where it can be carried out as it is."""
    then = known.with_plan(plan)
    return [
        *_agencies(plan),
        *_counties(plan, then),
        *_staff(plan, then),
        *_supervision(plan, known),
        *_teams(plan, then),
        *_clients(plan, then),
        *_endpoints(plan, then),
        *_repeated(plan),
    ]


def endpoint_key(endpoint: NewEndpoint) -> str:
    """How faults name an endpoint."""
    return f"{endpoint.agency} {endpoint.url}"


def _agencies(plan: SetUp) -> Iterator[Fault]:
    for new in plan.agencies:
        yield from (Fault("agency", new.slug, problem) for problem in agency_problems(new))


def _counties(plan: SetUp, then: Known) -> Iterator[Fault]:
    for new in plan.counties:
        problems = county_problems(new)
        if new.slug not in then.venues:
            problems.append(_unknown("slug", "The policy of calendars has no such county."))
        elif new.zone != then.venues[new.slug]:
            problems.append(FieldProblem("zone", "not_allowed", "The policy of calendars has another zone for it."))
        if new.calendar not in then.calendars:
            problems.append(_unknown("calendar", "The policy of calendars has no such calendar."))
        for name, team in (("on_call", new.on_call), ("intake", new.intake)):
            if team is not None and team not in then.teams:
                problems.append(_unknown(name, f"There is no team {team}."))
        yield from (Fault("county", new.slug, problem) for problem in problems)


def _staff(plan: SetUp, then: Known) -> Iterator[Fault]:
    for new in plan.staff:
        problems = staff_problems(new, then.agencies.get(new.agency, frozenset()))
        problems += _agency(new.agency, then)
        if then.staff[new.username] != new.agency:
            problems.append(FieldProblem("username", "taken", "Somebody of another agency has this user name."))
        if new.supervisor is not None and new.supervisor not in then.staff:
            problems.append(_unknown("supervisor", f"There is no member of staff {new.supervisor}."))
        yield from (Fault("staff", new.username, problem) for problem in problems)


def _supervision(plan: SetUp, known: Known) -> Iterator[Fault]:
    above = {name: there.supervisor for name, there in known.supervisions.items()}
    above |= {new.username: new.supervisor for new in plan.staff if new.supervisor is not None}
    for new in plan.staff:
        if new.supervisor is None:
            continue
        if new.supervisor != new.username and _leads_back(new.username, above):
            message = "Somebody would come to supervise their own supervisor."
            yield Fault("staff", new.username, FieldProblem("supervisor", "not_allowed", message))
        there = known.supervisions.get(new.username)
        if there and there.supervisor != new.supervisor and new.since is not None and new.since <= there.since:
            message = "Another supervision began on that day or after it."
            yield Fault("staff", new.username, FieldProblem("since", "out_of_order", message))


def _leads_back(start: str, above: Mapping[str, str]) -> bool:
    seen: set[str] = set()
    at = above.get(start)
    while at is not None and at not in seen:
        if at == start:
            return True
        seen.add(at)
        at = above.get(at)
    return False


def _teams(plan: SetUp, then: Known) -> Iterator[Fault]:
    for new in plan.teams:
        problems = [*team_problems(new), *_agency(new.agency, then)]
        people = [(f"members[{at}].staff", member.username) for at, member in enumerate(new.members)]
        people += [(f"on_call[{at}].staff", shift.username) for at, shift in enumerate(new.shifts)]
        for name, username in people:
            if then.staff.get(username) != new.agency:
                problems.append(_unknown(name, f"The agency has no member of staff {username}."))
        yield from (Fault("team", str(new.ref), problem) for problem in problems)


def _clients(plan: SetUp, then: Known) -> Iterator[Fault]:
    for new in plan.clients:
        problems = _agency(new.agency, then)
        if not problems:
            problems += client_problems(new, then.agencies[new.agency])
        if then.clients[new.client_id] != new.agency:
            problems.append(FieldProblem("client_id", "taken", "A client of another agency has this id."))
        yield from (Fault("client", new.client_id, problem) for problem in problems)


def _endpoints(plan: SetUp, then: Known) -> Iterator[Fault]:
    for new in plan.endpoints:
        problems = [*_agency(new.agency, then), *url_problems(new.url, allow_private=then.allow_private)]
        yield from (Fault("endpoint", endpoint_key(new), problem) for problem in problems)


def _repeated(plan: SetUp) -> Iterator[Fault]:
    named: list[tuple[Kind, str, str]] = [
        *(("agency", new.slug, "slug") for new in plan.agencies),
        *(("county", new.slug, "slug") for new in plan.counties),
        *(("staff", new.username, "username") for new in plan.staff),
        *(("team", str(new.ref), "slug") for new in plan.teams),
        *(("client", new.client_id, "client_id") for new in plan.clients),
        *(("endpoint", endpoint_key(new), "url") for new in plan.endpoints),
    ]
    for (kind, key, name), count in Counter(named).items():
        if count > 1:
            yield Fault(kind, key, FieldProblem(name, "repeated", f"{key} is given more than once."))


def _agency(slug: str, then: Known) -> list[FieldProblem]:
    return [] if slug in then.agencies else [_unknown("agency", f"There is no agency {slug}.")]


def _unknown(name: str, message: str) -> FieldProblem:
    return FieldProblem(name, "unknown", message)
