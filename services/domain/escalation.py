"""The ladder that an unacknowledged alert climbs (practice.md §2, U0; Settled 10). Pure: ``now`` is an argument.

An alert is what one agency was told of one event. Whose acknowledgement counts is said where it is read
(``storage.acknowledgements.quieted_at``). Times are business time.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.domain.roles import CHILD_WELFARE, Role
from services.domain.routing_decision import NotificationDraft, Reason
from services.domain.routing_facts import Seat
from services.domain.urgency import Urgency


class Whom(StrEnum):
    """Who stands on a rung, from the nearest to the farthest."""

    DESK_ON_CALL = "desk_on_call"
    """Whoever is on shift at the duty desk of the agency; the desk itself where nobody is."""
    SUPERVISOR = "supervisor"
    """The supervisor of the person who was told; of the case's worker, where a desk was told."""
    MANAGER = "manager"
    """The supervisor's supervisor; else the manager of the case."""
    COUNTY_ON_CALL = "county_on_call"
    """The county's on-call desk."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung: ``after`` so long without an acknowledgement, ``whom`` is told. ``number`` counts from 1."""

    number: int
    after: timedelta
    whom: tuple[Whom, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs in order of time; then ``repeat_whom`` every ``repeat_every``, until ``repeat_until`` is over."""

    urgency: Urgency
    rungs: tuple[Rung, ...]
    repeat_every: timedelta
    repeat_until: timedelta
    repeat_whom: tuple[Whom, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Alert:
    """How far an alert has come: when the agency was told, since when it counts as acknowledged, and the number of
    the last rung that was climbed (0 for none)."""

    told_at: datetime
    urgency: Urgency
    acknowledged_at: datetime | None = None
    climbed: int = 0


@dataclass(frozen=True, slots=True)
class EscalationFacts:
    """Who can be told beyond the recipient. ``on_shift`` maps a desk to whoever is on shift there now; ``desks`` an
    agency to its duty desk; ``supervisors`` a person to their supervisor. ``worker`` is the seat of the case's worker,
    ``managers`` are the seats of its managers. ``barred`` are parties that are never told (the subject, the survivor).
    """

    desks: Mapping[UUID, UUID] = field(default_factory=dict)
    on_shift: Mapping[UUID, UUID] = field(default_factory=dict)
    supervisors: Mapping[UUID, UUID] = field(default_factory=dict)
    worker: Seat | None = None
    managers: tuple[Seat, ...] = ()
    county_on_call: Seat | None = None
    admins: tuple[Seat, ...] = ()
    barred: frozenset[UUID] = frozenset()


def next_rung(alert: Alert, ladder: Ladder, now: datetime) -> Rung | None:
    """The rung to climb now; None while none is due, or where the alert is acknowledged or the ladder is at its end.

    Where several have come due since the last look, they are climbed as one: its number is the highest, and all who
    stand on any of them are told.
    """
    if not _climbs(alert, ladder):
        return None
    waited = now - alert.told_at
    due = [rung for rung in _rungs_after(alert.climbed, ladder) if rung.after <= waited]
    if not due:
        return None
    whom = dict.fromkeys(one for rung in due for one in rung.whom)
    return replace(due[-1], whom=tuple(whom))


def next_check(alert: Alert, ladder: Ladder) -> datetime | None:
    """When the alert must be looked at again; None where that is not needed any more."""
    if not _climbs(alert, ladder):
        return None
    upcoming = next(_rungs_after(alert.climbed, ladder), None)
    return None if upcoming is None else alert.told_at + upcoming.after


def climb(rung: Rung, told: NotificationDraft, facts: EscalationFacts) -> tuple[NotificationDraft, ...]:
    """Who is told on a rung that ``told`` was not acknowledged: at least one party, unless there is nobody at all.

    Each is told once, under the rule of the first notification and the rung's number, and with its caution.
    """
    seats: dict[UUID, Seat] = {}
    for whom in rung.whom:
        for seat in _people(whom, told, facts):
            seats.setdefault(seat.party_id, seat)
    return tuple(
        told._replace(
            rule_id=f"{told.rule_id}+{rung.number}",
            role=seat.role,
            recipient=seat.party_id,
            agency_id=seat.agency_id,
            caution=None if seat.role in CHILD_WELFARE else told.caution,
            reason=Reason.ESCALATED,
        )
        for seat in seats.values()
    )


def _climbs(alert: Alert, ladder: Ladder) -> bool:
    return alert.acknowledged_at is None and alert.urgency is ladder.urgency


def _rungs_after(climbed: int, ladder: Ladder) -> Iterator[Rung]:
    yield from (rung for rung in ladder.rungs if rung.number > climbed)
    last = ladder.rungs[-1]
    times = int((ladder.repeat_until - last.after) / ladder.repeat_every)
    for time in range(max(1, climbed - last.number + 1), times + 1):
        yield Rung(last.number + time, last.after + time * ladder.repeat_every, ladder.repeat_whom)


def _people(whom: Whom, told: NotificationDraft, facts: EscalationFacts) -> tuple[Seat, ...]:
    """Who stands there; where nobody does, whoever stands next, and last of all the administrators."""
    order = list(Whom)
    for step in order[order.index(whom) :]:
        found = tuple(seat for seat in _standing(step, told, facts) if seat.party_id not in facts.barred)
        if found:
            return found
    return tuple(sorted(facts.admins))


def _standing(whom: Whom, told: NotificationDraft, facts: EscalationFacts) -> Iterator[Seat]:
    match whom:
        case Whom.DESK_ON_CALL:
            desk = facts.desks.get(told.agency_id)
            if desk is not None and desk in facts.on_shift:
                yield Seat(told.role, facts.on_shift[desk], "person", told.agency_id)
            elif desk is not None:
                yield Seat(told.role, desk, "team", told.agency_id)
        case Whom.SUPERVISOR:
            yield from _supervisor(told, facts)
        case Whom.MANAGER:
            yield from _manager(told, facts)
        case Whom.COUNTY_ON_CALL:
            if facts.county_on_call is not None:
                yield facts.county_on_call


def _supervisor(told: NotificationDraft, facts: EscalationFacts) -> Iterator[Seat]:
    """Of the person told; where a desk was told, of the case's worker if the worker is of that agency."""
    supervisor = facts.supervisors.get(told.recipient)
    worker = facts.worker
    if supervisor is None and worker is not None and worker.agency_id == told.agency_id:
        supervisor = facts.supervisors.get(worker.party_id)
    if supervisor is not None:
        role = Role.CPS_SUP if told.role in CHILD_WELFARE else told.role
        yield Seat(role, supervisor, "person", told.agency_id)


def _manager(told: NotificationDraft, facts: EscalationFacts) -> Iterator[Seat]:
    """The supervisor's supervisor; in the child-welfare agency else whoever manages the case."""
    above = [facts.supervisors.get(seat.party_id) for seat in _supervisor(told, facts)]
    if above and above[0] is not None:
        role = Role.CPS_MGR if told.role in CHILD_WELFARE else told.role
        yield Seat(role, above[0], "person", told.agency_id)
    else:
        yield from (seat for seat in sorted(facts.managers) if seat.agency_id == told.agency_id)
