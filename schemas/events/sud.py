"""Consent to substance-use treatment records under 42 CFR Part 2 (practice.md §3 row 51, §5.1)."""

from schemas.classes import P2
from schemas.fields import Choice, Date, Flag, Line, Slug, Text, Token
from schemas.payload import EventPayload
from schemas.structures import Document, Many
from schemas.vocabulary import CONSENT_PURPOSES
from services.domain.catalogue import ONLY_SYSTEM, EventType
from services.domain.roles import Role

_PROGRAMME = frozenset({Role.SUD})


class Recipient(Document):
    """Whom the consent names: a role, an agency, or both."""

    role = Choice("The role.", tuple(role.value for role in Role), P2, required=True)
    agency = Slug("The agency, by its short name.", P2)


class ConsentSigned(EventPayload):
    """The patient signed a written consent. Only the fact of it is told to others."""

    event = EventType("sud.consent_signed", "Part 2 consent signed", _PROGRAMME, "51")
    about = frozenset({P2})

    consent_ref = Token("The consent.", P2, required=True)
    person_ref = Token("The patient.", P2, required=True)
    scope = Many("What may be disclosed, each in one line.", Line, P2, required=True, at_least=1, at_most=20)
    recipients = Many("To whom.", Recipient, P2, required=True, at_least=1, at_most=20)
    purpose = Choice("What for.", CONSENT_PURPOSES, P2, required=True)
    signed_on = Date("The day of the signature; the envelope's time where missing.", P2)
    expires = Date("The last day of it.", P2, required=True)
    criminal_justice = Flag("Whether it is a consent for a criminal-justice referral (42 CFR 2.35).", P2, required=True)
    court_use = Flag("Whether it names use in court.", P2)


class ConsentRevoked(EventPayload):
    """The patient took the consent back: nothing flows from this moment on."""

    event = EventType("sud.consent_revoked", "Part 2 consent revoked", _PROGRAMME, "51")
    about = frozenset({P2})

    consent_ref = Token("The consent.", P2, required=True)
    person_ref = Token("The patient.", P2)
    reason = Text("What the patient wants to be known of the reason.", P2)


class ConsentExpired(EventPayload):
    """A consent came to its end: nothing flows from this day on. Found by the system, or said by the programme."""

    event = EventType("sud.consent_expired", "Part 2 consent expired", _PROGRAMME | ONLY_SYSTEM, "51")
    about = frozenset({P2})

    consent_ref = Token("The consent.", P2, required=True)
    person_ref = Token("The patient.", P2)
    expires = Date("The last day of it.", P2)
