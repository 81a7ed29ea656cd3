"""Coordination tasks between agencies, as in FHIR Task (ARCHITECTURE.md §2): every answer is an event."""

from schemas.classes import CASE, TSK
from schemas.fields import Choice, Date, DateOrInstant, Slug, Text, Token
from schemas.payload import EventPayload
from services.domain.catalogue import ANY_ROLE, ONLY_SYSTEM, EventType
from services.domain.roles import Role

_ANYBODY = ANY_ROLE | ONLY_SYSTEM
_OWNERS = tuple(role.value for role in Role if role is not Role.SYSTEM)


class Proposed(EventPayload):
    """A task is proposed to whoever is to do it."""

    event = EventType("task.proposed", "Task proposed", _ANYBODY, "internal")
    about = frozenset({TSK})

    task_id = Token("The task.", TSK, required=True)
    kind = Token("What is to be done, as a code of the policy.", CASE, required=True)
    owner_role = Choice("The role that is to do it.", _OWNERS, CASE)
    owner_agency = Slug("The agency that is to do it, by its short name.", CASE)
    due = DateOrInstant("By when.", CASE)
    reason = Text("Why.", CASE)
    about_event = Token("The event that it comes from.", CASE)


class Accepted(EventPayload):
    """The task is taken on."""

    event = EventType("task.accepted", "Task accepted", _ANYBODY, "internal")
    about = frozenset({TSK})

    task_id = Token("The task.", TSK, required=True)
    kind = Token("What is to be done, as a code of the policy.", CASE)
    reason = Text("What to know about it.", CASE)


class Declined(EventPayload):
    """The task is not taken on, with a reason."""

    event = EventType("task.declined", "Task declined", _ANYBODY, "internal")
    about = frozenset({TSK})

    task_id = Token("The task.", TSK, required=True)
    kind = Token("What was to be done, as a code of the policy.", CASE)
    reason = Text("Why not.", CASE, required=True)


class Done(EventPayload):
    """The task is done."""

    event = EventType("task.done", "Task done", _ANYBODY, "internal")
    about = frozenset({TSK})

    task_id = Token("The task.", TSK, required=True)
    kind = Token("What was to be done, as a code of the policy.", CASE)
    reason = Text("What came of it.", CASE)
    done_on = Date("The day, where the envelope's time does not say it.", CASE)
    event_ref = Token("The event that did it.", CASE)


class Withdrawn(EventPayload):
    """The task is no longer needed, or was wrong."""

    event = EventType("task.withdrawn", "Task withdrawn", _ANYBODY, "internal")
    about = frozenset({TSK})

    task_id = Token("The task.", TSK, required=True)
    kind = Token("What was to be done, as a code of the policy.", CASE)
    reason = Text("Why.", CASE)
