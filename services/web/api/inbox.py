"""The inbox of an agency's systems: what it was told, and its acknowledgements."""

from collections.abc import Mapping
from uuid import UUID

from apiflask import APIBlueprint
from flask import url_for
from marshmallow import fields

from services.actions.acknowledge_notification import Acknowledged, AlreadyAcknowledged, acknowledge_notification
from services.actions.read.inbox import PAGE, InboxDetail, InboxItem, inbox, inbox_item
from services.domain.scopes import Scope
from services.web import context
from services.web.api.bodies import Body, PageQuery
from services.web.authentication import scope
from services.web.kinds import not_found
from services.web.paging import place_of, word_of

blueprint = APIBlueprint("inbox", __name__, tag="Inbox")

_ABSENT = {404: "No notification of this agency."}


class NotificationOut(Body):
    """A notification, as its reader may see it."""

    id = fields.UUID(required=True)
    urgency = fields.String(required=True)
    received = fields.AwareDateTime(required=True, attribute="received_at")
    heading = fields.String(required=True, metadata={"description": "The kind of event, or fixed words."})
    event = fields.UUID(attribute="event_id", allow_none=True)
    case = fields.String(attribute="case_number", allow_none=True)
    role = fields.String(required=True, metadata={"description": "In which it was put to the agency."})
    desk = fields.String(allow_none=True)
    reason = fields.String(required=True, metadata={"description": "Why it was put to the agency, as a code."})
    caution = fields.String(allow_none=True, metadata={"description": "To be shown to whoever reads it."})
    acknowledged = fields.AwareDateTime(attribute="acknowledged_at", allow_none=True)
    acknowledged_by = fields.String(allow_none=True)


class SentOut(Body):
    """An event that matches no case, as far as whoever is asked about it may see it."""

    receipt = fields.UUID(required=True, metadata={"description": "What its sender was answered."})
    sender = fields.String(allow_none=True, metadata={"description": "The agency that sent it."})
    number = fields.String(allow_none=True, metadata={"description": "The number under which it was sent."})
    recorded = fields.AwareDateTime(allow_none=True, metadata={"description": "When its sender entered it."})
    number_here = fields.String(
        allow_none=True,
        metadata={"description": "Your number of the case that this number means by now, where it means one of yours."},
    )


class NotificationDetailOut(NotificationOut):
    """A notification with what may be seen of its event."""

    time = fields.AwareDateTime(allow_none=True, metadata={"description": "When it happened."})
    data = fields.Dict(required=True)
    sent = fields.Nested(SentOut, allow_none=True, metadata={"description": "More of an event that matches no case."})
    task = fields.UUID(allow_none=True, attribute="task_id", metadata={"description": "The open task about it."})


class InboxOut(Body):
    """A page of an inbox, the latest first."""

    notifications = fields.List(fields.Nested(NotificationOut), required=True)
    next = fields.String(allow_none=True, metadata={"description": "The address of the next page."})


class AcknowledgedOut(Body):
    """The notification is acknowledged; by the first to do so, where it was before."""

    id = fields.UUID(required=True)
    acknowledged = fields.AwareDateTime(required=True)
    acknowledged_by = fields.String(required=True)


@blueprint.get("/v1/inbox")
@scope(Scope.INBOX)
@blueprint.input(PageQuery, location="query")
@blueprint.output(InboxOut)
def listed(query_data: Mapping[str, str]) -> dict[str, object]:
    """List what the agency was told, the latest first."""
    found = inbox(context.system(), context.actor(), limit=PAGE + 1, before=place_of(query_data.get("start")))
    kept = found[:PAGE]
    following = word_of((kept[-1].received_at, kept[-1].id)) if len(found) > PAGE else None
    return {"notifications": kept, "next": url_for("inbox.listed", start=following) if following else None}


@blueprint.get("/v1/inbox/<uuid:notification_id>")
@scope(Scope.INBOX)
@blueprint.output(NotificationDetailOut)
@blueprint.doc(responses=_ABSENT)
def one(notification_id: UUID) -> dict[str, object]:
    """Read a notification with what may be seen of its event. The id of a webhook will do."""
    found = inbox_item(context.system(), context.actor(), notification_id)
    if found is None:
        raise not_found()
    return _detail(found)


@blueprint.post("/v1/inbox/<uuid:notification_id>/acknowledge")
@scope(Scope.INBOX)
@blueprint.output(AcknowledgedOut)
@blueprint.doc(responses=_ABSENT)
def acknowledge(notification_id: UUID) -> dict[str, object]:
    """Say that somebody at the agency's desk has it. Saying it twice changes nothing."""
    match acknowledge_notification(context.system(), context.actor(), notification_id):
        case Acknowledged(at, _):
            return {"id": notification_id, "acknowledged": at, "acknowledged_by": context.actor().name}
        case AlreadyAcknowledged(at, by):
            return {"id": notification_id, "acknowledged": at, "acknowledged_by": by}
        case _:
            raise not_found()


def _detail(found: InboxDetail) -> dict[str, object]:
    item: InboxItem = found.item
    known = {name: getattr(item, name) for name in item.__slots__}
    asked = {"sent": found.sent, "task_id": found.task_id}
    return known | {"time": found.time, "data": dict(found.data)} | asked
