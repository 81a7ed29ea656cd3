"""The due date of a coordination task, and who hears of it when it is over and the task is not done.

A due date counts open days of the case's agency in the zone of its county. What the task says a day of its own (``by
the hearing``) is due at the end of that day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from services.domain.calendars import Venue, end_of_day, local_date
from services.domain.due_dates import task_due
from services.domain.events import Event
from services.domain.roles import CHILD_WELFARE, Role
from services.domain.routing import NOT_CAUTIONED
from services.domain.routing_decision import DO_NOT_RAISE, NotificationDraft, Reason, TaskDraft
from services.domain.routing_drafts import notification
from services.domain.routing_facts import CaseFacts, CountyFacts, Seat
from services.domain.routing_people import People, people_of
from services.domain.urgency import Urgency

OFFICE = "agency"
"""The kind of office whose open days a task counts."""


@dataclass(frozen=True, slots=True)
class TaskDeadline:
    """When a task is due: ``due_at`` is the instant at which it is no longer in time (UTC), ``due_on`` its local day.

    ``event_id`` is the event that opened the task, which happened at ``event_time``; ``counted_from`` the instant from
    which the limit is counted. ``policy_digest`` is that of the policy that put the task.
    """

    id: UUID
    task_id: UUID
    case_id: UUID | None
    kind: str
    role: Role
    assignee: UUID
    agency_id: UUID
    urgency: Urgency
    event_id: UUID
    event_time: datetime
    counted_from: datetime
    due_at: datetime
    due_on: date
    calendar_id: str
    zone: str
    computed_at: datetime
    policy_digest: str

    @property
    def rule_id(self) -> str:
        """Under which rule it stands among the deadlines."""
        return f"task.{self.kind}"


def task_deadline(
    task_id: UUID, draft: TaskDraft, event: Event, since: datetime, venue: Venue, now: datetime, digest: str
) -> TaskDeadline:
    """The due date of a task that ``event`` opens, its limit counted from the aware instant ``since``.

    What is heard of so late that it would be over already counts from ``now``: nobody is asked for what cannot be done.
    """
    calendar = venue.calendars[OFFICE]
    if draft.due_on is not None:
        due_on, due_at = draft.due_on, end_of_day(draft.due_on, venue.zone)
    else:
        due = task_due(draft.limit, since, venue.zone, calendar)
        if due.rolled <= now:
            since = now
            due = task_due(draft.limit, since, venue.zone, calendar)
        due_on, due_at = due.due_on, due.rolled
    return TaskDeadline(
        id=uuid5(task_id, "due"),
        task_id=task_id,
        case_id=event.case_id,
        kind=draft.kind,
        role=draft.role,
        assignee=draft.assignee,
        agency_id=draft.agency_id,
        urgency=draft.urgency,
        event_id=event.id,
        event_time=event.time,
        counted_from=since,
        due_at=due_at,
        due_on=due_on,
        calendar_id=calendar.id,
        zone=venue.zone.key,
        computed_at=now,
        policy_digest=digest,
    )


def task_overdue_since(deadline: TaskDeadline) -> date:
    """The first local day on which the task is overdue: for days, the day after the last day (Settled 17)."""
    return local_date(deadline.due_at, ZoneInfo(deadline.zone))


def told_of_overdue(deadline: TaskDeadline, event: Event, facts: CaseFacts) -> tuple[NotificationDraft, ...]:
    """Who hears that a task of a case is overdue: whoever supervises its assignee, else whoever answers for the case.

    Empty only where there is nobody at all.
    """
    people = people_of(event, facts)
    above = _above(deadline, people)
    told = (above,) if above is not None else people.instead()
    return tuple(_draft(deadline, seat, cautioned=facts.cautioned) for seat in told)


def told_of_overdue_unmatched(deadline: TaskDeadline, counties: Sequence[CountyFacts]) -> tuple[NotificationDraft, ...]:
    """Who hears that a task about an event of no case is overdue: the desk that stands in for the assignee, else the
    administrators, else the assignee's own desk again. Empty only where there is nobody at all.
    """
    desks = tuple(seat for county in counties for seat in (county.on_call, county.intake) if seat is not None)
    others = tuple(seat for seat in desks if seat.party_id != deadline.assignee)
    admins = tuple(dict.fromkeys(seat for county in counties for seat in county.admins))
    told = others[:1] or admins or desks[:1]
    return tuple(_draft(deadline, seat, cautioned=False) for seat in told)


def _above(deadline: TaskDeadline, people: People) -> Seat | None:
    supervisor = people.facts.supervisors.get(deadline.assignee)
    if supervisor is None or supervisor in people.barred:
        return None
    return Seat(_role_above(deadline.role), supervisor, "person", deadline.agency_id)


def _role_above(role: Role) -> Role:
    """In which role a supervisor reads. Outside child welfare it is the agency's own: nobody sees more for leading."""
    if role not in CHILD_WELFARE:
        return role
    return Role.CPS_MGR if role in {Role.CPS_SUP, Role.CPS_MGR} else Role.CPS_SUP


def _draft(deadline: TaskDeadline, seat: Seat, *, cautioned: bool) -> NotificationDraft:
    urgency = Urgency.U1 if deadline.urgency in {Urgency.U0, Urgency.U1} else Urgency.U2
    caution = DO_NOT_RAISE if cautioned and seat.role not in NOT_CAUTIONED else None
    return notification(f"deadline.{deadline.rule_id}.overdue", seat, urgency, caution, Reason.RULE)
