"""The patterns of a case, person by person, as far as the reader may see them."""

from uuid import UUID

from apiflask import APIBlueprint
from flask import render_template

from services.actions.read.pattern import case_pattern
from services.domain.disclosure import Purpose
from services.web import context
from services.web.authentication import for_people
from services.web.kinds import not_found


def add_to(blueprint: APIBlueprint) -> None:
    """Put this page on the blueprint."""
    blueprint.get("/cases/<uuid:case_id>/pattern", endpoint="pattern")(pattern_page)


@for_people
def pattern_page(case_id: UUID) -> str:
    """The approved map of each person by its five sections, the children's lines, and what the other parent does."""
    found = case_pattern(context.system(), context.actor(), case_id, Purpose.CASE_WORK)
    if found is None:
        raise not_found()
    return render_template("pattern.html", found=found)
