"""Mistakes in verification.yaml are named with their file and line."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from schemas.catalogue import CATALOGUE
from services.domain.disclosure import DataClass
from services.domain.goals import DEFAULTS
from services.domain.roles import FACING_THE_SUBJECT, Role
from services.domain.verification_policy import VerificationPolicy
from services.policy.source import InvalidPolicyError
from services.policy.verification import compile_verification
from tests.goal_story import FILE, LIBRARY, POLICY

TEXT = FILE.read_text(encoding="utf-8")


def compiled(folder: Path, changes: Mapping[str, str]) -> VerificationPolicy:
    """The shipped policy with some of its text replaced."""
    text = TEXT
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "verification.yaml"
    path.write_text(text, encoding="utf-8")
    return compile_verification(path, CATALOGUE, LIBRARY)


def mistakes(folder: Path, changes: Mapping[str, str]) -> list[str]:
    """What is wrong with it, without the name of the file."""
    with pytest.raises(InvalidPolicyError) as refused:
        compiled(folder, changes)
    path = str(folder / "verification.yaml")
    assert all(error.file == path for error in refused.value.errors)
    return [str(error).removeprefix(f"{path}:") for error in refused.value.errors]


def line_of(text: str) -> int:
    """The line of the shipped file on which something stands."""
    return TEXT[: TEXT.index(text)].count("\n") + 1


def test_what_is_shipped_has_the_thresholds_of_the_definition() -> None:
    assert POLICY.thresholds == DEFAULTS
    assert (POLICY.hold_days, POLICY.p2_after_expiry) == (30, False)
    assert POLICY.safety_critical == {"1", "2", "3", "4", "5", "6"}
    assert POLICY.speech == {"17", "18", "19"}
    assert POLICY.presence == {"22", "24", "26"}


def test_every_view_that_is_shipped_belongs_to_roles_of_its_own() -> None:
    assert [view.name for view in POLICY.views] == [
        "internal",
        "attorney",
        "court",
        "subject",
        "probation",
        "programme",
    ]
    assert POLICY.view("court") is not None
    assert POLICY.view("nobody") is None


def test_whoever_faces_the_subject_has_a_view_without_her_word_a_childs_and_incidents_that_are_not_public() -> None:
    never = {DataClass.SVS, DataClass.CHS, DataClass.INC, DataClass.CASE}
    for view in POLICY.views:
        if view.roles & (FACING_THE_SUBJECT | {Role.TRIBE}):
            assert not never & (view.holds | set(view.with_release)), view.name
    for name in ("court", "probation", "programme"):
        found = POLICY.view(name)
        assert found is not None
        assert not {DataClass.P2, DataClass.PHI} & found.holds
        assert found.banner_holds


def test_everything_that_brings_evidence_or_decides_about_it_bears_on_goals() -> None:
    assert set(CATALOGUE) >= POLICY.bearing
    assert {"evidence.submitted", "evidence.ruled", "order.violated", "pattern.carried_over"} <= POLICY.bearing
    assert "goal.status_changed" not in POLICY.bearing


def test_the_version_is_that_of_the_text(tmp_path: Path) -> None:
    other = compiled(tmp_path, {"hold_days: 30 ": "hold_days: 20 "})
    assert other.digest != POLICY.digest
    assert other.hold_days == 20
    assert compiled(tmp_path, {}).digest == POLICY.digest


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("groups: 2 ", "groups: 0 ", "thresholds.groups"),
        ("waiver_percent: 75", "waiver_percent: 101", "thresholds.waiver_percent"),
        ("fresh: 45", "fresh: soon", "thresholds.fresh"),
        ("  max_gap: 45 ", "  max_gaps: 45 ", "max_gap"),
        ('payments: ["11", "12"]', 'payments: ["11", "31"]', "'31' is no goal of the library"),
        ("roles: [BIP]", "roles: [PROB]", "PROB has a view already"),
        ("roles: [AG_ATTY]", "roles: [LAWYER]", "LAWYER"),
        ("holds: [PUB, PLN-S, BIPR, ORD]", "holds: [PUB, SRC]", "SRC is shown to nobody"),
        ("holds: [PUB, PLN-S, BIPR, ORD]", "holds: [PUB, SECRET]", "SECRET"),
        ("{P2: 42CFR2, PHI: HIPAA}", "{P9: 42CFR2}", "'P9' is no class of data"),
        ("{P2: 42CFR2, PHI: HIPAA}", "{PHI: HIPPA}", "'HIPPA' is not known here"),
        ("shows_status: false", "shows_status: perhaps", "shows_status"),
        ("  court:  ", "  courts:  ", "the view 'court' is missing"),
        ("behaviours: [weapons]", "behaviours: [swords]", "'swords' is no behaviour of the map"),
        ('{behaviours: [], goals: ["25"]}', '{behaviours: [], goals: ["99"]}', "'99' is no goal of the library"),
        (
            "{event: le.arrest, families: [violence]}",
            "{event: le.arrested, families: []}",
            "'le.arrested' is not known",
        ),
        ("{event: le.arrest, families: [violence]}", "{event: le.arrest, families: [noise]}", "'noise' is not known"),
        ("behaviours_in: pattern_codes", "behaviours_in: patterns", "patterns"),
        ("when: {field: kind, equals: rule}", "when: {field: kind, equals: rules}", "rules"),
        ("when: {field: kind, equals: rule}", "when: {field: sort, equals: rule}", "sort"),
        ("p2_use_after_expiry: exclude ", "p2_use_after_expiry: maybe ", "'maybe' is not known here"),
        ("hold_days: 30 ", "hold_days: 91 ", "hold_days"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    found = mistakes(tmp_path, {old: new})
    assert any(said in mistake for mistake in found), found
    lines = {int(mistake.split(":")[0]) for mistake in found}
    parents = {line_of("  groups:"), line_of("  internal:")}
    assert lines <= {line_of(old)} | parents, found


def test_mistakes_of_all_parts_are_named_at_once(tmp_path: Path) -> None:
    changes = {"groups: 2 ": "groups: 0 ", "roles: [BIP]": "roles: [PROB]", "behaviours: [weapons]": "behaviours: [x]"}
    found = mistakes(tmp_path, {**changes, 'payments: ["11", "12"]': "payments: [x]"})
    assert len(found) == 4
    of_incidents = {"families: [violence, threats], when": "families: [x], when"}
    of_incidents |= {"families: [violence]}      # where": "families: [y]}      # where"}
    assert len(mistakes(tmp_path, of_incidents)) == 2
