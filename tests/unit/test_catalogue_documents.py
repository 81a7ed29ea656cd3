"""What is generated from the catalogue is true: the page, the JSON Schemas, and the command that writes them."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from schemas import generate
from schemas.catalogue import CATALOGUE
from schemas.jsonschema import json_schema
from tests.payloads import minimal_payload


def test_the_generated_files_are_what_the_catalogue_says() -> None:
    assert generate.stale(generate.documents()) == [], "run: python -m schemas.generate"


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_each_json_schema_is_one_and_knows_the_minimal_payload(name: str) -> None:
    schema = json_schema(CATALOGUE[name])
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(minimal_payload(name))


def test_json_schema_says_the_rules_that_it_can() -> None:
    screening = Draft202012Validator(json_schema(CATALOGUE["intake.screening_decided"]))
    assert not screening.is_valid({"decision": "in"})
    assert screening.is_valid({"decision": "in", "priority": "P1"})
    given = minimal_payload("case.role_given")
    roles = Draft202012Validator(json_schema(CATALOGUE["case.role_given"]))
    assert not roles.is_valid({**given, "person": "okafor", "team": "unit-2"})
    plan = {"plan_version": 1, "goals": ["G1", "G1"]}
    assert not Draft202012Validator(json_schema(CATALOGUE["caseplan.adopted"])).is_valid(plan)


def test_the_page_shows_every_type_and_every_field_of_its_own() -> None:
    page = generate.events_page()
    for name, event in CATALOGUE.items():
        section = page.partition(f"### {name}\n")[2].partition("\n##")[0]
        assert event.meaning in section
        for fact in event.field_paths():
            if fact.path.partition(".")[0] not in {"case_ref", "person_refs", "reported_by"} and fact.required:
                assert f"| `{fact.path}` |" in section


def test_the_command_writes_what_is_missing_and_removes_what_is_left_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = tmp_path / "docs"
    monkeypatch.setattr(generate, "DOCS", docs)
    (docs / "schemas").mkdir(parents=True)
    (docs / "schemas" / "order.sold.json").write_text("{}")
    checked = CliRunner().invoke(generate.main, ["--check"])
    assert checked.exit_code == 1
    assert "docs/schemas/order.sold.json" in checked.output
    assert not (docs / "events.md").exists()
    assert CliRunner().invoke(generate.main).exit_code == 0
    assert not (docs / "schemas" / "order.sold.json").exists()
    assert len(list((docs / "schemas").iterdir())) == len(CATALOGUE)
    assert CliRunner().invoke(generate.main, ["--check"]).exit_code == 0
