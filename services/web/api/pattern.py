"""The patterns of a case for machines: the approved maps by section, always through disclosure."""

from apiflask import APIBlueprint
from marshmallow import fields

from services.actions.read.pattern import ShownMap, ShownPerson, case_pattern
from services.domain.disclosure import Purpose
from services.domain.scopes import Scope
from services.web import context
from services.web.api.bodies import Body
from services.web.authentication import scope
from services.web.kinds import not_found

blueprint = APIBlueprint("pattern", __name__, tag="Cases")

_ABSENT = {404: "No such case for this agency."}


class SectionsOut(Body):
    """The five sections of a map, each with what of its payload may be shown."""

    control = fields.List(fields.Dict(), required=True, metadata={"description": "Coercive control: items of the map."})
    harm_to_children = fields.List(fields.Dict(), required=True, metadata={"description": "Actions against a child."})
    protective_efforts = fields.List(fields.Dict(), required=True)
    effects = fields.List(
        fields.Dict(), required=True, metadata={"description": "Pathways to each child and the family."}
    )
    circumstances = fields.List(fields.Dict(), required=True, metadata={"description": "What else bears on it."})
    culture = fields.String(metadata={"description": "In the family's own words."})


class WarningOut(Body):
    """What an item of a map does not say."""

    item = fields.String(required=True)
    code = fields.String(required=True)
    says = fields.String(required=True)


class MapOut(Body):
    """The approved version that counts."""

    version = fields.Integer(required=True)
    approved_on = fields.Date(required=True)
    carried_from = fields.String(metadata={"description": "The case that it was taken over from."})
    sections = fields.Nested(SectionsOut, required=True)
    does_well = fields.List(fields.String(), required=True)
    absent_from = fields.List(fields.String(), required=True)
    warnings = fields.List(fields.Nested(WarningOut), required=True)


class PersonOut(Body):
    """A person's pattern."""

    person = fields.String(required=True, metadata={"description": "The token of the person."})
    designation = fields.String(metadata={"description": "subject, protective or undetermined."})
    map = fields.Nested(MapOut)
    waiting = fields.List(fields.Integer(), required=True, metadata={"description": "Versions that wait for approval."})


class ChildLineOut(Body):
    """How a child was doing on a day."""

    child = fields.String(required=True)
    on = fields.String(required=True)
    how = fields.String(required=True)


class PatternOut(Body):
    """The patterns of a case, person by person, and what was noted beside the maps."""

    persons = fields.List(fields.Nested(PersonOut), required=True)
    children = fields.List(fields.Nested(ChildLineOut), required=True)
    protective_efforts = fields.List(fields.Dict(), required=True)
    offers = fields.List(fields.Dict(), required=True)


@blueprint.get("/v1/cases/<path:reference>/pattern")
@scope(Scope.CASES_READ)
@blueprint.output(PatternOut)
@blueprint.doc(responses=_ABSENT)
def pattern(reference: str) -> dict[str, object]:
    """Read the approved maps of the people of a case."""
    found = case_pattern(context.system(), context.actor(), reference, Purpose.API)
    if found is None:
        raise not_found()
    return {
        "persons": [_person(one) for one in found.persons],
        "children": [{"child": line.child_ref, "on": line.on, "how": line.how} for line in found.children],
        "protective_efforts": [dict(one) for one in found.efforts],
        "offers": [dict(one) for one in found.offers],
    }


def _person(one: ShownPerson) -> dict[str, object]:
    known = {
        "person": one.person_ref,
        "designation": one.designation,
        "map": _map(one.map) if one.map else None,
        "waiting": list(one.waiting),
    }
    return {name: value for name, value in known.items() if value is not None}


def _map(shown: ShownMap) -> dict[str, object]:
    parts = shown.sections
    sections = {
        "control": [dict(one) for one in parts.control],
        "harm_to_children": [dict(one) for one in parts.harm_to_children],
        "protective_efforts": [dict(one) for one in parts.protective_efforts],
        "effects": [dict(one) for one in parts.effects],
        "circumstances": [dict(one) for one in parts.circumstances],
        **({"culture": parts.culture} if parts.culture else {}),
    }
    return {
        "version": shown.version,
        "approved_on": shown.approved_on,
        **({"carried_from": shown.carried_from} if shown.carried_from else {}),
        "sections": sections,
        "does_well": list(shown.does_well),
        "absent_from": list(shown.absent_from),
        "warnings": [{"item": one.item_id, "code": one.code, "says": one.says} for one in shown.warnings],
    }
