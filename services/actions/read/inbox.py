"""Reading the inbox: what was put to a person and the teams they belong to today, or to a client's agency.

That there is an entry, how urgent it is, and under which number its case is known to the agency, is what being told
means. What the event was goes through disclosure, at the moment of reading and in the role in which it was put to them:
whoever does not hold that role any more, or may not see that kind of event, reads fixed words. So does whoever was told
of an event that was linked to their case by mistake. An event that matches no case is seen while somebody of the agency
is asked about it (``asked_events``), and after that as what it is on its case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from services.actions.read.asked_events import SentEvent, sent_event, with_number_here
from services.actions.read.cases import parties_of
from services.actions.read.disclosed_event import ShownEvent, disclosed_payload
from services.actions.read.tasks import may_answer
from services.domain.actors import Actor
from services.domain.disclosure import Purpose, Reader
from services.domain.events import Event
from services.domain.routing_decision import Reason
from services.domain.routing_facts import CaseFacts
from services.domain.scopes import Scope
from services.domain.standing import Addressee, may_read
from services.domain.urgency import Urgency
from services.storage import asked, audit, event_log, links, rosters
from services.storage import inbox as stored
from services.storage.asked import AskedTask, Origin
from services.storage.audit import AuditEntry
from services.storage.inbox import InboxRow, Place
from services.system import System

PAGE: Final = 25

SOMETHING: Final = "Something needs your attention"
NO_CASE: Final = "An event that matches no case"
DO_NOT_RAISE: Final = "Do not raise this with him until contact with the survivor is recorded."
"""Practice.md, Settled 2; it stands until the contact is recorded or a supervisor lifts it."""


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One entry of an inbox, as its reader may see it.

    ``heading`` is the kind of event where that may be shown, and fixed words where not. ``case_number`` is the agency's
    own number of the case, else the token; it and ``case_id`` are None where the reader may not open the case, or there
    is none. ``event_id`` is None where not even the kind of event may be shown. ``desk`` names the team that was told,
    where it was one. ``caution`` is a sentence to be shown with it. ``acknowledged_by`` is as ``staff:okafor``.
    """

    id: UUID
    urgency: Urgency
    received_at: datetime
    heading: str
    event_id: UUID | None
    case_id: UUID | None
    case_number: str | None
    role: str
    desk: str | None
    reason: str
    caution: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None


@dataclass(frozen=True, slots=True)
class InboxDetail:
    """One entry with what the reader may see of the event itself: the payload without what is withheld.

    ``sent`` says more of an event that matches no case, where the reader's agency is asked about it; ``task_id`` is the
    open task by which the reader is asked themselves.
    """

    item: InboxItem
    time: datetime | None
    data: Mapping[str, object]
    sent: SentEvent | None = None
    task_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """An entry with its event. ``case_id`` is the case that it is on now, where its reader stands on that."""

    row: InboxRow
    event: Event | None
    shown: ShownEvent | None
    case_id: UUID | None = None
    case_number: str | None = None
    sent: SentEvent | None = None
    asked: tuple[AskedTask, ...] = ()


def inbox(system: System, actor: Actor, *, limit: int = PAGE, before: Place | None = None) -> list[InboxItem]:
    """Up to ``limit`` entries, the latest first. ``before`` is (``received_at``, ``id``) of the last one seen.

    A client reads what was put to anybody of its agency, with the scope ``inbox``. Somebody without an agency, or a
    client without the scope, has none.
    """
    now = system.clock()
    with system.database.begin(actor) as connection:
        if not _may_ask(actor) or actor.agency_id is None:
            return []
        rows = stored.entries(connection, actor.agency_id, _recipients(connection, actor, now), before, limit)
        return [_item(one) for one in _read(system, connection, actor, rows, now)]


def inbox_item(system: System, actor: Actor, notification_id: UUID) -> InboxDetail | None:
    """One entry with the event; None where the actor has none of this id. The id of a webhook leads to the reader's own
    entry of the same event. Audited.
    """
    now = system.clock()
    with system.database.begin(actor) as connection:
        if not _may_ask(actor) or actor.agency_id is None:
            return None
        recipients = _recipients(connection, actor, now)
        row = stored.entry(connection, actor.agency_id, recipients, notification_id)
        if row is None:
            return None
        [one] = _read(system, connection, actor, [row], now)
        audit.record(connection, actor, now, [_reading(one)])
        return _detail(connection, actor, one, now)


def unacknowledged(system: System, actor: Actor) -> int:
    """How many entries of a person and their teams wait for an acknowledgement: U0 and U1, that is today's."""
    now = system.clock()
    with system.database.begin(actor) as connection:
        recipients = parties_of(connection, actor, now)
        if actor.agency_id is None or not recipients:
            return 0
        return stored.unacknowledged(connection, actor.agency_id, recipients)


def _may_ask(actor: Actor) -> bool:
    return actor.party_id is not None or Scope.INBOX in actor.scopes


def _recipients(connection: Connection, actor: Actor, now: datetime) -> frozenset[UUID] | None:
    return parties_of(connection, actor, now) if actor.party_id is not None else None


def _read(system: System, connection: Connection, actor: Actor, rows: Sequence[InboxRow], now: datetime) -> list[_Read]:
    """These entries with what may be shown of their events, read set-wise."""
    if not rows or actor.agency_id is None:
        return []
    events = event_log.load(connection, system.keys, list({row.event_id for row in rows}))
    on = {id_: event.case_id for id_, event in events.items()}
    on |= {id_: link.case_id for id_, link in links.in_force(connection, [id_ for id_ in on if not on[id_]]).items()}
    case_ids = {case_id for case_id in on.values() if case_id}
    alone = {row.event_id for row in rows if row.case_id is None and row.event_id in on and not on[row.event_id]}
    known = _Known(
        events=events,
        on=on,
        facts=rosters.case_facts(connection, case_ids, (), now) if case_ids else {},
        numbers=asked.numbers(connection, case_ids, actor.agency_id),
        asked=asked.open_about(connection, alone, actor.agency_id),
        origins=asked.origins(connection, alone),
    )
    return [_of_row(system, actor, row, known, now) for row in rows]


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the events of some entries: the case that each is on now, and what its readers are asked."""

    events: Mapping[UUID, Event]
    on: Mapping[UUID, UUID | None]
    facts: Mapping[UUID, CaseFacts]
    numbers: Mapping[UUID, str]
    asked: Mapping[UUID, Sequence[AskedTask]]
    origins: Mapping[UUID, Origin]


def _of_row(system: System, actor: Actor, row: InboxRow, known: _Known, now: datetime) -> _Read:
    event, case_id = known.events.get(row.event_id), known.on.get(row.event_id)
    purpose = Purpose.INBOX if actor.party_id is not None else Purpose.API
    reader = Reader(actor.party_id, actor.agency_id, frozenset({row.role}), purpose)
    if event is not None and row.case_id is None and row.event_id in known.asked:
        sent = sent_event(system, event, known.origins[event.id], reader, now)
        return _Read(row, event, None, sent=sent, asked=tuple(known.asked[event.id]))
    case = known.facts.get(case_id) if case_id and row.case_id in {None, case_id} else None
    addressee = Addressee(row.role, row.recipient_id, row.agency_id, escalated=row.reason is Reason.ESCALATED)
    if event is None or case is None or not may_read(addressee, case):
        return _Read(row, event, None)
    shown = disclosed_payload(
        event.type,
        event.data,
        reader,
        system.policy.disclosure,
        now,
        emitter=event.emitter,
        protected_persons=case.protected_persons,
        public_record=system.policy.routing.public_record_of(event.type),
    )
    return _Read(row, event, shown, case_id, known.numbers.get(case.case_id))


def _detail(connection: Connection, actor: Actor, one: _Read, now: datetime) -> InboxDetail:
    shown, sent = one.shown, one.sent
    if sent is not None and one.event is not None:
        acts_as = parties_of(connection, actor, now)
        mine = (task.id for task in one.asked if may_answer(actor, one.row.agency_id, task.assignee_id, acts_as))
        origin = asked.origins(connection, [one.event.id])[one.event.id]
        reader = Reader(actor.party_id, actor.agency_id, frozenset({one.row.role}), Purpose.INBOX)
        sent = with_number_here(connection, sent, origin, reader)
        return InboxDetail(_item(one), sent.time, sent.data, sent, next(mine, None))
    return InboxDetail(_item(one), one.event.time if one.event and shown else None, shown.data if shown else {})


def _item(one: _Read) -> InboxItem:
    row, shown = one.row, one.sent or one.shown
    title = shown.title if shown else None
    return InboxItem(
        id=row.id,
        urgency=row.urgency,
        received_at=row.received_at,
        heading=title or (NO_CASE if row.case_id is None else SOMETHING),
        event_id=row.event_id if title else None,
        case_id=one.case_id,
        case_number=one.case_number,
        role=row.role.value,
        desk=row.desk,
        reason=row.reason.value,
        caution=DO_NOT_RAISE if row.cautioned else None,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
    )


def _reading(one: _Read) -> AuditEntry:
    """What was shown under which rules, and what was withheld: names of fields, never values."""
    shown = one.sent or one.shown
    decision = shown.decision if shown else None
    return AuditEntry(
        "read_notification",
        f"notification:{one.row.id}",
        "done" if decision else "withheld",
        case_id=one.case_id or one.row.case_id,
        detail={
            "event": str(one.row.event_id),
            "role": one.row.role.value,
            "rules": list(decision.rules) if decision else [],
            "withheld": {held.path: held.rule.value for held in decision.withheld} if decision else {},
            "policy": decision.digest if decision else None,
        },
    )
