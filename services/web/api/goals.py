"""The goals of a case for machines: how each stands in the reader's own view, why, and what would count next."""

from collections.abc import Mapping
from datetime import date

from apiflask import APIBlueprint
from marshmallow import fields

from services.actions.read.goals import NotYet, ShownGoal, ShownGoals, case_goals
from services.domain.disclosure import Purpose
from services.domain.errors import FieldProblem
from services.domain.explained import Explanation, ReasonSaid
from services.domain.scopes import Scope
from services.domain.subject_paper import SubjectPaper
from services.web import context
from services.web.api.bodies import Body, day, text
from services.web.api.efforts import UncoveredOut, uncovered_out
from services.web.authentication import scope
from services.web.kinds import ProblemError, not_found

blueprint = APIBlueprint("goals", __name__, tag="Cases")

_ABSENT = {404: "No such case, goal or view for this agency."}


class GoalsQuery(Body):
    """As of which day, and in which view."""

    as_of = day(metadata={"description": "A day that has come; today, in the case's zone, where missing."})
    view = text(metadata={"description": "A view that the reader may ask for; their own where missing."})


class ReasonOut(Body):
    """A reason of a status."""

    code = fields.String(required=True)
    says = fields.String(required=True)
    on = fields.Date(metadata={"description": "The day that it names."})
    evidence = fields.List(
        fields.Integer(), required=True, metadata={"description": "The observations behind it, by their number."}
    )


class ItemOut(Body):
    """An observation that was considered in this view, without what it tells."""

    number = fields.Integer(required=True)
    first = fields.Date(required=True)
    last = fields.Date(required=True)
    source = fields.String(required=True)
    basis = fields.String(required=True)
    part = fields.String(required=True, metadata={"description": "What it does to the status."})
    id = fields.String(metadata={"description": "By which it is ruled on."})
    event = fields.String(metadata={"description": "The event that brought it."})


class NextOut(Body):
    """What would count next. The numbers are what is still missing."""

    says = fields.List(fields.String(), required=True)
    kinds = fields.List(fields.String(), required=True)
    sources = fields.Integer(required=True)
    outside_family = fields.Boolean(required=True)
    observations = fields.Integer(required=True)
    opportunities = fields.Integer(required=True)
    days = fields.Integer(required=True)
    earliest = fields.Date()


class ObserverOut(Body):
    """A kind of observer who could see the behaviour, and who of the case is placed to."""

    kind = fields.String(required=True)
    words = fields.String(required=True)
    placed = fields.List(fields.String(), required=True)
    waiting = fields.List(
        fields.String(), required=True, metadata={"description": "Who has not acknowledged a briefing yet."}
    )


class GapOut(Body):
    """Whose gap it is that the goal is not verified."""

    kind = fields.String(required=True)
    says = fields.String(required=True)


class NeededByOut(Body):
    """By when something is needed for the next hearing."""

    on = fields.Date(required=True)
    says = fields.String(required=True)


class LastOut(Body):
    """What a closed goal was when it was closed."""

    status = fields.String(required=True)
    says = fields.String(required=True)


class ReceivedOut(Body):
    """That something about the goal was received."""

    on = fields.Date(required=True)
    agency = fields.String(required=True)


class PaperOut(Body):
    """What the subject is shown of a goal: as of the last review, and without a status."""

    as_of = fields.Date()
    received = fields.List(fields.Nested(ReceivedOut), required=True)
    what_counts = fields.String(required=True)
    next_review = fields.Date()
    review = fields.String(required=True)


class GoalOut(Body):
    """A goal, as far as the reader may see it."""

    goal = fields.String(required=True)
    label = fields.String()
    statement = fields.String()
    purpose = fields.String()
    success_test = fields.String()
    kind = fields.String()
    person = fields.String(metadata={"description": "The token of the person whose goal it is."})
    status = fields.String()
    says = fields.String(metadata={"description": "The status in a sentence, or whom to ask."})
    banner = fields.String(metadata={"description": "That a review is required."})
    last_status = fields.Nested(LastOut)
    reasons = fields.List(fields.Nested(ReasonOut))
    evidence = fields.List(fields.Nested(ItemOut))
    next = fields.Nested(NextOut)
    observers = fields.List(fields.Nested(ObserverOut))
    gap = fields.Nested(GapOut)
    needed_by = fields.Nested(NeededByOut)
    paper = fields.Nested(PaperOut)


class OneGoalOut(GoalOut):
    """A goal in a view, as of a day."""

    view = fields.String(required=True)
    as_of = fields.Date(required=True)


class GoalsOut(Body):
    """The goals of a case in a view, as of a day; for child welfare also what stands beside them."""

    view = fields.String(required=True)
    as_of = fields.Date(required=True)
    views = fields.List(fields.String(), required=True, metadata={"description": "Those that may be asked for."})
    goals = fields.List(fields.Nested(GoalOut), required=True)
    uncovered = fields.List(
        fields.Nested(UncoveredOut), required=True, metadata={"description": "Mapped, and covered by no goal."}
    )
    unobserved = fields.List(
        fields.String(), required=True, metadata={"description": "Goals that nobody is placed to observe."}
    )


@blueprint.get("/v1/cases/<path:reference>/goals")
@scope(Scope.CASES_READ)
@blueprint.input(GoalsQuery, location="query")
@blueprint.output(GoalsOut)
@blueprint.doc(responses=_ABSENT)
def goals(reference: str, query_data: Mapping[str, object]) -> dict[str, object]:
    """Read how the goals of a case stand, and why."""
    found = _found(reference, query_data, None)
    return {
        "view": found.view,
        "as_of": found.as_of,
        "views": list(found.views),
        "goals": [_goal(one) for one in found.goals],
        "uncovered": [uncovered_out(one) for one in found.uncovered],
        "unobserved": list(found.unobserved),
    }


@blueprint.get("/v1/cases/<path:reference>/goals/<goal>")
@scope(Scope.CASES_READ)
@blueprint.input(GoalsQuery, location="query")
@blueprint.output(OneGoalOut)
@blueprint.doc(responses=_ABSENT)
def goal(reference: str, goal: str, query_data: Mapping[str, object]) -> dict[str, object]:
    """Read how one goal stands, and why."""
    found = _found(reference, query_data, goal)
    return {**_goal(found.goals[0]), "view": found.view, "as_of": found.as_of}


def _found(reference: str, query: Mapping[str, object], goal_id: str | None) -> ShownGoals:
    as_of, view = query.get("as_of"), query.get("view")
    found = case_goals(
        context.system(),
        context.actor(),
        reference,
        Purpose.API,
        as_of=as_of if isinstance(as_of, date) else None,
        view=view if isinstance(view, str) else None,
        goal_id=goal_id,
    )
    return known_goals(found)


def known_goals(found: ShownGoals | NotYet | None) -> ShownGoals:
    """The goals that were found. Raises ProblemError: 404 where there are none for the reader, 422 for a later day."""
    if found is None:
        raise not_found()
    if isinstance(found, NotYet):
        raise ProblemError("invalid", errors=[FieldProblem("as_of", "in_future", "Must be a day that has come.")])
    return found


def _goal(one: ShownGoal) -> dict[str, object]:
    known = {
        "goal": one.goal_id,
        **{name: one.about.get(name) for name in ("label", "statement", "purpose", "success_test", "kind")},
        "person": one.about.get("person_ref"),
        "says": one.says,
        **(_explained(one.explanation) if one.explanation else {}),
        "paper": _paper(one.paper) if one.paper else None,
    }
    return _given(known)


def _explained(said: Explanation) -> dict[str, object]:
    numbers = {item.id: number for number, item in enumerate(said.items, start=1)}
    coming, gap, hearing, last = said.next, said.gap, said.hearing, said.last
    return {
        "status": said.status.value,
        "says": said.says,
        "banner": said.banner,
        "last_status": {"status": last.status.value, "says": last.says} if last else None,
        "reasons": [_reason(reason, numbers) for reason in said.reasons],
        "evidence": [_item(said, number) for number in numbers.values()],
        "next": _given(
            {
                "says": list(coming.says),
                "kinds": list(coming.kinds),
                "sources": coming.sources,
                "outside_family": coming.outside,
                "observations": coming.observations,
                "opportunities": coming.opportunities,
                "days": coming.days,
                "earliest": coming.earliest,
            }
        )
        if coming
        else None,
        "observers": [
            {"kind": one.kind, "words": one.words, "placed": list(one.placed), "waiting": list(one.wait)}
            for one in said.observers
        ],
        "gap": {"kind": gap.gap.value, "says": gap.says} if gap else None,
        "needed_by": {"on": hearing.on, "says": hearing.says} if hearing else None,
    }


def _reason(reason: ReasonSaid, numbers: Mapping[str, int]) -> dict[str, object]:
    items = [numbers[item] for item in reason.items if item in numbers]
    return _given({"code": reason.code.value, "says": reason.says, "on": reason.on, "evidence": items})


def _item(said: Explanation, number: int) -> dict[str, object]:
    item = said.items[number - 1]
    known = {
        "number": number,
        "first": item.first,
        "last": item.last,
        "source": item.source,
        "basis": item.basis,
        "part": item.part.value,
        "id": item.id if item.event_id else None,
        "event": item.event_id or None,
    }
    return _given(known)


def _paper(paper: SubjectPaper) -> dict[str, object]:
    known = {
        "as_of": paper.as_of,
        "received": [{"on": line.on, "agency": line.agency} for line in paper.received],
        "what_counts": paper.what_counts,
        "next_review": paper.next_review,
        "review": paper.review,
    }
    return _given(known)


def _given(known: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in known.items() if value is not None}
