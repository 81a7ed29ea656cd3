"""Jobs: rows of work that the system owes itself, written with the fact that needs them (the outbox).

Whether a job is due is a question to the business clock and so a parameter; leases run on the database's own clock.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Text,
    column,
    delete,
    func,
    select,
    text,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import insert

from services.domain.urgency import Lane
from services.storage import bulk
from services.storage.tables import job_tally, jobs

LEASE_SECONDS = {"route": 2, "deliver": 12}
_OTHER_LEASE_SECONDS = 5

DECIDING_LEASE_FACTOR = {Lane.URGENT: 1, Lane.ROUTINE: 5, Lane.BULK: 5}
"""In lanes where more jobs are leased at once, and nobody waits for one, a lease to decide is so many times as long: a
slow hour must not make every batch lose its lease.
"""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to be written. ``key`` makes it one of a kind: a second job of the same key is not added."""

    key: str
    lane: Lane
    kind: str
    ref: UUID
    due_at: datetime
    case_id: UUID | None = None
    agency_id: UUID | None = None
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """A leased job. ``attempts`` counts this one; ``lease`` is the fencing token."""

    id: int
    key: str
    lane: Lane
    kind: str
    ref: UUID
    case_id: UUID | None
    agency_id: UUID | None
    arguments: Mapping[str, object]
    due_at: datetime
    attempts: int
    lease: UUID


class LeaseLostError(Exception):
    """Somebody else holds the jobs by now: nothing of this batch may be written."""


def add(connection: Connection, new: Sequence[NewJob]) -> None:
    """Write jobs, in one statement; those whose key is there already are left as they are."""
    bulk.insert_rows(connection, jobs, [{name: getattr(job, name) for name in _NEW} for job in new], ignore_known=True)


_NEW = tuple(field.name for field in fields(NewJob))


# Asked many times a second, mostly in vain: without the lock and the plan of the lease itself, and by the index alone.
_ANY_DUE = text(
    """
    SELECT EXISTS (
        SELECT FROM unnest(CAST(:kinds AS text[])) AS wanted(kind)
        CROSS JOIN LATERAL (
            SELECT FROM jobs
            WHERE lane = :lane AND state = 'queued' AND kind = wanted.kind
              AND due_at <= :now - make_interval(secs => :unclaimed_for)
              AND (lease_until IS NULL OR lease_until < clock_timestamp())
            ORDER BY due_at, id
            LIMIT 1
        ) AS first)
        AND (NOT :left_alone OR NOT EXISTS (
            SELECT FROM jobs
            WHERE lane = :lane AND lease IS NOT NULL AND kind = ANY(CAST(:kinds AS text[]))
              AND lease_until >= clock_timestamp()))
    """
)

# Jobs come and go: an index scan marks the entries of those that are gone, for the next one; a bitmap scan reads them
# again and again until a vacuum comes.
_HOLD_LANE = text(
    "SELECT pg_advisory_xact_lock(hashtext('lease:' || :turn)), set_config('enable_bitmapscan', 'off', true)"
)

# Of a long queue the jobs of few cases are taken, all that are due of each: what a batch must know of its cases is read
# once for many events, and the other cases are free for whoever leases next.
_LEASE = text(
    """
    WITH busy AS MATERIALIZED (
        SELECT case_id FROM jobs
        WHERE lane = :lane AND lease IS NOT NULL AND kind = 'route' AND case_id IS NOT NULL
          AND lease_until >= clock_timestamp()
    ), seen AS MATERIALIZED (
        SELECT found.* FROM unnest(CAST(:kinds AS text[])) AS wanted(kind)
        CROSS JOIN LATERAL (
            SELECT j.id, j.due_at, j.case_id FROM jobs AS j
            WHERE j.lane = :lane AND j.state = 'queued' AND j.kind = wanted.kind
              AND j.due_at <= :now - make_interval(secs => :unclaimed_for)
              AND (j.lease_until IS NULL OR j.lease_until < clock_timestamp())
              AND j.created_at <= clock_timestamp() - make_interval(secs => :unclaimed_for)
              AND (j.kind <> 'route' OR j.case_id IS NULL OR j.case_id NOT IN (SELECT case_id FROM busy))
            ORDER BY j.due_at, j.id
            LIMIT :window
        ) AS found
    ), placed AS (
        SELECT id, due_at, dense_rank() OVER (ORDER BY since, first) AS place FROM (
            SELECT id, due_at, min(due_at) OVER together AS since, min(id) OVER together AS first
            FROM seen
            WINDOW together AS (PARTITION BY COALESCE(case_id, CAST(lpad(to_hex(id), 32, '0') AS uuid)))
        ) AS grouped
    ), due AS MATERIALIZED (
        SELECT j.id FROM placed JOIN jobs AS j ON j.id = placed.id
        WHERE placed.place <= :cases
        ORDER BY placed.due_at, placed.id
        LIMIT :limit
        FOR UPDATE OF j SKIP LOCKED
    )
    UPDATE jobs SET lease = :lease, attempts = attempts + 1,
        lease_until = clock_timestamp() + make_interval(secs => CASE kind
            WHEN 'route' THEN :route_lease WHEN 'deliver' THEN :deliver_lease ELSE :other_lease END)
    FROM due WHERE jobs.id = due.id
    RETURNING jobs.id, key, lane, kind, ref, case_id, agency_id, arguments, due_at, attempts, lease
    """
)
_ORDERED = "route"
"""The kind for whose sake leases take turns: events of a case keep their order."""
_WINDOW = 4
"""So many times the limit of a lease are looked at, to find those of few cases."""
_JOBS_A_CASE = 5
_FEW_CASES = 20
"""A lease is of so many cases at most as its limit has jobs, divided by this; an urgent one of any number."""


def lease(
    connection: Connection,
    lane: Lane,
    kinds: Collection[str],
    now: datetime,
    limit: int,
    unclaimed_for: float = 0.0,
    *,
    left_alone: bool = False,
) -> list[Job]:
    """Lease up to ``limit`` due jobs of a lane and of these kinds, in the order in which they were written.

    Leasing is serialised within a lane, so that the events of a case are routed in order: an event is not leased
    while another one of its case is being routed by somebody else. A job that failed, or was set aside, holds
    nothing up. Leases of calls take no turns with those of other kinds. ``unclaimed_for`` (seconds) leaves jobs that
    have not been due for so long to others; ``left_alone`` takes nothing while somebody holds a lease of these kinds.
    """
    asked = {"lane": lane.value, "kinds": sorted(kinds), "now": now, "unclaimed_for": unclaimed_for}
    if not connection.execute(_ANY_DUE, {**asked, "left_alone": left_alone}).scalar():
        return []
    connection.execute(_HOLD_LANE, {"turn": lane.value if _ORDERED in kinds else f"{lane.value}:{min(kinds)}"})
    rows = connection.execute(
        _LEASE,
        {
            **asked,
            "limit": limit,
            "window": limit * _WINDOW,
            "cases": limit if lane is Lane.URGENT else max(_FEW_CASES, limit // _JOBS_A_CASE),
            "lease": uuid4(),
            "route_lease": LEASE_SECONDS["route"] * DECIDING_LEASE_FACTOR[lane],
            "deliver_lease": LEASE_SECONDS["deliver"],
            "other_lease": _OTHER_LEASE_SECONDS * DECIDING_LEASE_FACTOR[lane],
        },
    )
    found = [
        Job(
            id=row.id,
            key=row.key,
            lane=Lane(row.lane),
            kind=row.kind,
            ref=row.ref,
            case_id=row.case_id,
            agency_id=row.agency_id,
            arguments=row.arguments,
            due_at=row.due_at,
            attempts=row.attempts,
            lease=row.lease,
        )
        for row in rows
    ]
    return sorted(found, key=lambda job: (job.due_at, job.id))


def finish(connection: Connection, done: Sequence[Job], done_by: str) -> None:
    """Remove finished jobs and count them. Raises LeaseLostError where a lease was taken over in the meantime."""
    _require(
        connection.execute(
            delete(jobs)
            .where(bulk.among(jobs.c.id, (job.id for job in done)), jobs.c.lease == done[0].lease)
            .returning(jobs.c.id)
        ).all(),
        done,
    )
    _count(connection, done, done_by)


def postpone(connection: Connection, job: Job, due_at: datetime, code: str) -> None:
    """Give a job back until ``due_at`` (business time), with the code of what went wrong. Raises LeaseLostError."""
    _require(
        connection.execute(
            update(jobs)
            .where(jobs.c.id == job.id, jobs.c.lease == job.lease)
            .values(lease=None, lease_until=None, due_at=due_at, error_code=code)
            .returning(jobs.c.id)
        ).all(),
        [job],
    )


def postpone_each(connection: Connection, put_off: Sequence[tuple[Job, datetime, str]]) -> None:
    """Give jobs of one batch back, each until its own instant (business time) and with its own code, in one statement.
    Raises LeaseLostError where a lease was taken over in the meantime.
    """
    if not put_off:
        return
    late = values(
        column("id", BigInteger), column("due_at", DateTime(timezone=True)), column("code", Text), name="late"
    ).data([(job.id, due_at, code) for job, due_at, code in put_off])
    changed = connection.execute(
        update(jobs)
        .where(jobs.c.id == late.c.id, jobs.c.lease == put_off[0][0].lease)
        .values(lease=None, lease_until=None, due_at=late.c.due_at, error_code=late.c.code)
        .returning(jobs.c.id)
    ).all()
    _require(changed, [job for job, _, _ in put_off])


def set_aside(connection: Connection, job: Job, code: str) -> None:
    """Put a job aside for a person: it is visible, blocks nothing, and can be replayed. Raises LeaseLostError."""
    _require(
        connection.execute(
            update(jobs)
            .where(jobs.c.id == job.id, jobs.c.lease == job.lease)
            .values(lease=None, lease_until=None, state="set_aside", error_code=code)
            .returning(jobs.c.id)
        ).all(),
        [job],
    )


def give_back(connection: Connection, leased: Sequence[Job], for_seconds: float = 0.0) -> None:
    """Give jobs of one batch back, uncounted: whoever comes tries them, at once or ``for_seconds`` later on the clock
    of the database (they stay due). Those whose lease was taken over are left alone.
    """
    if not leased:
        return
    later = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, for_seconds) if for_seconds else None
    connection.execute(
        update(jobs)
        .where(bulk.among(jobs.c.id, (job.id for job in leased)), jobs.c.lease == leased[0].lease)
        .values(lease=None, lease_until=later, attempts=jobs.c.attempts - 1)
    )


def _require(changed: Sequence[object], expected: Sequence[Job]) -> None:
    if len(changed) != len(expected):
        raise LeaseLostError(f"{len(changed)} of {len(expected)} jobs were still ours")


def _count(connection: Connection, done: Sequence[Job], done_by: str) -> None:
    counts: dict[tuple[str, str], int] = {}
    for job in done:
        counts[job.lane.value, job.kind] = counts.get((job.lane.value, job.kind), 0) + 1
    addition = insert(job_tally)
    connection.execute(
        addition.on_conflict_do_update(
            index_elements=["done_by", "lane", "kind"], set_={"done": job_tally.c.done + addition.excluded.done}
        ),
        [
            {"done_by": done_by, "lane": lane, "kind": kind, "done": done}
            for (lane, kind), done in sorted(counts.items())
        ],
    )


@dataclass(frozen=True, slots=True)
class SetAside:
    """A job that was set aside, for a person to look at."""

    id: int
    lane: str
    kind: str
    ref: UUID
    attempts: int
    error_code: str | None
    due_at: datetime


def list_set_aside(connection: Connection) -> list[SetAside]:
    """The jobs that were set aside, oldest first."""
    rows = connection.execute(
        select(jobs.c.id, jobs.c.lane, jobs.c.kind, jobs.c.ref, jobs.c.attempts, jobs.c.error_code, jobs.c.due_at)
        .where(jobs.c.state == "set_aside")
        .order_by(jobs.c.id)
    )
    return [SetAside(*row) for row in rows]


def replay(connection: Connection, ids: Collection[int], now: datetime) -> int:
    """Queue set-aside jobs again: a late fact, due now, with its tries counted anew. Returns how many."""
    queued = connection.execute(
        update(jobs)
        .where(jobs.c.id.in_(list(ids)), jobs.c.state == "set_aside")
        .values(state="queued", attempts=0, error_code=None, due_at=now)
    )
    return queued.rowcount


def drop(connection: Connection, ids: Collection[int]) -> int:
    """Remove set-aside jobs for good: a person has done, or ruled out, what they owed. Returns how many."""
    return connection.execute(delete(jobs).where(jobs.c.id.in_(list(ids)), jobs.c.state == "set_aside")).rowcount


def next_due(connection: Connection) -> datetime | None:
    """When the next queued job is due (business time); None where nothing is queued."""
    return connection.execute(select(func.min(jobs.c.due_at)).where(jobs.c.state == "queued")).scalar()


def lanes_with_work(connection: Connection, now: datetime) -> list[Lane]:
    """The lanes in which something is due, the most urgent first."""
    due = select(jobs.c.lane).where(jobs.c.state == "queued", jobs.c.due_at <= now).distinct()
    found = set(connection.execute(due).scalars())
    return [lane for lane in Lane if lane in found]


def tally(connection: Connection) -> dict[str, int]:
    """How many jobs each engine has done."""
    rows = connection.execute(
        select(job_tally.c.done_by, func.sum(job_tally.c.done).label("done")).group_by(job_tally.c.done_by)
    )
    return {row.done_by: int(row.done) for row in rows}
