"""Which data a reader may be shown: the data classes, and the one function that decides (ARCHITECTURE.md law 3)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from uuid import UUID

from services.domain.roles import Role


class DataClass(StrEnum):
    """Classes of data (practice.md §5.2). A value carries a set of them and is shown only if every one may be."""

    PUB = "PUB"
    """Public court fact."""
    CASE = "CASE"
    """Child-welfare case information."""
    PAT = "PAT"
    """Map of the subject's pattern of behaviour."""
    PLN_S = "PLN-S"
    """The subject's goals."""
    PLN_P = "PLN-P"
    """The protective parent's efforts, and what was offered."""
    LOC = "LOC"
    """Location of or contact with protected persons. Never in a payload: kept in the vault."""
    SRC = "SRC"
    """Identity of a reporter or source."""
    SVS = "SVS"
    """Statement of the survivor."""
    CHS = "CHS"
    """Statement of a child, or a child's therapy."""
    EVI = "EVI"
    """Item of evidence; inherits the strictest class of what it rests on."""
    BIPR = "BIPR"
    """Report of a programme for people who use violence."""
    P2 = "P2"
    """Substance-use treatment record under 42 CFR Part 2."""
    PHI = "PHI"
    """Other health information."""
    EDU = "EDU"
    """Education record."""
    CJ = "CJ"
    """Criminal-justice information that is not public."""
    ORD = "ORD"
    """Terms of a protective order."""
    INC = "INC"
    """Facts of a new incident."""
    FIN = "FIN"
    """Payments."""
    VIS = "VIS"
    """Record of supervised visits."""
    ICW = "ICW"
    """Tribal membership and ancestry."""
    RSK = "RSK"
    """Danger and lethality."""
    AUD = "AUD"
    """Audit log."""
    LEG = "LEG"
    """Attorney work product."""
    STA = "STA"
    """Status of a goal, with its reasons."""
    TSK = "TSK"
    """That a coordination task was asked or answered; never what it asks, nor why."""
    WRK = "WRK"
    """The worker's own safety, and how the work was done: child welfare's alone (practice.md, Settled 12)."""


NEVER_SHOWN = frozenset({DataClass.LOC, DataClass.SRC})
"""Shown to nobody by this function, whatever a policy says (practice.md §0 rules 6 and 8). A person who must know opens
the vault, which is another door with an audit of its own."""


class Purpose(StrEnum):
    """What a reader is shown something for: every way out of the system has one."""

    CASE_WORK = "case_work"
    """A page of a case, its timeline, its goals."""
    INBOX = "inbox"
    """The in-app inbox, after sign-in."""
    API = "api"
    """A program of an agency reads."""
    COURT_REPORT = "court_report"
    WEBHOOK = "webhook"
    LOG = "log"


WITHOUT_CONTENT = frozenset({Purpose.WEBHOOK, Purpose.LOG})
"""Ways out that carry fixed words, ids and a link, and never a value of a case (practice.md §0 rules 6 and 7)."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who would be shown something. ``roles`` are those held on this case now; none of them, and nothing is shown."""

    party_id: UUID | None
    agency_id: UUID | None
    roles: frozenset[Role]
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class Field:
    """One value that might be shown. ``path`` names it (``findings.reasonable_efforts``, ``terms[0]``)."""

    path: str
    value: object
    classes: frozenset[DataClass]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix: data of this class may be shared with this role.

    ``basis`` is the statute, agreement or order that allows it; ``until`` the last day (UTC) on which it does.
    """

    role: Role
    data_class: DataClass
    basis: str
    until: date

    @property
    def rule(self) -> str:
        """The name of the cell, as decisions remember it: ``PROB/INC``."""
        return f"{self.role}/{self.data_class}"


@dataclass(frozen=True, slots=True)
class Matrix:
    """What may be shown to whom: an allow-list. What has no cell here is not shown. ``digest`` is its version."""

    cells: Mapping[tuple[Role, DataClass], Cell]
    digest: str


@dataclass(frozen=True, slots=True)
class Release:
    """A consent or a court order that lets a class of data go to an agency for a purpose, until a last day (UTC)."""

    data_class: DataClass
    recipient_id: UUID
    purpose: Purpose
    until: date


class Withholding(StrEnum):
    """Why a value is not shown. For the audit alone: a reader is never told that there was something."""

    WITHOUT_CONTENT = "without_content"
    """This way out carries no content."""
    NO_CLASS = "no_class"
    """Nobody has said what class it is."""
    NEVER_SHOWN = "never_shown"
    """It is, or betrays, where somebody is or who told."""
    NO_ROLE = "no_role"
    """The reader holds no role on the case now."""
    NOT_ALLOWED = "not_allowed"
    """No single role of the reader may be shown every class that it carries."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A value that was not shown, and why."""

    path: str
    rule: Withholding


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What may be shown, and what was decided about the rest.

    ``rules`` are the cells that it rests on (``PROB/INC``), in alphabetical order; ``releases`` those in force for this
    reader and purpose; ``digest`` the version of the matrix. Only ``shown`` ever reaches the reader.
    """

    shown: tuple[Field, ...]
    withheld: tuple[Withheld, ...]
    rules: tuple[str, ...]
    releases: tuple[Release, ...]
    digest: str


def disclose(
    fields: Iterable[Field], reader: Reader, matrix: Matrix, releases: Iterable[Release], as_of: datetime
) -> Disclosed:
    """Decide which of these values the reader may be shown at ``as_of`` (aware). Everything else is withheld.

    A value is shown only if one single role of the reader may be shown every class that it carries: two roles are never
    added together, since each is held for its own purpose. A value without a class is not shown, a cell that has lapsed
    does not count, and a release opens nothing yet: no cell of this matrix depends on one.
    """
    day = as_of.astimezone(UTC).date()
    shown: list[Field] = []
    withheld: list[Withheld] = []
    rules: set[str] = set()
    for field in fields:
        match _decide(field, reader, matrix, day):
            case Withholding() as reason:
                withheld.append(Withheld(field.path, reason))
            case cells:
                shown.append(field)
                rules.update(cell.rule for cell in cells)
    in_force = tuple(release for release in releases if _is_in_force(release, reader, day))
    return Disclosed(tuple(shown), tuple(withheld), tuple(sorted(rules)), in_force, matrix.digest)


def _decide(field: Field, reader: Reader, matrix: Matrix, day: date) -> tuple[Cell, ...] | Withholding:
    if reader.purpose in WITHOUT_CONTENT:
        return Withholding.WITHOUT_CONTENT
    if not field.classes:
        return Withholding.NO_CLASS
    if field.classes & NEVER_SHOWN:
        return Withholding.NEVER_SHOWN
    if not reader.roles:
        return Withholding.NO_ROLE
    for role in sorted(reader.roles):
        cells = tuple(_cells(field.classes, role, matrix, day))
        if len(cells) == len(field.classes):
            return cells
    return Withholding.NOT_ALLOWED


def _cells(classes: frozenset[DataClass], role: Role, matrix: Matrix, day: date) -> Iterator[Cell]:
    for data_class in classes:
        cell = matrix.cells.get((role, data_class))
        if cell is not None and day <= cell.until:
            yield cell


def _is_in_force(release: Release, reader: Reader, day: date) -> bool:
    return release.recipient_id == reader.agency_id and release.purpose is reader.purpose and day <= release.until
