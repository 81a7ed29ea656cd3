"""Reads a set-up file: counties, agencies, and everything that belongs to an agency, in YAML.

The file holds no secret and no password. Every mistake is named with its file and line, those that only the database
knows of too: ``SetUpFile.errors_of`` finds the place of each fault again. Format::

    version: 1
    since: 2024-01-01               # first day of memberships and supervisions that say no other
    counties:
      alder: {name: Alder County, zone: America/New_York, calendar: alder-county,
              on_call: alder-cps/after-hours, intake: alder-cps/intake-desk}
    agencies:
      alder-cps:
        name: Alder County Child Welfare
        roles: [CPS_WORKER, CPS_SUP]
        staff:
          okafor: {name: N. Okafor, supervisor: lindqvist, supervised_since: 2024-03-01}
          lindqvist: {name: A. Lindqvist}
        teams:
          after-hours:
            name: After-hours desk
            duty_desk: true
            members: [okafor, {staff: lindqvist, since: 2024-03-01, until: 2025-03-31}]
            on_call: [{staff: okafor, from: "2025-01-18T17:00:00-05:00", until: "2025-01-19T08:00:00-05:00"}]
        clients:
          alder-cps-records: {name: Case records, scopes: [events:write], roles: [CPS_WORKER]}
        endpoints: ["https://records.example.org/hooks"]
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from services.domain.registry import (
    EVENTS_PER_MINUTE,
    Membership,
    NewAgency,
    NewClient,
    NewCounty,
    NewEndpoint,
    NewStaff,
    NewTeam,
    Shift,
    TeamRef,
)
from services.domain.roles import Role
from services.domain.scopes import Scope
from services.domain.set_up import Fault, Kind, SetUp, endpoint_key
from services.policy.source import InvalidPolicyError, Node, PolicyError, Problems, load_document

_IN_FILE = {"display_name": "name", "since": "supervised_since"}
"""Fields of staff that have another name in the file."""
_New = TypeVar("_New")


@dataclass(frozen=True, slots=True)
class SetUpFile:
    """What a set-up file asks for, and where in it every entry stands."""

    plan: SetUp
    root: Node
    places: dict[tuple[Kind, str], Node]

    def errors_of(self, faults: Iterable[Fault]) -> InvalidPolicyError:
        """The faults as mistakes of the file, each with its line, to be raised or shown."""
        found: list[PolicyError] = []
        for fault in faults:
            node = self.places.get((fault.kind, fault.key), self.root)
            asked = fault.problem.field
            name = _IN_FILE.get(asked, asked) if fault.kind == "staff" else asked
            place, missing = _locate(node, name)
            message = f"{missing}: {fault.problem.message}" if missing else fault.problem.message
            found += place.error(message).errors
        return InvalidPolicyError(found)


@dataclass(slots=True)
class _Reading:
    """What was read so far, and what was wrong."""

    since: date
    problems: Problems = field(default_factory=Problems)
    places: dict[tuple[Kind, str], Node] = field(default_factory=dict)

    def each(self, group: Node | None, read: Callable[[str, Node], _New]) -> Iterator[_New]:
        """Read every entry of a mapping that may be missing; the mistakes of one do not hide those of the next."""
        entries: tuple[tuple[str, Node], ...] = ()
        with self.problems.gathered():
            entries = group.items() if group else ()
        for key, node in entries:
            with self.problems.gathered():
                yield read(key, node)


def load_setup(path: Path) -> SetUpFile:
    """Read a set-up file. Raises InvalidPolicyError with the file and line of every mistake."""
    root = load_document(path).only("version", "since", "counties", "agencies")
    root.at("version").integer(1, 1)
    reading = _Reading(root.at("since").date())
    counties = tuple(reading.each(root.find("counties"), lambda slug, node: _county(reading, slug, node)))
    agencies = list(reading.each(root.find("agencies"), lambda slug, node: _agency(reading, slug, node)))
    reading.problems.raise_if_any()
    plan = SetUp(
        counties=counties,
        agencies=tuple(new for part in agencies for new in part.agencies),
        staff=tuple(new for part in agencies for new in part.staff),
        teams=tuple(new for part in agencies for new in part.teams),
        clients=tuple(new for part in agencies for new in part.clients),
        endpoints=tuple(new for part in agencies for new in part.endpoints),
    )
    return SetUpFile(plan, root, reading.places)


def _county(reading: _Reading, slug: str, node: Node) -> NewCounty:
    node.only("name", "zone", "calendar", "on_call", "intake")
    reading.places["county", slug] = node
    return NewCounty(
        slug=slug,
        name=node.at("name").text(),
        zone=node.at("zone").text(),
        calendar=node.at("calendar").text(),
        on_call=_team_ref(node.find("on_call")),
        intake=_team_ref(node.find("intake")),
    )


def _team_ref(node: Node | None) -> TeamRef | None:
    if node is None:
        return None
    agency, slash, team = node.text().partition("/")
    if not (agency and slash and team):
        raise node.error(f"expected a team as agency/team, found {node.text()!r}")
    return TeamRef(agency, team)


def _agency(reading: _Reading, slug: str, node: Node) -> SetUp:
    node.only("name", "roles", "staff", "teams", "clients", "endpoints")
    reading.places["agency", slug] = node
    return SetUp(
        agencies=(NewAgency(slug, node.at("name").text(), _roles(node.at("roles"))),),
        staff=tuple(reading.each(node.find("staff"), lambda key, entry: _staff(reading, slug, key, entry))),
        teams=tuple(reading.each(node.find("teams"), lambda key, entry: _team(reading, slug, key, entry))),
        clients=tuple(reading.each(node.find("clients"), lambda key, entry: _client(reading, slug, key, entry))),
        endpoints=_endpoints(reading, slug, node.find("endpoints")),
    )


def _roles(node: Node) -> frozenset[Role]:
    return frozenset(element.choice(Role) for element in node.elements())


def _staff(reading: _Reading, agency: str, username: str, node: Node) -> NewStaff:
    node.only("name", "administrator", "supervisor", "supervised_since")
    _place(reading, "staff", username, node)
    supervisor = node.find("supervisor")
    administrator = node.find("administrator")
    if supervisor is None and (since := node.find("supervised_since")) is not None:
        raise since.error("there is no supervisor")
    return NewStaff(
        agency=agency,
        username=username,
        display_name=node.at("name").text(),
        administrator=administrator is not None and administrator.boolean(),
        supervisor=supervisor.text() if supervisor else None,
        since=_day(node, "supervised_since", reading.since) if supervisor else None,
    )


def _team(reading: _Reading, agency: str, slug: str, node: Node) -> NewTeam:
    node.only("name", "duty_desk", "members", "on_call")
    reading.places["team", f"{agency}/{slug}"] = node
    desk, members, shifts = node.find("duty_desk"), node.find("members"), node.find("on_call")
    return NewTeam(
        agency=agency,
        slug=slug,
        name=node.at("name").text(),
        duty_desk=desk is not None and desk.boolean(),
        members=tuple(_member(reading, element) for element in members.elements()) if members else (),
        shifts=tuple(_shift(element) for element in shifts.elements()) if shifts else (),
    )


def _member(reading: _Reading, node: Node) -> Membership:
    if isinstance(node.value, str):
        return Membership(node.text(), reading.since)
    node.only("staff", "since", "until")
    until = node.find("until")
    return Membership(node.at("staff").text(), _day(node, "since", reading.since), until.date() if until else None)


def _shift(node: Node) -> Shift:
    node.only("staff", "from", "until")
    until = node.find("until")
    return Shift(node.at("staff").text(), _instant(node.at("from")), _instant(until) if until else None)


def _client(reading: _Reading, agency: str, client_id: str, node: Node) -> NewClient:
    node.only("name", "scopes", "roles", "events_per_minute")
    _place(reading, "client", client_id, node)
    limit = node.find("events_per_minute")
    return NewClient(
        agency=agency,
        client_id=client_id,
        name=node.at("name").text(),
        scopes=frozenset(element.choice(Scope) for element in node.at("scopes").elements()),
        roles=_roles(node.at("roles")),
        events_per_minute=limit.integer(1, 10_000_000) if limit else EVENTS_PER_MINUTE,
    )


def _endpoints(reading: _Reading, agency: str, node: Node | None) -> tuple[NewEndpoint, ...]:
    found = []
    for element in node.elements() if node else ():
        endpoint = NewEndpoint(agency, element.text())
        _place(reading, "endpoint", endpoint_key(endpoint), element)
        found.append(endpoint)
    return tuple(found)


def _place(reading: _Reading, kind: Kind, key: str, node: Node) -> None:
    first = reading.places.setdefault((kind, key), node)
    if first is not node:
        raise node.error(f"{key} is given twice, first on line {first.line}")


def _day(node: Node, key: str, otherwise: date) -> date:
    found = node.find(key)
    return found.date() if found else otherwise


def _instant(node: Node) -> datetime:
    try:
        instant = datetime.fromisoformat(node.text())
    except ValueError:
        raise node.error(f"expected an instant as 2025-01-18T17:00:00-05:00, found {node.text()!r}") from None
    if instant.tzinfo is None:
        raise node.error("an instant needs its offset from UTC, as in 2025-01-18T17:00:00-05:00")
    return instant.astimezone(UTC)


def _locate(node: Node, field_path: str) -> tuple[Node, str]:
    """The deepest place that ``members[2].staff`` leads to below ``node``, and what of it the file does not have."""
    steps = re.findall(r"[^.\[\]]+", field_path)
    for done, step in enumerate(steps):
        below = _below(node, step)
        if below is None:
            rest = [] if step in {"slug", "username", "client_id", "url", "agency"} else steps[done:]
            return node, ".".join(rest)
        node = below
    return node, ""


def _below(node: Node, step: str) -> Node | None:
    match node.value:
        case dict():
            return node.find(step)
        case list() if step.isdigit() and int(step) < len(node.elements()):
            return node.elements()[int(step)]
        case _:
            return None
