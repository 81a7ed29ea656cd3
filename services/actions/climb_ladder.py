"""Climbing: who stands on a rung of an unacknowledged alert's ladder, and the notifications that this writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from services.channels.inbox import first_state
from services.channels.message import Way
from services.domain.escalation import Alert, EscalationFacts, Rung, Whom, climb
from services.domain.roles import WITHOUT_LOGIN, Role
from services.domain.routing_decision import DO_NOT_RAISE, NotificationDraft, Reason
from services.domain.routing_facts import CaseFacts, Seat
from services.domain.standing import may_be_told
from services.storage import decisions, escalations, rosters
from services.storage.acknowledgements import AlertName
from services.storage.escalations import Told
from services.storage.jobs import Job
from services.storage.notifications import NewNotification, notification_id

_CARRYING = (Role.CPS_WORKER, Role.CPS_INV, Role.CPS_INTAKE)


@dataclass(frozen=True, slots=True)
class Look:
    """One alert at which a job looks: what was told, how far it has climbed, and what was written on its way."""

    job: Job
    told: Told
    climbed: int
    written: tuple[UUID, ...]

    @property
    def name(self) -> AlertName:
        """The alert: an event, why it was told, and the agency that was told of it."""
        return self.told.event_id, self.told.cause_event_id, self.told.agency_id

    def alert(self, quiet: Mapping[AlertName, datetime]) -> Alert:
        """How far it has come. ``quiet`` says since when alerts are quiet."""
        return Alert(self.told.created_at, self.told.urgency, quiet.get(self.name), self.climbed)


@dataclass(frozen=True, slots=True)
class Climb:
    """A rung that is climbed now, and the notifications that it writes."""

    look: Look
    rung: Rung
    rows: tuple[NewNotification, ...]


def climbs_of(connection: Connection, due: Sequence[tuple[Look, Rung]], now: datetime) -> list[Climb]:
    """Who is told on each of these rungs, as rows for their inboxes and for the endpoints of their agencies."""
    if not due:
        return []
    told = [look.told for look, _ in due]
    case_ids = {one.case_id for one in told if one.case_id}
    cases = rosters.case_facts(connection, case_ids, (), now) if case_ids else {}
    facts = _facts(connection, told, cases, now)
    drafted = [(look, rung, _drafts(look.told, rung, cases, facts)) for look, rung in due]
    agencies = {draft.agency_id for _, _, drafts in drafted for draft in drafts}
    hooks = decisions.active_endpoints(connection, agencies)
    return [Climb(look, rung, tuple(_rows(look.told, drafts, hooks, now))) for look, rung, drafts in drafted]


def _facts(
    connection: Connection, told: Sequence[Told], cases: Mapping[UUID, CaseFacts], now: datetime
) -> dict[UUID, EscalationFacts]:
    """Who stands above, by the notification with which each alert began."""
    desks = escalations.duty_desks(connection, {one.agency_id for one in told})
    people = {seat.party_id for case in cases.values() for seat in case.seats if seat.party_kind == "person"}
    supervisors = escalations.supervisors_above(connection, people | {one.recipient_id for one in told}, now)
    known = EscalationFacts(
        desks=desks,
        on_shift=escalations.on_shift(connection, desks.values(), now),
        supervisors=supervisors,
        admins=rosters.administrators(connection),
    )
    counties = rosters.county_facts(connection) if any(one.case_id is None for one in told) else ()
    on_call = {county.on_call.agency_id: county.on_call for county in counties if county.on_call}
    return {
        one.id: _of_case(known, cases[one.case_id])
        if one.case_id
        else replace(known, county_on_call=on_call.get(one.agency_id))
        for one in told
    }


def _of_case(known: EscalationFacts, case: CaseFacts) -> EscalationFacts:
    seats = sorted(case.seats)
    on_call = None
    if case.on_call is not None and case.on_call_agency is not None:
        on_call = Seat(Role.CPS_INTAKE, case.on_call, "team", case.on_call_agency)
    return replace(
        known,
        worker=next((seat for role in _CARRYING for seat in seats if seat.role is role), None),
        managers=tuple(seat for seat in seats if seat.role is Role.CPS_MGR),
        county_on_call=on_call,
        barred=frozenset(seat.party_id for seat in seats if seat.role in WITHOUT_LOGIN),
    )


def _drafts(
    told: Told, rung: Rung, cases: Mapping[UUID, CaseFacts], facts: Mapping[UUID, EscalationFacts]
) -> tuple[NotificationDraft, ...]:
    caution: Literal["do_not_raise"] | None = DO_NOT_RAISE if told.caution else None
    first = NotificationDraft(
        told.rule_id, told.role, told.recipient_id, told.agency_id, told.urgency, caution, Reason.RULE
    )
    if told.case_id is not None and not may_be_told(told.agency_id, cases[told.case_id]):
        rung = replace(rung, whom=(Whom.COUNTY_ON_CALL,))
    return climb(rung, first, facts[told.id])


def _rows(
    told: Told, drafts: Iterable[NotificationDraft], hooks: Mapping[UUID, Sequence[UUID]], now: datetime
) -> Iterable[NewNotification]:
    """An inbox row for each who is told, and one for each endpoint of their agencies."""
    called: set[UUID] = set()
    for draft in drafts:
        yield _row(told, draft, Way.INBOX, None, now)
        for endpoint_id in hooks.get(draft.agency_id, ()):
            if endpoint_id not in called:
                called.add(endpoint_id)
                yield _row(told, draft, Way.WEBHOOK, endpoint_id, now)


def _row(told: Told, draft: NotificationDraft, way: Way, endpoint_id: UUID | None, now: datetime) -> NewNotification:
    state, delivered_at = first_state(way, now)
    return NewNotification(
        id=notification_id(told.event_id, told.cause_event_id, draft.rule_id, draft.recipient, way.value, endpoint_id),
        event_id=told.event_id,
        cause_event_id=told.cause_event_id,
        case_id=told.case_id,
        rule_id=draft.rule_id,
        role=draft.role,
        recipient_id=draft.recipient,
        agency_id=draft.agency_id,
        channel=way.value,
        endpoint_id=endpoint_id,
        urgency=draft.urgency,
        caution=draft.caution,
        reason=draft.reason.value,
        policy_digest=told.policy_digest,
        state=state.value,
        created_at=now,
        delivered_at=delivered_at,
    )
