"""The nightly sweep: every goal of every case assessed for every view, through PostgreSQL, by two processes."""

import multiprocessing
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from multiprocessing.synchronize import Barrier
from uuid import UUID, uuid4

from sqlalchemy import Connection, create_engine, text

from benchmarks.county import found_county
from benchmarks.stage import KEYS, POLICY, system_on
from schemas.catalogue import CATALOGUE
from services.actions.append_events import Draft, append_events
from services.actions.assess_goals import KIND, read_cases
from services.actions.run_jobs import run_jobs
from services.clock import StoryClock
from services.domain.actors import Actor, system_actor
from services.domain.goal_views import assess_case
from services.domain.roles import Role
from services.domain.urgency import Lane
from services.local.machine import LocalStores
from services.policy.book import load_policy_book
from services.storage import cases, decisions, event_log, goal_statuses
from services.storage.database import DatabaseRole, connect
from services.storage.goal_statuses import SaidStatus
from services.system import System

GOALS_A_CASE, ITEMS_A_GOAL = 6, 15
PROCESSES = 2
_CASES_AT_ONCE = 50
_ACTOR = system_actor("benchmark")
_BEGAN = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)
_NIGHT = datetime(2026, 7, 6, 4, 6, tzinfo=UTC)
"""Half a year later, some minutes after midnight in the county."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep took: seconds from when everything was due until nothing was, and how many goals there are."""

    goals: int
    seconds: float
    said: int


def filled(running: LocalStores, system: System, goals: int) -> None:
    """A county with so many goals, as after the sweep of the night before. Intake and routing are not measured here:
    what they would have written is written set-wise.
    """
    senders = found_county(system)
    policy = system.policy.routing.digest
    for start in range(0, goals // GOALS_A_CASE, _CASES_AT_ONCE):
        names = range(start, min(start + _CASES_AT_ONCE, goals // GOALS_A_CASE))
        with system.database.begin(_ACTOR) as connection:
            opened = [_open(system, connection, senders["cps"], name) for name in names]
            drafts = [draft for case in opened for draft in _drafts(case, senders)]
            events = append_events(system, connection, drafts, _BEGAN)
            outcomes = [
                decisions.NewOutcome(one.id, one.agency_id, one.case_id, "processed", None, _BEGAN, policy)
                for one in events
            ]
            decisions.add_outcomes(connection, outcomes)
    owner = create_engine(running.dsn_owner(), isolation_level="AUTOCOMMIT")
    with system.database.begin(_ACTOR) as connection:
        connection.execute(text("DELETE FROM jobs"))
    _say_once(system)
    with owner.connect() as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
    owner.dispose()


def _open(system: System, connection: Connection, sender: Actor, name: int) -> UUID:
    if sender.agency_id is None:
        raise TypeError("child welfare is an agency")
    case_id = uuid4()
    new = cases.NewCase(
        id=case_id,
        token=f"case-{name}",
        agency_id=sender.agency_id,
        number=f"CPS-{name}",
        county="alder",
        zone="America/New_York",
        track="investigation",
        opened_on=_BEGAN.date(),
        event_id=uuid4(),
    )
    cases.open_case(connection, new)
    event_log.open_stream(connection, system.keys, case_id=case_id)
    return case_id


def _drafts(case_id: UUID, senders: Mapping[str, Actor]) -> Iterator[Draft]:
    """A plan of goals, and reports of two agencies that each say something of every goal."""
    goals = [f"G{number}" for number in range(1, GOALS_A_CASE + 1)]
    day = _BEGAN.date()
    for goal in goals:
        yield _draft(case_id, senders["cps"], Role.CPS_WORKER, "goal.created", day, _goal(goal))
    plan = {"plan_version": 1, "goals": goals, "person_ref": "trent", "effective": day.isoformat()}
    yield _draft(case_id, senders["cps"], Role.CPS_WORKER, "caseplan.adopted", day, plan)
    for number in range(ITEMS_A_GOAL):
        day = _BEGAN.date() + timedelta(days=5 + 12 * number)
        said = [_observation(goal, day) for goal in goals]
        if number % 2:
            data = {"child_ref": "ivy", "in_residence": True, "alone_with_child": True, "per_goal": said}
            yield _draft(case_id, senders["cps"], Role.CPS_WORKER, "visit.caseworker_made", day, data)
        else:
            yield _draft(
                case_id, senders["probation"], Role.PROB, "prob.contact_report", day, {"kind": "home", "per_goal": said}
            )


def _goal(goal: str) -> dict[str, object]:
    return {
        "goal_id": goal,
        "kind": "positive" if int(goal[1:]) % 2 else "cessation",
        "statement": "Trent uses no physical force.",
        "person_ref": "trent",
        "baseline_item_refs": ["i-1"],
    }


def _observation(goal: str, day: date) -> dict[str, object]:
    return {
        "goal_id": goal,
        "direction": "+",
        "behaviour": "Nothing was broken; nobody was afraid.",
        "observed_from": day.isoformat(),
        "basis": "direct",
        "opportunity_days": [day.isoformat()],
    }


def _draft(case_id: UUID, sender: Actor, role: Role, event_type: str, day: date, data: dict[str, object]) -> Draft:
    at = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
    if sender.agency_id is None:
        raise TypeError("events are sent by agencies")
    return Draft(
        type=event_type,
        source="urn:benchmark",
        source_id=str(uuid4()),
        subject="case",
        emitter=role,
        agency_id=sender.agency_id,
        actor=sender.name,
        time=at,
        recorded=at,
        data=CATALOGUE[event_type].load(data),
        body_mac=b"m" * 32,
        case_id=case_id,
    )


def _say_once(system: System) -> None:
    """Keep the statuses of the night before: all cases have the same past, so those of one are those of all."""
    before = _NIGHT - timedelta(days=1)
    with system.database.begin(_ACTOR) as connection:
        ids = list(connection.execute(text("SELECT id FROM cases")).scalars())
        case = read_cases(system, connection, ids[:1])[ids[0]]
        policy = system.policy.verification
        assessed = assess_case(case.events, case.today(before), case.context, policy)
        one = [
            SaidStatus(
                ids[0],
                line.state.goal.id,
                line.view.name,
                line.assessment.status.value,
                tuple(map(str, line.assessment.reasons)),
                line.review_required,
                case.today(before),
                policy.digest,
                before,
            )
            for line in assessed
            if line.view.recorded
        ]
        for start in range(0, len(ids), 1000):
            goal_statuses.put(
                connection, [replace(said, case_id=case_id) for case_id in ids[start : start + 1000] for said in one]
            )


_DUE = text(
    "INSERT INTO jobs (key, lane, kind, ref, case_id, due_at) "
    "SELECT :kind || ':' || id || '-night', 'bulk', :kind, id, id, :due FROM cases"
)


def sweep(running: LocalStores, system: System) -> Swept:
    """Make the sweep of the night due for every case, and have two processes do it."""
    with system.database.begin(_ACTOR) as connection:
        goals = connection.execute(text("SELECT count(DISTINCT (case_id, goal_id)) FROM goal_statuses")).scalar_one()
        before = connection.execute(text("SELECT count(*) FROM event_log")).scalar_one()
    spawning = multiprocessing.get_context("spawn")
    ready = spawning.Barrier(PROCESSES + 1)
    workers = [spawning.Process(target=_work, args=(running.dsn_app(), ready)) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    with system.database.begin(_ACTOR) as connection:
        connection.execute(_DUE, {"due": _NIGHT, "kind": KIND})
    ready.wait(120)
    began = time.perf_counter()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - began
    with system.database.begin(_ACTOR) as connection:
        left = connection.execute(text("SELECT count(*) FROM jobs WHERE due_at <= :due"), {"due": _NIGHT}).scalar_one()
        after = connection.execute(text("SELECT count(*) FROM event_log")).scalar_one()
    if left or any(worker.exitcode for worker in workers):
        raise RuntimeError(f"{left} cases were not assessed")
    return Swept(int(goals), seconds, int(after) - int(before))


def _work(dsn: str, ready: Barrier) -> None:
    database = connect(dsn, DatabaseRole.WORKER)
    system = System(database=database, clock=StoryClock(_NIGHT), keys=KEYS, policy=load_policy_book(POLICY))
    ready.wait(120)
    while run_jobs(system, Lane.BULK, {KIND}):
        pass
    database.close()


def swept(running: LocalStores, goals: int) -> Swept:
    """Fill a county with so many goals, and sweep it."""
    with system_on(running, clock=StoryClock(_BEGAN)) as system:
        filled(running, system, goals)
        return sweep(running, system)
