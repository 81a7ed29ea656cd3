"""The reasonable efforts of a case, with the parity report for child welfare; and the supervisor's list."""

from collections.abc import Mapping
from uuid import UUID

from apiflask import APIBlueprint
from flask import render_template, request

from services.actions.read.efforts import case_efforts
from services.actions.read.parity import case_parity
from services.actions.read.supervision import open_plans, silent_cases
from services.domain.disclosure import Purpose
from services.domain.efforts import Toward
from services.web import context
from services.web.authentication import for_people
from services.web.kinds import not_found
from services.web.paging import place_of, word_of

_TOWARD: Mapping[Toward, str] = {
    Toward.SUBJECT: "Toward the subject",
    Toward.SURVIVOR: "Toward the survivor",
    Toward.CHILD: "Toward the children",
    Toward.SYSTEM: "With courts and agencies",
}
_PARENTS: Mapping[str, str] = {"subject": "subject", "protective_parent": "protective parent"}


def add_to(blueprint: APIBlueprint) -> None:
    """Put these pages on the blueprint."""
    blueprint.get("/cases/<uuid:case_id>/efforts", endpoint="efforts")(efforts_page)
    blueprint.get("/supervision", endpoint="supervision")(supervision_page)


@for_people
def efforts_page(case_id: UUID) -> str:
    """What was done, toward whom, as the court report will have it; and what is asked of each parent."""
    system, actor = context.system(), context.actor()
    found = case_efforts(system, actor, case_id, Purpose.CASE_WORK)
    if found is None:
        raise not_found()
    parity = case_parity(system, actor, case_id, Purpose.CASE_WORK)
    return render_template("efforts.html", found=found, parity=parity, toward=_TOWARD, parents=_PARENTS)


@for_people
def supervision_page() -> str:
    """What I must look at as a supervisor."""
    system, actor, purpose = context.system(), context.actor(), Purpose.CASE_WORK
    page = silent_cases(system, actor, purpose, place_of(request.args.get("start")))
    plans = open_plans(system, actor, purpose, place_of(request.args.get("plans_start")))
    return render_template(
        "supervision.html",
        page=page,
        following=word_of(page.next),
        plans=plans,
        following_plans=word_of(plans.next),
    )
