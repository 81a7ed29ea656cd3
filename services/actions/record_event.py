"""A human act on a case as an event: the page and the API go through the same intake, permission and log (law 6)."""

from collections.abc import Mapping
from uuid import UUID

from services.actions.receive_events import Forbidden, Outcome, Within, receive_events
from services.domain.actors import Actor
from services.domain.events import Envelope
from services.ids import new_id
from services.storage import cases
from services.system import System

SOURCE = "urn:tallystick:acts"
"""The ``source`` of what people do here; the id is random, and the actor is in the log."""


def record_event(
    system: System,
    actor: Actor,
    event_type: str,
    case_id: UUID,
    data: Mapping[str, object],
    within: Within | None = None,
) -> Outcome:
    """Keep what ``actor`` does on a case, now, as an event of its agency. ``within`` is written in the same commit.

    Forbidden where the agency is not on the case, in the same words as for a type that it may not send.
    """
    with system.database.begin(actor) as connection:
        token = cases.token_of(connection, case_id)
    if token is None:
        return Forbidden("type_not_allowed")
    now = system.clock()
    envelope = Envelope(
        id=str(new_id()), source=SOURCE, type=event_type, subject=token, time=now, recorded=now, data=dict(data)
    )
    [outcome] = receive_events(system, actor, [envelope], within)
    return outcome
