"""An alert that could not be delivered and that nobody has acknowledged becomes an event, so that a person sees to it.

The recipient's own inbox has had the notification since routing, whatever became of the call. So only a U0 is reported,
and only while nobody of that agency has acknowledged it: then the supervisor is told and asked to reach them
(config/policy/routing.yaml, ``notification.undelivered``). A report that is itself undelivered is never reported again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from services.actions.append_events import append_events, lanes_of
from services.actions.system_events import TELLING_TYPES, Statement, system_drafts
from services.domain.actors import Actor
from services.domain.urgency import Lane, Urgency
from services.storage import acknowledgements
from services.storage.notifications import Outgoing
from services.system import System


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A notification that was given up after so many attempts, with the code of the last."""

    notification: Outgoing
    attempts: int
    code: str


def report_undelivered(
    system: System, connection: Connection, actor: Actor, given_up: Sequence[Abandoned], now: datetime
) -> set[Lane]:
    """Append ``notification.undelivered`` where a person must see to it. Returns the lanes in which that is routed."""
    alerts = {
        (one.notification.event_id, one.notification.agency_id): one
        for one in given_up
        if one.notification.urgency is Urgency.U0 and one.notification.event_type not in TELLING_TYPES
    }
    heard = acknowledgements.agencies_that_acknowledged(connection, list(alerts))
    statements = [
        Statement(
            type="notification.undelivered",
            name=f"undelivered/{one.notification.id}/{one.attempts}",
            case_id=one.notification.case_id,
            about=one.notification.event_id,
            data=_data(one),
        )
        for name, one in alerts.items()
        if name not in heard and one.notification.case_id is not None
    ]
    drafts = system_drafts(system, connection, actor, statements, now)
    return lanes_of(system, append_events(system, connection, drafts, now)) if drafts else set()


def _data(one: Abandoned) -> dict[str, object]:
    sent = one.notification
    return {
        "notification_id": str(sent.id),
        "about_event": str(sent.event_id),
        "role": sent.role.value,
        "recipient": str(sent.recipient_id),
        "channel": sent.channel,
        "attempts": one.attempts,
        "reason_code": one.code,
        "urgency": sent.urgency.value,
    }
