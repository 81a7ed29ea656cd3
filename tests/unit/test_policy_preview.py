"""A preview says who would be told what, and by which rule, without sending anything."""

import shutil
from pathlib import Path

import pytest

from schemas.catalogue import CATALOGUE
from services.domain.due_dates import limit_from_text
from services.domain.roles import Role
from services.domain.routing_facts import SafeContact
from services.policy.book import load_policy_book
from services.policy.preview import due_in_words, preview, stand_in_facts
from services.policy.source import InvalidPolicyError
from tests.payloads import minimal_payload
from tests.routing import FOLDER, POLICY


def line_of(text: str) -> int:
    routing = (FOLDER / "routing.yaml").read_text(encoding="utf-8")
    return routing[: routing.index(text)].count("\n") + 1


def test_a_violation_that_the_police_report_is_shown_with_rules_lines_caution_and_tasks() -> None:
    shown = preview("order.violated", minimal_payload("order.violated"), POLICY, emitter=Role.LE)
    lines = shown.as_lines()
    assert lines[0] == "order.violated from LE: U0"
    assert "nobody raises it with the subject until contact with the survivor is recorded" in lines
    informed = '[CPS, CPS_SUP, "PROB?", "DA?", "GAL?"]'
    rule = f"order.violated/informed, line {line_of(informed)}"
    assert f"tells CPS_WORKER U0 (rule; rule {rule})" in lines
    assert f"tells CPS_WORKER U0 (duty_desk; rule {rule})" in lines
    assert f"tells PROB U0, not to be raised with the subject (rule; rule {rule})" in lines
    assert any(line.startswith("opens report_violation for CPS_WORKER, due next business day (rule ") for line in lines)
    assert any(line.startswith("opens find_safe_contact for CPS_WORKER, due 30 min (rule ") for line in lines)
    assert shown.digest == POLICY.digest


def test_what_stays_within_the_agency_is_said_so() -> None:
    shown = preview("order.violated", minimal_payload("order.violated"), POLICY, emitter=Role.BIP)
    assert shown.held_back
    assert "stays within the child-welfare agency: neither on public record nor released" in shown.as_lines()
    assert {told.role for told in shown.told} == {Role.CPS_WORKER, Role.CPS_INV, Role.CPS_SUP}


def test_without_a_sender_the_likeliest_is_taken_and_named() -> None:
    assert preview("le.arrest", minimal_payload("le.arrest"), POLICY).emitter is Role.LE
    assert preview("ivd.payment_posted", minimal_payload("ivd.payment_posted"), POLICY).emitter is Role.IVD


def test_a_type_that_tells_nobody_says_why() -> None:
    lines = preview("efforts.recorded", minimal_payload("efforts.recorded"), POLICY).as_lines()
    assert lines[-1] == "tells nobody: Row 23 tells nobody; efforts are printed in the court report."


def test_days_that_the_event_gives_and_tasks_that_it_completes_are_shown() -> None:
    data = {**minimal_payload("court.status_requested"), "due": "2025-07-25"}
    assert any("due on 2025-07-25" in line for line in preview("court.status_requested", data, POLICY).as_lines())
    served = {**minimal_payload("order.served"), "order_ref": "o1"}
    assert "completes verify_service order=o1" in preview("order.served", served, POLICY).as_lines()


def test_the_facts_of_a_case_are_used_where_they_are_given() -> None:
    data = minimal_payload("custody.released")
    facts = stand_in_facts(data)
    nobody = type(facts)(facts.case_id, "UTC", "", "investigation", closed=False, seats=())
    assert preview("custody.released", data, POLICY, nobody).gaps
    assert preview("custody.released", data, POLICY).gaps == ()
    assert facts.safe_contact is SafeContact.UNKNOWN


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_every_type_can_be_previewed(name: str) -> None:
    shown = preview(name, minimal_payload(name), POLICY)
    assert shown.as_lines()[0].startswith(f"{name} from ")
    assert shown.told or shown.because


@pytest.mark.parametrize("text", ["30 min", "4 h", "same day", "next business day", "5 BD", "30 CD", "month end"])
def test_limits_read_in_previews_as_policy_writes_them(text: str) -> None:
    limit = limit_from_text(text)
    assert limit is not None
    assert due_in_words(limit) == text


def test_the_mistakes_of_all_files_are_named_together(tmp_path: Path) -> None:
    folder = tmp_path / "policy"
    shutil.copytree(FOLDER, folder)
    for name, old, new in (
        ("routing.yaml", "to: [CPS_MGR]}", "to: [CPS_BOSS]}"),
        ("escalation.yaml", "tell: [manager]", "tell: [director]"),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidPolicyError) as caught:
        load_policy_book(folder)
    assert [Path(error.file).name for error in caught.value.errors] == ["escalation.yaml", "routing.yaml"]
