"""Disclosures that a person decided (practice.md §5.6, and the internal events of §3)."""

from schemas.classes import AUD, CASE
from schemas.fields import Choice, DateOrInstant, Instant, Line, Text, Token
from schemas.payload import EventPayload
from schemas.rules import NotBefore
from schemas.structures import Many
from services.domain.catalogue import ONLY_SYSTEM, EventType
from services.domain.disclosure import DataClass
from services.domain.roles import CHILD_WELFARE, Role

_DECIDERS = frozenset({Role.CPS_SUP, Role.CPS_MGR, Role.AG_ATTY, Role.PRIVACY}) | ONLY_SYSTEM
_ROLES = tuple(role.value for role in Role)
_CLASSES = tuple(one.value for one in DataClass)


class Released(EventPayload):
    """Something goes to a recipient, on a named basis, for a purpose, until a day."""

    event = EventType("disclosure.released", "Disclosure released", _DECIDERS, "internal")
    about = frozenset({AUD, CASE})

    release_ref = Token("The release.", AUD, required=True)
    to_role = Choice("The role of the recipient.", _ROLES, AUD, required=True)
    recipient = Token("The recipient, by id.", AUD)
    classes = Many("The classes of data.", _CLASSES, AUD, required=True, at_least=1, at_most=len(_CLASSES))
    event_refs = Many("The events that it covers.", Token, AUD)
    legal_basis = Line("The statute, agreement, consent or order that it rests on.", AUD, required=True)
    consent_ref = Token("The consent that it rests on.", AUD)
    purpose = Line("What for.", AUD, required=True)
    expires = DateOrInstant("When it ends.", AUD, required=True)


class Denied(EventPayload):
    """Something that was asked for is not disclosed. The one who asked is told nothing of what there is."""

    event = EventType("disclosure.denied", "Disclosure denied", _DECIDERS, "internal")
    about = frozenset({AUD, CASE})

    request_ref = Token("The request.", AUD)
    to_role = Choice("The role of the one who asked.", _ROLES, AUD, required=True)
    recipient = Token("The one who asked, by id.", AUD)
    classes = Many("The classes of data.", _CLASSES, AUD, at_most=len(_CLASSES))
    reason_code = Token("Why not, as a code.", AUD, required=True)
    why = Text("Why not, in words.", AUD)


class BrokenGlass(EventPayload):
    """Somebody opened what the rules would not show them, for half an hour, and said why. The privacy officer hears."""

    event = EventType(
        "disclosure.broken_glass",
        "Break-glass access",
        CHILD_WELFARE | {Role.AG_ATTY, Role.PRIVACY} | ONLY_SYSTEM,
        "internal",
    )
    about = frozenset({AUD})
    rules = (NotBefore("until", "opened_at"),)

    person = Token("Who opened it, by user name.", AUD, required=True)
    classes = Many("The classes of data.", _CLASSES, AUD, required=True, at_least=1, at_most=len(_CLASSES))
    reason = Text("Why.", AUD, required=True)
    opened_at = Instant("When.", AUD, required=True)
    until = Instant("Until when.", AUD)
