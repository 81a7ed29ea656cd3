"""What came of a story that was played, as one JSON value: events, notifications, tasks, deadlines, refusals."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.domain.actors import Actor
from services.storage import reporting
from services.system import System


def story_report(system: System, actor: Actor, refused: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The whole report. ``refused`` are the lines that intake did not accept, as the player heard it.

    Two replays of one file give the same report: it names events by the ids of their senders, people by user name.
    """
    with system.database.begin(actor) as connection:
        events = [_event(row) for row in reporting.outcomes(connection)]
        return {
            "policy": system.policy.digest,
            "events": events,
            "refusals": [
                *refused,
                *(
                    {"event": event["id"], "type": event["type"], "state": event["state"], "code": event["code"]}
                    for event in events
                    if event["state"] in {"refused", "quarantined"}
                ),
            ],
            "notifications": reporting.notices(connection),
            "tasks": reporting.asked(connection),
            "deadlines": reporting.dues(connection),
        }


def _event(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["source_id"],
        "source": row["source"],
        "row": row["attributes"].get("storyrow"),
        "type": row["type"],
        "urgency": row["urgency"],
        "time": row["time"],
        "recorded": row["recorded"],
        "accepted": row["accepted"],
        "state": row["state"],
        "code": row["code"],
    }
