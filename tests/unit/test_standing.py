"""Whether somebody who was told may still be told, and read, today."""

from dataclasses import replace
from uuid import UUID

from services.domain.roles import Role
from services.domain.routing_facts import CaseFacts, Seat
from services.domain.standing import Addressee, may_be_told, may_read

CPS, PROBATION, POLICE, COUNTY = (UUID(int=number) for number in range(1, 5))
WORKER, SUPERVISOR, OFFICER, DUTY, ON_CALL, ADMIN, MANAGER = (UUID(int=number) for number in range(11, 18))
FACTS = CaseFacts(
    case_id=UUID(int=99),
    zone="America/New_York",
    county="alder",
    track="investigation",
    closed=False,
    seats=(Seat(Role.CPS_WORKER, WORKER, "person", CPS), Seat(Role.PROB, OFFICER, "person", PROBATION)),
    desks={PROBATION: DUTY},
    supervisors={WORKER: SUPERVISOR},
    on_call=ON_CALL,
    on_call_agency=COUNTY,
    admins=(Seat(Role.ADMIN, ADMIN, "person", COUNTY),),
)


def test_whoever_holds_the_seat_reads_in_its_role_and_in_no_other() -> None:
    assert may_read(Addressee(Role.PROB, OFFICER, PROBATION), FACTS)
    assert not may_read(Addressee(Role.CPS_WORKER, OFFICER, PROBATION), FACTS)
    assert not may_read(Addressee(Role.PROB, WORKER, CPS), FACTS)


def test_the_duty_desk_behind_a_seat_reads_as_long_as_the_agency_holds_it() -> None:
    assert may_read(Addressee(Role.PROB, DUTY, PROBATION), FACTS)
    left = replace(FACTS, seats=FACTS.seats[:1])
    assert not may_read(Addressee(Role.PROB, DUTY, PROBATION), left)
    assert not may_read(Addressee(Role.PROB, OFFICER, PROBATION), left)


def test_the_countys_on_call_desk_reads_for_child_welfare_alone() -> None:
    assert may_read(Addressee(Role.CPS_INTAKE, ON_CALL, COUNTY), FACTS)
    assert may_read(Addressee(Role.CPS_WORKER, ON_CALL, COUNTY), FACTS)
    assert not may_read(Addressee(Role.PROB, ON_CALL, COUNTY), FACTS)


def test_a_supervisor_reads_as_long_as_they_supervise_somebody_on_the_case() -> None:
    assert may_read(Addressee(Role.CPS_SUP, SUPERVISOR, CPS), FACTS)
    assert not may_read(Addressee(Role.CPS_SUP, SUPERVISOR, CPS), replace(FACTS, supervisors={}))


def test_an_administrator_is_one_as_long_as_they_are() -> None:
    assert may_read(Addressee(Role.ADMIN, ADMIN, COUNTY), FACTS)
    assert not may_read(Addressee(Role.ADMIN, ADMIN, COUNTY), replace(FACTS, admins=()))


def test_whoever_stands_on_a_rung_reads_as_long_as_their_agency_holds_the_role() -> None:
    manager = Addressee(Role.CPS_MGR, MANAGER, CPS, escalated=True)
    assert may_read(manager, FACTS)
    assert not may_read(replace(manager, escalated=False), FACTS)
    assert may_read(Addressee(Role.PROB, MANAGER, PROBATION, escalated=True), FACTS)
    assert not may_read(Addressee(Role.PROB, MANAGER, POLICE, escalated=True), FACTS)


def test_an_agency_is_told_as_long_as_it_is_around_the_case() -> None:
    assert all(may_be_told(agency, FACTS) for agency in (CPS, PROBATION, COUNTY))
    assert not may_be_told(POLICE, FACTS)
    assert not may_be_told(PROBATION, replace(FACTS, seats=()))


def test_whoever_supervises_the_officer_on_a_case_is_no_supervisor_of_the_case() -> None:
    chief = UUID(int=18)
    facts = replace(FACTS, supervisors={OFFICER: chief, WORKER: SUPERVISOR})
    assert not may_read(Addressee(Role.CPS_SUP, chief, PROBATION), facts)
    assert not may_read(Addressee(Role.CPS_SUP, chief, CPS), facts)
    assert not may_read(Addressee(Role.CPS_SUP, SUPERVISOR, PROBATION), facts)
