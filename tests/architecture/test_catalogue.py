"""Laws of the catalogue: every type has emitters, every field a meaning and classes, and nothing hides in a payload."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import RAISE
from marshmallow.fields import Field

from schemas.catalogue import CATALOGUE, EventSchema, FieldFact
from schemas.fields import Declared
from schemas.structures import Document, Many, Object, document_of
from services.domain.catalogue import ONLY_SYSTEM
from services.domain.disclosure import DataClass
from services.domain.roles import WITHOUT_LOGIN, Role

EVERY_TYPE = pytest.mark.parametrize("event", CATALOGUE.values(), ids=CATALOGUE)

ROWS: dict[int, set[str]] = {
    1: {"intake.referral_received"},
    2: {"intake.screening_decided"},
    3: {"inv.first_contact_made"},
    4: {"inv.dv_screen_completed"},
    5: {"inv.safety_decision"},
    6: {"inv.disposition"},
    7: {"child.removed"},
    8: {"child.placement_changed"},
    9: {"pattern.mapped"},
    10: {"pattern.approved"},
    11: {"pattern.designation_set"},
    12: {"caseplan.adopted"},
    13: {"caseplan.revised"},
    14: {"goal.created"},
    15: {"evidence.submitted"},
    16: {"evidence.ruled"},
    17: {"goal.status_changed"},
    18: {"goal.override_requested"},
    19: {"goal.override_decided"},
    20: {"visit.caseworker_made"},
    21: {"visit.caseworker_missed"},
    22: {"case.worker_reassigned"},
    23: {"efforts.recorded"},
    24: {"le.dv_incident"},
    25: {"le.arrest"},
    26: {"le.predominant_aggressor_found"},
    27: {"order.issued"},
    28: {"order.served"},
    29: {"order.modified", "order.vacated"},
    30: {"order.expiring"},
    31: {"order.violated"},
    32: {"firearm.relinquishment_status"},
    33: {"crim.arraigned"},
    34: {"crim.bail_changed"},
    35: {"crim.hearing_set", "crim.hearing_continued"},
    36: {"crim.disposition"},
    37: {"custody.released", "custody.escaped"},
    38: {"custody.booked"},
    39: {"prob.conditions_set"},
    40: {"prob.checkin_missed"},
    41: {"prob.contact_report"},
    42: {"prob.violation_filed"},
    43: {"prob.discharged", "prob.revoked"},
    44: {"provider.referral_sent", "provider.referral_accepted", "provider.referral_declined"},
    45: {"provider.progress_report"},
    46: {"provider.report_missing"},
    47: {"provider.absence"},
    48: {"provider.new_violence_or_threat"},
    49: {"provider.discharged"},
    50: {"provider.certificate_received"},
    51: {"sud.consent_signed", "sud.consent_revoked", "sud.consent_expired"},
    52: {"visitctr.visit_completed"},
    53: {"visitctr.critical_incident"},
    54: {"school.concern", "school.record_request_by_subject"},
    55: {"childtx.treatment_interference"},
    56: {"ivd.payment_posted", "ivd.payment_missed"},
    57: {"juv.petition_filed", "juv.hearing_set", "juv.hearing_continued"},
    58: {"juv.order_entered"},
    59: {
        "icwa.reason_to_know",
        "icwa.notice_sent",
        "icwa.notice_received",
        "icwa.extension_requested",
        "icwa.response_received",
    },
    60: {"survivor.safe_contact_set"},
    61: {"safety.location_seeking_detected"},
    62: {"consent.granted", "consent.narrowed", "consent.revoked"},
}
"""The table of practice.md §3, row by row."""

BEYOND_THE_TABLE = {
    "briefing.acknowledged",
    "briefing.sent",
    "case.closed",
    "case.identifier_linked",
    "case.identifier_unlinked",
    "case.opened",
    "case.person_added",
    "case.role_ended",
    "case.role_given",
    "caution.lifted",
    "child.relative_notices_sent",
    "child.removal_justified",
    "child.wellbeing_noted",
    "court.report_filed",
    "court.status_requested",
    "deadline.created",
    "deadline.met",
    "deadline.missed",
    "deadline.recomputed",
    "disclosure.broken_glass",
    "disclosure.denied",
    "disclosure.released",
    "event.linked",
    "event.unlinked",
    "export.court_report_sealed",
    "group.changed",
    "meeting.held",
    "notification.escalated",
    "notification.undelivered",
    "pattern.carried_over",
    "protective.effort_recorded",
    "protective.support_offered",
    "review.hold_lifted",
    "review.hold_set",
    "safety.address_programme_enrolled",
    "safety.contact_recorded",
    "safety.worker_alert",
    "supervision.practice_noted",
    "task.accepted",
    "task.declined",
    "task.done",
    "task.proposed",
    "task.withdrawn",
}

PLACES = re.compile(
    r"address|residence|street|postcode|zip|latitude|longitude|geo|workplace|employer|school_name|shelter"
)


def test_every_row_of_the_practice_table_is_there() -> None:
    found: dict[int, set[str]] = {}
    for name, event in CATALOGUE.items():
        if event.type.row.isdigit():
            found.setdefault(int(event.type.row), set()).add(name)
    assert {row: found.get(row, set()) for row in ROWS} == ROWS


def test_what_the_table_lacks_is_there() -> None:
    beyond = {name: event.type.row for name, event in CATALOGUE.items() if not event.type.row.isdigit()}
    assert set(beyond) >= BEYOND_THE_TABLE
    assert set(beyond.values()) <= {"settled", "internal", "story", "added"}


@EVERY_TYPE
def test_a_type_has_a_name_a_title_a_meaning_and_emitters(event: EventSchema) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", event.type.name)
    assert event.type.title
    assert event.meaning.endswith((".", "?"))
    assert event.type.emitters
    assert event.type.emitters <= set(Role)
    assert not event.type.emitters & WITHOUT_LOGIN, "they have no log-in and send nothing"


@EVERY_TYPE
def test_every_field_has_a_meaning_in_one_sentence_and_classes(event: EventSchema) -> None:
    for fact in event.field_paths():
        where = f"{event.type.name}: {fact.path}"
        assert fact.meaning.endswith((".", "?")), where
        assert len(fact.meaning) <= 160, where
        assert fact.classes, where
        assert all(isinstance(one, DataClass) for one in fact.classes), where


@EVERY_TYPE
def test_no_field_is_of_a_kind_that_could_hide_others(event: EventSchema) -> None:
    seen = dict(_every_field(event.schema, ""))
    assert all(isinstance(field, Declared | Object | Many) for field in seen.values())
    assert {fact.path for fact in event.field_paths()} == set(seen)
    for _, document in event.documents():
        assert document.unknown is RAISE
        assert (
            set(document.load_fields) == set(document.fields) == set(document.declared_fields) - set(document.exclude)
        )
        assert not any(field.data_key or field.attribute or field.allow_none for field in document.fields.values())


def _every_field(document: Document, prefix: str) -> Iterator[tuple[str, Field[Any]]]:
    """A walk of its own, so that the catalogue's cannot hide what it does not see."""
    for name, field in document.fields.items():
        path = prefix + name
        yield path, field
        inner = field.inner if isinstance(field, Many) else field
        assert not isinstance(inner, Many), f"{path}: a list of lists"
        if isinstance(inner, Object):
            yield from _every_field(document_of(inner), f"{path}[]." if isinstance(field, Many) else f"{path}.")


@EVERY_TYPE
def test_where_somebody_is_can_only_stand_in_a_field_of_class_loc(event: EventSchema) -> None:
    for fact in event.field_paths():
        if PLACES.search(fact.path) and fact.kind in {"text", "line", "token", "slug"}:
            assert DataClass.LOC in fact.classes, f"{event.type.name}: {fact.path}"


@EVERY_TYPE
def test_everything_inside_a_location_field_is_location(event: EventSchema) -> None:
    for located in event.location_paths():
        inside = [fact for fact in event.field_paths() if fact.path.startswith((f"{located}.", f"{located}[]"))]
        assert all(DataClass.LOC in fact.classes for fact in inside)


@EVERY_TYPE
def test_every_location_field_leaves_the_payload(event: EventSchema) -> None:
    leaving = event.location_paths()
    for fact in event.field_paths():
        if DataClass.LOC in fact.classes:
            assert any(_is_below(fact, path) for path in leaving)
    assert all(path.count("[]") == 0 or f"{path.rpartition('[]')[0]}" not in leaving for path in leaving)


def _is_below(fact: FieldFact, path: str) -> bool:
    return fact.path == path or fact.path.startswith((f"{path}.", f"{path}[]"))


def test_how_she_can_be_reached_goes_to_the_vault_whole() -> None:
    event = CATALOGUE["survivor.safe_contact_set"]
    asked = {"channel", "windows", "code_word_hash", "no_message", "if_released", "expires"}
    assert asked <= set(event.location_paths())
    staying = {fact.path.partition(".")[0] for fact in event.field_paths() if DataClass.LOC not in fact.classes}
    assert staying == {"person_ref", "case_ref", "person_refs", "reported_by", "origin_person", "victim_sourced"}


def test_what_must_have_no_content_has_no_field_for_free_text() -> None:
    for name in ("safety.contact_recorded", "safety.address_programme_enrolled", "childtx.treatment_interference"):
        assert not [fact.path for fact in CATALOGUE[name].field_paths() if fact.kind in {"line", "text"}]


@EVERY_TYPE
def test_text_and_lists_are_bounded(event: EventSchema) -> None:
    for path, field in _every_field(event.schema, ""):
        shape = field.shape() if isinstance(field, Declared | Many) else {}
        if shape.get("type") == "array":
            assert shape["maxItems"] <= 100, path
        elif shape.get("type") == "string":
            assert shape.get("maxLength", 0) <= 8000
            assert shape.keys() & {"maxLength", "enum", "pattern", "format", "anyOf"}, path


def test_what_the_system_computes_is_refused_from_everybody_else() -> None:
    computed = {name for name, event in CATALOGUE.items() if event.type.emitters == ONLY_SYSTEM}
    assert computed >= {
        "goal.status_changed",
        "visit.caseworker_missed",
        "order.expiring",
        "provider.report_missing",
        "deadline.missed",
        "notification.undelivered",
    }


def test_no_type_and_no_field_speaks_of_advocates() -> None:
    for name, event in CATALOGUE.items():
        words = [
            name,
            *(fact.path for fact in event.field_paths()),
            *(code for fact in event.field_paths() for code in fact.codes),
        ]
        assert not [word for word in words if "advocate" in word.lower() or word == "ADV"]
