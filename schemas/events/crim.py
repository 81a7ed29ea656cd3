"""Criminal court (practice.md §3 rows 33 to 36). All of it is public court fact, but for free text."""

from schemas.classes import CJ, PUB
from schemas.fields import Choice, Date, Flag, Instant, Line, Text, Token, Whole
from schemas.payload import EventPayload
from schemas.rules import Differs
from schemas.structures import Many
from services.domain.catalogue import EventType
from services.domain.roles import Role

_COURT = frozenset({Role.CRIM_COURT})
_BAIL = ("none", "own_recognizance", "supervised", "cash", "no_contact", "held", "revoked")


class Arraigned(EventPayload):
    """The charges were read; bail was decided."""

    event = EventType("crim.arraigned", "Arraigned", _COURT, "33")
    about = frozenset({PUB})

    person_ref = Token("The person charged.", PUB)
    docket = Token("The court's number of the criminal case.", PUB)
    charges = Many("The charges.", Line, PUB, required=True, at_least=1, at_most=30)
    next_hearing = Date("The day of the next hearing.", PUB)
    bail = Choice("What was decided about bail.", _BAIL, PUB, required=True)
    conditions = Many("The conditions of bail, each in one line.", Line, PUB, required=True, at_most=40)
    released = Flag("Whether somebody is released by it; only then is it for tonight.", PUB)


class BailChanged(EventPayload):
    """Bail was changed or taken back."""

    event = EventType("crim.bail_changed", "Bail changed", _COURT, "34")
    about = frozenset({PUB})
    rules = (Differs("new", "old"),)

    person_ref = Token("The person charged.", PUB)
    old = Choice("Bail until now.", _BAIL, PUB, required=True)
    new = Choice("Bail from now on.", _BAIL, PUB, required=True)
    conditions = Many("The conditions from now on, each in one line.", Line, PUB, at_most=40)


class HearingSet(EventPayload):
    """A hearing was set in the criminal case."""

    event = EventType("crim.hearing_set", "Criminal hearing set", _COURT, "35")
    about = frozenset({PUB})

    hearing = Instant("When the hearing is.", PUB, required=True)
    purpose = Line("What it is for.", PUB, required=True)
    hearing_ref = Token("The hearing.", PUB)
    docket = Token("The court's number of the criminal case.", PUB)


class HearingContinued(EventPayload):
    """A hearing in the criminal case was put off."""

    event = EventType("crim.hearing_continued", "Criminal hearing continued", _COURT, "35")
    about = frozenset({PUB})

    hearing = Instant("When the hearing is now.", PUB, required=True)
    purpose = Line("What it is for.", PUB, required=True)
    hearing_ref = Token("The hearing.", PUB)
    was = Instant("When it had been.", PUB)
    docket = Token("The court's number of the criminal case.", PUB)


class Disposition(EventPayload):
    """How the criminal case ended. A dismissal or an acquittal restores nothing by itself."""

    event = EventType("crim.disposition", "Criminal disposition", _COURT, "36")
    about = frozenset({PUB})

    outcome = Choice(
        "How it ended.",
        ("plea", "convicted", "acquitted", "dismissed", "deferred", "diverted"),
        PUB,
        required=True,
    )
    sentence = Text("The sentence, in one or more sentences.", PUB)
    person_ref = Token("The person charged.", PUB)
    docket = Token("The court's number of the criminal case.", PUB)
    probation_months = Whole("The months of probation.", PUB, at_most=600)
    conditions = Many("The conditions, each in one line.", Line, PUB, at_most=40)
    remarks = Text("What the court's record says beyond what is public.", CJ)
