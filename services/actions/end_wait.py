"""Letting somebody try to sign in again at once, after wrong tries made their account wait."""

from services.domain.actors import Actor
from services.domain.errors import FieldProblem
from services.domain.registry import FORBIDDEN, NotRegistered, Outcome, Registered, may_register
from services.storage import audit, staff
from services.storage.audit import AuditEntry
from services.system import System


def end_wait(system: System, actor: Actor, username: str) -> Registered | NotRegistered:
    """Forget somebody's wrong tries. Audited."""
    if not may_register(actor):
        return NotRegistered((FORBIDDEN,))
    with system.database.begin(actor) as connection:
        person = staff.find(connection, [username]).get(username)
        if person is None:
            return NotRegistered((FieldProblem("username", "unknown", "There is nobody of this user name."),))
        forgotten = staff.end_wait(connection, person.id)
        if forgotten:
            audit.record(connection, actor, system.clock(), [AuditEntry("end_wait", f"staff:{person.id}")])
    return Registered(person.id, Outcome.CHANGED if forgotten else Outcome.KEPT)
