"""Jail (practice.md §3 rows 37 and 38)."""

from schemas.classes import INC
from schemas.fields import Choice, Flag, Instant, Token
from schemas.payload import EventPayload
from services.domain.catalogue import EventType
from services.domain.roles import Role

_JAIL = frozenset({Role.JAIL})


class Released(EventPayload):
    """A person was released from custody. Who may meet him must know at once; nobody raises it with him."""

    event = EventType("custody.released", "Released from custody", _JAIL, "37")
    about = frozenset({INC})

    at = Instant("When.", INC, required=True)
    person_ref = Token("The person.", INC, required=True)
    kind = Choice("The kind of release.", ("bail", "served", "furlough", "transfer", "charges_dropped", "other"), INC)
    conditions_apply = Flag("Whether conditions bind the person from now on.", INC)


class Escaped(EventPayload):
    """A person escaped, or did not come back from furlough."""

    event = EventType("custody.escaped", "Escaped from custody", _JAIL, "37")
    about = frozenset({INC})

    at = Instant("When, or when it was noticed.", INC, required=True)
    person_ref = Token("The person.", INC, required=True)


class Booked(EventPayload):
    """A person was taken into custody. The clocks of goals that ask for opportunity stop."""

    event = EventType("custody.booked", "Booked into custody", _JAIL, "38")
    about = frozenset({INC})

    at = Instant("When.", INC, required=True)
    person_ref = Token("The person.", INC, required=True)
