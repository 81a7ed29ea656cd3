"""Programmes and other providers (practice.md §1.6, §3 rows 44 to 50)."""

from schemas.classes import CASE, EVI, INC, RSK
from schemas.events.evidence import GOAL_EVIDENCE_NUMBERED_ONCE, Observation
from schemas.fields import Choice, Date, DateOrInstant, Flag, Line, Month, Slug, Text, Token, Whole
from schemas.payload import EventPayload
from schemas.rules import AtMost
from schemas.structures import Document, Many, Object
from services.domain.catalogue import ANY_ROLE, ONLY_SYSTEM, PLANNERS, EventType
from services.domain.roles import Role

_REFERRERS = PLANNERS | {Role.CPS_INV}
_PROVIDERS = frozenset({Role.BIP, Role.SUD, Role.MH, Role.CHILD_TX, Role.VISIT})
_REPORTERS = _PROVIDERS | {Role.SCHOOL}
_PROGRAMMES = ("BIP", "SUD", "MH", "CHILD_TX", "VISIT", "PARENTING", "OTHER")
_REASONS = (
    "waiting_list",
    "not_eligible",
    "conflict_of_interest",
    "capacity",
    "language",
    "safety",
    "no_consent",
    "other",
)


class ReferralSent(EventPayload):
    """A person was referred to a service, with the pattern and the goals, redacted for it."""

    event = EventType("provider.referral_sent", "Referral sent", _REFERRERS, "44")
    about = frozenset({CASE})

    service_ref = Token("The service, by its id in the directory (Open Referral HSDS).", CASE, required=True)
    referral_ref = Token("The referral.", CASE)
    provider = Slug("The agency referred to, by its short name.", CASE)
    programme = Choice("The kind of service.", _PROGRAMMES, CASE)
    person_ref = Token("The person who is referred.", CASE)
    goal_ids = Many("The goals that it is to support.", Token, CASE, at_most=30)
    report_due_day = Whole("The day of the month by which reports are due.", CASE, at_least=1, at_most=28)
    report_from = Month("The first month to be reported.", CASE)
    reason = Text("Why the person is referred.", CASE)


class ReferralAccepted(EventPayload):
    """A service takes the person."""

    event = EventType("provider.referral_accepted", "Referral accepted", _PROVIDERS, "44")
    about = frozenset({CASE})
    by_holder = True

    service_ref = Token("The service, by its id in the directory (Open Referral HSDS).", CASE, required=True)
    referral_ref = Token("The referral.", CASE)
    person_ref = Token("The person who was referred.", CASE)
    starts_on = Date("The first day.", CASE)
    reason = Text("What to know about it.", CASE)


class ReferralDeclined(EventPayload):
    """A service does not take the person, or not yet: another is to be found."""

    event = EventType("provider.referral_declined", "Referral declined", _PROVIDERS, "44")
    about = frozenset({CASE})
    by_holder = True

    service_ref = Token("The service, by its id in the directory (Open Referral HSDS).", CASE, required=True)
    referral_ref = Token("The referral.", CASE)
    person_ref = Token("The person who was referred.", CASE)
    reason = Choice("Why not.", _REASONS, CASE, required=True)
    wait_until = Date("The day from which there is room, where there is a waiting list.", CASE)


class Attendance(Document):
    """Sessions of one period. Attendance is context and never verifies anything."""

    rules = (AtMost("offered", ("attended", "excused", "unexcused")),)

    offered = Whole("Sessions offered.", EVI, required=True, at_most=400)
    attended = Whole("Sessions attended.", EVI, required=True, at_most=400)
    excused = Whole("Sessions missed with an excuse.", EVI, required=True, at_most=400)
    unexcused = Whole("Sessions missed without one.", EVI, required=True, at_most=400)
    late = Whole("Sessions for which the person came late.", EVI, at_most=400)


class Statement(Document):
    """Something that the person said, word for word."""

    said = Text("The words.", EVI, required=True)
    kind = Choice("What it is.", ("accountability", "denial", "minimisation", "blame", "empathy", "other"), EVI)
    on = Date("The day.", EVI)


class ProgressReport(EventPayload):
    """A provider's report on a period: attendance apart from what was seen of each goal (practice.md §1.6)."""

    event = EventType("provider.progress_report", "Provider progress report", _REPORTERS, "45")
    about = frozenset({EVI})
    by_holder = True
    rules = (GOAL_EVIDENCE_NUMBERED_ONCE,)

    period = Month("The month that it is about.", EVI, required=True)
    programme = Choice("The kind of service.", _PROGRAMMES, EVI)
    provider = Slug("The agency that reports, by its short name.", EVI)
    person_ref = Token("The person whom it is about.", EVI)
    attendance = Object("Sessions, offered and attended.", Attendance, EVI)
    per_goal = Many("What was said or done, goal by goal.", Observation, EVI, required=True, at_most=60)
    statements = Many("What the person said, word for word.", Statement, EVI, required=True, at_most=60)
    risk = Text("Concerns about danger.", EVI, RSK)
    new_violence = Flag("Whether there was new violence or a threat (which is also sent at once, by itself).", EVI, RSK)
    substance_use_seen = Flag("Whether the person came under the influence.", EVI)
    summary = Text("What else the provider wants to say.", EVI)
    cannot_say = Text("What the provider cannot know.", EVI)
    pattern_received = Flag("Whether the provider has the redacted pattern and the goals.", EVI)
    treatment_changes = Text("Changes of the treatment plan.", EVI)
    late_by = Whole("Days after the due date.", EVI, at_most=1000)
    consent_ref = Token("The consent that it rests on; a Part 2 report without one in force is quarantined.", EVI)


class ReportMissing(EventPayload):
    """A report that was due has not come. Its absence is an event."""

    event = EventType("provider.report_missing", "Provider report missing", ONLY_SYSTEM, "46")
    about = frozenset({CASE})

    period = Month("The month that is not reported.", CASE, required=True)
    due = Date("The last day on which it was due.", CASE, required=True)
    days_late = Whole("Days after that.", CASE, required=True, at_least=1, at_most=1000)
    provider = Slug("The agency that owes it, by its short name.", CASE)
    referral_ref = Token("The referral that it is owed under.", CASE)


class Absence(EventPayload):
    """The person missed a session."""

    event = EventType("provider.absence", "Absence from a programme", frozenset({Role.BIP}), "47")
    about = frozenset({EVI})
    by_holder = True

    session = DateOrInstant("The session.", EVI, required=True)
    excused = Flag("Whether it was excused.", EVI, required=True)
    run = Whole("How many in a row, with this one.", EVI, required=True, at_least=1, at_most=400)
    person_ref = Token("The person.", EVI)


class NewViolenceOrThreat(EventPayload):
    """A provider learned of new violence or a threat. What comes from the survivor goes to nobody facing him."""

    event = EventType(
        "provider.new_violence_or_threat",
        "New violence or threat",
        frozenset({Role.BIP, Role.SUD, Role.MH}),
        "48",
    )
    about = frozenset({INC, RSK})
    by_holder = True

    target_class = Choice(
        "Against whom.",
        ("survivor", "child", "new_partner", "provider", "other_person", "public", "self"),
        INC,
        RSK,
        required=True,
    )
    basis = Choice(
        "How the provider knows.", ("direct", "record", "firsthand", "relayed", "self"), INC, RSK, required=True
    )
    victim_sourced = Flag("Whether it is known from the survivor, or through her.", INC, RSK, required=True)
    kind = Choice("What it was.", ("violence", "threat", "prohibited_contact", "stalking"), INC, RSK)
    imminent = Flag("Whether it is about the next hours.", INC, RSK)
    facts = Text("What was said or done.", INC, RSK)
    person_ref = Token("The person who did it.", INC)
    duty_to_warn_done = Flag("Whether the provider has warned whom the law names; never what was said.", INC)
    public_record = Flag("Whether it stands in a public record.", INC)


class Discharged(EventPayload):
    """A person left a programme. Requirements that were met are no verified change."""

    event = EventType("provider.discharged", "Discharged from a programme", frozenset({Role.BIP, Role.SUD}), "49")
    about = frozenset({EVI})
    by_holder = True

    discharge_type = Choice("How.", ("requirements_met", "administrative", "unsuccessful"), EVI, required=True)
    summary = Text("The discharge summary.", EVI, required=True)
    discharged_on = Date("The last day.", EVI)
    person_ref = Token("The person.", EVI)
    consent_ref = Token("The consent that it rests on, for Part 2.", EVI)


class CertificateReceived(EventPayload):
    """A certificate was filed or handed in. It is not evidence of change; a behavioural report is asked for."""

    event = EventType("provider.certificate_received", "Certificate received", ANY_ROLE, "50")
    about = frozenset({EVI})
    by_holder = True

    program = Line("The programme that it names.", EVI, required=True)
    issued = Date("The day that it bears.", EVI, required=True)
    sessions = Whole("How many sessions or weeks it names.", EVI, at_most=400)
    person_ref = Token("The person.", EVI)
    filed_with = Line("The motion or filing that it came with.", EVI)
    discharge_summary_attached = Flag("Whether the discharge summary came with it.", EVI)
