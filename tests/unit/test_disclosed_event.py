"""What a reader may see of an event's payload: what is left out leaves no trace."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.catalogue import CATALOGUE
from services.actions.read.disclosed_event import ShownEvent, disclosed_payload
from services.domain.disclosure import NEVER_SHOWN, Cell, DataClass, Matrix, Purpose, Reader
from services.domain.roles import Role
from services.policy.disclosure import load_disclosure

NOW = datetime(2025, 9, 7, 8, 0, tzinfo=UTC)
MATRIX = load_disclosure(Path(__file__).parents[2] / "config" / "policy" / "disclosure.yaml")
VIOLATED: dict[str, Any] = {
    "order_ref": "o-1",
    "how": "at_work",
    "severity": "threat",
    "evidence_basis": "record",
    "terms": ["no_contact", "stay_away"],
    "reported_by": {"role": "LE", "person": "officer-7"},
    "origin_person": "p-9",
}
VISIT: dict[str, Any] = {
    "in_at": "2025-04-22T15:00:00-04:00",
    "out_at": "2025-04-22T16:00:00-04:00",
    "observations": ["He came on time.", "He followed the medication plan."],
    "per_goal": [
        {
            "goal_id": "g5",
            "direction": "+",
            "behaviour": "Came sober.",
            "observed_from": "2025-04-22",
            "basis": "direct",
            "observer_role": "professional",
            "observer_person": "staff-3",
        }
    ],
}


def _shown(
    event_type: str, data: dict[str, Any], *roles: Role, emitter: Role | None = None, **more: Any
) -> ShownEvent | None:
    reader = Reader(None, None, frozenset(roles), Purpose.CASE_WORK)
    return disclosed_payload(event_type, data, reader, MATRIX, NOW, emitter=emitter, **more)


def _data(event_type: str, data: dict[str, Any], *roles: Role, emitter: Role | None = None) -> Any:
    shown = _shown(event_type, data, *roles, emitter=emitter)
    return shown and (shown.title, dict(shown.data))


def test_the_worker_sees_the_incident_without_its_sources() -> None:
    assert _data("order.violated", VIOLATED, Role.CPS_WORKER, emitter=Role.LE) == (
        "Protective order violated",
        {
            "order_ref": "o-1",
            "how": "at_work",
            "severity": "threat",
            "evidence_basis": "record",
            "terms": ["no_contact", "stay_away"],
        },
    )


def test_the_prosecutor_sees_less_of_the_same_event_than_probation() -> None:
    shown = _shown("order.violated", VIOLATED, Role.DA, emitter=Role.LE)
    assert shown is not None
    assert "severity" not in shown.data
    probation = _shown("order.violated", VIOLATED, Role.PROB, emitter=Role.LE)
    assert probation is not None
    assert probation.data["severity"] == "threat"


def test_the_school_sees_nothing_not_even_that_there_is_an_event() -> None:
    assert _shown("order.violated", VIOLATED, Role.SCHOOL, emitter=Role.LE) is None


def test_what_rests_on_her_word_is_shown_to_nobody_who_faces_him() -> None:
    for sign in (
        {"victim_sourced": True},
        {"reported_by": {"role": "SURVIVOR"}},
        {"origin_person": "p-her"},
    ):
        data = {**VIOLATED, **sign}
        hers = frozenset({"p-her"})
        assert _shown("order.violated", data, Role.PROB, emitter=Role.LE, protected_persons=hers) is None
        assert _shown("order.violated", data, Role.CPS_WORKER, emitter=Role.LE, protected_persons=hers) is not None
    assert _shown("order.violated", VIOLATED, Role.PROB, emitter=Role.COUNSEL_SURVIVOR) is None


def test_without_a_case_anybody_may_be_protected_whose_word_it_rests_on() -> None:
    assert _shown("order.violated", VIOLATED, Role.PROB, emitter=Role.LE, protected_persons=None) is None
    nobodys = {name: value for name, value in VIOLATED.items() if name != "origin_person"}
    assert _shown("order.violated", nobodys, Role.PROB, emitter=Role.LE, protected_persons=None) is not None
    assert _shown("order.violated", VIOLATED, Role.CPS_INTAKE, emitter=Role.LE, protected_persons=None) is not None


def test_the_envelope_is_as_open_as_the_fact_of_the_event_and_case_information_besides() -> None:
    envelope = {"sender": "Police", "number": "24-101"}
    intake = _shown("order.violated", VIOLATED, Role.CPS_INTAKE, emitter=Role.LE, about=envelope)
    assert intake is not None
    assert intake.about == envelope
    probation = _shown("order.violated", VIOLATED, Role.PROB, emitter=Role.LE, about=envelope)
    assert probation is not None
    assert (probation.title, probation.about) == ("Protective order violated", {})
    report = {"period": "2025-02", "per_goal": [], "statements": []}
    assert _shown("provider.progress_report", report, Role.CPS_INTAKE, emitter=Role.SUD, about=envelope) is None


def test_a_record_takes_the_class_of_its_holder() -> None:
    assert _shown("order.violated", VIOLATED, Role.PROB, emitter=Role.SUD) is None
    assert _shown("order.violated", VIOLATED, Role.PROB) is None


def test_a_withheld_object_leaves_no_trace_in_its_list() -> None:
    assert _data("visitctr.visit_completed", VISIT, Role.GAL) == (
        "Supervised visit completed",
        {name: VISIT[name] for name in ("in_at", "out_at", "observations")},
    )


def test_the_structure_is_kept_and_the_source_inside_it_left_out() -> None:
    shown = _shown("visitctr.visit_completed", VISIT, Role.CPS_WORKER)
    assert shown is not None
    assert shown.data["per_goal"] == [
        {name: value for name, value in VISIT["per_goal"][0].items() if name != "observer_person"}
    ]


def test_her_word_inside_one_item_withholds_that_item_alone() -> None:
    said = {**VISIT["per_goal"][0], "behaviour": "Threatened.", "victim_sourced": True}
    matrix = Matrix(
        {
            (Role.VISIT, data_class): Cell(Role.VISIT, data_class, "a test", datetime(2030, 1, 1, tzinfo=UTC).date())
            for data_class in (DataClass.VIS, DataClass.EVI, DataClass.PLN_S)
        },
        "test",
    )
    reader = Reader(None, None, frozenset({Role.VISIT}), Purpose.CASE_WORK)
    data = {**VISIT, "per_goal": [said, VISIT["per_goal"][0]]}
    shown = disclosed_payload("visitctr.visit_completed", data, reader, matrix, NOW)
    assert shown is not None
    assert "Threatened" not in json.dumps(shown.data)
    assert [item["behaviour"] for item in shown.data["per_goal"]] == ["Came sober."]  # type: ignore[attr-defined]


def test_a_field_that_no_schema_knows_is_not_shown() -> None:
    data = {**VIOLATED, "unheard_of": {"address": "12 Elm Street"}}
    shown = _shown("order.violated", data, Role.CPS_WORKER, emitter=Role.LE)
    assert shown is not None
    assert "unheard_of" not in shown.data


def test_a_type_that_no_catalogue_knows_is_not_shown() -> None:
    assert _shown("unheard.of", {"a": 1}, Role.CPS_WORKER) is None


def test_without_a_role_on_the_case_there_is_nothing() -> None:
    assert _shown("order.violated", VIOLATED) is None


@pytest.mark.parametrize("event_type", sorted(CATALOGUE))
def test_no_field_of_a_class_never_shown_is_shown_to_anybody(event_type: str) -> None:
    facts = [fact for fact in CATALOGUE[event_type].field_paths() if "." not in fact.path and "[" not in fact.path]
    data = {fact.path: "a value" for fact in facts}
    never = {fact.path for fact in facts if fact.classes & NEVER_SHOWN}
    for role in Role:
        shown = _shown(event_type, data, role, emitter=None)
        assert shown is None or not never & set(shown.data)
