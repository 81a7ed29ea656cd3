"""Evidence as the evaluation sees it: one observation, how it is weighed, and what a person has said of it.

verification.md §1 and §2. Days are whole days from the first day of the goal; what lies before it is negative.
"""

from dataclasses import dataclass
from enum import StrEnum


class Basis(StrEnum):
    """What kind of thing an item is (verification.md §1)."""

    DIRECT = "direct"
    """A trained or neutral person saw it."""
    RECORD = "record"
    """Made for another purpose."""
    TEST = "test"
    """From a laboratory."""
    NEGCHECK = "negcheck"
    """A system was asked and had no report."""
    FIRSTHAND = "firsthand"
    """Lived through."""
    ATTENDANCE = "attendance"
    CERTIFICATE = "certificate"
    OPINION = "opinion"
    SELF = "self"
    ALIGNED = "aligned"


class ObserverRole(StrEnum):
    """Whose perception an item finally rests on, however many hands it passed through."""

    PROFESSIONAL = "professional"
    SURVIVOR = "survivor"
    CHILD = "child"
    KIN = "kin"
    SUBJECT = "subject"
    ALIGNED = "aligned"
    ADVERSE = "adverse"
    """A person of the same family who is under an open designation as using violence, or still undetermined."""


class Direction(StrEnum):
    """For the goal, against it, or one instance missed, late or partial."""

    SUPPORT = "+"
    AGAINST = "-"
    LAPSE = "0"


class Ruling(StrEnum):
    """What a person says of an item."""

    COUNTS = "counts"
    CONTEXT = "context"
    REJECTED = "rejected"
    COERCED = "coerced"
    DISPUTED = "disputed"


class Weight(StrEnum):
    """What an item is worth (verification.md §1)."""

    A = "A"
    """Seen by somebody trained or neutral, or on record: counts."""
    B = "B"
    """Of the family or an adverse party, or lived through: counts, and never suffices alone."""
    N = "N"
    """A system was asked and had no report: counts, and is never the observation from outside the family."""
    C = "C"
    """Context: shown, and never counts."""
    D = "D"
    """Traces back to the person whose change is claimed: never support, and an admission where it is against."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation about one goal. ``start`` to ``end`` are the days it covers, ``recorded`` that on which it became
    known, ``group`` the source it comes from as one independent source. ``withheld_from`` names the views that lack it.
    """

    id: str
    basis: Basis
    observer: ObserverRole
    group: str
    start: int
    end: int
    direction: Direction
    recorded: int
    count: int = 1
    vantage: bool = True
    ruling: Ruling | None = None
    withheld_from: frozenset[str] = frozenset()


# Tuples: a set would hash its members, which costs an enumeration ten times what looking through three does.
_TRACING_BACK = (ObserverRole.SUBJECT, ObserverRole.ALIGNED)
_OWN_WORD = (Basis.SELF, Basis.ALIGNED)
_CONTEXT = (Basis.ATTENDANCE, Basis.CERTIFICATE, Basis.OPINION)


def weight_of(item: Evidence) -> Weight:
    """What an item is worth: the first of the rows of verification.md §1 that fits."""
    if item.observer in _TRACING_BACK or item.basis in _OWN_WORD:
        return Weight.D
    unplaced = item.direction is Direction.SUPPORT and not item.vantage
    if item.basis in _CONTEXT or item.ruling is Ruling.CONTEXT or unplaced:
        return Weight.C
    if item.basis is Basis.FIRSTHAND or item.observer is not ObserverRole.PROFESSIONAL:
        return Weight.B
    return Weight.N if item.basis is Basis.NEGCHECK else Weight.A
