"""Taking events in: whatever is accepted here is kept, and the work that follows from it is written in the same commit.

ARCHITECTURE.md §4, steps 3 to 5. A sender is refused for its token and the type alone; an event about a case that is
unknown, or that the sender is not on, is kept in the sender's own stream and put before a person, and the sender
cannot tell the two apart (practice.md, Settled 7).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from schemas.catalogue import CATALOGUE, problems
from services import crash_points
from services.actions.append_events import Draft, append_events, lanes_of
from services.actions.apply_registry_event import OPENING, REGISTRY_TYPES, apply_registry_event, open_case
from services.actions.check_language import language_problems
from services.actions.check_observed_days import observed_too_late
from services.domain.actors import Actor
from services.domain.errors import FieldProblem
from services.domain.events import Envelope, Event
from services.domain.permission import Allowed, Refused, may_emit
from services.domain.urgency import Lane
from services.storage import event_log, intake, jobs
from services.storage.access_tokens import Claims
from services.storage.chain import body_mac
from services.storage.clients import actor_of
from services.system import System

_TRIES = 3

Within = Callable[[Connection, Event], None]
"""Something to be written in the same commit as an event that is kept."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The event is kept. ``receipt`` is its id here; the same event sent again gets the same receipt and instant."""

    receipt: UUID
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """The sender has used this source and id before, with another body. The first one stands; a person will look."""

    receipt: UUID


@dataclass(frozen=True, slots=True)
class Invalid:
    """The event is not well formed, field by field. Nothing of it was kept."""

    problems: tuple[FieldProblem, ...]


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The sender may not send this type, or not in this role. Says nothing of any case."""

    code: str


Outcome = Accepted | Conflict | Invalid | Forbidden


class StandingChangedError(Exception):
    """The client is not any more who it was remembered to be: nothing was kept, and it must be looked up anew."""


def receive_events(
    system: System,
    actor: Actor,
    envelopes: Sequence[Envelope],
    within: Within | None = None,
    claims: Claims | None = None,
) -> list[Outcome]:
    """Receive events of one sender, in their order, each answered for itself; those accepted are kept in one commit.

    ``within`` is called in that commit for each event that is new. ``claims`` are those of the token of an ``actor``
    that was remembered rather than looked up: before anything is kept, or said of what was kept, it is made sure that
    the client stands like that today; else StandingChangedError is raised. Raises what
    `storage.database.DATABASE_AWAY` names when the database is away: then nothing was kept.
    """
    if actor.agency_id is None:
        raise ValueError("events are received from an agency")
    now = system.clock()
    checked = [check_event(system, actor, actor.agency_id, envelope, now) for envelope in envelopes]
    drafts = [draft for draft in checked if isinstance(draft, Draft)]
    kept = iter(_keep(_Reception(system, actor, now, within, claims), drafts) if drafts else ())
    return [next(kept) if isinstance(result, Draft) else result for result in checked]


def check_event(
    system: System, actor: Actor, agency_id: UUID, envelope: Envelope, now: datetime
) -> Draft | Invalid | Forbidden:
    """An event of this sender as a draft for the log, or what is wrong with it. Asks nothing of the database."""
    schema = CATALOGUE[envelope.type]
    match may_emit(schema.type.emitters, actor.roles):
        case Refused(code):
            return Forbidden(code)
        case Allowed(emitter):
            pass
    found = _skewed(envelope, now + timedelta(seconds=system.limits.clock_skew_seconds))
    try:
        data = schema.load(envelope.data)
    except ValidationError as error:
        return Invalid((*found, *problems(error)))
    if data.get("case_ref", envelope.subject) != envelope.subject:
        found.append(FieldProblem("data.case_ref", "differs", "Must be the same as subject, or be left out."))
    found += language_problems(system.policy.language, envelope.type, data)
    found += observed_too_late(data, now)
    if found:
        return Invalid(tuple(found))
    return Draft(
        type=envelope.type,
        source=envelope.source,
        source_id=envelope.id,
        subject=envelope.subject,
        emitter=emitter,
        agency_id=agency_id,
        actor=actor.name,
        time=envelope.time,
        recorded=envelope.recorded,
        data=data,
        body_mac=body_mac(system.keys.payloads, envelope.said()),
        attributes=envelope.attributes,
    )


def _skewed(envelope: Envelope, latest: datetime) -> list[FieldProblem]:
    instants = {"time": envelope.time, "recordedtime": envelope.recorded}
    message = "Lies in the future: check the clock of the sending system."
    return [FieldProblem(name, "in_the_future", message) for name, instant in instants.items() if instant > latest]


@dataclass(frozen=True, slots=True)
class _Reception:
    """What one call receives events with."""

    system: System
    actor: Actor
    now: datetime
    within: Within | None
    claims: Claims | None

    def find(self, connection: Connection, drafts: Sequence[Draft]) -> intake.Found:
        """What the database knows of drafts, their streams locked; as long as the client stands as it did."""
        clients = [(self.claims.client_id, self.claims.agency_id)] if self.claims else []
        found = intake.find(connection, self.system.keys, [said_of(draft) for draft in drafts], clients)
        if self.claims is not None and not stands_as(self.actor, self.claims, found):
            raise StandingChangedError
        return found


def said_of(draft: Draft) -> tuple[UUID, str, str, str]:
    """What a draft says of itself, as `intake.find` asks."""
    return draft.agency_id, draft.source, draft.source_id, draft.subject


def stands_as(actor: Actor, claims: Claims, found: intake.Found) -> bool:
    """Whether the client of a token is today who it was remembered to be."""
    standing = found.clients.get(claims.client_id)
    return standing is not None and actor == actor_of(claims.client_id, claims.agency_id, claims.scopes, standing)


def _keep(reception: _Reception, drafts: Sequence[Draft]) -> list[Outcome]:
    """Keep what is new, in one transaction; tried again where another request got in between."""
    for attempt in range(_TRIES):
        try:
            with accepting(reception.system.database.begin(reception.actor, plans_kept=True)) as connection:
                outcomes, lanes = _take(reception, connection, drafts)
        except (IntegrityError, OperationalError) as error:
            if attempt + 1 == _TRIES or not _crossed(error):
                raise
        else:
            break
    reception.system.bells.ring(lanes)
    return outcomes


@contextmanager
def accepting(transaction: AbstractContextManager[Connection]) -> Iterator[Connection]:
    """A transaction in which events are accepted, with the points at which a test may have the process die."""
    with transaction as connection:
        crash_points.reached("accept.begun")
        yield connection
        crash_points.reached("accept.appended")
    crash_points.reached("accept.committed")


def _crossed(error: IntegrityError | OperationalError) -> bool:
    """Whether two requests crossed (unique violation, deadlock), so that trying again tells how things stand."""
    return getattr(error.orig, "sqlstate", None) in {"23505", "40P01"}


def _take(reception: _Reception, connection: Connection, drafts: Sequence[Draft]) -> tuple[list[Outcome], set[Lane]]:
    """Answer repeats from the log and append the rest.

    Registry events are taken one by one, since what follows them in a batch may rest on them; everything between
    two of them is written set-wise.
    """
    found: intake.Found | None = (first := reception.find(connection, drafts))
    outcomes, fresh = _sort_out(first.said, drafts, reception.now)
    lanes: set[Lane] = set()
    for run in _runs(fresh):
        places = found or reception.find(connection, run)
        if run[0].type in REGISTRY_TYPES:
            # It may change where the next ones belong.
            found = None
            registered = _register(reception, connection, run[0], places)
            if isinstance(registered, Invalid):
                outcomes[run[0].id] = registered
                continue
            events = [registered]
        else:
            events = _append(reception, connection, run, places)
        for event in events:
            outcomes[event.id] = Accepted(event.id, event.accepted)
            if reception.within is not None:
                reception.within(connection, event)
        lanes |= lanes_of(reception.system, events)
    for draft_id, outcome in outcomes.items():
        if isinstance(outcome, Accepted | Conflict) and isinstance(refused := outcomes.get(outcome.receipt), Invalid):
            outcomes[draft_id] = refused
    lanes |= _note_conflicts(connection, drafts, outcomes, reception.now)
    return [outcomes[draft.id] for draft in drafts], lanes


def _runs(drafts: Sequence[Draft]) -> Iterator[list[Draft]]:
    """Each registry event alone, and what lies between two of them together."""
    for registry, group in groupby(drafts, lambda draft: draft.type in REGISTRY_TYPES):
        if registry:
            yield from ([draft] for draft in group)
        else:
            yield list(group)


def _sort_out(
    said: dict[tuple[UUID, str, str], event_log.Known], drafts: Sequence[Draft], now: datetime
) -> tuple[dict[UUID, Outcome], list[Draft]]:
    """The answers to what was said before, in the log or earlier in this batch; and what is new."""
    repeats: dict[UUID, Outcome] = {}
    fresh: list[Draft] = []
    for draft in drafts:
        name = (draft.agency_id, draft.source, draft.source_id)
        first = said.get(name)
        if first is None:
            said[name] = event_log.Known(draft.id, now, draft.body_mac)
            fresh.append(draft)
        elif first.body_mac == draft.body_mac:
            repeats[draft.id] = Accepted(first.id, first.accepted)
        else:
            repeats[draft.id] = Conflict(first.id)
    return repeats, fresh


def _note_conflicts(
    connection: Connection, drafts: Sequence[Draft], outcomes: Mapping[UUID, Outcome], now: datetime
) -> set[Lane]:
    """Keep each contradiction once, with a job that puts it before a person. Returns the lanes that have work."""
    contradicted = {
        draft.id: (draft, outcome.receipt)
        for draft in drafts
        if isinstance(outcome := outcomes[draft.id], Conflict)
        and not isinstance(outcomes.get(outcome.receipt), Invalid)
    }
    new = event_log.note_conflicts(
        connection,
        [event_log.Contradiction(receipt, draft.agency_id, draft.body_mac) for draft, receipt in contradicted.values()],
        now,
    )
    jobs.add(connection, [_conflict_job(contradiction, now) for contradiction in new])
    return {Lane.ROUTINE} if new else set()


def _conflict_job(contradiction: event_log.Contradiction, now: datetime) -> jobs.NewJob:
    return jobs.NewJob(
        key=f"conflict:{contradiction.event_id}:{contradiction.body_mac.hex()[:16]}",
        lane=Lane.ROUTINE,
        kind="conflict",
        ref=contradiction.event_id,
        due_at=now,
        agency_id=contradiction.agency_id,
    )


def _append(
    reception: _Reception, connection: Connection, drafts: Sequence[Draft], places: intake.Found
) -> list[Event]:
    matched = [replace(draft, case_id=places.cases.get((draft.agency_id, draft.subject))) for draft in drafts]
    return append_events(reception.system, connection, matched, reception.now, places.streams)


def _register(reception: _Reception, connection: Connection, draft: Draft, places: intake.Found) -> Event | Invalid:
    """Append a registry event and apply it; one that cannot be applied leaves nothing behind."""
    case_id = places.cases.get((draft.agency_id, draft.subject))
    if draft.type == OPENING:
        opened = open_case(reception.system, connection, draft, already=case_id is not None)
        if not isinstance(opened, UUID):
            return Invalid(opened)
        case_id = opened
    savepoint = connection.begin_nested()
    placed = replace(draft, case_id=case_id)
    [event] = append_events(reception.system, connection, [placed], reception.now, places.streams)
    wrong = apply_registry_event(reception.system, connection, event, draft.data) if case_id else ()
    if wrong:
        savepoint.rollback()
        return Invalid(wrong)
    savepoint.commit()
    return event
