"""The survivor's safety, and the worker's (practice.md §3 row 61; Settled 2, 12; §8 rows 7, 8 and 34). Never where."""

from schemas.classes import CASE, INC, PLN_P, RSK, SVS, WRK
from schemas.fields import Choice, Date, Flag, Text, Token
from schemas.payload import EventPayload
from schemas.structures import Document, Many
from services.domain.catalogue import ANY_ROLE, INVESTIGATORS, ONLY_SYSTEM, EventType
from services.domain.roles import CHILD_WELFARE


class LocationSeekingDetected(EventPayload):
    """The subject tries to find out where the family is."""

    event = EventType("safety.location_seeking_detected", "Location seeking detected", ANY_ROLE | ONLY_SYSTEM, "61")
    about = frozenset({INC, RSK})
    by_holder = True

    facts = Text("What was asked or done; never what the answer was.", INC, RSK, required=True)
    via = Choice(
        "By what way.",
        (
            "child",
            "kin",
            "school",
            "daycare",
            "health_care",
            "court_filing",
            "post",
            "online",
            "device",
            "service",
            "workplace",
            "other",
        ),
        INC,
        RSK,
        required=True,
    )
    person_ref = Token("The person who tries.", INC)
    child_refs = Many("The children who were used for it.", Token, INC, at_most=30)
    police_agreed = Flag("Whether the survivor agreed that the police are told.", INC, SVS)
    goal_ids = Many("The goals that it bears on.", Token, INC, at_most=30)
    public_record = Flag("Whether it stands in a public record.", INC)


class ContactRecorded(EventPayload):
    """The worker reached the survivor, or tried, after something happened. Never where, and never by which number."""

    event = EventType("safety.contact_recorded", "Contact with the survivor recorded", INVESTIGATORS, "story")
    about = frozenset({CASE, SVS})

    class Meta(Document.Meta):
        exclude = ("narrative",)

    outcome = Choice("Whether she was reached.", ("done", "tried"), CASE, SVS, required=True)
    about_event = Token("The event that it was about.", CASE)
    task_ref = Token("The task that asked for it.", CASE)
    person_ref = Token("The survivor.", CASE)
    safe_contact_confirmed = Flag("Whether she confirmed how she can be reached.", CASE, SVS)
    may_be_raised = Flag("Whether she agreed that it is raised with the subject.", CASE, SVS)


class AddressProgrammeEnrolled(EventPayload):
    """The survivor is in an address-confidentiality programme. Neither the address nor the substitute is held here."""

    event = EventType("safety.address_programme_enrolled", "Enrolled in an address programme", INVESTIGATORS, "story")
    about = frozenset({PLN_P, RSK})

    class Meta(Document.Meta):
        exclude = ("narrative",)

    person_ref = Token("The person enrolled.", PLN_P, RSK, required=True)
    enrolled_on = Date("The first day.", PLN_P, RSK, required=True)
    expires = Date("The last day, where there is one.", PLN_P, RSK)


class WorkerAlert(EventPayload):
    """A worker on the case is not safe, or may not be. Known to child welfare only, never to the subject's side."""

    event = EventType("safety.worker_alert", "Worker's safety alert", CHILD_WELFARE, "added")
    about = frozenset({WRK})

    kind = Choice(
        "What it is about.",
        ("threatened", "followed", "assaulted", "weapons_in_home", "unsafe_visit", "contact_at_home", "other"),
        WRK,
        required=True,
    )
    facts = Text(
        "What was said or done, or what is feared, and by whom; never where the worker lives.", WRK, required=True
    )
    tonight = Flag("Whether somebody must act on it tonight.", WRK)
    worker = Token("The worker concerned, by user name, where it is not whoever says so.", WRK)
    person_ref = Token("The person from whom the danger comes.", WRK)
