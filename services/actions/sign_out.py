"""Signing out of people: a session ends at once, whoever still holds its token."""

from datetime import datetime

from services.domain.actors import SIGN_IN
from services.storage import audit, sessions
from services.storage.audit import AuditEntry
from services.storage.secrets import hash_token
from services.system import System


def sign_out(system: System, token: str, now: datetime) -> bool:
    """End the session behind ``token`` (real time ``now``). False where there was none in force."""
    with system.database.begin(SIGN_IN) as connection:
        staff_id = sessions.revoke(connection, hash_token(token), now)
        if staff_id is None:
            return False
        audit.record(connection, SIGN_IN, system.clock(), [AuditEntry("sign_out", f"staff:{staff_id}")])
    return True
