"""My inbox: what I, or a team of mine, was told; and my acknowledgements."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import Response, current_app, flash, redirect, render_template, request, url_for

from services.actions.acknowledge_notification import NotFound, acknowledge_notification
from services.actions.read.cases import Zones, zones
from services.actions.read.inbox import PAGE, InboxItem, inbox, inbox_item
from services.web import context
from services.web.authentication import for_people, local_path
from services.web.kinds import not_found
from services.web.paging import place_of, word_of


def add_to(blueprint: APIBlueprint) -> None:
    """Put these pages on the blueprint."""
    blueprint.get("/inbox", endpoint="inbox")(inbox_page)
    blueprint.get("/inbox/<uuid:notification_id>", endpoint="notification")(notification_page)
    blueprint.post("/inbox/<uuid:notification_id>/acknowledge")(acknowledge)


@for_people
def inbox_page() -> str:
    """What was put to me, the latest first."""
    found = inbox(context.system(), context.actor(), limit=PAGE + 1, before=place_of(request.args.get("start")))
    kept = found[:PAGE]
    following = word_of((kept[-1].received_at, kept[-1].id)) if len(found) > PAGE else None
    return render_template("inbox.html", items=kept, zones=_zones(*kept), following=following)


@for_people
def notification_page(notification_id: UUID) -> str:
    """One notification, with what I may see of its event. The link of a webhook leads here."""
    found = inbox_item(context.system(), context.actor(), notification_id)
    if found is None:
        raise not_found()
    return render_template("notification.html", found=found, item=found.item, zones=_zones(found.item))


def _zones(*items: InboxItem) -> Zones:
    return zones(context.system(), context.actor(), frozenset(item.case_id for item in items if item.case_id))


@for_people
def acknowledge(notification_id: UUID) -> Response:
    """Say that I have it."""
    if isinstance(acknowledge_notification(context.system(), context.actor(), notification_id), NotFound):
        raise not_found()
    flash("Acknowledged.")
    back = local_path(request.form.get("back")) or url_for("pages.inbox")
    return current_app.make_response(redirect(back, 303))
