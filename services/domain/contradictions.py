"""Who looks at two versions of one event: the case's supervisor, else the county's on-call desk, else an operator."""

from collections.abc import Sequence

from services.domain.due_dates import BusinessDays
from services.domain.roles import Role
from services.domain.routing_decision import NotificationDraft, Reason, RoutingDecision, TaskDraft
from services.domain.routing_facts import CaseFacts, CountyFacts, Seat
from services.domain.urgency import Urgency

RULE = "standing.contradiction"
KIND = "compare_versions"
TITLE = "Find out which of two versions of one event is true"


def put_contradiction(
    key: str, facts: CaseFacts | None, counties: Sequence[CountyFacts], digest: str
) -> RoutingDecision:
    """Tell one party that an event was sent again under its id with another body, and ask it to find out.

    The task is due on the next business day. ``key`` tells this contradiction from others about the same event.
    """
    supervisors = [seat for seat in sorted(facts.seats) if seat.role is Role.CPS_SUP] if facts else []
    desks = [county.on_call for county in counties if county.on_call]
    admins = [seat for county in counties for seat in county.admins]
    told: Seat | None = next(iter([*supervisors, *desks, *admins]), None)
    if told is None:
        return RoutingDecision(Urgency.U1, (), (), (), (), digest)
    notification = NotificationDraft(RULE, told.role, told.party_id, told.agency_id, Urgency.U1, None, Reason.RULE)
    task = TaskDraft(RULE, KIND, TITLE, told.role, told.party_id, told.agency_id, Urgency.U1, BusinessDays(1), key)
    return RoutingDecision(Urgency.U1, (notification,), (task,), (), (), digest)
