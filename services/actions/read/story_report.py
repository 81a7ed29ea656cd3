"""What came of a story that was played, as one JSON value: events, notifications, tasks, deadlines, refusals.

Two replays of one file give the same report. It names an agency's event by the id that its sender gave it, people by
user name, and an event that was made here (by the system, or by somebody's answer to a task) by its type and the minute
at which it happened: ``order.expiring@2025-06-05T11:00Z``. What such an event ``says`` is its payload without the ids
that are made anew in every replay.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

from services.actions.read.goal_report import goal_report
from services.domain.actors import Actor
from services.domain.events import Event
from services.storage import event_log, jobs, reporting
from services.system import System

_MADE_HERE = "urn:tallystick:"
_GENERATED = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_WITHOUT_EFFECT = frozenset({"refused", "quarantined"})

Rows = Iterable[Mapping[str, Any]]


def story_report(system: System, actor: Actor, refused: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The whole report. ``refused`` are the lines that intake did not accept, as the player heard it."""
    with system.database.begin(actor) as connection:
        rows = reporting.outcomes(connection)
        names = {row["id"]: _name(row) for row in rows}
        made = event_log.load(connection, system.keys, [row["id"] for row in rows if _is_made_here(row)])
        events = _sorted(_event(row, names, made) for row in rows)
        return {
            "policy": system.policy.digest,
            "events": events,
            "refusals": [*refused, *(_refusal(event) for event in events if event["state"] in _WITHOUT_EFFECT)],
            "notifications": _named(reporting.notices(connection), names, "event"),
            "tasks": _named(reporting.asked(connection), names, "event", "done_by"),
            "deadlines": _named(reporting.dues(connection), names, "trigger"),
            "goals": goal_report(system, connection),
            "set_aside": [{"kind": job.kind, "code": job.error_code} for job in jobs.list_set_aside(connection)],
        }


def _is_made_here(row: Mapping[str, Any]) -> bool:
    return str(row["source"]).startswith(_MADE_HERE)


def _name(row: Mapping[str, Any]) -> str:
    if not _is_made_here(row):
        return str(row["source_id"])
    return f"{row['type']}@{row['time'].astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _event(row: Mapping[str, Any], names: Mapping[UUID, str], made: Mapping[UUID, Event]) -> dict[str, Any]:
    said = {"says": _lasting(made[row["id"]].data)} if row["id"] in made else {}
    return {
        "accepted": row["accepted"],
        "id": names[row["id"]],
        "source": row["source"],
        "row": row["attributes"].get("storyrow"),
        "type": row["type"],
        "urgency": row["urgency"],
        "time": row["time"],
        "recorded": row["recorded"],
        "state": row["state"],
        "code": row["code"],
        **said,
    }


def _lasting(data: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in data.items() if not _GENERATED.fullmatch(str(value))}


def _refusal(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"event": event["id"], **{name: event[name] for name in ("row", "type", "state", "code")}}


def _named(rows: Rows, names: Mapping[UUID, str], *fields: str) -> list[dict[str, Any]]:
    """The rows with their events by name."""
    return _sorted({**row, **{field: names.get(row[field]) for field in fields}} for row in rows)


def _sorted(rows: Rows) -> list[dict[str, Any]]:
    """In the order of time where there is one, and of everything else that is shown."""
    return sorted(map(dict, rows), key=lambda row: (str(row.get("accepted") or row.get("at") or ""), str(row)))
