"""Registering on a real database, in the roles of the web and of the command line."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from sqlalchemy import Connection, func, select

from services.actions.register_agency import register_agency
from services.actions.register_client import register_client
from services.actions.register_county import register_county
from services.actions.register_endpoint import register_endpoint
from services.actions.register_staff import register_staff
from services.actions.register_team import register_team
from services.actions.rotate_secrets import (
    add_client_secret,
    add_endpoint_secret,
    revoke_client_secret,
    revoke_endpoint_secret,
)
from services.actions.set_up import SetUpDone, SetUpRefused, check_set_up, set_up
from services.actions.suspend import switch_endpoint
from services.domain.actors import Actor, system_actor
from services.domain.registry import (
    Membership,
    NewAgency,
    NewClient,
    NewCounty,
    NewEndpoint,
    NewStaff,
    NewTeam,
    NotRegistered,
    Outcome,
    Registered,
    Shift,
    TeamRef,
)
from services.domain.roles import Role
from services.domain.scopes import Scope
from services.domain.set_up import SetUp, Supervision
from services.storage import decisions, endpoints, escalations, staff, teams
from services.storage.sealing import KeyRing
from services.storage.tables import audit_log, client_secrets, endpoint_secrets
from services.system import System

DAY = date(2024, 1, 1)
ADMINISTRATOR = Actor(name="staff:root", administrates=True)
COMMAND_LINE = system_actor("command-line")

POLICE = NewAgency("alder-police", "Alder Police", frozenset({Role.LE}))
CPS = NewAgency("alder-cps", "Alder Child Welfare", frozenset({Role.CPS_WORKER, Role.CPS_SUP, Role.CPS_MGR}))
PEOPLE = (
    NewStaff("alder-cps", "okafor", "N. Okafor", supervisor="lindqvist", since=DAY),
    NewStaff("alder-cps", "lindqvist", "A. Lindqvist", supervisor="bashir", since=DAY),
    NewStaff("alder-cps", "bashir", "S. Bashir"),
)
AFTER_HOURS = NewTeam(
    "alder-cps",
    "after-hours",
    "After-hours desk",
    duty_desk=True,
    members=(Membership("okafor", DAY), Membership("lindqvist", DAY)),
    shifts=(Shift("lindqvist", datetime(2024, 1, 1, 5, tzinfo=UTC)),),
)
RMS = NewClient("alder-police", "alder-police-rms", "Records", frozenset({Scope.EVENTS_WRITE}), frozenset({Role.LE}))
HOOK = NewEndpoint("alder-police", "https://rms.example.org/hooks")
ALDER = NewCounty(
    "alder", "Alder County", "America/New_York", "alder-county", on_call=TeamRef("alder-cps", "after-hours")
)
PLAN = SetUp(
    agencies=(POLICE, CPS),
    counties=(ALDER,),
    staff=PEOPLE,
    teams=(AFTER_HOURS,),
    clients=(RMS,),
    endpoints=(HOOK,),
)


@pytest.fixture(params=["web", "worker"])
def each_role(request: pytest.FixtureRequest, system: System, web_system: System) -> tuple[System, Actor]:
    """An administrator in a page, and the command line."""
    return (web_system, ADMINISTRATOR) if request.param == "web" else (system, COMMAND_LINE)


def audited(connection: Connection) -> list[tuple[str, str, str]]:
    rows = connection.execute(
        select(audit_log.c.actor, audit_log.c.act, audit_log.c.outcome).order_by(audit_log.c.number)
    )
    return [(row.actor, row.act, row.outcome) for row in rows]


def done(outcome: SetUpDone | SetUpRefused) -> SetUpDone:
    assert isinstance(outcome, SetUpDone), outcome
    return outcome


def new_of(outcome: Registered | NotRegistered) -> Registered:
    assert isinstance(outcome, Registered), outcome
    return outcome


def refused_for(outcome: object) -> list[tuple[str, str]]:
    match outcome:
        case NotRegistered(problems=problems):
            return [(problem.field, problem.code) for problem in problems]
        case SetUpRefused(faults=faults):
            return [(f"{fault.kind} {fault.key} {fault.problem.field}", fault.problem.code) for fault in faults]
    raise AssertionError(outcome)


def test_a_set_up_registers_everything_once_and_audits_it(each_role: tuple[System, Actor]) -> None:
    system, actor = each_role
    first = done(set_up(system, actor, PLAN))
    assert {it.outcome for it in first.registered.values()} == {Outcome.CREATED}
    assert first.counties == {"alder": Outcome.CREATED}
    assert first.registered["client", "alder-police-rms"].secret
    again = done(set_up(system, actor, PLAN))
    assert {it.outcome for it in again.registered.values()} == {Outcome.KEPT}
    assert [it.secret for it in again.registered.values() if it.secret] == []
    assert {key: it.id for key, it in again.registered.items()} == {k: it.id for k, it in first.registered.items()}
    with system.database.begin(actor) as connection:
        lines = audited(connection)
    assert sorted(set(lines)) == sorted(
        (actor.name, f"register_{kind}", "created")
        for kind in ("agency", "client", "county", "endpoint", "staff", "team")
    )
    assert len(lines) == len(first.registered) + len(first.counties)


def test_each_thing_can_be_registered_by_itself(each_role: tuple[System, Actor]) -> None:
    system, actor = each_role
    outcomes = [
        register_agency(system, actor, POLICE),
        register_agency(system, actor, CPS),
        register_staff(system, actor, PEOPLE[2]),
        register_staff(system, actor, PEOPLE[1]),
        register_staff(system, actor, PEOPLE[0]),
        register_team(system, actor, AFTER_HOURS),
        register_client(system, actor, RMS),
        register_endpoint(system, actor, HOOK),
    ]
    assert [new_of(it).outcome for it in outcomes] == [Outcome.CREATED] * 8
    assert register_county(system, actor, ALDER) is Outcome.CREATED
    assert {it.outcome for it in done(set_up(system, actor, PLAN)).registered.values()} == {Outcome.KEPT}


def test_a_differing_entry_is_changed_and_keeps_its_id(each_role: tuple[System, Actor]) -> None:
    system, actor = each_role
    first = done(set_up(system, actor, PLAN)).registered
    plan = replace(
        PLAN,
        agencies=(replace(POLICE, name="Alder County Police"), CPS),
        teams=(replace(AFTER_HOURS, members=(Membership("bashir", DAY),)),),
        counties=(replace(ALDER, name="County of Alder"),),
    )
    second = done(set_up(system, actor, plan))
    changed = {entry for entry, it in second.registered.items() if it.outcome is Outcome.CHANGED}
    assert changed == {("agency", "alder-police"), ("team", "alder-cps/after-hours")}
    assert second.counties == {"alder": Outcome.CHANGED}
    assert {entry: it.id for entry, it in second.registered.items()} == {e: it.id for e, it in first.items()}


def test_somebody_without_the_right_changes_nothing(web_system: System, system: System) -> None:
    worker = Actor(name="staff:okafor", roles=frozenset({Role.CPS_WORKER}))
    assert refused_for(register_agency(web_system, worker, POLICE)) == [("", "forbidden")]
    assert refused_for(set_up(system, worker, PLAN)) == [("registry  ", "forbidden")]
    assert refused_for(add_client_secret(web_system, worker, "alder-police-rms")) == [("", "forbidden")]


def test_nothing_of_a_set_up_is_written_where_one_thing_is_wrong(system: System) -> None:
    plan = replace(PLAN, clients=(replace(RMS, roles=frozenset({Role.DA})),))
    assert refused_for(set_up(system, COMMAND_LINE, plan)) == [("client alder-police-rms roles", "not_allowed")]
    with system.database.begin(COMMAND_LINE) as connection:
        assert audited(connection) == []
        assert staff.listed(connection) == []


def test_a_check_says_what_would_be_refused_and_writes_nothing(system: System) -> None:
    assert check_set_up(system, COMMAND_LINE, PLAN) is None
    wrong = replace(PLAN, staff=(*PEOPLE[:2], replace(PEOPLE[2], administrator=True)))
    assert refused_for(check_set_up(system, COMMAND_LINE, wrong)) == [("staff bashir administrator", "not_allowed")]
    with system.database.begin(COMMAND_LINE) as connection:
        assert audited(connection) == []


def test_what_a_set_up_names_may_be_registered_already(system: System) -> None:
    alone = SetUp(staff=(NewStaff("alder-cps", "ndiaye", "M. Ndiaye", supervisor="lindqvist", since=DAY),))
    assert refused_for(set_up(system, COMMAND_LINE, alone)) == [
        ("staff ndiaye agency", "unknown"),
        ("staff ndiaye supervisor", "unknown"),
    ]
    done(set_up(system, COMMAND_LINE, PLAN))
    assert done(set_up(system, COMMAND_LINE, alone)).registered["staff", "ndiaye"].outcome is Outcome.CREATED


def test_nobody_and_no_client_moves_to_another_agency(system: System) -> None:
    done(set_up(system, COMMAND_LINE, PLAN))
    person = NewStaff("alder-police", "okafor", "N. Okafor")
    assert refused_for(register_staff(system, COMMAND_LINE, person)) == [("username", "taken")]
    client = replace(RMS, agency="alder-cps", roles=frozenset({Role.CPS_SUP}))
    assert refused_for(register_client(system, COMMAND_LINE, client)) == [("client_id", "taken")]


def test_a_new_supervisor_follows_the_old_one_from_the_day_given(system: System) -> None:
    done(set_up(system, COMMAND_LINE, PLAN))
    handover = date(2025, 10, 1)
    moved = replace(PEOPLE[0], supervisor="bashir", since=handover)
    assert new_of(register_staff(system, COMMAND_LINE, moved)).outcome is Outcome.CHANGED
    with system.database.begin(COMMAND_LINE) as connection:
        ids = {name: line.id for name, line in staff.find(connection, ["okafor", "lindqvist", "bashir"]).items()}
        okafor = ids["okafor"]
        for day, supervisor in (
            (datetime(2025, 9, 30, 12, tzinfo=UTC), "lindqvist"),
            (datetime(2025, 10, 1, 12, tzinfo=UTC), "bashir"),
        ):
            above = escalations.supervisors_above(connection, [okafor], day)
            assert above[okafor] == ids[supervisor]
        assert staff.open_supervisions(connection, ["okafor"]) == {"okafor": Supervision("bashir", handover)}
    assert refused_for(register_staff(system, COMMAND_LINE, PEOPLE[0])) == [("since", "out_of_order")]


def test_a_team_knows_its_members_by_day_and_who_answers_by_the_hour(system: System) -> None:
    team = replace(
        AFTER_HOURS,
        members=(Membership("okafor", DAY, date(2025, 9, 30)), Membership("bashir", date(2025, 10, 1))),
        shifts=(Shift("bashir", datetime(2025, 10, 1, 4, tzinfo=UTC), datetime(2025, 10, 2, 4, tzinfo=UTC)),),
    )
    registered = done(set_up(system, COMMAND_LINE, replace(PLAN, teams=(team,)))).registered
    desk, okafor, bashir = (
        registered[entry].id for entry in (("team", "alder-cps/after-hours"), ("staff", "okafor"), ("staff", "bashir"))
    )
    with system.database.begin(COMMAND_LINE) as connection:
        assert teams.teams_of(connection, okafor, date(2025, 9, 30)) == {desk}
        assert teams.teams_of(connection, bashir, date(2025, 9, 30)) == set()
        assert teams.teams_of(connection, okafor, date(2025, 10, 1)) == set()
        assert teams.teams_of(connection, bashir, date(2025, 10, 1)) == {desk}
        assert escalations.on_shift(connection, [desk], datetime(2025, 10, 1, 3, 59, tzinfo=UTC)) == {}
        assert escalations.on_shift(connection, [desk], datetime(2025, 10, 1, 4, tzinfo=UTC)) == {desk: bashir}
        assert escalations.on_shift(connection, [desk], datetime(2025, 10, 2, 4, tzinfo=UTC)) == {}
        assert [(line.slug, line.members) for line in teams.listed(connection, DAY)] == [("after-hours", ("okafor",))]
        assert teams.end_membership(connection, desk, bashir, date(2025, 10, 3))
        assert teams.teams_of(connection, bashir, date(2025, 10, 4)) == set()


def test_a_client_has_two_secrets_at_a_time_and_a_third_is_refused(each_role: tuple[System, Actor]) -> None:
    system, actor = each_role
    done(set_up(system, actor, PLAN))
    second = new_of(add_client_secret(system, actor, "alder-police-rms"))
    assert refused_for(add_client_secret(system, actor, "alder-police-rms")) == [("secret_id", "too_many")]
    assert refused_for(revoke_client_secret(system, actor, "alder-police-rms", uuid4())) == [("secret_id", "unknown")]
    new_of(revoke_client_secret(system, actor, "alder-police-rms", second.id))
    third = new_of(add_client_secret(system, actor, "alder-police-rms"))
    assert third.secret not in (None, second.secret)
    assert refused_for(add_client_secret(system, actor, "nobody")) == [("client_id", "unknown")]


def test_the_secrets_of_clients_are_kept_as_hashes_only(system: System) -> None:
    secret = done(set_up(system, COMMAND_LINE, PLAN)).registered["client", "alder-police-rms"].secret
    assert secret
    with system.database.begin(COMMAND_LINE) as connection:
        kept = connection.execute(select(client_secrets.c.secret_hash)).scalar_one()
    assert secret not in kept
    assert len(bytes.fromhex(kept)) == 32


def test_an_endpoint_signs_with_two_secrets_which_are_sealed(each_role: tuple[System, Actor], keys: KeyRing) -> None:
    system, actor = each_role
    first = done(set_up(system, actor, PLAN)).registered["endpoint", "alder-police https://rms.example.org/hooks"]
    second = new_of(add_endpoint_secret(system, actor, first.id))
    assert refused_for(add_endpoint_secret(system, actor, first.id)) == [("secret_id", "too_many")]
    with system.database.begin(actor) as connection:
        signing = endpoints.signing_secrets(connection, keys, [first.id])[first.id]
        kept = connection.execute(select(endpoint_secrets.c.secret_sealed)).scalars().all()
    assert set(signing) == {first.secret, second.secret}
    assert all(secret.startswith("whsec_") for secret in signing)
    assert not any(secret.encode() in sealed for secret in signing for sealed in kept)
    new_of(revoke_endpoint_secret(system, actor, first.id, second.id))
    with system.database.begin(actor) as connection:
        assert endpoints.signing_secrets(connection, keys, [first.id]) == {first.id: (first.secret,)}


def test_an_endpoint_that_was_switched_off_stays_off_when_the_set_up_runs_again(system: System) -> None:
    registered = done(set_up(system, COMMAND_LINE, PLAN)).registered
    endpoint = registered["endpoint", "alder-police https://rms.example.org/hooks"].id
    police = registered["agency", "alder-police"].id
    with system.database.begin(COMMAND_LINE) as connection:
        assert decisions.active_endpoints(connection, [police]) == {police: [endpoint]}
    new_of(switch_endpoint(system, COMMAND_LINE, endpoint, active=False))
    done(set_up(system, COMMAND_LINE, PLAN))
    with system.database.begin(COMMAND_LINE) as connection:
        assert decisions.active_endpoints(connection, [police]) == {}


def test_webhooks_go_to_this_machine_only_where_that_is_allowed(system: System) -> None:
    done(set_up(system, COMMAND_LINE, PLAN))
    here = NewEndpoint("alder-police", "http://127.0.0.1:9000/hook")
    assert refused_for(register_endpoint(system, COMMAND_LINE, here)) == [
        ("url", "not_allowed"),
        ("url", "not_allowed"),
    ]
    assert new_of(register_endpoint(system, COMMAND_LINE, here, allow_private=True)).secret


def test_a_county_needs_the_zone_and_a_calendar_of_the_policy(system: System) -> None:
    county = replace(ALDER, zone="Europe/Rome", calendar="none", on_call=TeamRef("alder-cps", "nobody"))
    assert refused_for(register_county(system, COMMAND_LINE, county)) == [
        ("zone", "not_allowed"),
        ("calendar", "unknown"),
        ("on_call", "unknown"),
    ]
    assert refused_for(register_county(system, COMMAND_LINE, replace(county, slug="birch"))) == [
        ("slug", "unknown"),
        ("calendar", "unknown"),
        ("on_call", "unknown"),
    ]


def test_the_audit_log_names_ids_and_never_people(system: System) -> None:
    done(set_up(system, COMMAND_LINE, PLAN))
    with system.database.begin(COMMAND_LINE) as connection:
        objects = " ".join(connection.execute(select(audit_log.c.object)).scalars())
        assert connection.execute(select(func.count()).select_from(audit_log)).scalar_one() == 9
    assert "okafor" not in objects
