"""An unmatched event is put on a case by a person, which can be taken back (practice.md, Settled 7)."""

from schemas.classes import AUD, CASE
from schemas.fields import Text, Token
from schemas.payload import EventPayload
from services.domain.catalogue import EventType
from services.domain.roles import CHILD_WELFARE, Role

_LINKERS = CHILD_WELFARE | {Role.PRIVACY}


class Linked(EventPayload):
    """A person says that an unmatched event belongs to this case."""

    event = EventType("event.linked", "Unmatched event linked", _LINKERS, "settled")
    about = frozenset({CASE})

    linked_event = Token("The event.", CASE, required=True)
    why = Text("What shows that it belongs here.", CASE, AUD)


class Unlinked(EventPayload):
    """An event was put on this case by mistake; who was told what because of it is listed."""

    event = EventType("event.unlinked", "Linked event taken back", _LINKERS, "settled")
    about = frozenset({CASE})

    linked_event = Token("The event.", CASE, required=True)
    why = Text("What shows that it does not belong here.", CASE, AUD, required=True)
