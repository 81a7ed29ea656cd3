"""The registry, for administrators' programs: agencies, their people, teams, clients and endpoints."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import request
from marshmallow import fields, validate

from services.actions.register_agency import register_agency
from services.actions.register_client import register_client
from services.actions.register_endpoint import register_endpoint
from services.actions.register_staff import register_staff
from services.actions.register_team import register_team
from services.actions.rotate_secrets import (
    add_client_secret,
    add_endpoint_secret,
    revoke_client_secret,
    revoke_endpoint_secret,
)
from services.domain.errors import FieldProblem
from services.domain.registry import (
    EVENTS_PER_MINUTE,
    FORBIDDEN,
    MOST_EVENTS_PER_MINUTE,
    Membership,
    NewAgency,
    NewClient,
    NewEndpoint,
    NewStaff,
    NewTeam,
    NotRegistered,
    Outcome,
    Registered,
    Shift,
)
from services.domain.roles import WITHOUT_LOGIN, Role
from services.domain.scopes import Scope
from services.web import context
from services.web.api.bodies import NOT_BLANK, Body, day, instant, text
from services.web.authentication import scope
from services.web.kinds import ProblemError, not_found

blueprint = APIBlueprint("registry", __name__, tag="Registry")

_ANSWERS = {200: "It was there already; now it is as asked.", 201: "Registered.", 403: "Not an administrator."}
_ROLES = sorted(role.value for role in set(Role) - WITHOUT_LOGIN - {Role.SYSTEM})
_SECRETS = _ANSWERS | {422: "It has two secrets in force already."}
_Answer = tuple[dict[str, object], int]
# What services/domain/registry.py looks at, as the description of the API says it.
_SLUG = {"pattern": "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"}
_USERNAME = {"pattern": "^[a-z][a-z0-9._-]{1,63}$"}
_NAME = NOT_BLANK | {"maxLength": 200}
_URL = {"format": "uri", "maxLength": 2000, "description": "Absolute, https, and of a public host."}
_AT_LEAST_ONE = {"minItems": 1}


def _roles(**rest: Any) -> fields.List[Any]:
    return fields.List(fields.String(validate=validate.OneOf(_ROLES)), **rest)


class AgencyIn(Body):
    """An agency, and the roles in which its people and clients may speak."""

    slug = text(required=True, metadata=_SLUG)
    name = text(required=True, metadata=_NAME)
    roles = _roles(required=True, metadata=_AT_LEAST_ONE)


class ClientIn(Body):
    """A machine of an agency: what it may ask to do, and the roles in which it may speak."""

    client_id = text(required=True, metadata=_SLUG)
    name = text(required=True, metadata=_NAME)
    scopes = fields.List(
        fields.String(validate=validate.OneOf([one.value for one in Scope])), required=True, metadata=_AT_LEAST_ONE
    )
    roles = _roles(load_default=list)
    events_per_minute = fields.Integer(
        strict=True, load_default=EVENTS_PER_MINUTE, validate=validate.Range(1, MOST_EVENTS_PER_MINUTE)
    )


class EndpointIn(Body):
    """An address at which an agency takes signed webhooks."""

    agency = text(required=True)
    url = text(required=True, metadata=_URL)


class StaffIn(Body):
    """A member of staff. They sign in once an administrator has given them a password."""

    agency = text(required=True)
    username = text(required=True, metadata=_USERNAME)
    display_name = text(required=True, metadata=_NAME)
    administrator = fields.Boolean(load_default=False)
    supervisor = text()
    since = day(metadata={"description": "Since when the supervisor is theirs."})


class MemberIn(Body):
    """Somebody belongs to a team, both days included."""

    username = text(required=True)
    since = day(required=True)
    until = day()


class ShiftIn(Body):
    """Somebody answers for a team."""

    username = text(required=True)
    starts_at = instant(required=True)
    ends_at = instant()


class TeamIn(Body):
    """A team of an agency; a duty desk answers for what somebody must act on tonight."""

    agency = text(required=True)
    slug = text(required=True, metadata=_SLUG)
    name = text(required=True, metadata=_NAME)
    duty_desk = fields.Boolean(load_default=False)
    members = fields.List(fields.Nested(MemberIn), load_default=list)
    shifts = fields.List(fields.Nested(ShiftIn), load_default=list)


class RegisteredOut(Body):
    """What became of it."""

    id = fields.UUID(required=True)
    outcome = fields.String(required=True, metadata={"enum": [outcome.value for outcome in Outcome]})
    secret = fields.String(metadata={"description": "Shown once, here, and never again."})


@blueprint.post("/v1/agencies")
@scope(Scope.ADMIN)
@blueprint.input(AgencyIn)
@blueprint.output(RegisteredOut, status_code=201)
@blueprint.doc(responses=_ANSWERS)
def agency(json_data: Mapping[str, Any]) -> _Answer:
    """Register an agency, or bring it to what is asked."""
    new = NewAgency(json_data["slug"], json_data["name"], frozenset(map(Role, json_data["roles"])))
    return _answer(register_agency(context.system(), context.actor(), new))


@blueprint.post("/v1/agencies/<slug>/clients")
@scope(Scope.ADMIN)
@blueprint.input(ClientIn)
@blueprint.output(RegisteredOut, status_code=201)
@blueprint.doc(responses=_ANSWERS)
def client(slug: str, json_data: Mapping[str, Any]) -> _Answer:
    """Register a client of an agency, or bring it to what is asked. A new one gets its first secret."""
    new = NewClient(
        agency=slug,
        client_id=json_data["client_id"],
        name=json_data["name"],
        scopes=frozenset(map(Scope, json_data["scopes"])),
        roles=frozenset(map(Role, json_data["roles"])),
        events_per_minute=json_data["events_per_minute"],
    )
    return _answer(register_client(context.system(), context.actor(), new))


@blueprint.post("/v1/clients/<client_id>/secrets")
@scope(Scope.ADMIN)
@blueprint.output(RegisteredOut, status_code=201)
@blueprint.doc(responses=_SECRETS)
def client_secret(client_id: str) -> _Answer:
    """Make another secret for a client. Two are valid at a time, so that it can change over."""
    return _answer(add_client_secret(context.system(), context.actor(), client_id))


@blueprint.delete("/v1/clients/<client_id>/secrets/<uuid:secret_id>")
@scope(Scope.ADMIN)
@blueprint.output(RegisteredOut)
@blueprint.doc(responses={403: _ANSWERS[403]})
def no_client_secret(client_id: str, secret_id: UUID) -> _Answer:
    """Make one secret of a client void, at once."""
    return _answer(revoke_client_secret(context.system(), context.actor(), client_id, secret_id))


@blueprint.post("/v1/endpoints")
@scope(Scope.ADMIN)
@blueprint.input(EndpointIn)
@blueprint.output(RegisteredOut, status_code=201)
@blueprint.doc(responses=_ANSWERS)
def endpoint(json_data: Mapping[str, Any]) -> _Answer:
    """Register an address for webhooks. A new one gets its first signing secret."""
    new = NewEndpoint(json_data["agency"], json_data["url"])
    return _answer(register_endpoint(context.system(), context.actor(), new))


@blueprint.post("/v1/endpoints/<uuid:endpoint_id>/secrets")
@scope(Scope.ADMIN)
@blueprint.output(RegisteredOut, status_code=201)
@blueprint.doc(responses=_SECRETS)
def endpoint_secret(endpoint_id: UUID) -> _Answer:
    """Make another signing secret for an endpoint. Messages are signed with both while two are in force."""
    return _answer(add_endpoint_secret(context.system(), context.actor(), endpoint_id))


@blueprint.delete("/v1/endpoints/<uuid:endpoint_id>/secrets/<uuid:secret_id>")
@scope(Scope.ADMIN)
@blueprint.output(RegisteredOut)
@blueprint.doc(responses={403: _ANSWERS[403]})
def no_endpoint_secret(endpoint_id: UUID, secret_id: UUID) -> _Answer:
    """Stop signing with one secret of an endpoint, at once."""
    return _answer(revoke_endpoint_secret(context.system(), context.actor(), endpoint_id, secret_id))


@blueprint.post("/v1/staff")
@scope(Scope.ADMIN)
@blueprint.input(StaffIn)
@blueprint.output(RegisteredOut, status_code=201)
@blueprint.doc(responses=_ANSWERS)
def staff(json_data: Mapping[str, Any]) -> _Answer:
    """Register a member of staff, or bring them to what is asked."""
    return _answer(register_staff(context.system(), context.actor(), NewStaff(**json_data)))


@blueprint.post("/v1/teams")
@scope(Scope.ADMIN)
@blueprint.input(TeamIn)
@blueprint.output(RegisteredOut, status_code=201)
@blueprint.doc(responses=_ANSWERS)
def team(json_data: Mapping[str, Any]) -> _Answer:
    """Register a team, or bring it to what is asked; its members and shifts are added, or given an end."""
    members: list[Mapping[str, str | date]] = json_data["members"]
    shifts: list[Mapping[str, str | datetime]] = json_data["shifts"]
    new = NewTeam(
        agency=json_data["agency"],
        slug=json_data["slug"],
        name=json_data["name"],
        duty_desk=json_data["duty_desk"],
        members=tuple(Membership(**member) for member in members),  # type: ignore[arg-type]
        shifts=tuple(Shift(**shift) for shift in shifts),  # type: ignore[arg-type]
    )
    return _answer(register_team(context.system(), context.actor(), new))


def _names_nothing(problems: Sequence[FieldProblem]) -> bool:
    """Whether it is the path that names what is not there."""
    named = request.view_args or {}
    return all(one.code == "unknown" and one.field in named for one in problems)


def _answer(outcome: Registered | NotRegistered) -> _Answer:
    match outcome:
        case NotRegistered(problems) if problems == (FORBIDDEN,):
            raise ProblemError("not-permitted", FORBIDDEN.message)
        case NotRegistered(problems) if _names_nothing(problems):
            raise not_found()
        case NotRegistered(problems):
            raise ProblemError("invalid", errors=problems)
        case Registered(id_, became, secret):
            shown: dict[str, object] = {"id": id_, "outcome": became.value}
            if secret:
                shown["secret"] = secret
            return shown, 201 if became is Outcome.CREATED else 200
