"""Protective orders (practice.md §3 rows 27 to 31)."""

from schemas.classes import INC, ORD, RSK
from schemas.fields import Choice, Date, DateOrInstant, Flag, Instant, Text, Token, Whole
from schemas.payload import EventPayload
from schemas.rules import Differs, NotBefore
from schemas.structures import Many
from schemas.vocabulary import EVIDENCE_BASES, ORDER_KINDS, ORDER_TERMS, SEVERITIES
from services.domain.catalogue import ANY_ROLE, COURTS, ONLY_SYSTEM, EventType
from services.domain.roles import Role


class Issued(EventPayload):
    """A court issued a protective order, or renewed one (``renews``)."""

    event = EventType("order.issued", "Protective order issued", COURTS, "27")
    about = frozenset({ORD})
    rules = (NotBefore("expires", "issued"), Differs("renews", "order_ref"))

    order_ref = Token("The order.", ORD, required=True)
    kind = Choice("What kind of order it is.", ORDER_KINDS, ORD, required=True)
    protected_refs = Many("The persons whom it protects.", Token, ORD, required=True, at_least=1, at_most=30)
    restrained_ref = Token("The person whom it binds.", ORD)
    terms = Many("What it says.", ORDER_TERMS, ORD, required=True, at_least=1, at_most=30)
    other_terms = Text("Terms that no code says; no place that can be found.", ORD)
    issued = Date("The day on which it was issued.", ORD, required=True)
    expires = Date("The last day of it; missing where it has none.", ORD)
    firearms = Flag("Whether firearms must be given up.", ORD, required=True)
    renews = Token("The order that it renews.", ORD)


class Served(EventPayload):
    """The order was served on the person whom it binds: from now on it can be enforced."""

    event = EventType("order.served", "Protective order served", frozenset({Role.LE}), "28")
    about = frozenset({ORD})

    order_ref = Token("The order.", ORD, required=True)
    served_at = Instant("When it was served.", ORD, required=True)


class Modified(EventPayload):
    """A court changed an order."""

    event = EventType("order.modified", "Protective order modified", COURTS, "29")
    about = frozenset({ORD})

    order_ref = Token("The order.", ORD, required=True)
    diff = Text("What is different.", ORD, required=True)
    terms = Many("What it says from now on.", ORDER_TERMS, ORD, at_most=30)
    expires = Date("The last day of it from now on.", ORD)
    effective = Date("The first day of the change.", ORD)


class Vacated(EventPayload):
    """A court ended an order before its time."""

    event = EventType("order.vacated", "Protective order vacated", COURTS, "29")
    about = frozenset({ORD})

    order_ref = Token("The order.", ORD, required=True)
    diff = Text("What is no longer in force, where it is not all of it.", ORD)
    effective = Date("The first day without it.", ORD)


class Expiring(EventPayload):
    """An order ends soon: 60, 30, 14 and 3 days before."""

    event = EventType("order.expiring", "Protective order expiring", ONLY_SYSTEM, "30")
    about = frozenset({ORD})

    order_ref = Token("The order.", ORD, required=True)
    days_left = Whole("Days until its last day.", ORD, required=True, at_most=366)
    expires = Date("The last day of it.", ORD)


class Violated(EventPayload):
    """A term of an order was broken. From a source that is no public record it stays inside the agency (Settled 1)."""

    event = EventType("order.violated", "Protective order violated", ANY_ROLE, "31")
    about = frozenset({INC})
    by_holder = True
    rules = (NotBefore("violated_to", "violated_from"),)

    order_ref = Token("The order; missing where the sender does not know which.", INC, ORD)
    how = Choice(
        "In what way.",
        (
            "in_person",
            "at_work",
            "at_home",
            "phone",
            "message",
            "online",
            "third_party",
            "location_seeking",
            "weapon",
            "other",
        ),
        INC,
        required=True,
    )
    severity = Choice("How grave it was.", SEVERITIES, INC, RSK, required=True)
    evidence_basis = Choice("What it is known by.", EVIDENCE_BASES, INC, required=True)
    terms = Many("The terms that were broken.", ORDER_TERMS, INC, ORD, at_most=30)
    person_ref = Token("The person who broke it.", INC)
    violated_from = DateOrInstant("When it happened, or began.", INC)
    violated_to = DateOrInstant("When it ended, where it lasted.", INC)
    incident_no = Token("The number of the police report.", INC)
    facts = Text("What was done, specifically.", INC)
    public_record = Flag(
        "Whether it stands in a public record; what police, courts, prosecutor, jail and probation send does.",
        INC,
    )
