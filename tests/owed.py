"""What is owed for what was sent, told once more in plain words.

Who is told of an event and what is asked stands here, written down by hand from the policy's text, so that the audit
(`tests.audit`) asks nothing of the code under test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.domain.events import Envelope

Told = frozenset[tuple[str, str]]
"""Rules, each with somebody whom it tells."""

UNMATCHED: Told = frozenset({("standing.unmatched", "on-call")})


@dataclass(frozen=True)
class Kind:
    """A type of event: who may send it, what it says, who is told of it on a case, and which tasks open and end."""

    agency: str
    type: str
    data: Mapping[str, object]
    told: Told
    opens: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()


def _kind(
    agency: str, name: str, data: Mapping[str, object], told: Mapping[str, str], opens: str = "", ends: str = ""
) -> Kind:
    pairs = frozenset((f"{name}/{rule}", who) for rule, people in told.items() for who in people.split())
    return Kind(agency, name, data, pairs, frozenset(opens.split()), frozenset(ends.split()))


_ALL = (
    _kind(
        "police",
        "order.violated",
        {"how": "in_person", "severity": "contact_only", "evidence_basis": "direct"},
        {"informed": "worker supervisor officer on-call duty"},
        opens="find_safe_contact report_violation",
    ),
    _kind(
        "probation",
        "order.violated",
        {"how": "in_person", "severity": "contact_only", "evidence_basis": "direct"},
        {"informed": "worker supervisor officer on-call duty"},
        opens="find_safe_contact report_violation",
    ),
    _kind(
        "probation",
        "prob.checkin_missed",
        {"due": "2025-01-17"},
        {"worker": "worker"},
        opens="ask_about_missed_checkin",
    ),
    _kind("probation", "prob.contact_report", {"kind": "office", "per_goal": []}, {"worker": "worker"}),
    _kind(
        "cps",
        "intake.screening_decided",
        {"decision": "in", "priority": "P1"},
        {"investigator": "worker"},
        opens="first_contact",
    ),
    _kind(
        "cps",
        "inv.first_contact_made",
        {"child_refs": ["child"], "seen": True, "place_class": "home"},
        {"supervisor": "supervisor", "safety": "worker"},
        opens="safety_assessment",
        ends="first_contact",
    ),
    _kind(
        "cps",
        "inv.safety_decision",
        {"decision": "safe", "threats": [], "perpetrator_action": "left"},
        {"deciders": "supervisor"},
        ends="safety_assessment",
    ),
)
KINDS = {f"{kind.type} by {kind.agency}": kind for kind in _ALL}
LINKS = {
    True: _kind("cps", "event.linked", {}, {"worker": "worker supervisor"}),
    False: _kind("cps", "event.unlinked", {"why": "other family"}, {"reviewers": "supervisor"}),
}
"""What a person says of an event that matches no case: that it belongs to one, or that it does not after all."""

SINGLE = frozenset({"safety_assessment"})
"""Of these only one is open on a case at any time."""

NUMBERS = ("C-1", "C-2", "nobody-s")
"""Under what the events are sent: the cases, and a number that means nothing."""


@dataclass(eq=False)
class Sent:
    """An event that somebody sends, again and again until there is an answer."""

    kind: Kind
    envelope: Envelope
    receipt: UUID | None = None
    accepted_at: datetime | None = None
    contradictions: int = 0
    about: "Sent | None" = None

    @property
    def matches(self) -> bool:
        """Whether its number means a case."""
        return self.envelope.subject != NUMBERS[-1]


@dataclass
class Books:
    """What was sent by the agencies, and which events were made to fail."""

    sent: list[Sent] = field(default_factory=list)
    poisoned: set[UUID] = field(default_factory=set)

    @property
    def linked(self) -> set[UUID]:
        """The events of which somebody said to what case they belong."""
        return {one.about.receipt for one in self.sent if one.about is not None and one.about.receipt is not None}
