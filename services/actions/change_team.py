"""Who belongs to a team, and who answers for it."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from services.domain.actors import Actor
from services.domain.errors import FieldProblem
from services.domain.registry import (
    FORBIDDEN,
    Membership,
    NotRegistered,
    Outcome,
    Registered,
    Shift,
    TeamRef,
    may_register,
    membership_problems,
    shift_problems,
)
from services.storage import audit, registration, staff, teams
from services.storage.audit import AuditEntry
from services.system import System

_NO_TEAM = FieldProblem("team", "unknown", "There is no such team.")
_NO_STAFF = FieldProblem("staff", "unknown", "The team's agency has no member of staff of this user name.")
_NO_MEMBER = FieldProblem("staff", "unknown", "They do not belong to this team on that day.")


def join_team(system: System, actor: Actor, team: TeamRef, member: Membership) -> Registered | NotRegistered:
    """Let somebody belong to a team of their agency. The same twice writes nothing. Audited."""
    if problems := membership_problems(member):
        return NotRegistered(tuple(problems))

    def join(connection: Connection, team_id: UUID, staff_id: UUID) -> Outcome:
        written = teams.put_members(connection, [(team_id, staff_id, member)])
        return Outcome.CHANGED if written else Outcome.KEPT

    return _change(system, actor, team, member.username, "join_team", join)


def leave_team(system: System, actor: Actor, team: TeamRef, username: str, until: date) -> Registered | NotRegistered:
    """Let somebody's membership of a team end after the day ``until``. Audited."""

    def leave(connection: Connection, team_id: UUID, staff_id: UUID) -> Outcome | None:
        ended = teams.end_membership(connection, team_id, staff_id, until)
        return Outcome.CHANGED if ended else None

    return _change(system, actor, team, username, "leave_team", leave)


def take_shift(system: System, actor: Actor, team: TeamRef, shift: Shift) -> Registered | NotRegistered:
    """Let somebody answer for a team of their agency for a time. The same twice writes nothing. Audited."""
    if problems := shift_problems(shift):
        return NotRegistered(tuple(problems))

    def take(connection: Connection, team_id: UUID, staff_id: UUID) -> Outcome:
        written = teams.put_shifts(connection, [(team_id, staff_id, shift)])
        return Outcome.CHANGED if written else Outcome.KEPT

    return _change(system, actor, team, shift.username, "take_shift", take)


def _change(
    system: System,
    actor: Actor,
    team: TeamRef,
    username: str,
    act: str,
    change: Callable[[Connection, UUID, UUID], Outcome | None],
) -> Registered | NotRegistered:
    if not may_register(actor):
        return NotRegistered((FORBIDDEN,))
    with system.database.begin(actor) as connection:
        registration.lock(connection)
        team_id = teams.find(connection, [team]).get(team)
        person = staff.find(connection, [username]).get(username)
        if team_id is None:
            return NotRegistered((_NO_TEAM,))
        if person is None or person.agency != team.agency:
            return NotRegistered((_NO_STAFF,))
        outcome = change(connection, team_id, person.id)
        if outcome is None:
            return NotRegistered((_NO_MEMBER,))
        if outcome is not Outcome.KEPT:
            entry = AuditEntry(act, f"team:{team_id}", detail={"staff": str(person.id)})
            audit.record(connection, actor, system.clock(), [entry])
    return Registered(team_id, outcome)
