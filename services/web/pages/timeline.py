"""A case's timeline, with its due dates and tasks, as far as the reader may see them."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import render_template, request

from services.actions.read.deadlines import case_deadlines
from services.actions.read.tasks import case_tasks
from services.actions.read.timeline import timeline
from services.domain.disclosure import Purpose
from services.domain.tasks import Verb
from services.web import context
from services.web.authentication import for_people
from services.web.kinds import not_found
from services.web.paging import place_of, word_of

_AT_ONCE = 100


def add_to(blueprint: APIBlueprint) -> None:
    """Put this page on the blueprint."""
    blueprint.get("/cases/<uuid:case_id>", endpoint="timeline")(timeline_page)


@for_people
def timeline_page(case_id: UUID) -> str:
    """What happened on a case, the latest first; on its first page also what is due and who is to do what."""
    system, actor, purpose = context.system(), context.actor(), Purpose.CASE_WORK
    before = place_of(request.args.get("start"))
    page = timeline(system, actor, case_id, purpose, before)
    if page is None:
        raise not_found()
    deadlines = case_deadlines(system, actor, case_id, purpose, limit=_AT_ONCE) if before is None else None
    tasks = case_tasks(system, actor, case_id, purpose, limit=_AT_ONCE) if before is None else None
    return render_template(
        "timeline.html",
        page=page,
        # The due date of a task stands with the task.
        dates=[shown for shown in deadlines.deadlines if shown.line.task_id is None] if deadlines else [],
        tasks=tasks,
        following=word_of(page.next),
        verbs=Verb,
    )
