""" "Do not raise this with him until contact with the survivor is recorded" (practice.md, Settled 2)."""

from schemas.classes import CASE
from schemas.fields import Text, Token
from schemas.payload import EventPayload
from services.domain.catalogue import EventType
from services.domain.roles import Role


class Lifted(EventPayload):
    """A supervisor lifts the caution on an event: those who were told may raise it with the subject."""

    event = EventType("caution.lifted", "Caution lifted", frozenset({Role.CPS_SUP}), "settled")
    about = frozenset({CASE})

    about_event = Token("The event on which the caution lay.", CASE, required=True)
    why = Text("Why it may be lifted.", CASE, required=True)
