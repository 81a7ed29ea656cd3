"""How the goals of all cases stand today, by view: for the report of a story that was played, where they are few."""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from services.actions.assess_goals import ReadCase, read_cases
from services.domain.goal_views import Assessed, assess_case
from services.storage import reporting
from services.system import System


def goal_report(system: System, connection: Connection) -> list[dict[str, Any]]:
    """Every adopted goal with its status and reasons in each view, in the order of cases and goals.

    A case is named by the number of the agency whose case it is.
    """
    numbers = reporting.case_numbers(connection)
    read = read_cases(system, connection, numbers)
    return [
        line
        for case_id, number in sorted(numbers.items(), key=lambda one: one[1])
        for line in _lines(system, number, case_id, read)
    ]


def _lines(system: System, number: str, case_id: UUID, read: dict[UUID, ReadCase]) -> list[dict[str, Any]]:
    case = read[case_id]
    lines: dict[str, dict[str, Any]] = {}
    for one in assess_case(case.events, case.today(system.clock()), case.context, system.policy.verification):
        goal = one.state.goal
        line = lines.setdefault(goal.id, {"case": number, "goal": goal.id, "label": goal.label, "views": {}})
        line["views"][one.view.name] = _said(one)
    return list(lines.values())


def _said(one: Assessed) -> dict[str, Any]:
    last = {"last_status": one.last_status.status.value} if one.last_status else {}
    return {
        "status": one.assessment.status.value,
        "reasons": list(map(str, one.assessment.reasons)),
        "review_required": one.review_required,
        **last,
    }
