"""Hotline and screening (practice.md §3 rows 1 and 2)."""

from schemas.classes import CASE, SRC
from schemas.fields import Choice, Flag, Text, Token
from schemas.payload import EventPayload
from schemas.rules import NeededWhen
from schemas.structures import Many
from schemas.vocabulary import ALLEGATIONS
from services.domain.catalogue import EventType
from services.domain.roles import Role

_CHANNELS = ("hotline", "police", "online", "in_person", "court", "mail", "other")
_SOURCE_KINDS = ("mandated", "family", "community", "survivor", "subject", "anonymous", "unknown")


class ReferralReceived(EventPayload):
    """A report that a child may be harmed came in. One made by the subject may be a tactic; it is recorded as well."""

    event = EventType("intake.referral_received", "Referral received", frozenset({Role.CPS_INTAKE}), "1")
    about = frozenset({CASE})

    channel = Choice("The way in which the report came.", _CHANNELS, CASE, required=True)
    allegation_codes = Many(
        "What is alleged, as NCANDS codes.", ALLEGATIONS, CASE, required=True, at_least=1, at_most=5
    )
    dv_indicated = Flag("Whether the report speaks of domestic violence.", CASE, required=True)
    referral_ref = Token("The hotline's own number of the report.", CASE)
    child_refs = Many("The children named in the report.", Token, CASE, at_most=30)
    alleged_person_ref = Token("The person who is said to have harmed the child.", CASE)
    source_kind = Choice("What kind of person reported it. Seen by intake and investigation only.", _SOURCE_KINDS, SRC)
    cross_allegation = Flag("True where one parent of the case reports the other: both patterns are mapped.", CASE)


class ScreeningDecided(EventPayload):
    """A referral was screened in, with a response time, or out."""

    event = EventType("intake.screening_decided", "Screening decided", frozenset({Role.CPS_INTAKE}), "2")
    about = frozenset({CASE})
    rules = (NeededWhen("priority", "decision", "in"), NeededWhen("reason", "decision", "out"))

    decision = Choice("Screened in for a response, or out.", ("in", "out"), CASE, required=True)
    priority = Choice("How soon a child must be seen: P1 24 hours, P2 72 hours, P3 7 days.", ("P1", "P2", "P3"), CASE)
    reason = Text("Why it was decided so.", CASE)
    referral_ref = Token("The hotline's own number of the report.", CASE)
