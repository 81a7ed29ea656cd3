"""Jobs on a real database: leased by one at a time, in case order, isolated when poison, never lost, never doubled."""

import time
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.actions.replay_jobs import drop_jobs, list_jobs, replay_jobs
from services.actions.run_jobs import HANDLERS, TRIES, run_jobs
from services.clock import StoryClock
from services.domain.actors import Actor
from services.domain.urgency import Lane
from services.storage import jobs
from services.storage.jobs import LeaseLostError, NewJob
from services.system import System
from tests.alder import Alder
from tests.integration.test_receive_events import INCIDENT

KINDS = tuple(HANDLERS)


def put(system: System, actor: Actor, key: str, case_id: UUID | None = None, kind: str = "route") -> None:
    with system.database.begin(actor) as connection:
        jobs.add(connection, [NewJob(key, Lane.URGENT, kind, uuid4(), system.clock(), case_id)])


def lease(system: System, actor: Actor, limit: int = 10) -> list[jobs.Job]:
    with system.database.begin(actor) as connection:
        return jobs.lease(connection, Lane.URGENT, KINDS, system.clock(), limit)


def let_leases_run_out(system: System, actor: Actor) -> None:
    with system.database.begin(actor) as connection:
        connection.execute(text("UPDATE jobs SET lease_until = clock_timestamp() - interval '1 second'"))


def test_a_job_is_written_once_for_its_key(system: System, someone: Actor) -> None:
    put(system, someone, "a")
    put(system, someone, "a")
    assert len(lease(system, someone)) == 1


def test_a_leased_job_is_not_leased_again_until_its_lease_runs_out(system: System, someone: Actor) -> None:
    put(system, someone, "a")
    [first] = lease(system, someone)
    assert lease(system, someone) == []
    let_leases_run_out(system, someone)
    [second] = lease(system, someone)
    assert (second.id, second.attempts) == (first.id, 2)


def test_who_lost_the_lease_cannot_finish_the_job(system: System, someone: Actor) -> None:
    put(system, someone, "a")
    first = lease(system, someone)
    let_leases_run_out(system, someone)
    second = lease(system, someone)
    with pytest.raises(LeaseLostError), system.database.begin(someone) as connection:
        jobs.finish(connection, first, "test")
    with system.database.begin(someone) as connection:
        jobs.finish(connection, second, "test")


def test_an_event_is_not_leased_while_an_earlier_one_of_its_case_is_being_routed(
    system: System, someone: Actor
) -> None:
    case, other = uuid4(), uuid4()
    for key, case_id in (("a1", case), ("a2", case), ("b1", other)):
        put(system, someone, key, case_id)
    [first] = lease(system, someone, limit=1)
    assert first.key == "a1"
    assert [job.key for job in lease(system, someone)] == ["b1"]
    let_leases_run_out(system, someone)
    assert [job.key for job in lease(system, someone)] == ["a1", "a2", "b1"]


def test_a_job_set_aside_holds_up_nothing_behind_it(system: System, someone: Actor) -> None:
    case = uuid4()
    put(system, someone, "a1", case)
    put(system, someone, "a2", case)
    [first] = lease(system, someone, limit=1)
    with system.database.begin(someone) as connection:
        jobs.set_aside(connection, first, "Poison")
    assert [job.key for job in lease(system, someone)] == ["a2"]


def test_a_job_is_not_due_before_its_business_time(system: System, clock: StoryClock, someone: Actor) -> None:
    with system.database.begin(someone) as connection:
        due = clock() + timedelta(hours=1)
        jobs.add(connection, [NewJob("a", Lane.URGENT, "route", uuid4(), due)])
    assert lease(system, someone) == []
    clock.move_to(due)
    assert len(lease(system, someone)) == 1


def test_only_the_poison_of_a_batch_is_set_aside_and_can_be_replayed(
    county: Alder, clock: StoryClock, someone: Actor
) -> None:
    county.open_case("police")
    county.work()
    put(county.system, someone, "poison")
    receipt = county.accept("police", "le.dv_incident", INCIDENT)
    county.work()
    with county.system.database.begin(someone) as connection:
        routed = connection.execute(text("SELECT state FROM event_outcomes WHERE event_id = :id"), {"id": receipt})
        assert routed.scalar_one() == "processed"
    for _ in range(TRIES):
        clock.move_to(clock() + timedelta(minutes=5))
        county.work()
    [aside] = list_jobs(county.system, someone)
    assert (aside.attempts, aside.error_code) == (TRIES, "KeyError")
    assert replay_jobs(county.system, someone, [aside.id]) == 1
    assert list_jobs(county.system, someone) == []
    for _ in range(TRIES + 1):
        clock.move_to(clock() + timedelta(minutes=5))
        county.work()
    assert drop_jobs(county.system, someone, [list_jobs(county.system, someone)[0].id]) == 1


def test_routing_again_after_a_crash_before_the_end_of_the_job_writes_nothing_twice(
    county: Alder, someone: Actor
) -> None:
    county.open_case("police", "probation")
    county.work()
    receipt = county.accept("police", "le.dv_incident", INCIDENT)
    county.work()
    counting = "SELECT (SELECT count(*) FROM notifications), (SELECT count(*) FROM tasks), (SELECT count(*) FROM jobs)"
    with county.system.database.begin(someone) as connection:
        before = connection.execute(text(counting)).one()
        case_id = connection.execute(text("SELECT id FROM cases")).scalar_one()
        again = NewJob("again", Lane.URGENT, "route", receipt, county.system.clock(), case_id)
        jobs.add(connection, [again])
    county.work()
    with county.system.database.begin(someone) as connection:
        assert connection.execute(text(counting)).one() == before


def test_every_kind_of_job_that_is_written_has_an_action(county: Alder, someone: Actor) -> None:
    county.open_case("police", "probation", "programme")
    county.accept("police", "le.dv_incident", INCIDENT)
    county.work()
    with county.system.database.begin(someone) as connection:
        kinds = set(connection.execute(text("SELECT DISTINCT kind FROM jobs")).scalars())
    assert kinds <= set(HANDLERS)


def test_the_sweeper_leaves_young_work_to_the_workers(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    county.work()
    county.accept("police", "le.dv_incident", INCIDENT)
    assert run_jobs(county.system, Lane.URGENT, unclaimed_for=60.0) == 0
    assert run_jobs(replace(county.system, done_by="celery"), Lane.URGENT) > 0
    with county.system.database.begin(someone) as connection:
        assert jobs.tally(connection)["celery"] > 0


def test_who_stood_still_while_leasing_asks_again_before_saying_that_nothing_is_due(county: Alder) -> None:
    county.open_case("police")
    county.work()
    county.accept("police", "le.dv_incident", INCIDENT)
    asked = count()

    def frozen_at_first() -> datetime:
        if next(asked) == 0:
            time.sleep(0.8)
        return county.system.clock()

    assert run_jobs(replace(county.system, clock=frozen_at_first), Lane.URGENT) > 0


def test_an_event_that_cannot_be_routed_is_put_before_the_on_call_desk(
    county: Alder, clock: StoryClock, someone: Actor
) -> None:
    county.open_case("police")
    county.work()
    receipt = county.accept("police", "le.dv_incident", INCIDENT)
    with county.system.database.begin(someone) as connection:
        connection.execute(text("UPDATE event_payloads SET sealed = '\\x00' WHERE event_id = :id"), {"id": receipt})
    for _ in range(TRIES + 1):
        county.work()
        clock.move_to(clock() + timedelta(minutes=1))
    with county.system.database.begin(someone) as connection:
        left = connection.execute(text("SELECT kind, state FROM jobs WHERE ref = :id"), {"id": receipt}).all()
        told = connection.execute(
            text(
                "SELECT t.slug, n.urgency FROM notifications n JOIN teams t ON t.id = n.recipient_id "
                "WHERE n.event_id = :id AND n.rule_id = 'standing.set_aside'"
            ),
            {"id": receipt},
        ).all()
    assert [tuple(row) for row in left] == [("route", "set_aside")]
    assert [tuple(row) for row in told] == [("on-call", "U0")]


def test_what_a_person_is_asked_to_find_out_is_due_some_day(county: Alder, clock: StoryClock, someone: Actor) -> None:
    county.open_case("police")
    broken = county.accept("police", "le.dv_incident", INCIDENT)
    county.accept("police", "le.dv_incident", INCIDENT, event_id="a")
    county.send("police", "le.dv_incident", {**INCIDENT, "weapons": True}, event_id="a")
    with county.system.database.begin(someone) as connection:
        jobs.add(connection, [NewJob("broken", Lane.URGENT, "set_aside", broken, clock())])
    county.work()
    due = """
        SELECT k.kind, d.rolled_due - k.created_at AS within FROM tasks k JOIN deadlines d ON d.task_id = k.id
        WHERE k.kind IN ('see_to_set_aside', 'compare_versions')
    """
    told = "SELECT rule_id FROM notifications WHERE rule_id LIKE 'deadline.task.%' AND rule_id ~ 'set_aside|versions'"
    with county.system.database.begin(someone) as connection:
        within = {row.kind: row.within for row in connection.execute(text(due))}
        assert connection.execute(text(told)).all() == []
    assert within["see_to_set_aside"] == timedelta(minutes=30)
    assert timedelta(days=1) <= within["compare_versions"] <= timedelta(days=5)
    clock.move_to(clock() + timedelta(days=5))
    county.work()
    with county.system.database.begin(someone) as connection:
        over = set(connection.execute(text(told)).scalars())
    assert over == {"deadline.task.see_to_set_aside.overdue", "deadline.task.compare_versions.overdue"}


def test_what_a_killed_worker_left_behind_is_routed_before_what_came_since(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    county.work()
    earlier = county.accept("police", "le.dv_incident", INCIDENT)
    assert len(lease(county.system, someone)) == 1
    later = county.accept("police", "le.dv_incident", INCIDENT)
    let_leases_run_out(county.system, someone)
    county.work()
    with county.system.database.begin(someone) as connection:
        told = connection.execute(text("SELECT event_id FROM notifications ORDER BY written_at")).scalars()
        assert [event_id for event_id in dict.fromkeys(told) if event_id in {earlier, later}] == [earlier, later]


def test_a_lease_of_calls_waits_for_no_lease_of_decisions(system: System, someone: Actor) -> None:
    put(system, someone, "event")
    put(system, someone, "call", kind="deliver")
    with system.database.begin(someone) as deciding:
        assert len(jobs.lease(deciding, Lane.URGENT, ["route"], system.clock(), 10)) == 1
        with system.database.begin(someone) as calling:
            assert len(jobs.lease(calling, Lane.URGENT, ["deliver"], system.clock(), 10)) == 1


def test_a_lane_in_which_somebody_works_is_left_alone_until_that_lease_runs_out(system: System, someone: Actor) -> None:
    put(system, someone, "a")
    lease(system, someone)
    put(system, someone, "b")
    with system.database.begin(someone) as connection:
        assert jobs.lease(connection, Lane.URGENT, KINDS, system.clock(), 10, left_alone=True) == []
    let_leases_run_out(system, someone)
    with system.database.begin(someone) as connection:
        assert len(jobs.lease(connection, Lane.URGENT, KINDS, system.clock(), 10, left_alone=True)) == 2


def test_who_calls_receivers_is_nobody_who_decides_in_the_lane(system: System, someone: Actor) -> None:
    put(system, someone, "call", kind="deliver")
    lease(system, someone)
    put(system, someone, "event")
    with system.database.begin(someone) as connection:
        assert len(jobs.lease(connection, Lane.URGENT, ["route"], system.clock(), 10, left_alone=True)) == 1
