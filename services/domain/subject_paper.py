"""What the person whose goal it is is shown of it, on paper or through counsel (practice.md §5.5 and Settled 4 and 6;
verification.md §5, Per recipient).

No status, no reason, and no count of anything that is needed or withheld: what was received and may be shown to him,
what would count, and when the court reviews the case. It is as of the last review, so that nothing that becomes known
between two reviews can be seen in it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.domain.disclosure import DataClass
from services.domain.goal_plan import PlannedGoal
from services.domain.goal_views import Assessed
from services.domain.goal_words import KIND_WORDS, calendar, listed
from services.domain.goals import GoalKind
from services.domain.observers import nameable

_OF_FAMILY: Final = frozenset({"SURVIVOR", "CHILD", "KIN", "COUNSEL_SURVIVOR"})
"""Of whom the paper never speaks: nobody of the family is to be pressed for a good word."""

_CLAIMS: Final = "Attendance, a certificate and one's own word do not show behaviour."


@dataclass(frozen=True, slots=True)
class Received:
    """That something about the goal was received: on which day, from which agency. ``classes`` are for disclosure."""

    on: date
    agency: str
    classes: frozenset[DataClass]


@dataclass(frozen=True, slots=True)
class SubjectPaper:
    """What is shown of one goal. ``as_of`` is the review that it belongs to; None before the first."""

    goal_id: str
    label: str | None
    as_of: date | None
    received: tuple[Received, ...]
    what_counts: str
    next_review: date | None
    review: str


def subject_paper(
    goal: PlannedGoal,
    reviewed: Assessed | None,
    held: Collection[DataClass],
    names: Mapping[str, str],
    next_review: date | None,
) -> SubjectPaper:
    """The paper of a goal. ``reviewed`` is the goal in the subject's view on the day of the last review, as known then;
    None before the first review, or where the goal is younger. ``held`` are the classes that this view holds, ``names``
    the display names of agencies.
    """
    return SubjectPaper(
        goal_id=goal.id,
        label=goal.label,
        as_of=reviewed.as_of if reviewed else None,
        received=_received(reviewed, names) if reviewed else (),
        what_counts=_what_counts(goal, held),
        next_review=next_review,
        review=_review(next_review),
    )


def _received(reviewed: Assessed, names: Mapping[str, str]) -> tuple[Received, ...]:
    """What was received: one line a day and agency (and set of classes, which disclosure looks at), whether it was one
    observation or ten.
    """
    observed = (item.observed for item in reviewed.items if not item.inherited)
    lines = {Received(one.known_on, names.get(one.agency, one.agency), one.classes) for one in observed}
    return tuple(sorted(lines, key=lambda line: (line.on, line.agency, sorted(line.classes))))


def _what_counts(goal: PlannedGoal, held: Collection[DataClass]) -> str:
    """Fixed words for the kind of goal and who could see it; nothing of what is known."""
    kinds = nameable(sorted(goal.vantage - _OF_FAMILY), held)
    who = listed(tuple(dict.fromkeys(KIND_WORDS.get(kind, kind.lower()) for kind in kinds)), between="or")
    those = f", such as {who}," if who else ""
    if goal.speech:
        what = "what was said, again and again over a long time"
    elif goal.kind is GoalKind.POSITIVE:
        what = "that it is done, again and again over a long time"
    else:
        what = "that it does not happen, over a long time and with real opportunity to do otherwise"
    return f"What would count is that people outside the family who are placed to know{those} report {what}. {_CLAIMS}"


def _review(next_review: date | None) -> str:
    if next_review is None:
        return "This paper changes with the next review of the court, and not before."
    return f"The next review is on {calendar(next_review)}. This paper changes then, and not before."
