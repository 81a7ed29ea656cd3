"""Set-up files are read with the line of every entry, and every mistake is named with it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from services.domain.registry import Membership, NewClient, NewStaff, Shift, TeamRef
from services.domain.roles import Role
from services.domain.scopes import Scope
from services.domain.set_up import Known, faults_of
from services.policy.calendars import load_calendars
from services.policy.setup_file import SetUpFile, load_setup
from services.policy.source import InvalidPolicyError

Write = Callable[[str], Path]

CONFIG = Path(__file__).parents[2] / "config"

WHOLE = """\
version: 1
since: 2024-01-01
counties:
  alder:
    name: Alder County
    zone: America/New_York
    calendar: alder-county
    on_call: alder-cps/after-hours
agencies:
  alder-cps:
    name: Child Welfare
    roles: [CPS_WORKER, CPS_SUP]
    staff:
      lindqvist: {name: A. Lindqvist}
      okafor: {name: N. Okafor, supervisor: lindqvist}
      ndiaye:
        name: M. Ndiaye
        supervisor: lindqvist
        supervised_since: 2024-03-01
    teams:
      after-hours:
        name: After-hours desk
        duty_desk: true
        members:
          - okafor
          - {staff: ndiaye, since: 2025-10-01, until: 2025-12-31}
        on_call:
          - {staff: okafor, from: "2025-01-18T17:00:00-05:00", until: "2025-01-19T08:00:00-05:00"}
    clients:
      alder-cps-records:
        name: Records
        scopes: [events:write]
        roles: [CPS_WORKER]
        events_per_minute: 60
    endpoints:
      - https://records.example.org/hook
"""
KNOWN = Known(venues={"alder": "America/New_York"}, calendars=frozenset({"alder-county"}))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: str) -> Path:
        path = tmp_path / "setup.yaml"
        path.write_text(content, encoding="utf-8")
        return path

    return written


def lines_of(error: InvalidPolicyError) -> list[str]:
    return [f"{problem.line}: {problem.message}" for problem in error.errors]


def test_a_set_up_file_is_read_whole(write: Write) -> None:
    plan = load_setup(write(WHOLE)).plan
    assert faults_of(plan, KNOWN) == []
    assert plan.counties[0].on_call == TeamRef("alder-cps", "after-hours")
    assert plan.staff == (
        NewStaff("alder-cps", "lindqvist", "A. Lindqvist"),
        NewStaff("alder-cps", "okafor", "N. Okafor", supervisor="lindqvist", since=date(2024, 1, 1)),
        NewStaff("alder-cps", "ndiaye", "M. Ndiaye", supervisor="lindqvist", since=date(2024, 3, 1)),
    )
    team = plan.teams[0]
    assert team.duty_desk
    assert team.members == (
        Membership("okafor", date(2024, 1, 1)),
        Membership("ndiaye", date(2025, 10, 1), date(2025, 12, 31)),
    )
    assert team.shifts == (
        Shift("okafor", datetime(2025, 1, 18, 22, tzinfo=UTC), datetime(2025, 1, 19, 13, tzinfo=UTC)),
    )
    assert plan.clients == (
        NewClient(
            "alder-cps",
            "alder-cps-records",
            "Records",
            frozenset({Scope.EVENTS_WRITE}),
            frozenset({Role.CPS_WORKER}),
            60,
        ),
    )
    assert plan.endpoints[0].url == "https://records.example.org/hook"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("version: 1", "version: 2", "1: version: 2 is more than 1"),
        ("since: 2024-01-01\n", "", "1: 'since' is missing"),
        ("zone: America/New_York", "zones: x", "6: counties.alder.zones: unknown key"),
        ("on_call: alder-cps/after-hours", "on_call: after-hours", "8: counties.alder.on_call: expected a team"),
        ("[CPS_WORKER, CPS_SUP]", "[CPS_WORKER, SURGEON]", "12: agencies.alder-cps.roles[1]: 'SURGEON' is not known"),
        ("{name: A. Lindqvist}", "{}", "14: agencies.alder-cps.staff.lindqvist: 'name' is missing"),
        ("        supervisor: lindqvist\n", "", "18: agencies.alder-cps.staff.ndiaye.supervised_since: there is no"),
        ("since: 2025-10-01", "since: soon", "26: agencies.alder-cps.teams.after-hours.members[1].since: expected a"),
        ("17:00:00-05:00", "17:00:00", "28: agencies.alder-cps.teams.after-hours.on_call[0].from: an instant needs"),
        ("2025-01-19T08:00:00-05:00", "later", "28: agencies.alder-cps.teams.after-hours.on_call[0].until: expected"),
        ("[events:write]", "[events]", "32: agencies.alder-cps.clients.alder-cps-records.scopes[0]: 'events' is not"),
        ("minute: 60", "minute: 0", "34: agencies.alder-cps.clients.alder-cps-records.events_per_minute: 0 is less"),
        ("https://records.example.org/hook", "{}", "36: agencies.alder-cps.endpoints[0]: expected text"),
        ("    clients:", "    client:", "29: agencies.alder-cps.client: unknown key"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(write: Write, old: str, new: str, expected: str) -> None:
    assert old in WHOLE
    with pytest.raises(InvalidPolicyError) as caught:
        load_setup(write(WHOLE.replace(old, new, 1)))
    assert any(line.startswith(expected) for line in lines_of(caught.value)), lines_of(caught.value)


def faults_in(file: SetUpFile) -> list[str]:
    return lines_of(file.errors_of(faults_of(file.plan, KNOWN)))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("calendar: alder-county", "calendar: none", "7: counties.alder.calendar: The policy of calendars has no"),
        ("alder-cps/after-hours", "alder-cps/nobody", "8: counties.alder.on_call: There is no team alder-cps/nobody."),
        (
            "supervisor: lindqvist}",
            "supervisor: nobody}",
            "15: agencies.alder-cps.staff.okafor.supervisor: There is no",
        ),
        ("- okafor\n", "- nobody\n", "25: agencies.alder-cps.teams.after-hours.members[0]: staff: The agency has no"),
        ("staff: ndiaye", "staff: nobody", "26: agencies.alder-cps.teams.after-hours.members[1].staff: The agency"),
        (
            "until: 2025-12-31",
            "until: 2025-01-01",
            "26: agencies.alder-cps.teams.after-hours.members[1].until: It ends",
        ),
        ("[CPS_WORKER]", "[LE]", "33: agencies.alder-cps.clients.alder-cps-records.roles: A client speaks only"),
        ("https://records", "http://records", "36: agencies.alder-cps.endpoints[0]: Only https."),
        ("okafor: {", "Okafor: {", "15: agencies.alder-cps.staff.Okafor: 2 to 64 characters"),
        ("name: N. Okafor", "administrator: true, name: N", "15: agencies.alder-cps.staff.okafor.administrator: Only"),
    ],
)
def test_what_cannot_be_registered_is_named_with_its_line(write: Write, old: str, new: str, expected: str) -> None:
    assert old in WHOLE
    found = faults_in(load_setup(write(WHOLE.replace(old, new, 1))))
    assert any(line.startswith(expected) for line in found), found


def test_all_mistakes_are_reported_together(write: Write) -> None:
    content = (
        WHOLE.replace("CPS_SUP", "SURGEON").replace("on_call: alder-cps/", "on_call: ").replace("{name: A", "{nom: A")
    )
    with pytest.raises(InvalidPolicyError) as caught:
        load_setup(write(content))
    assert [problem.line for problem in caught.value.errors] == [8, 12]


def test_a_name_that_two_agencies_give_is_refused_with_the_first_line(write: Write) -> None:
    content = WHOLE + "  police:\n    name: Police\n    roles: [LE]\n    staff:\n      okafor: {name: Another}\n"
    with pytest.raises(InvalidPolicyError) as caught:
        load_setup(write(content))
    assert lines_of(caught.value) == ["41: agencies.police.staff.okafor: okafor is given twice, first on line 15"]


def test_the_demos_set_up_can_be_carried_out_by_itself() -> None:
    policy = load_calendars(CONFIG / "policy" / "calendars.yaml")
    known = Known(
        venues={name: venue.zone.key for name, venue in policy.venues.items()}, calendars=frozenset(policy.calendars)
    )
    demo = load_setup(CONFIG / "demo" / "agencies.yaml")
    assert faults_in(demo) == [] == faults_of(demo.plan, known)


def test_every_agency_of_the_demo_that_may_hear_of_what_cannot_wait_has_a_duty_desk_that_somebody_answers_for() -> None:
    plan = load_setup(CONFIG / "demo" / "agencies.yaml").plan
    without = {agency.slug for agency in plan.agencies} - {team.agency for team in plan.teams if team.duty_desk}
    assert without == {"pike-law", "larkin-legal-aid"}
    assert [str(team.ref) for team in plan.teams if team.duty_desk and not team.shifts] == []


def test_every_role_that_can_have_a_log_in_is_held_in_the_demo() -> None:
    plan = load_setup(CONFIG / "demo" / "agencies.yaml").plan
    held = frozenset().union(*(agency.roles for agency in plan.agencies))
    assert frozenset(Role) - held == {Role.SURVIVOR, Role.SUBJECT, Role.SYSTEM}
