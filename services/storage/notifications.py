"""Notifications and the attempts to deliver them, read and written set-wise.

An attempt is written before the call that it stands for, so that whatever happens to us afterwards, what may have gone
out is on record. A state only moves forward: every change names the states that it may come from.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, delete, func, literal, null, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.domain.delivery import NotificationState
from services.domain.ids import beside
from services.domain.roles import Role
from services.domain.urgency import Urgency
from services.storage import bulk
from services.storage.links import CASE_NOW, LINK_IN_FORCE
from services.storage.tables import attempts, endpoints, event_links, event_log, notifications


class NewNotification(NamedTuple):
    """A row of ``notifications`` about to be written. ``created_at`` and ``delivered_at`` are business time.

    ``cause_event_id`` is the event because of which it is told: the one that linked it to its case, or took that link
    back; None stands for the event itself. What is told under another cause is told anew.
    """

    id: UUID
    event_id: UUID
    case_id: UUID | None
    rule_id: str
    role: Role
    recipient_id: UUID
    agency_id: UUID
    channel: str
    endpoint_id: UUID | None
    urgency: Urgency
    caution: str | None
    reason: str
    policy_digest: str
    state: str
    created_at: datetime
    delivered_at: datetime | None = None
    cause_event_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notification that a job wants delivered, with where it goes and what it is about, as they stand today.

    ``address`` is None where it goes nowhere: a webhook's endpoint is switched off, or not the recipient agency's own.
    ``taken_back`` says that the event was linked to this case by mistake.
    """

    id: UUID
    event_id: UUID
    event_type: str
    emitter: Role
    accepted: datetime
    case_id: UUID | None
    role: Role
    recipient_id: UUID
    agency_id: UUID
    channel: str
    urgency: Urgency
    state: NotificationState
    endpoint_id: UUID | None
    address: str | None
    taken_back: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one attempt. ``outcome`` is ``delivered``, ``failed``, ``refused`` or ``withheld``."""

    notification_id: UUID
    number: int
    outcome: str
    code: str | None = None


def notification_id(
    event_id: UUID, cause: UUID | None, rule_id: str, recipient: UUID, channel: str, endpoint_id: UUID | None
) -> UUID:
    """The id of a notification, which follows from what makes it one of a kind: the event, the other one that is the
    ``cause`` of telling it, if there is one, the rule, recipient and way. Whoever routes the event again, after a
    restore too, sends under the same id.
    """
    told = beside(cause, str(event_id)) if cause is not None and cause != event_id else event_id
    return beside(told, f"{rule_id}|{recipient}|{channel}|{endpoint_id}")


def add(connection: Connection, new: Sequence[NewNotification]) -> set[UUID]:
    """Write notifications, in one statement. Returns the ids of those that were written: there is one for each event,
    cause, rule, recipient, channel and endpoint, so what was told before is not told again.
    """
    if not new:
        return set()
    written = connection.execute(_ADD, bulk.parameters(_row(one) for one in new))
    return set(written.scalars())


_ADD = bulk.insertion(notifications, NewNotification._fields).on_conflict_do_nothing().returning(notifications.c.id)


def _row(new: NewNotification) -> dict[str, object]:
    row: dict[str, object] = dict(zip(NewNotification._fields, new, strict=True))
    row["cause_event_id"] = new.cause_event_id or new.event_id
    return row


def outgoing(connection: Connection, ids: Collection[UUID]) -> dict[UUID, Outgoing]:
    """These notifications, by id; one that does not exist is left out."""
    rows = connection.execute(
        select(
            notifications.c.id,
            notifications.c.event_id,
            event_log.c.type,
            event_log.c.emitter,
            event_log.c.accepted,
            notifications.c.case_id,
            notifications.c.role,
            notifications.c.recipient_id,
            notifications.c.agency_id,
            notifications.c.channel,
            notifications.c.urgency,
            notifications.c.state,
            notifications.c.endpoint_id,
            endpoints.c.url.label("address"),
            and_(notifications.c.case_id.is_not(None), notifications.c.case_id.is_distinct_from(CASE_NOW)).label(
                "taken_back"
            ),
        )
        .join(event_log, event_log.c.id == notifications.c.event_id)
        .join(event_links, LINK_IN_FORCE, isouter=True)
        .join(
            endpoints,
            (endpoints.c.id == notifications.c.endpoint_id)
            & (endpoints.c.agency_id == notifications.c.agency_id)
            & endpoints.c.active,
            isouter=True,
        )
        .where(notifications.c.id.in_(list(ids)))
    )
    return {
        row.id: Outgoing(
            id=row.id,
            event_id=row.event_id,
            event_type=row.type,
            emitter=Role(row.emitter),
            accepted=row.accepted,
            case_id=row.case_id,
            role=Role(row.role),
            recipient_id=row.recipient_id,
            agency_id=row.agency_id,
            channel=row.channel,
            urgency=Urgency(row.urgency),
            state=NotificationState(row.state),
            endpoint_id=row.endpoint_id,
            address=row.address,
            taken_back=row.taken_back,
        )
        for row in rows
    }


def start_attempts(connection: Connection, ids: Collection[UUID], at: datetime) -> dict[UUID, int]:
    """Write the next attempt of each of these notifications, before the call. By notification, its number from 1."""
    if not ids:
        return {}
    last = func.coalesce(func.max(attempts.c.number), 0)
    next_attempts = (
        select(
            notifications.c.id,
            (last + 1).label("number"),
            notifications.c.agency_id,
            literal(at, attempts.c.started_at.type).label("started_at"),
            null().label("finished_at"),
        )
        .join(attempts, attempts.c.notification_id == notifications.c.id, isouter=True)
        .where(notifications.c.id.in_(list(ids)))
        .group_by(notifications.c.id)
    )
    written = connection.execute(
        insert(attempts)
        .from_select(["notification_id", "number", "agency_id", "started_at", "finished_at"], next_attempts)
        .returning(attempts.c.notification_id, attempts.c.number)
    )
    return {row.notification_id: row.number for row in written}


def drop_attempts(connection: Connection, never_made: Collection[tuple[UUID, int]]) -> None:
    """Take back attempts that were written and whose call was never begun."""
    if never_made:
        connection.execute(
            delete(attempts).where(
                tuple_(attempts.c.notification_id, attempts.c.number).in_(list(never_made)),
                attempts.c.finished_at.is_(None),
            )
        )


def finish_attempts(connection: Connection, tried: Sequence[Tried], at: datetime) -> None:
    """Write what came of attempts."""
    if tried:
        connection.execute(
            update(attempts)
            .where(attempts.c.notification_id == bindparam("of"), attempts.c.number == bindparam("nth"))
            .values(finished_at=at, outcome=bindparam("came_of_it"), code=bindparam("why")),
            [
                {"of": one.notification_id, "nth": one.number, "came_of_it": one.outcome, "why": one.code}
                for one in tried
            ],
        )


def mark_delivered(connection: Connection, ids: Iterable[UUID], at: datetime) -> None:
    """These receivers took it, whatever was thought of them before; an acknowledgement stands."""
    wanted = list(ids)
    if wanted:
        connection.execute(
            update(notifications)
            .where(
                notifications.c.id.in_(wanted),
                notifications.c.state.in_([NotificationState.PENDING.value, NotificationState.UNDELIVERED.value]),
            )
            .values(state=NotificationState.DELIVERED.value, delivered_at=at)
        )


def mark_undelivered(connection: Connection, ids: Iterable[UUID]) -> None:
    """These are given up; the code of why stands on their last attempt."""
    wanted = list(ids)
    if wanted:
        connection.execute(
            update(notifications)
            .where(notifications.c.id.in_(wanted), notifications.c.state == NotificationState.PENDING.value)
            .values(state=NotificationState.UNDELIVERED.value)
        )
