"""Reasonable efforts, the parity report and the supervisor's list for machines: always through disclosure."""

from collections.abc import Mapping
from typing import TypeVar

from apiflask import APIBlueprint
from flask import url_for
from marshmallow import fields, validate

from services.actions.read.efforts import EffortGroup, ShownEffort, case_efforts
from services.actions.read.parity import CaseParity, case_parity
from services.actions.read.supervision import OpenPlan, SilentCase, open_plans, silent_cases
from services.domain.beside_goals import Uncovered
from services.domain.disclosure import Purpose
from services.domain.parity import Parent
from services.domain.scopes import Scope
from services.web import context
from services.web.api.bodies import Body, PageQuery
from services.web.authentication import scope
from services.web.kinds import not_found
from services.web.paging import WORD, place_of, word_of

blueprint = APIBlueprint("efforts", __name__, tag="Cases")

Found = TypeVar("Found")
_ABSENT = {404: "No such case for this agency."}


class EffortOut(Body):
    """Something that was done, made from an event of the case."""

    event = fields.UUID(required=True, metadata={"description": "The event that it is made from."})
    on = fields.Date(required=True, metadata={"description": "The day, in the case's zone."})
    action = fields.String(required=True)
    outcome = fields.String()
    barrier = fields.String(metadata={"description": "What stood in the way, as a code."})
    agency = fields.String(required=True)
    actor = fields.String()


class EffortGroupOut(Body):
    """The efforts toward one, the oldest first."""

    toward = fields.String(required=True, metadata={"description": "subject, survivor, child or system."})
    number = fields.Integer(required=True)
    hindered = fields.Integer(required=True, metadata={"description": "In how many something stood in the way."})
    efforts = fields.List(fields.Nested(EffortOut), required=True)


class EffortsOut(Body):
    """The efforts of a case, grouped as the court report groups them."""

    groups = fields.List(fields.Nested(EffortGroupOut), required=True)


class CountOut(Body):
    """One count, and what it counts."""

    id = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "expectation, contact, offer or consequence."})
    counts = fields.String(required=True, metadata={"description": "What is counted, in words."})
    required_task = fields.Boolean(required=True, metadata={"description": "Whether each is a task that must be done."})
    number = fields.Integer(required=True)
    events = fields.List(fields.UUID(), required=True)


class ParentOut(Body):
    """A parent of the case."""

    person = fields.String(required=True, metadata={"description": "The token of the person."})
    name = fields.String()
    kind = fields.String(required=True)
    designation = fields.String(metadata={"description": "As an approved map says; left out where none does."})
    pattern_mapped = fields.Boolean(required=True)
    required_tasks = fields.Integer(required=True)
    counts = fields.List(fields.Nested(CountOut), required=True)


class ImbalanceOut(Body):
    """A parent without a mapped pattern must do more than another one."""

    person = fields.String(required=True)
    required_tasks = fields.Integer(required=True)
    other = fields.String(required=True)
    required_of_other = fields.Integer(required=True)


class ParityOut(Body):
    """What is asked of each parent, offered to them and held against them: counts and no scores."""

    parents = fields.List(fields.Nested(ParentOut), required=True)
    imbalances = fields.List(fields.Nested(ImbalanceOut), required=True)


class SilentOut(Body):
    """An open case in which nobody has turned to the subject for long."""

    case = fields.String(required=True, metadata={"description": "The agency's own case number, or the token."})
    last_effort = fields.Date(allow_none=True, required=True, metadata={"description": "Null where there is none."})
    since = fields.Date(required=True, metadata={"description": "The day of it, or that on which the case opened."})
    days = fields.Integer(required=True)


class WithoutEffortOut(Body):
    """The cases without an effort toward the subject for so many days, that which was opened first first."""

    after_days = fields.Integer(required=True)
    cases = fields.List(fields.Nested(SilentOut), required=True)
    next = fields.String(allow_none=True, metadata={"description": "The address of the next page."})


class UncoveredOut(Body):
    """A mapped behaviour that no goal covers."""

    person = fields.String(required=True, metadata={"description": "The token of the person."})
    behaviour = fields.String(required=True)
    why = fields.String(metadata={"description": "Why no goal of the library answers to it, where none does."})


class UnobservedOut(Body):
    """A goal that nobody is placed to observe."""

    goal = fields.String(required=True)
    label = fields.String()


class OpenPlanOut(Body):
    """An open case whose plan leaves something open."""

    case = fields.String(required=True, metadata={"description": "The agency's own case number, or the token."})
    uncovered = fields.List(fields.Nested(UncoveredOut), required=True)
    unobserved = fields.List(fields.Nested(UnobservedOut), required=True)


class OpenPlansOut(Body):
    """The cases whose plan leaves something open, that which was opened first first."""

    cases = fields.List(fields.Nested(OpenPlanOut), required=True)
    next = fields.String(allow_none=True, metadata={"description": "The address of the next page."})


class SupervisionQuery(PageQuery):
    """Where to begin in each of the lists."""

    plans_start = fields.String(
        validate=validate.Regexp(f"^{WORD}$", error="Use the address that the page before gave."),
        metadata={"description": "The place that the page before gave as its next, in the list of plans."},
    )


class SupervisionOut(Body):
    """What the supervisors of the agency must look at."""

    without_effort = fields.Nested(WithoutEffortOut, required=True)
    open_plans = fields.Nested(OpenPlansOut, required=True)


@blueprint.get("/v1/cases/<path:reference>/efforts")
@scope(Scope.CASES_READ)
@blueprint.output(EffortsOut)
@blueprint.doc(responses=_ABSENT)
def efforts(reference: str) -> dict[str, object]:
    """Read the reasonable efforts of a case."""
    found = _found(case_efforts(context.system(), context.actor(), reference, Purpose.API))
    return {"groups": [_group(group) for group in found.groups]}


@blueprint.get("/v1/cases/<path:reference>/parity")
@scope(Scope.CASES_READ)
@blueprint.output(ParityOut)
@blueprint.doc(responses=_ABSENT)
def parity(reference: str) -> dict[str, object]:
    """Compare what is asked of each parent; for child welfare on its own case."""
    found = _found(case_parity(context.system(), context.actor(), reference, Purpose.API))
    return {
        "parents": [_parent(parent, found) for parent in found.parity.parents],
        "imbalances": [
            {
                "person": one.person_ref,
                "required_tasks": one.required,
                "other": one.other_ref,
                "required_of_other": one.other_required,
            }
            for one in found.parity.imbalances
        ],
    }


@blueprint.get("/v1/supervision")
@scope(Scope.CASES_READ)
@blueprint.input(SupervisionQuery, location="query")
@blueprint.output(SupervisionOut)
def supervision(query_data: Mapping[str, str]) -> dict[str, object]:
    """List what the supervisors of the agency must look at; nothing for an agency that has none."""
    system, actor = context.system(), context.actor()
    page = silent_cases(system, actor, Purpose.API, place_of(query_data.get("start")))
    plans = open_plans(system, actor, Purpose.API, place_of(query_data.get("plans_start")))
    word, plans_word = word_of(page.next), word_of(plans.next)
    return {
        "without_effort": {
            "after_days": page.after_days,
            "cases": [_silent(one) for one in page.cases],
            "next": url_for("efforts.supervision", start=word) if word else None,
        },
        "open_plans": {
            "cases": [_open_plan(one) for one in plans.cases],
            "next": url_for("efforts.supervision", plans_start=plans_word) if plans_word else None,
        },
    }


def _found(value: Found | None) -> Found:
    if value is None:
        raise not_found()
    return value


def _group(group: EffortGroup) -> dict[str, object]:
    return {
        "toward": group.toward.value,
        "number": group.number,
        "hindered": group.hindered,
        "efforts": [_effort(shown) for shown in group.efforts],
    }


def _effort(shown: ShownEffort) -> dict[str, object]:
    effort = shown.effort
    known = {
        "event": effort.event_id,
        "on": effort.on,
        "action": effort.action,
        "outcome": effort.outcome,
        "barrier": effort.barrier,
        "agency": shown.agency,
        "actor": effort.actor,
    }
    return {name: value for name, value in known.items() if value is not None}


def _parent(parent: Parent, found: CaseParity) -> dict[str, object]:
    known = {
        "person": parent.person_ref,
        "name": found.names.get(parent.person_ref),
        "kind": parent.kind.value,
        "designation": parent.designation,
        "pattern_mapped": parent.mapped,
        "required_tasks": parent.required,
        "counts": [
            {
                "id": one.rule.id,
                "kind": one.rule.kind.value,
                "counts": one.rule.title,
                "required_task": one.rule.required,
                "number": one.number,
                "events": one.events,
            }
            for one in parent.counts
        ],
    }
    return {name: value for name, value in known.items() if value is not None}


def _silent(one: SilentCase) -> dict[str, object]:
    silence = one.silence
    return {"case": one.number, "last_effort": silence.last, "since": silence.since, "days": silence.days}


def uncovered_out(one: Uncovered) -> dict[str, object]:
    """A mapped behaviour that no goal covers, as the API gives it."""
    known = {"person": one.person_ref, "behaviour": one.behaviour, "why": one.why}
    return {name: value for name, value in known.items() if value is not None}


def _open_plan(one: OpenPlan) -> dict[str, object]:
    return {
        "case": one.number,
        "uncovered": [uncovered_out(bare) for bare in one.gaps.uncovered],
        "unobserved": [{"goal": goal, **({"label": label} if label else {})} for goal, label in one.gaps.unobserved],
    }
