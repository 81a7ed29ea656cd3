"""The goals of a case as people read them: how each stands, why, and what would count next."""

from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from apiflask import APIBlueprint
from flask import render_template, request

from services.actions.read.goals import case_goals
from services.domain.disclosure import Purpose
from services.domain.errors import FieldProblem
from services.domain.explained import Part
from services.domain.goal_words import STATUS_WORDS
from services.web import context
from services.web.api.goals import known_goals
from services.web.authentication import for_people
from services.web.kinds import ProblemError

_PARTS: Final[Mapping[Part, str]] = {
    Part.COUNTS: "Counts",
    Part.AGAINST: "Against the goal",
    Part.LAPSE: "Missed, late or partial",
    Part.CONTEXT: "Context: does not count",
    Part.OWN_WORD: "The person's side: does not count",
    Part.DISPUTED: "Disputed: waits for a ruling",
    Part.UNCONFIRMED: "An adverse party alone: does not count",
    Part.BEFORE_CONTRADICTION: "Before what contradicts it: no longer counts",
    Part.BEFORE_GAP: "Before a long hole: no longer counts",
    Part.OUT_OF_REACH: "Over days that nobody saw: does not count",
}
_VIEWS: Final[Mapping[str, str]] = {
    "internal": "child welfare",
    "attorney": "agency attorney",
    "court": "court",
    "subject": "what the subject is shown",
    "probation": "probation",
    "programme": "programme",
}
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)


def add_to(blueprint: APIBlueprint) -> None:
    """Put this page on the blueprint."""
    blueprint.get("/cases/<uuid:case_id>/goals", endpoint="goals")(goals_page)


@for_people
def goals_page(case_id: UUID) -> str:
    """Each goal with its status in a sentence, the reasons with what is behind them, and what comes next."""
    found = known_goals(
        case_goals(
            context.system(),
            context.actor(),
            case_id,
            Purpose.CASE_WORK,
            as_of=_day(request.args.get("as_of")),
            view=request.args.get("view") or None,
        )
    )
    return render_template("goals.html", found=found, parts=_PARTS, views=_VIEWS, statuses=STATUS_WORDS)


def _day(value: str | None) -> date | None:
    """The day that was asked for. Raises ProblemError."""
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or not _FIRST <= day <= _LAST:
        problem = FieldProblem("as_of", "invalid", "Must be a day such as 2025-06-20.")
        raise ProblemError("invalid", errors=[problem])
    return day
