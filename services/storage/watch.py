"""The figures that are watched, read at the moment when somebody asks. Every query is bounded, however long the system
has run: it counts over an index that holds only what is wrong, or no further than a limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from services.domain.urgency import Lane
from services.storage.jobs import LEASE_SECONDS

COUNTED = 10_000
"""Due jobs of a lane are counted up to here."""

LOOKED_BACK = timedelta(days=7)
"""Alerts are looked at for so long; after that their ladder has long been climbed to its end."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The due jobs of a lane: how many (COUNTED at the most), and for how many seconds the oldest has been due."""

    jobs: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What is watched. ``set_aside`` by lane and kind; ``done`` by engine, lane and kind; ``alerts`` are the U0 that
    nobody at the agency has acknowledged, the oldest told ``alert_seconds`` ago.
    """

    waiting: Mapping[Lane, Waiting]
    set_aside: Mapping[tuple[str, str], int]
    failing_endpoints: int
    open_attempts: int
    alerts: int
    alert_seconds: float
    done: Mapping[tuple[str, str, str], int]
    connections: int
    most_connections: int


# The kinds of jobs in a lane are found one after the other, each by a step into the index of what is due.
_WAITING = text(
    """
    WITH RECURSIVE kinds (lane, kind) AS (
        SELECT lane, (SELECT min(kind) FROM jobs WHERE jobs.lane = lanes.lane AND state = 'queued')
        FROM unnest(CAST(:lanes AS text[])) AS lanes (lane)
        UNION ALL
        SELECT k.lane, (
            SELECT min(kind) FROM jobs WHERE jobs.lane = k.lane AND state = 'queued' AND jobs.kind > k.kind)
        FROM kinds AS k WHERE k.kind IS NOT NULL
    )
    SELECT kinds.lane AS name, least(sum(due.jobs), :counted) AS jobs, min(due.since) AS since FROM kinds
    CROSS JOIN LATERAL (
        SELECT count(*) AS jobs, min(due_at) AS since FROM (
            SELECT due_at FROM jobs
            WHERE jobs.lane = kinds.lane AND jobs.kind = kinds.kind AND state = 'queued' AND due_at <= :now
            ORDER BY due_at, id LIMIT :counted
        ) AS first
    ) AS due
    GROUP BY kinds.lane
    """
)
_SET_ASIDE = text("SELECT lane, kind, count(*) AS jobs FROM jobs WHERE state = 'set_aside' GROUP BY lane, kind")
_FAILING = text(
    """
    SELECT count(DISTINCT notifications.endpoint_id) AS endpoints FROM jobs
    JOIN notifications ON notifications.id = jobs.ref
    WHERE jobs.kind = 'deliver' AND jobs.state = 'queued' AND jobs.error_code IS NOT NULL
    """
)
_OPEN_ATTEMPTS = text(
    """
    SELECT count(*) AS attempts FROM attempts AS one
    WHERE one.finished_at IS NULL AND one.started_at < :before AND NOT EXISTS (
        SELECT FROM attempts AS later WHERE later.notification_id = one.notification_id AND later.number > one.number)
    """
)
_ALERTS = text(
    """
    SELECT count(*) AS alerts, extract(epoch FROM clock_timestamp() - min(told)) AS seconds FROM (
        SELECT min(written_at) AS told FROM notifications AS one
        WHERE channel = 'inbox' AND urgency = 'U0' AND acknowledged_at IS NULL
          AND written_at > clock_timestamp() - CAST(:looked_back AS interval)
          AND NOT EXISTS (
            SELECT FROM notifications AS other
            WHERE other.event_id = one.event_id AND other.agency_id = one.agency_id
              AND other.channel = 'inbox' AND other.acknowledged_at IS NOT NULL)
        GROUP BY event_id, agency_id
    ) AS unacknowledged
    """
)
_DONE = text("SELECT done_by, lane, kind, done FROM job_tally")
_CONNECTIONS = text(
    """
    SELECT numbackends AS connections, CAST(current_setting('max_connections') AS integer) AS most
    FROM pg_stat_database WHERE datname = current_database()
    """
)


def waiting(connection: Connection, now: datetime) -> dict[Lane, Waiting]:
    """What is due in each lane."""
    rows = connection.execute(_WAITING, {"lanes": [lane.value for lane in Lane], "now": now, "counted": COUNTED})
    return {
        Lane(row.name): Waiting(int(row.jobs), (now - row.since).total_seconds() if row.since else 0.0) for row in rows
    }


def figures(connection: Connection, now: datetime) -> Figures:
    """Everything that is watched."""
    before = now - timedelta(seconds=LEASE_SECONDS["deliver"])
    alerts = connection.execute(_ALERTS, {"looked_back": LOOKED_BACK}).one()
    found = connection.execute(_CONNECTIONS).one()
    return Figures(
        waiting=waiting(connection, now),
        set_aside={(row.lane, row.kind): row.jobs for row in connection.execute(_SET_ASIDE)},
        failing_endpoints=connection.execute(_FAILING).scalar_one(),
        open_attempts=connection.execute(_OPEN_ATTEMPTS, {"before": before}).scalar_one(),
        alerts=alerts.alerts,
        alert_seconds=float(alerts.seconds or 0.0),
        done={(row.done_by, row.lane, row.kind): row.done for row in connection.execute(_DONE)},
        connections=found.connections,
        most_connections=found.most,
    )
