"""The verification policy that was in force on a day: a past day is judged by the rules of that day."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from schemas.catalogue import CATALOGUE
from services.domain.calendars import end_of_day
from services.domain.verification_policy import VerificationPolicy
from services.policy.verification import compile_past_verification
from services.storage import policy_history
from services.system import System

_FILE = "verification.yaml"


def policy_on(system: System, connection: Connection, day: date, zone: ZoneInfo) -> VerificationPolicy:
    """The policy that was in force at the end of a day in a case's county; today's for today, for days to come, and
    for days before any was used. Raises InvalidPolicyError where this program cannot read it any more.
    """
    now = system.policy.verification
    if day >= system.clock().astimezone(zone).date():
        return now
    past = policy_history.version_at(connection, _FILE, end_of_day(day, zone))
    if past is None or past.digest == now.digest:
        return now
    codes = frozenset(str(goal.code) for goal in system.policy.goal_library.goals)
    return compile_past_verification(past.content, past.digest, CATALOGUE, codes)
