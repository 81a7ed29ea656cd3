"""Closed lists of codes that more than one type of event uses. Where they come from stands beside each."""

from typing import Final

BEHAVIOURS: Final = (
    "physical_violence",
    "strangulation",
    "weapons",
    "sexual_coercion",
    "threats_to_kill",
    "threats_to_take_or_harm_children",
    "stalking_or_surveillance",
    "technology_abuse",
    "isolation",
    "economic_control",
    "sabotage_of_work_housing_transport",
    "sabotage_of_recovery_or_treatment",
    "systems_abuse",
    "undermining_parenting",
    "children_as_messengers_or_spies",
    "interrogating_children",
    "harming_pets",
    "property_destruction",
    "immigration_threats",
    "interference_with_medical_care",
    "breaching_orders",
    "third_party_contact",
    "neglect_of_parenting",
    "false_claims_of_substance_use_or_illness",
    "location_seeking",
    "intimidation",
)
"""What the subject does (practice.md §1.3, start set)."""

CHILD_IMPACTS: Final = (
    "abused_by_subject",
    "afraid_of_subject",
    "involved_in_incident",
    "present",
    "not_present",
    "threatened_or_attempted_abduction",
)
"""What the incident was for a child (N-DEx codes carried in NIEM, practice.md §1.3)."""

CHILD_ROLES: Final = ("present", "targeted", "used", "told", "not_present")
"""The part that a child had in an act (practice.md §1.3)."""

PATHWAYS: Final = ("direct_harm", "trauma_from_exposure", "effect_on_other_parenting", "effect_on_family_functioning")
"""How a behaviour reaches a child (practice.md §1.3, multiple pathways to harm)."""

ALLEGATIONS: Final = ("EA", "MN", "NE", "PA", "SA")
"""NCANDS: emotional abuse, medical neglect, neglect, physical abuse, sexual abuse (practice.md §7)."""

ORDER_TERMS: Final = (
    "no_contact",
    "no_contact_through_others",
    "stay_away",
    "no_threats_or_violence",
    "no_surveillance",
    "exclusive_possession",
    "custody",
    "supervised_visits_only",
    "no_location_seeking",
    "firearms_surrender",
    "no_firearms",
    "programme_attendance",
    "no_alcohol_or_drugs",
    "electronic_monitoring",
    "child_support",
    "other",
)
"""What a protective order says (after the condition codes of protection order files, practice.md §7)."""

ORDER_KINDS: Final = (
    "criminal_protective",
    "civil_ex_parte",
    "civil_protective",
    "juvenile_protective",
    "no_contact_bail",
)
"""What kind of order it is."""

HEARING_TYPES: Final = (
    "shelter",
    "adjudication",
    "disposition",
    "review",
    "permanency",
    "ADHE",
    "COMP",
    "EXPA",
    "INPH",
    "JURY",
    "NERH",
    "PRET",
    "PRH",
    "TRIAL",
)
"""Hearings of a dependency case: in words, or as NIEM hearing category codes (practice.md §7)."""

INJURIES: Final = ("none", "complaint_of_pain", "visible", "serious", "loss_of_consciousness", "fatal", "unknown")
"""How badly somebody was hurt."""

SEVERITIES: Final = ("contact_only", "intimidation", "threat", "violence")
"""How grave a breach of an order was."""

DESIGNATIONS: Final = ("subject", "protective", "undetermined")
"""What an approved assessment of the pattern says a person is (practice.md §1.9)."""

DIRECTIONS: Final = ("+", "-", "0")
"""For the goal, against it, or one instance missed, late or partial (verification.md §2)."""

EVIDENCE_BASES: Final = (
    "direct",
    "record",
    "test",
    "negcheck",
    "firsthand",
    "attendance",
    "certificate",
    "opinion",
    "self",
    "aligned",
)
"""What kind of thing an item of evidence is (verification.md §1)."""

OBSERVER_ROLES: Final = ("professional", "survivor", "child", "kin", "subject", "aligned", "adverse")
"""Whose perception an item of evidence finally rests on (verification.md §1)."""

GOAL_KINDS: Final = ("positive", "cessation")
"""He starts to do something, or he stops (verification.md)."""

STATUSES: Final = (
    "NOT_ASSESSED",
    "SELF_REPORTED_ONLY",
    "ATTENDANCE_ONLY",
    "PARTIALLY_SUPPORTED",
    "VERIFIED",
    "VERIFIED_BY_WAIVER",
    "STALE",
    "CONTRADICTED",
    "UNDER_REVIEW",
    "SUSPENDED",
    "CLOSED",
)
"""The statuses of a goal (verification.md §4)."""

REASON_CODES: Final = (
    "SOURCE_UNAVAILABLE",
    "RURAL_NO_PROVIDER",
    "CHILD_AGE",
    "COURT_ORDERED_DATE",
    "SAFETY_HOLD",
    "EVIDENCE_RELIABILITY",
    "RECORD_CORRECTION",
)
"""Why a supervisor steps in (practice.md §6.6)."""

SAFE_CHANNELS: Final = ("phone", "text", "email", "in_person", "through_person", "she_calls", "none")
"""The ways in which a survivor has said that she can be reached safely, or that she calls (practice.md §5.4)."""

CONSENT_PURPOSES: Final = (
    "plan_monitoring",
    "treatment_coordination",
    "court_report",
    "education_support",
    "child_care",
    "safety_planning",
    "supervision",
)
"""What released data may be used for."""
