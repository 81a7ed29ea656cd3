"""Juvenile court (practice.md §3 rows 57 and 58)."""

from schemas.classes import CASE, ORD
from schemas.fields import Choice, Date, Flag, Instant, Line, Text, Token
from schemas.payload import EventPayload
from schemas.structures import Document, Many, Object
from schemas.vocabulary import HEARING_TYPES
from services.domain.catalogue import EventType
from services.domain.roles import Role

_COURT = frozenset({Role.JUV_COURT})


class PetitionFiled(EventPayload):
    """A dependency petition was filed."""

    event = EventType("juv.petition_filed", "Petition filed", _COURT | {Role.AG_ATTY}, "57")
    about = frozenset({CASE})

    hearing = Instant("When it is first heard.", CASE)
    hearing_type = Choice("What kind of hearing that is.", HEARING_TYPES, CASE)
    docket = Token("The court's number of the case.", CASE)
    child_refs = Many("The children whom it is about.", Token, CASE, at_most=30)
    filed_on = Date("The day of the filing.", CASE)


class HearingSet(EventPayload):
    """A hearing was set. Reports and notices are counted back from it."""

    event = EventType("juv.hearing_set", "Juvenile hearing set", _COURT, "57")
    about = frozenset({CASE})

    hearing = Instant("When the hearing is.", CASE, required=True)
    hearing_type = Choice("What kind of hearing it is.", HEARING_TYPES, CASE, required=True)
    hearing_ref = Token("The hearing.", CASE)
    child_refs = Many("The children whom it is about.", Token, CASE, at_most=30)
    docket = Token("The court's number of the case.", CASE)


class HearingContinued(EventPayload):
    """A hearing was put off. What was counted back from it is counted again."""

    event = EventType("juv.hearing_continued", "Juvenile hearing continued", _COURT, "57")
    about = frozenset({CASE})

    hearing = Instant("When the hearing is now.", CASE, required=True)
    hearing_type = Choice("What kind of hearing it is.", HEARING_TYPES, CASE, required=True)
    was = Instant("When it had been.", CASE)
    hearing_ref = Token("The hearing.", CASE)
    child_refs = Many("The children whom it is about.", Token, CASE, at_most=30)
    docket = Token("The court's number of the case.", CASE)


class Findings(Document):
    """What the court found, explicitly and for this case. A finding that was not made at this hearing is left out."""

    reasonable_efforts = Flag("Whether the agency made reasonable efforts.", CASE)
    permanency_plan_ok = Flag("Whether the permanency plan is approved.", CASE)
    contrary_to_welfare = Flag("Whether staying at home would be contrary to the child's welfare.", CASE)
    maltreatment_found = Flag("Whether the child was found to be maltreated: the child enters care that day.", CASE)
    efforts_to_prevent_removal = Flag("Whether reasonable efforts were made to prevent the removal.", CASE)
    no_efforts_required = Flag("Whether no reasonable efforts are required.", CASE)
    removal_still_needed = Flag("Whether the removal is still needed.", CASE)


class OrderEntered(EventPayload):
    """The court entered an order. What it orders is recorded even where our language check objects (Settled 9)."""

    event = EventType("juv.order_entered", "Juvenile order entered", _COURT, "58")
    about = frozenset({CASE})

    findings = Object("What the court found.", Findings, CASE, required=True)
    orders = Many("What it orders, each in one line.", Line, CASE, required=True, at_most=60)
    order_ref = Token("The order, for whatever is done because of it.", CASE, ORD)
    hearing_type = Choice("The kind of hearing at which it was entered.", HEARING_TYPES, CASE)
    entered_on = Date("The day on which it was entered.", CASE)
    child_refs = Many("The children whom it is about.", Token, CASE, at_most=30)
    visits = Choice("How the subject may see the children.", ("supervised", "unsupervised", "none"), CASE)
    next_review = Date("The day of the next review.", CASE)
    remarks = Text("What else the court said.", CASE)
