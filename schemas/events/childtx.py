"""The child's therapist (practice.md §3 row 55): yes or no, and never content."""

from schemas.classes import CHS, EVI
from schemas.fields import Choice, Date, Flag, Token, Whole
from schemas.payload import EventPayload
from schemas.rules import NeededWhen, NotBefore
from schemas.structures import Document, Many
from services.domain.catalogue import EventType
from services.domain.roles import Role


class TreatmentInterference(EventPayload):
    """Whether the subject interferes with a child's treatment, or supports it. No content of the treatment."""

    event = EventType(
        "childtx.treatment_interference", "Treatment supported or interfered with", frozenset({Role.CHILD_TX}), "55"
    )
    about = frozenset({CHS})

    class Meta(Document.Meta):
        exclude = ("narrative",)

    rules = (NeededWhen("kind", "interference", value=True), NotBefore("observed_to", "observed_from"))

    interference = Flag("Yes: the subject interferes. No: the subject does not.", CHS, required=True)
    kind = Choice(
        "In what way.",
        ("cancelled", "consent_withheld", "attended_uninvited", "quizzed_child", "payment_stopped", "other"),
        CHS,
    )
    child_ref = Token("The child.", CHS, required=True)
    consent_given = Flag("Whether consents asked of the subject were signed in time.", CHS, EVI)
    goal_id = Token("The goal that it bears on, where the therapist was told it.", CHS, EVI)
    observed_from = Date("The first day that it covers.", CHS, EVI)
    observed_to = Date("The last day that it covers.", CHS, EVI)
    count = Whole("How many appointments it stands for; 1 where missing.", CHS, EVI, at_least=1, at_most=400)
    opportunity_days = Many("Days on which there was a real chance to do otherwise.", Date, CHS, EVI, at_most=62)
