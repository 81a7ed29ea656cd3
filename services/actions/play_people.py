"""What people do in a story that no agency's system sends: they acknowledge their alerts, and do their tasks."""

from collections.abc import Collection

from services.actions.acknowledge_notification import acknowledge_notification
from services.actions.answer_task import Answered, accept_task, complete_task
from services.domain.actors import Actor, system_actor
from services.domain.scopes import Scope
from services.storage import reporting
from services.storage.reporting import OpenTask
from services.system import System

_REPLAY = system_actor("replay")


def acknowledge_alerts(system: System) -> None:
    """Every desk acknowledges what it was alerted of."""
    with system.database.begin(_REPLAY) as connection:
        alerts = reporting.open_alerts(connection)
    for alert in alerts:
        desk = Actor(name=f"client:{alert.agency}", agency_id=alert.agency_id, scopes=frozenset({Scope.INBOX}))
        acknowledge_notification(system, desk, alert.notification_id)


def do_tasks(system: System, kinds: Collection[str]) -> None:
    """Everybody who has an open task of one of these kinds accepts it, and says that it is done.

    Raises ValueError, naming the kind, where nobody has one.
    """
    with system.database.begin(_REPLAY) as connection:
        found = reporting.open_tasks(connection, kinds)
    if missing := set(kinds) - {task.kind for task in found}:
        raise ValueError(f"nobody has an open task of the kind {', '.join(sorted(missing))}")
    for task in found:
        actor = _assignee(task)
        accept_task(system, actor, task.id)
        outcome = complete_task(system, actor, task.id)
        if not isinstance(outcome, Answered):
            raise ValueError(f"the task of the kind {task.kind} cannot be answered: {outcome}")  # noqa: TRY004


def _assignee(task: OpenTask) -> Actor:
    """The person to whom it was put; for a team, the agency's own system."""
    if task.username is None:
        return Actor(f"client:{task.agency}", task.agency_id, task.roles, frozenset({Scope.TASKS}))
    return Actor(f"staff:{task.username}", task.agency_id, task.roles, party_id=task.assignee_id)
