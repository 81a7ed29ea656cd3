"""Reading the database and the journals into what the checker takes."""

import math
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import text

from benchmarks.chaotic import journal
from benchmarks.chaotic.checker import Done, Evidence, Heard, Kept, Said, Step
from services.domain.actors import system_actor
from services.domain.urgency import Urgency, lane_of
from services.system import System

_ESCALATED = "escalated"
READER = system_actor("benchmark")

_EVENTS = text(
    """
    SELECT e.id, a.slug || '/' || e.source_id AS name, e.type, e.subject, e.sequence, e.urgency,
        extract(epoch FROM e.accepted)::float AS accepted, o.event_id IS NOT NULL AS decided
    FROM event_log e JOIN agencies a ON a.id = e.agency_id LEFT JOIN event_outcomes o ON o.event_id = e.id
    WHERE e.source LIKE 'urn:agency:%' ORDER BY e.stream_id, e.sequence
    """
)
_TOLD = text(
    """
    SELECT n.id, n.event_id, n.cause_event_id, n.rule_id, n.reason, n.channel, p.url,
        coalesce(s.username, t.slug) AS recipient,
        extract(epoch FROM n.written_at)::float AS written
    FROM notifications n LEFT JOIN staff s ON s.id = n.recipient_id LEFT JOIN teams t ON t.id = n.recipient_id
        LEFT JOIN endpoints p ON p.id = n.endpoint_id
    """
)
_ASKED = text(
    """
    SELECT k.id, k.event_id, k.cause_event_id, k.rule_id, k.kind, k.key, coalesce(s.username, t.slug) AS assignee,
        extract(epoch FROM k.created_at)::float AS written
    FROM tasks k LEFT JOIN staff s ON s.id = k.assignee_id LEFT JOIN teams t ON t.id = k.assignee_id
    """
)
_ACKNOWLEDGED = text(
    """
    SELECT number, object, extract(epoch FROM at)::float AS at FROM audit_log
    WHERE act = 'acknowledge_notification' AND outcome = 'done' ORDER BY number
    """
)
_LEFT = text(
    """
    SELECT 'job ' || kind || ' ' || key || ' ' || state AS left FROM jobs
    WHERE state = 'set_aside' OR due_at <= :by
    UNION ALL
    SELECT 'decision on ' || e.type || ' ' || e.source_id FROM event_log e
    WHERE e.source NOT LIKE 'urn:agency:%' AND e.accepted <= :by
        AND NOT EXISTS (SELECT FROM event_outcomes o WHERE o.event_id = e.id)
    """
)


def kept_events(system: System, before: Collection[str] = ()) -> list[Kept]:
    """The events of agencies, without those of these ids."""
    with system.database.begin(READER) as connection:
        rows = connection.execute(_EVENTS).all()
    return [
        Kept(
            id=str(row.id),
            name=row.name,
            kind=row.type,
            case=row.subject,
            lane=lane_of(Urgency(row.urgency)).value,
            sequence=row.sequence,
            accepted=row.accepted,
            decided=row.decided,
        )
        for row in rows
        if str(row.id) not in before
    ]


def done_things(system: System) -> list[Done]:
    """Who was told of what, and the tasks that were opened."""
    with system.database.begin(READER) as connection:
        told, asked = connection.execute(_TOLD).all(), connection.execute(_ASKED).all()
    found = []
    for row in told:
        way = row.channel if row.url is None else endpoint_of(row.url)
        what = "escalated" if row.reason == _ESCALATED else f"told {row.rule_id}"
        found.append(
            Done(
                id=str(row.id),
                event=str(row.event_id),
                effect=f"{what} {row.recipient} {way}",
                once=f"{row.rule_id} {row.recipient} {way} {row.cause_event_id}",
                written=row.written,
                endpoint=way if row.url is not None else None,
                inbox=row.channel == "inbox" and row.reason != _ESCALATED,
            )
        )
    found += [
        Done(
            id=str(row.id),
            event=str(row.event_id),
            effect=f"open {row.kind} {row.key} {row.assignee}",
            once=f"open {row.rule_id} {row.kind} {row.key} {row.assignee} {row.cause_event_id}",
            written=row.written,
        )
        for row in asked
    ]
    return found


def is_rung(done: Done) -> bool:
    """Whether somebody was told because an alert climbed its ladder."""
    return done.effect.startswith("escalated ")


def endpoint_of(url: str) -> str:
    """The name of a receiver: the last part of its address."""
    return urlsplit(url).path.rpartition("/")[2]


def acknowledgements(system: System) -> list[Kept]:
    """The acknowledgements that were done, from the audit log: as things that a client sends."""
    with system.database.begin(READER) as connection:
        rows = connection.execute(_ACKNOWLEDGED).all()
    return [
        Kept(str(row.number), row.object, "acknowledgement", row.object, "none", row.number, row.at) for row in rows
    ]


def left_over(system: System, by: datetime | None = None) -> list[str]:
    """Work that was due ``by`` then, or now, and is not done; that was set aside; or was never begun."""
    with system.database.begin(READER) as connection:
        return list(connection.execute(_LEFT, {"by": by or system.clock()}).scalars())


def gather(
    system: System, before: Collection[str], clients: Path, receivers: Path, by: datetime | None = None
) -> Evidence:
    """All evidence: of a database, and of two journals. Events that were there ``before``, and those that the system
    itself has said, are left out, with what came of them; so is what ladders did after ``by``, since they go on.
    """
    # Before the database is read: ladders go on meanwhile, and what is heard of them by now is in the database by then.
    messages = heard(receivers)
    events = kept_events(system, before)
    ids = {one.id for one in events}
    limit = by.timestamp() if by else math.inf
    all_done = done_things(system)
    done = [one for one in all_done if one.event in ids and (one.written <= limit or not is_rung(one))]
    others = {one.id for one in all_done} - {one.id for one in done}
    return Evidence(
        said=said(clients),
        heard=[one for one in messages if one.message not in others],
        kept=[*events, *acknowledgements(system)],
        done=done,
        left=left_over(system, by),
    )


def said(path: Path) -> Sequence[Said]:
    """A client's journal."""
    return [
        Said(Step(line["step"]), line["name"], line["kind"], line["case"], line.get("receipt"))
        for line in journal.read(path)
    ]


def heard(path: Path) -> Sequence[Heard]:
    """A receiver's journal."""
    return [Heard(line["endpoint"], line["message"], line["took"]) for line in journal.read(path)]
