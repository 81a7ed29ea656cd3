"""How the goals of all cases stand today, by view: for the report of a story that was played, where they are few."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from services.actions.assess_goals import ReadCase, read_cases
from services.domain.goal_views import Assessed, assess_case
from services.domain.hearings import HEARING_TYPES, hearings_on
from services.domain.known_events import KnownEvent, known_on
from services.domain.subject_paper import subject_paper
from services.storage import agencies, goal_events, reporting
from services.system import System

_SUBJECT: Final = "subject"


def goal_report(system: System, connection: Connection) -> list[dict[str, Any]]:
    """Every adopted goal with its status and reasons in each view, in the order of cases and goals.

    A case is named by the number of the agency whose case it is.
    """
    numbers = reporting.case_numbers(connection)
    read = read_cases(system, connection, numbers)
    courts = goal_events.of_cases(connection, system.keys, numbers, HEARING_TYPES)
    names = {line.slug: line.name for line in agencies.listed(connection)}
    return [
        line
        for case_id, number in sorted(numbers.items(), key=lambda one: one[1])
        for line in _lines(system, number, read[case_id], courts.get(case_id, ()), names)
    ]


def _lines(
    system: System, number: str, case: ReadCase, courts: Sequence[KnownEvent], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    lines: dict[str, dict[str, Any]] = {}
    for one in assess_case(case.events, case.today(system.clock()), case.context, system.policy.verification):
        goal = one.state.goal
        line = lines.setdefault(goal.id, {"case": number, "goal": goal.id, "label": goal.label, "views": {}})
        line["views"][one.view.name] = _said(one)
    for goal_id, paper in _papers(system, case, courts, names).items():
        lines[goal_id]["subject_is_shown"] = paper
    return list(lines.values())


def _papers(
    system: System, case: ReadCase, courts: Sequence[KnownEvent], names: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """What the subject is shown of each goal: the paper of the last review, with no status word in it."""
    policy, today = system.policy.verification, case.today(system.clock())
    [view] = [one for one in policy.views if one.name == _SUBJECT]
    hearings = hearings_on(known_on(courts, today, case.context.zone), today)
    now = assess_case(case.events, today, case.context, policy, [view])
    then: dict[str, Assessed] = {}
    if hearings.last_review is not None:
        reviewed = assess_case(case.events, hearings.last_review, case.context, policy, [view])
        then = {one.state.goal.id: one for one in reviewed}
    papers = {}
    for one in now:
        goal = one.state.goal
        paper = subject_paper(goal, then.get(goal.id), view.holds, names, hearings.next_review)
        papers[goal.id] = {
            "as_of": paper.as_of,
            "received": [{"on": line.on, "agency": line.agency} for line in paper.received],
            "what_counts": paper.what_counts,
            "next_review": paper.next_review,
        }
    return papers


def _said(one: Assessed) -> dict[str, Any]:
    last = {"last_status": one.last_status.status.value} if one.last_status else {}
    return {
        "status": one.assessment.status.value,
        "reasons": list(map(str, one.assessment.reasons)),
        "review_required": one.review_required,
        **last,
    }
