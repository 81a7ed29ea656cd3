"""The one function that decides what a reader is shown: deny by default, deny wins, fails closed."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.disclosure import (
    NEVER_SHOWN,
    WITHOUT_CONTENT,
    Cell,
    DataClass,
    Disclosed,
    Field,
    Matrix,
    Purpose,
    Reader,
    Release,
    Withholding,
    disclose,
)
from services.domain.roles import Role
from services.policy.disclosure import load_disclosure

NOW = datetime(2025, 9, 6, 23, 15, tzinfo=UTC)
LAST_DAY = date(2026, 12, 31)
AGENCY = UUID(int=7)
SHIPPED = load_disclosure(Path(__file__).parents[2] / "config" / "policy" / "disclosure.yaml")

roles = st.sampled_from(Role)
classes = st.sampled_from(DataClass)
class_sets = st.frozensets(classes, max_size=4)
readers = st.builds(
    Reader,
    party_id=st.just(None),
    agency_id=st.just(AGENCY),
    roles=st.frozensets(roles, max_size=3),
    purpose=st.sampled_from(Purpose),
)
cells = st.builds(Cell, role=roles, data_class=classes, basis=st.just("because"), until=st.dates())
matrices = st.lists(cells, max_size=60).map(lambda found: _matrix(*found))
fields = st.lists(st.builds(Field, path=st.uuids().map(str), value=st.integers(), classes=class_sets), max_size=6)
releases = st.lists(
    st.builds(
        Release,
        data_class=classes,
        recipient_id=st.just(AGENCY),
        purpose=st.sampled_from(Purpose),
        until=st.just(LAST_DAY),
    ),
    max_size=3,
)


def _matrix(*found: Cell) -> Matrix:
    return Matrix({(cell.role, cell.data_class): cell for cell in found}, "digest")


def _cell(role: Role, data_class: DataClass, until: date = LAST_DAY) -> Cell:
    return Cell(role, data_class, "because", until)


def _reader(*held: Role, purpose: Purpose = Purpose.CASE_WORK) -> Reader:
    return Reader(None, AGENCY, frozenset(held), purpose)


def _of(classes: set[DataClass], reader: Reader, matrix: Matrix) -> Disclosed:
    return disclose([Field("value", "x", frozenset(classes))], reader, matrix, (), NOW)


def _paths(disclosed: Disclosed) -> set[str]:
    return {field.path for field in disclosed.shown}


@given(fields, readers, releases)
def test_an_empty_matrix_shows_nothing(found: list[Field], reader: Reader, held: list[Release]) -> None:
    disclosed = disclose(found, reader, _matrix(), held, NOW)
    assert disclosed.shown == ()
    assert len(disclosed.withheld) == len(found)


@given(fields, readers, matrices)
def test_every_value_is_either_shown_or_withheld_with_a_reason(
    found: list[Field], reader: Reader, matrix: Matrix
) -> None:
    disclosed = disclose(found, reader, matrix, (), NOW)
    assert len(disclosed.shown) + len(disclosed.withheld) == len(found)
    assert _paths(disclosed).isdisjoint(left.path for left in disclosed.withheld)


@given(fields, readers, matrices)
def test_a_value_without_a_class_or_of_a_class_never_shown_is_not_shown(
    found: list[Field], reader: Reader, matrix: Matrix
) -> None:
    for field in disclose(found, reader, matrix, (), NOW).shown:
        assert field.classes
        assert not field.classes & NEVER_SHOWN


@given(fields, readers, matrices, classes)
def test_one_more_class_never_shows_more(found: list[Field], reader: Reader, matrix: Matrix, more: DataClass) -> None:
    narrowed = [Field(field.path, field.value, field.classes | {more}) for field in found if field.classes]
    assert _paths(disclose(narrowed, reader, matrix, (), NOW)) <= _paths(disclose(found, reader, matrix, (), NOW))


@given(fields, readers, st.lists(cells, max_size=60), st.integers(min_value=0))
def test_one_cell_less_never_shows_more(found: list[Field], reader: Reader, granted: list[Cell], which: int) -> None:
    whole = _matrix(*granted)
    kept = dict(whole.cells)
    if kept:
        kept.pop(sorted(kept)[which % len(kept)])
    fewer = disclose(found, reader, Matrix(kept, "digest"), (), NOW)
    assert _paths(fewer) <= _paths(disclose(found, reader, whole, (), NOW))


@given(fields, readers, matrices, roles)
def test_one_role_less_never_shows_more(found: list[Field], reader: Reader, matrix: Matrix, lost: Role) -> None:
    fewer = Reader(reader.party_id, reader.agency_id, reader.roles - {lost}, reader.purpose)
    assert _paths(disclose(found, fewer, matrix, (), NOW)) <= _paths(disclose(found, reader, matrix, (), NOW))


@given(fields, readers, matrices, releases)
def test_a_release_opens_nothing_yet(found: list[Field], reader: Reader, matrix: Matrix, held: list[Release]) -> None:
    assert disclose(found, reader, matrix, held, NOW).shown == disclose(found, reader, matrix, (), NOW).shown


@given(fields, readers, matrices)
def test_ways_out_without_content_show_nothing(found: list[Field], reader: Reader, matrix: Matrix) -> None:
    for purpose in WITHOUT_CONTENT:
        outward = Reader(reader.party_id, reader.agency_id, reader.roles, purpose)
        assert disclose(found, outward, matrix, (), NOW).shown == ()


def test_every_class_must_be_allowed() -> None:
    matrix = _matrix(_cell(Role.PROB, DataClass.INC))
    assert _of({DataClass.INC}, _reader(Role.PROB), matrix).shown
    withheld = _of({DataClass.INC, DataClass.SVS}, _reader(Role.PROB), matrix).withheld
    assert [left.rule for left in withheld] == [Withholding.NOT_ALLOWED]


def test_two_roles_are_never_added_together() -> None:
    matrix = _matrix(_cell(Role.PROB, DataClass.INC), _cell(Role.BIP, DataClass.PAT))
    both = _reader(Role.PROB, Role.BIP)
    assert _of({DataClass.INC}, both, matrix).shown
    assert _of({DataClass.PAT}, both, matrix).shown
    assert not _of({DataClass.INC, DataClass.PAT}, both, matrix).shown


def test_a_lapsed_basis_withholds_from_the_day_after_its_last() -> None:
    matrix = _matrix(_cell(Role.PROB, DataClass.INC, until=date(2025, 9, 6)))
    field = Field("value", "x", frozenset({DataClass.INC}))
    assert disclose([field], _reader(Role.PROB), matrix, (), datetime(2025, 9, 6, 23, 59, tzinfo=UTC)).shown
    assert not disclose([field], _reader(Role.PROB), matrix, (), datetime(2025, 9, 7, tzinfo=UTC)).shown


def test_a_decision_names_its_rules_the_releases_in_force_and_the_version_of_the_matrix() -> None:
    release = Release(DataClass.P2, AGENCY, Purpose.CASE_WORK, LAST_DAY)
    others = Release(DataClass.P2, uuid4(), Purpose.CASE_WORK, LAST_DAY)
    lapsed = Release(DataClass.P2, AGENCY, Purpose.CASE_WORK, date(2025, 9, 5))
    found = [Field("a", 1, frozenset({DataClass.INC})), Field("b", 2, frozenset())]
    matrix = _matrix(_cell(Role.PROB, DataClass.INC))
    disclosed = disclose(found, _reader(Role.PROB), matrix, [release, others, lapsed], NOW)
    assert disclosed.rules == ("PROB/INC",)
    assert disclosed.releases == (release,)
    assert disclosed.digest == "digest"
    assert [(left.path, left.rule) for left in disclosed.withheld] == [("b", Withholding.NO_CLASS)]


@pytest.mark.parametrize("never", sorted(NEVER_SHOWN))
def test_the_shipped_matrix_shows_location_and_sources_to_nobody(never: DataClass) -> None:
    assert all(data_class is not never for _, data_class in SHIPPED.cells)
    for role in Role:
        assert not _of({never}, _reader(role), SHIPPED).shown


def test_advocate_data_has_no_class_at_all() -> None:
    assert "ADV" not in {data_class.value for data_class in DataClass}


@pytest.mark.parametrize(
    "role", [Role.BIP, Role.PROB, Role.DA, Role.CRIM_COURT, Role.SUBJECT, Role.COUNSEL_SUBJECT, Role.GAL, Role.VISIT]
)
def test_the_shipped_matrix_shows_nobody_who_faces_the_subject_what_she_said(role: Role) -> None:
    assert not _of({DataClass.SVS}, _reader(role), SHIPPED).shown
    assert not _of({DataClass.INC, DataClass.SVS}, _reader(role), SHIPPED).shown


@pytest.mark.parametrize("hidden", [DataClass.P2, DataClass.PHI, DataClass.AUD])
def test_the_shipped_matrix_holds_no_cell_that_depends_on_a_condition(hidden: DataClass) -> None:
    assert all(data_class is not hidden for _, data_class in SHIPPED.cells)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SYSTEM, Role.JAIL, Role.IVD, Role.PRIVACY, Role.COUNSEL_SURVIVOR])
def test_a_role_without_a_column_is_shown_nothing(role: Role) -> None:
    assert not any(_of({data_class}, _reader(role), SHIPPED).shown for data_class in DataClass)


def test_an_order_violation_is_shown_to_probation_and_not_to_the_school() -> None:
    assert _of({DataClass.INC, DataClass.ORD}, _reader(Role.PROB), SHIPPED).shown
    assert not _of({DataClass.INC, DataClass.ORD}, _reader(Role.SCHOOL), SHIPPED).shown
