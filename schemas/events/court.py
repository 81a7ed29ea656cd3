"""What courts ask of the agency, and what it files (Settled; practice.md §8 rows 40 and 44)."""

from schemas.classes import CASE
from schemas.fields import Choice, Date, DateOrInstant, Text, Token
from schemas.payload import EventPayload
from schemas.rules import NotBefore
from services.domain.catalogue import COURTS, EventType
from services.domain.roles import Role


class StatusRequested(EventPayload):
    """A court asks how the case stands, as of a day."""

    event = EventType("court.status_requested", "Status requested by a court", COURTS, "settled")
    about = frozenset({CASE})

    request_ref = Token("The request.", CASE)
    as_of = Date("The day as of which it is asked.", CASE)
    due = Date("The day by which the answer is due.", CASE)
    question = Text("What is asked.", CASE)


class ReportFiled(EventPayload):
    """The agency filed its report with the court."""

    event = EventType(
        "court.report_filed", "Court report filed", frozenset({Role.AG_ATTY, Role.CPS_WORKER, Role.CPS_SUP}), "story"
    )
    about = frozenset({CASE})
    rules = (NotBefore("hearing", "filed_on"),)

    filed_on = Date("The day on which it was filed.", CASE, required=True)
    hearing = DateOrInstant("The hearing that it is for.", CASE)
    report_ref = Token("The sealed report.", CASE)
    hearing_ref = Token("The hearing, by its id.", CASE)
    as_of = Date("The day as of which it speaks.", CASE)
    court = Choice("The court.", ("juvenile", "criminal"), CASE)
