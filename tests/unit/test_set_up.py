"""What is wrong with a set-up, decided without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.actors import Actor, system_actor
from services.domain.registry import (
    Membership,
    NewAgency,
    NewClient,
    NewCounty,
    NewEndpoint,
    NewStaff,
    NewTeam,
    Shift,
    TeamRef,
    may_register,
)
from services.domain.roles import Role
from services.domain.scopes import Scope
from services.domain.set_up import Known, SetUp, Supervision, faults_of

DAY = date(2024, 1, 1)
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
CPS = NewAgency("cps", "Child Welfare", frozenset({Role.CPS_WORKER, Role.CPS_SUP}))
OPERATORS = NewAgency("operations", "Operations", frozenset({Role.ADMIN}))
OKAFOR = NewStaff("cps", "okafor", "N. Okafor")
LINDQVIST = NewStaff("cps", "lindqvist", "A. Lindqvist")
DESK = NewTeam("cps", "desk", "Desk", members=(Membership("okafor", DAY),))
RECORDS = NewClient("cps", "cps-records", "Records", frozenset({Scope.EVENTS_WRITE}), frozenset({Role.CPS_WORKER}))
ALDER = NewCounty("alder", "Alder", "America/New_York", "alder-county", on_call=TeamRef("cps", "desk"))
KNOWN = Known(venues={"alder": "America/New_York"}, calendars=frozenset({"alder-county"}))
PLAN = SetUp(agencies=(CPS, OPERATORS), counties=(ALDER,), staff=(OKAFOR, LINDQVIST), teams=(DESK,), clients=(RECORDS,))


def faults(plan: SetUp, known: Known = KNOWN) -> set[tuple[str, str, str, str]]:
    found = faults_of(plan, known)
    return {(fault.kind, fault.key, fault.problem.field, fault.problem.code) for fault in found}


def test_a_whole_set_up_has_no_faults() -> None:
    assert faults(PLAN) == set()
    assert faults(SetUp()) == set()


@pytest.mark.parametrize(
    ("agency", "field"),
    [
        (replace(CPS, slug="Cps"), "slug"),
        (replace(CPS, slug="cps-"), "slug"),
        (replace(CPS, slug="x" * 65), "slug"),
        (replace(CPS, name=" "), "name"),
        (replace(CPS, name="x" * 201), "name"),
        (replace(CPS, roles=frozenset()), "roles"),
        (replace(CPS, roles=frozenset({Role.SURVIVOR})), "roles"),
        (replace(CPS, roles=frozenset({Role.SUBJECT})), "roles"),
        (replace(CPS, roles=frozenset({Role.SYSTEM})), "roles"),
    ],
)
def test_an_agency_that_cannot_be(agency: NewAgency, field: str) -> None:
    assert {fault[2] for fault in faults(SetUp(agencies=(agency,)))} == {field}


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        (replace(OKAFOR, username="Okafor"), {("username", "malformed")}),
        (replace(OKAFOR, username="o"), {("username", "malformed")}),
        (replace(OKAFOR, administrator=True), {("administrator", "not_allowed")}),
        (replace(OKAFOR, agency="nowhere"), {("agency", "unknown")}),
        (replace(OKAFOR, supervisor="nobody", since=DAY), {("supervisor", "unknown")}),
        (replace(OKAFOR, supervisor="okafor", since=DAY), {("supervisor", "not_allowed")}),
        (replace(OKAFOR, supervisor="lindqvist"), {("since", "required")}),
        (replace(OKAFOR, since=DAY), {("since", "required")}),
    ],
)
def test_somebody_who_cannot_be_registered(person: NewStaff, expected: set[tuple[str, str]]) -> None:
    plan = replace(PLAN, staff=(person, LINDQVIST), teams=(), counties=())
    assert {fault[2:] for fault in faults(plan)} == expected


def test_an_administrator_is_of_an_agency_that_holds_the_role() -> None:
    root = NewStaff("operations", "root", "The Administrator", administrator=True)
    assert faults(replace(PLAN, staff=(*PLAN.staff, root))) == set()


def test_nobody_comes_to_supervise_their_own_supervisor() -> None:
    circle = (replace(OKAFOR, supervisor="lindqvist", since=DAY), replace(LINDQVIST, supervisor="okafor", since=DAY))
    assert faults(replace(PLAN, staff=circle)) == {
        ("staff", "okafor", "supervisor", "not_allowed"),
        ("staff", "lindqvist", "supervisor", "not_allowed"),
    }
    known = replace(KNOWN, supervisions={"okafor": Supervision("lindqvist", DAY)})
    assert faults(replace(PLAN, staff=(OKAFOR, circle[1])), known) == {
        ("staff", "lindqvist", "supervisor", "not_allowed")
    }


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=12))
def test_a_circle_of_supervisors_is_found_wherever_it_is(pairs: list[tuple[int, int]]) -> None:
    above = {person: supervisor for person, supervisor in pairs if person != supervisor}
    names = [f"person-{number}" for number in range(8)]
    staff = tuple(
        NewStaff("cps", names[at], "X", supervisor=names[above[at]], since=DAY)
        if at in above
        else NewStaff("cps", names[at], "X")
        for at in range(8)
    )
    in_circles = set()
    for start in above:
        at = start
        for _ in range(8):
            at = above.get(at, -1)
            if at == start:
                in_circles.add(names[start])
    assert {fault[1] for fault in faults(SetUp(agencies=(CPS,), staff=staff))} == in_circles


def test_a_supervision_does_not_begin_before_the_one_that_it_ends() -> None:
    known = replace(KNOWN, supervisions={"okafor": Supervision("bashir", DAY)}, staff={"bashir": "cps"})
    same_day = replace(OKAFOR, supervisor="lindqvist", since=DAY)
    assert faults(replace(PLAN, staff=(same_day, LINDQVIST)), known) == {("staff", "okafor", "since", "out_of_order")}
    next_day = replace(same_day, since=DAY + timedelta(days=1))
    assert faults(replace(PLAN, staff=(next_day, LINDQVIST)), known) == set()


@pytest.mark.parametrize(
    ("team", "field"),
    [
        (replace(DESK, members=(Membership("nobody", DAY),)), "members[0].staff"),
        (replace(DESK, members=(Membership("okafor", DAY, DAY - timedelta(days=1)),)), "members[0].until"),
        (replace(DESK, members=(Membership("okafor", DAY), Membership("okafor", DAY))), "members"),
        (replace(DESK, shifts=(Shift("okafor", NOON), Shift("nobody", NOON))), "on_call[1].staff"),
        (replace(DESK, shifts=(Shift("okafor", NOON, NOON),)), "on_call[0].until"),
        (replace(DESK, shifts=(Shift("okafor", NOON), Shift("okafor", NOON, NOON + timedelta(1)))), "on_call"),
        (replace(DESK, name=""), "name"),
    ],
)
def test_a_team_that_cannot_be(team: NewTeam, field: str) -> None:
    assert {fault[:3] for fault in faults(replace(PLAN, teams=(team,)))} == {("team", "cps/desk", field)}


def test_a_team_takes_nobody_of_another_agency() -> None:
    root = NewStaff("operations", "root", "The Administrator")
    desk = replace(DESK, members=(Membership("root", DAY),))
    assert faults(replace(PLAN, staff=(root,), teams=(desk,))) == {("team", "cps/desk", "members[0].staff", "unknown")}


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        (replace(RECORDS, scopes=frozenset()), {("scopes", "required")}),
        (replace(RECORDS, roles=frozenset()), {("roles", "required")}),
        (replace(RECORDS, roles=frozenset({Role.LE})), {("roles", "not_allowed")}),
        (replace(RECORDS, scopes=frozenset({Scope.ADMIN})), {("scopes", "not_allowed")}),
        (replace(RECORDS, events_per_minute=0), {("events_per_minute", "out_of_range")}),
        (replace(RECORDS, agency="nowhere"), {("agency", "unknown")}),
        (replace(RECORDS, client_id="under_score"), {("client_id", "malformed")}),
    ],
)
def test_a_client_that_cannot_be(client: NewClient, expected: set[tuple[str, str]]) -> None:
    assert {fault[2:] for fault in faults(replace(PLAN, clients=(client,)))} == expected


def test_a_client_that_only_reads_needs_no_role() -> None:
    reader = replace(RECORDS, scopes=frozenset({Scope.EVENTS_READ}), roles=frozenset())
    assert faults(replace(PLAN, clients=(reader,))) == set()


def test_names_are_taken_over_all_agencies() -> None:
    known = replace(
        KNOWN, agencies={"other": frozenset({Role.LE})}, staff={"okafor": "other"}, clients={"cps-records": "other"}
    )
    found = faults(replace(PLAN, teams=(), counties=()), known)
    assert found == {("staff", "okafor", "username", "taken"), ("client", "cps-records", "client_id", "taken")}


def test_what_is_given_more_than_once_is_named_once() -> None:
    hook = NewEndpoint("cps", "https://cps.example.org/hook")
    plan = SetUp(
        agencies=(CPS, CPS),
        counties=(ALDER, ALDER),
        staff=(OKAFOR, OKAFOR),
        teams=(DESK, DESK),
        clients=(RECORDS, RECORDS),
        endpoints=(hook, hook),
    )
    assert [(fault.kind, fault.problem.code) for fault in faults_of(plan, KNOWN)] == [
        (kind, "repeated") for kind in ("agency", "county", "staff", "team", "client", "endpoint")
    ]


def test_only_administrators_and_the_system_itself_register() -> None:
    assert may_register(system_actor("command"))
    assert may_register(Actor(name="staff:root", administrates=True))
    assert not may_register(Actor(name="staff:okafor", roles=frozenset({Role.CPS_MGR, Role.ADMIN})))
