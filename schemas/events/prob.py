"""Adult probation and parole (practice.md §3 rows 39 to 43)."""

from schemas.classes import CJ, EVI, INC, PUB
from schemas.events.evidence import GOAL_EVIDENCE_NUMBERED_ONCE, Observation
from schemas.fields import Choice, Date, DateOrInstant, Flag, Instant, Line, Month, Text, Token, Whole
from schemas.payload import EventPayload
from schemas.rules import NotBefore
from schemas.structures import Many
from services.domain.catalogue import EventType
from services.domain.roles import Role

_OFFICER = frozenset({Role.PROB})


class ConditionsSet(EventPayload):
    """Supervision began, or its conditions changed."""

    event = EventType("prob.conditions_set", "Conditions of supervision set", _OFFICER, "39")
    about = frozenset({PUB})
    rules = (NotBefore("end", "start"),)

    conditions = Many("The conditions, each in one line.", Line, PUB, required=True, at_least=1, at_most=60)
    start = Date("The first day of supervision.", PUB, required=True)
    end = Date("The last day of supervision.", PUB, required=True)
    person_ref = Token("The person under supervision.", PUB)


class CheckinMissed(EventPayload):
    """A check-in was missed."""

    event = EventType("prob.checkin_missed", "Check-in missed", _OFFICER, "40")
    about = frozenset({CJ})

    due = DateOrInstant("When it was due.", CJ, required=True)
    excused = Flag("Whether it was excused.", CJ)
    person_ref = Token("The person under supervision.", CJ)


class ContactReport(EventPayload):
    """The officer saw or spoke to the person, and says what was seen of each goal."""

    event = EventType("prob.contact_report", "Probation contact report", _OFFICER, "41")
    about = frozenset({CJ})
    rules = (GOAL_EVIDENCE_NUMBERED_ONCE,)

    kind = Choice("The kind of contact.", ("office", "home", "phone"), CJ, required=True)
    contact_on = Date("The day of the contact, where the envelope's time does not say it.", CJ)
    per_goal = Many("What was seen of each goal.", Observation, EVI, required=True, at_most=30)
    period = Month("The month, where it is the monthly report.", CJ)
    person_ref = Token("The person under supervision.", CJ)


class ViolationFiled(EventPayload):
    """The officer told the court that conditions were broken."""

    event = EventType("prob.violation_filed", "Violation of probation filed", _OFFICER, "42")
    about = frozenset({INC, CJ})

    conditions = Many(
        "The conditions that were broken, each in one line.", Line, PUB, required=True, at_least=1, at_most=60
    )
    facts = Text("What was done.", INC, CJ, required=True)
    hearing = Instant("When the court hears it.", PUB)
    dangerous = Flag("Whether somebody must act on it tonight.", CJ)
    person_ref = Token("The person under supervision.", PUB)
    public_record = Flag("Whether it stands in a public record; filings do where missing.", INC, CJ)


class Discharged(EventPayload):
    """Supervision ended."""

    event = EventType("prob.discharged", "Discharged from probation", _OFFICER, "43")
    about = frozenset({PUB})

    outcome = Choice("How it ended.", ("completed", "early", "unsuccessful", "transferred"), PUB, required=True)
    ended_on = Date("The last day of supervision.", PUB)
    person_ref = Token("The person who was under supervision.", PUB)


class Revoked(EventPayload):
    """The court took probation back."""

    event = EventType("prob.revoked", "Probation revoked", _OFFICER, "43")
    about = frozenset({PUB})

    outcome = Choice("What followed.", ("jail", "prison", "reinstated", "modified"), PUB, required=True)
    term_days = Whole("Days of custody that were ordered.", PUB, at_most=40_000)
    ended_on = Date("The last day of supervision.", PUB)
    person_ref = Token("The person who was under supervision.", PUB)
