"""Compiles ``config/policy/disclosure.yaml`` into the matrix by which ``services.domain.disclosure`` decides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from services.domain.disclosure import NEVER_SHOWN, Cell, DataClass, Matrix
from services.domain.roles import Role
from services.policy.source import Node, Problems, digest, load_document

WITHOUT_COLUMN = frozenset({Role.SYSTEM, Role.ADMIN})
"""Roles that work on the system and never on a case: no policy may show them case data."""


@dataclass(frozen=True, slots=True)
class _Basis:
    text: str
    until: date


def load_disclosure(path: Path) -> Matrix:
    """The matrix of a disclosure policy. Raises ``InvalidPolicyError`` with the file and line of every mistake.

    Refused are unknown classes, roles and bases, a cell that is given twice, a basis that no cell uses, and any cell
    for what is never shown to anybody.
    """
    root = load_document(path).only("version", "bases", "share")
    root.at("version").integer(1, 1)
    problems = Problems()
    bases = _bases(root.at("bases"), problems)
    cells: dict[tuple[Role, DataClass], Cell] = {}
    used: set[str] = set()
    for name, row in root.at("share").items():
        with problems.gathered():
            data_class = _class(name, row)
            for entry in row.elements():
                with problems.gathered():
                    used.add(entry.at("basis").text())
                    _add(cells, _cells(data_class, entry, bases), entry)
    for name, node in root.at("bases").items():
        if name not in used:
            problems.errors.extend(node.error("no cell rests on it").errors)
    problems.raise_if_any()
    return Matrix(MappingProxyType(cells), digest([path]))


def _bases(node: Node, problems: Problems) -> Mapping[str, _Basis]:
    bases: dict[str, _Basis] = {}
    for name, entry in node.items():
        with problems.gathered():
            entry.only("text", "until")
            bases[name] = _Basis(entry.at("text").text(), entry.at("until").date())
    return bases


def _class(name: str, row: Node) -> DataClass:
    found = next((data_class for data_class in DataClass if data_class.value == name), None)
    if found is None:
        raise row.error(f"{name!r} is no class of data; expected one of: {', '.join(sorted(DataClass))}")
    if found in NEVER_SHOWN:
        raise row.error("is never shown to anybody, so it can have no cell")
    return found


def _cells(data_class: DataClass, entry: Node, bases: Mapping[str, _Basis]) -> Iterator[Cell]:
    named = entry.only("roles", "basis").at("basis")
    basis = bases.get(named.text())
    if basis is None:
        raise named.error(f"{named.text()!r} is no basis that stands above; expected one of: {', '.join(bases)}")
    for node in entry.at("roles").elements():
        role = node.choice(Role)
        if role in WITHOUT_COLUMN:
            raise node.error(f"{role} has no part in a case and is shown nothing of one")
        yield Cell(role, data_class, basis.text, basis.until)


def _add(cells: dict[tuple[Role, DataClass], Cell], new: Iterator[Cell], entry: Node) -> None:
    for cell in new:
        if (cell.role, cell.data_class) in cells:
            raise entry.error(f"{cell.role} is given {cell.data_class} twice")
        cells[cell.role, cell.data_class] = cell
