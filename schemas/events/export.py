"""Documents that leave the system (practice.md §3, internal events)."""

from schemas.classes import AUD, CASE
from schemas.fields import Date, DateOrInstant, Hash, Token
from schemas.payload import EventPayload
from services.domain.catalogue import ONLY_SYSTEM, EventType


class CourtReportSealed(EventPayload):
    """A court report was made as of a day and sealed: it can be made again, byte for byte."""

    event = EventType("export.court_report_sealed", "Court report sealed", ONLY_SYSTEM, "internal")
    about = frozenset({CASE})

    report_ref = Token("The report.", CASE, required=True)
    as_of = Date("The day as of which it speaks.", CASE, required=True)
    digest = Hash("The digest of the sealed document.", CASE, AUD, required=True)
    ruleset_version = Token("The version of the rules that it was made under.", CASE, AUD)
    hearing = DateOrInstant("The hearing that it is for.", CASE)
    request_ref = Token("The request of the court that it answers.", CASE)
