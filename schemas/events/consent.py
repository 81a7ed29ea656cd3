"""Consents and releases under VAWA, HIPAA and FERPA (practice.md §3 row 62, §5.1).

The person who consents has no log-in: whoever holds the signed paper records it.
"""

from schemas.classes import CASE
from schemas.fields import Choice, Date, Flag, Line, Slug, Text, Token
from schemas.payload import EventPayload
from schemas.structures import Document, Many
from schemas.vocabulary import CONSENT_PURPOSES
from services.domain.catalogue import CONSENT_HOLDERS, EventType
from services.domain.disclosure import DataClass
from services.domain.roles import Role

_LAWS = ("VAWA", "HIPAA", "FERPA", "STATE")
_CLASSES = tuple(one.value for one in DataClass)


class ConsentRecipient(Document):
    """Whom a consent names. A separate form is signed for each."""

    role = Choice("The role.", tuple(role.value for role in Role), CASE, required=True)
    agency = Slug("The agency, by its short name.", CASE)


class Granted(EventPayload):
    """A person consents, in writing and for a limited time, that something goes to somebody for a purpose."""

    event = EventType("consent.granted", "Consent granted", CONSENT_HOLDERS, "62")
    about = frozenset({CASE})

    consent_ref = Token("The consent.", CASE, required=True)
    by_ref = Token("The person who consents.", CASE, required=True)
    for_ref = Token("The child for whom it is given.", CASE)
    law = Choice("The law under which it is given.", _LAWS, CASE)
    scope = Many("What may be disclosed, each in one line.", Line, CASE, required=True, at_least=1, at_most=20)
    classes = Many("The classes of data that it covers.", _CLASSES, CASE, at_most=len(_CLASSES))
    event_refs = Many("The events that it covers, where it is given for single ones.", Token, CASE)
    recipients = Many("To whom.", ConsentRecipient, CASE, required=True, at_least=1, at_most=20)
    purpose = Choice("What for.", CONSENT_PURPOSES, CASE, required=True)
    signed_on = Date("The day of the signature; the envelope's time where missing.", CASE)
    expires = Date("The last day of it.", CASE, required=True)


class Narrowed(EventPayload):
    """A person consents to less than before."""

    event = EventType("consent.narrowed", "Consent narrowed", CONSENT_HOLDERS, "62")
    about = frozenset({CASE})

    consent_ref = Token("The consent.", CASE, required=True)
    scope = Many("What may still be disclosed, each in one line.", Line, CASE, required=True, at_least=1, at_most=20)
    classes = Many("The classes of data that it still covers.", _CLASSES, CASE, at_most=len(_CLASSES))
    recipients = Many("To whom still.", ConsentRecipient, CASE, at_least=1, at_most=20)
    purpose = Choice("What for.", CONSENT_PURPOSES, CASE)
    expires = Date("The last day of it from now on.", CASE)


class Revoked(EventPayload):
    """A person takes a consent back: effective at once, and never held against them."""

    event = EventType("consent.revoked", "Consent revoked", CONSENT_HOLDERS, "62")
    about = frozenset({CASE})

    consent_ref = Token("The consent.", CASE, required=True)
    in_writing = Flag("Whether it was taken back in writing.", CASE)
    reason = Text("What the person wants to be known of the reason.", CASE)
