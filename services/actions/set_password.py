"""Giving somebody a password."""

from datetime import datetime

from services.domain.actors import Actor
from services.domain.errors import FieldProblem
from services.domain.passwords import password_problems
from services.domain.registry import FORBIDDEN, NotRegistered, Outcome, Registered, may_register
from services.storage import audit, sessions, staff
from services.storage.audit import AuditEntry
from services.storage.secrets import hash_password
from services.system import System

_NOBODY = FieldProblem("username", "unknown", "There is no member of staff of this user name.")


def set_password(
    system: System, actor: Actor, username: str, password: str, now: datetime, *, demo: bool = False
) -> Registered | NotRegistered:
    """Give a member of staff this password. Every session of theirs ends at ``now`` (real time), every browser of
    theirs is unknown again, and a wait after wrong tries is over. ``demo`` lifts the rules of strength.
    """
    problems = password_problems(password, username, demo=demo)
    if not may_register(actor):
        problems = [FORBIDDEN]
    if problems:
        return NotRegistered(tuple(problems))
    hashed = hash_password(password)
    with system.database.begin(actor) as connection:
        person = staff.find(connection, [username]).get(username)
        if person is None:
            return NotRegistered((_NOBODY,))
        staff.set_passwords(connection, {person.id: hashed})
        sessions.revoke_all(connection, person.id, now)
        audit.record(connection, actor, system.clock(), [AuditEntry("set_password", f"staff:{person.id}")])
    return Registered(person.id, Outcome.CHANGED)
