"""Who looks at what the policy cannot route: two versions of one event, or an event whose routing failed for good."""

from collections.abc import Sequence
from datetime import timedelta

from services.domain.due_dates import BusinessDays, Elapsed
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


SET_ASIDE_RULE = "standing.set_aside"
SET_ASIDE_KIND = "see_to_set_aside"
SET_ASIDE_TITLE = "An event could not be routed: find out what it says, and whom it must reach"


def put_set_aside(key: str, counties: Sequence[CountyFacts], digest: str) -> RoutingDecision:
    """Tell every on-call desk and every administrator, as a U0, that an event was kept and could not be routed.

    The task is due within 30 minutes. ``key`` tells this event's job from others.
    """
    desks = [county.on_call for county in counties if county.on_call]
    told = list(dict.fromkeys([*desks, *(seat for county in counties for seat in county.admins)]))
    notifications = tuple(
        NotificationDraft(SET_ASIDE_RULE, seat.role, seat.party_id, seat.agency_id, Urgency.U0, None, Reason.RULE)
        for seat in told
    )
    tasks = tuple(
        TaskDraft(
            SET_ASIDE_RULE,
            SET_ASIDE_KIND,
            SET_ASIDE_TITLE,
            seat.role,
            seat.party_id,
            seat.agency_id,
            Urgency.U0,
            Elapsed(timedelta(minutes=30)),
            key,
        )
        for seat in told[:1]
    )
    return RoutingDecision(Urgency.U0, notifications, tasks, (), (), digest)
