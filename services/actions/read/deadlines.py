"""Reading the due dates of a case. The agency whose case it is sees all of them; others see those that are their own:
of a role that they hold on the case, or of a task that was put to their agency.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.actions.read import cases as reading
from services.domain.actors import Actor
from services.domain.disclosure import Purpose
from services.storage import case_reading
from services.storage.case_reading import DeadlineLine, Place
from services.system import System

PAGE = 50


@dataclass(frozen=True, slots=True)
class ShownDeadline:
    """A due date as somebody sees it, with its title: that of its task, or of the rule that it comes from."""

    line: DeadlineLine
    title: str
    overdue: bool


@dataclass(frozen=True, slots=True)
class DeadlinePage:
    """One page of due dates. ``next`` is where the page after it begins; None on the last."""

    deadlines: tuple[ShownDeadline, ...]
    next: Place | None


def case_deadlines(
    system: System, actor: Actor, case: UUID | str, purpose: Purpose, after: Place | None = None, limit: int = PAGE
) -> DeadlinePage | None:
    """The due dates of a case (by id, or by a reference of the actor's agency) that are open or were missed, the first
    due first; None where there is no such case for the actor.
    """
    now = system.clock()
    with system.database.begin(actor) as connection:
        case_id = case if isinstance(case, UUID) else reading.case_of_reference(connection, actor, case)
        opened = reading.open_case(connection, actor, case_id, now, purpose)
        if opened is None:
            return None
        roles = None if opened.of_child_welfare else opened.reader.roles
        found = case_reading.open_deadlines(
            connection, opened.case.id, after, limit + 1, roles=roles, agency_id=actor.agency_id
        )
    kept = found[:limit]
    more = (kept[-1].rolled_due, kept[-1].id) if len(found) > limit else None
    return DeadlinePage(tuple(_shown(system, line, now) for line in kept), more)


def _shown(system: System, line: DeadlineLine, now: datetime) -> ShownDeadline:
    rule = system.policy.deadlines.rules.get(line.rule_id)
    title = line.task_title or (rule.title if rule else line.rule_id)
    return ShownDeadline(line, title, overdue=line.rolled_due <= now)
