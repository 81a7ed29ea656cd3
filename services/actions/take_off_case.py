"""Taking a linked event off a case again, where it was put by mistake: a supervisor's act, and an event of that case.

Who was told what because of the mistake is listed afterwards (``read/told``; practice.md, Settled 7).
"""

from dataclasses import dataclass, replace
from uuid import UUID

from services.actions.read import cases as reading
from services.actions.receive_events import Accepted, Invalid
from services.actions.record_event import record_event
from services.domain.actors import Actor
from services.domain.disclosure import Purpose
from services.domain.errors import FieldProblem
from services.domain.linking import UNLINKED
from services.domain.routing_people import SUPERVISING
from services.storage import links
from services.system import System


@dataclass(frozen=True, slots=True)
class TakenOff:
    """The event is on its way off this case. ``receipt`` is the event that the act became."""

    case_id: UUID
    event_id: UUID
    receipt: UUID


@dataclass(frozen=True, slots=True)
class NotTakenOff:
    """Something is missing; nothing was changed."""

    problem: FieldProblem


@dataclass(frozen=True, slots=True)
class NotLinkedHere:
    """There is no such case for the actor, or no such event that somebody has linked to it."""


@dataclass(frozen=True, slots=True)
class NotSupervising:
    """Only those who supervise the case take an event off it."""


def may_take_off(
    system: System, actor: Actor, case: UUID | str, event_id: UUID, purpose: Purpose
) -> NotLinkedHere | NotSupervising | None:
    """Why the actor may not take an event off a case (by id, or by a number of their agency); None where they may."""
    found = _found(system, actor, case, event_id, purpose)
    return None if isinstance(found, UUID) else found


def take_off_case(
    system: System, actor: Actor, case: UUID | str, event_id: UUID, why: str, purpose: Purpose
) -> TakenOff | NotTakenOff | NotLinkedHere | NotSupervising:
    """Take an event off a case. ``why`` says what shows that it does not belong there."""
    case_id = _found(system, actor, case, event_id, purpose)
    if not isinstance(case_id, UUID):
        return case_id
    data = {"linked_event": str(event_id), "why": why.strip()}
    match record_event(system, actor, UNLINKED, case_id, data):
        case Accepted(receipt):
            return TakenOff(case_id, event_id, receipt)
        case Invalid(problems):
            return NotTakenOff(replace(problems[0], field=problems[0].field.removeprefix("data.")))
        case _:
            return NotSupervising()


def _found(
    system: System, actor: Actor, case: UUID | str, event_id: UUID, purpose: Purpose
) -> UUID | NotLinkedHere | NotSupervising:
    """The case, where the event is linked to it and the actor supervises it."""
    with system.database.begin(actor) as connection:
        case_id = case if isinstance(case, UUID) else reading.case_of_reference(connection, actor, case)
        opened = reading.open_case(connection, actor, case_id, system.clock(), purpose)
        link = links.in_force(connection, [event_id]).get(event_id)
    if opened is None or link is None or link.case_id != opened.case.id:
        return NotLinkedHere()
    return opened.case.id if opened.reader.roles & SUPERVISING else NotSupervising()
