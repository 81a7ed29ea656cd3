"""The library of behaviour goals, for programs in which plans are written. Holds nothing of any case."""

from apiflask import APIBlueprint
from marshmallow import fields

from services.domain.scopes import Scope
from services.web import context
from services.web.api.bodies import Body
from services.web.authentication import scope

blueprint = APIBlueprint("goal_library", __name__, tag="Goals")


class LibraryGoalOut(Body):
    """A goal to start from."""

    code = fields.Integer(required=True, metadata={"description": "Its number: goal_codes of goal.created."})
    kind = fields.String(required=True, metadata={"enum": ["positive", "cessation"]})
    statement = fields.String(required=True, metadata={"description": "With {name} for the person's name."})
    purpose = fields.String(required=True)
    success_test = fields.String(required=True)
    opportunity = fields.String(required=True, allow_none=True, metadata={"description": "Of a cessation goal."})
    safety_critical = fields.Boolean(required=True)
    speech = fields.Boolean(required=True, metadata={"description": "What he says is the behaviour."})
    presence = fields.Boolean(required=True, metadata={"description": "Being there is the behaviour."})
    vantage = fields.List(fields.String(), required=True, metadata={"description": "The observers who could see it."})
    behaviours = fields.List(fields.String(), required=True, metadata={"description": "Codes of the pattern's map."})


class GoalLibraryOut(Body):
    """The library."""

    goals = fields.List(fields.Nested(LibraryGoalOut), required=True)
    uncovered = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "Behaviours of the map that no goal answers to, and why."},
    )
    digest = fields.String(required=True, metadata={"description": "The version of the library."})


@blueprint.get("/v1/goal-library")
@scope(Scope.CASES_READ)
@blueprint.output(GoalLibraryOut)
def goal_library() -> object:
    """List the behaviour goals from which a plan can start."""
    library = context.system().policy.goal_library
    return {"goals": library.goals, "uncovered": dict(library.uncovered), "digest": library.digest}
