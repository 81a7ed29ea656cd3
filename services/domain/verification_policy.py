"""What policy says of verification (config/policy/verification.yaml): thresholds, views, and what incidents contradict.

The thresholds are engineering defaults and no research findings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.domain.disclosure import DataClass
from services.domain.goals import DEFAULTS, Thresholds
from services.domain.predicates import ALWAYS, Predicate
from services.domain.roles import Role


@dataclass(frozen=True, slots=True)
class View:
    """What one kind of reader may know when a status is computed for it.

    An item is within the view only if every class that it carries is one of ``holds``, or of ``with_release`` while a
    release under that law to one of ``roles`` is in force. ``briefed``: these readers see only goals that a briefing to
    their agency named. ``banner_holds``: under a review that is required, no verified status is shown. ``recorded``:
    a change is an event, which is routed; else it is computed when somebody asks.
    """

    name: str
    roles: frozenset[Role]
    holds: frozenset[DataClass]
    with_release: Mapping[DataClass, str] = field(default_factory=dict)
    briefed: bool = False
    banner_holds: bool = True
    shows_status: bool = True
    recorded: bool = True


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of behaviour: the behaviours of the map that belong to it, and the goals of the library about it."""

    name: str
    behaviours: frozenset[str]
    goal_codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class IncidentRule:
    """What an event of this type contradicts: the families named, and those of the behaviours in a field."""

    event_type: str
    families: tuple[str, ...] = ()
    behaviours_in: str | None = None
    when: Predicate = ALWAYS
    serious: bool = True


@dataclass(frozen=True, slots=True)
class VerificationPolicy:
    """The policy in force. ``digest`` is its version; ``families`` by name, ``views`` in the order of the file."""

    digest: str
    thresholds: Thresholds = DEFAULTS
    views: tuple[View, ...] = ()
    families: Mapping[str, Family] = field(default_factory=dict)
    incidents: Mapping[str, tuple[IncidentRule, ...]] = field(default_factory=dict)
    safety_critical: frozenset[str] = frozenset()
    speech: frozenset[str] = frozenset()
    presence: frozenset[str] = frozenset()
    payments: frozenset[str] = frozenset()
    supervision: frozenset[str] = frozenset()
    punctuality: frozenset[str] = frozenset()
    hold_days: int = 30
    p2_after_expiry: bool = False
    bearing: frozenset[str] = frozenset()
    """The types of event that bear on goals."""

    def view(self, name: str) -> View | None:
        """The view of this name."""
        return next((view for view in self.views if view.name == name), None)
