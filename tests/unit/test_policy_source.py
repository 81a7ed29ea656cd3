"""Policy files are read with the line of every node, and what makes YAML surprising is refused."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import pytest

from services.policy.source import InvalidPolicyError, Problems, digest, load_document, parse_document


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def errors_of(content: str) -> list[str]:
    with pytest.raises(InvalidPolicyError) as caught:
        parse_document(content, "p.yaml")
    return [str(error) for error in caught.value.errors]


def test_every_node_knows_its_line_and_path() -> None:
    root = parse_document("# note\nrules:\n  - name: a\n    when:\n      field: x\n", "p.yaml")
    field = root.at("rules").elements()[0].at("when").at("field")
    assert (field.line, field.path, field.text()) == (5, "rules[0].when.field", "x")


def test_a_key_given_twice_is_refused_with_both_lines() -> None:
    assert errors_of("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n") == [
        "p.yaml:4: b.c: is given twice, first on line 3",
        "p.yaml:5: a: is given twice, first on line 1",
    ]


@pytest.mark.parametrize(
    "word", ["on", "off", "yes", "no", "NO", "2025-02-04", "12:30", "0o7", "0x1f", "007", ".5", "Null"]
)
def test_the_words_that_yaml_1_1_would_convert_stay_text(word: str) -> None:
    assert parse_document(f"value: {word}\n{word}: value\n", "p.yaml").at("value").value == word


def test_plain_scalars_have_the_types_of_json() -> None:
    value = parse_document("[true, false, null, ~, 5, -30, +3, 0.25, 1e3, '5', \"true\"]", "p.yaml").value
    assert value == [True, False, None, None, 5, -30, 3, 0.25, 1000.0, "5", "true"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: &x 1\nb: *x\n", "anchors and aliases are not used here"),
        ("a: !!python/object:os.system x\n", "is not used here"),
        ("a: !!timestamp 2025-01-01\n", "is not used here"),
        ("? [a, b]\n: 1\n", "a key must be a word"),
        ("a: 1\n---\nb: 2\n", "single document"),
        ("a: [1\n", "expected ',' or ']'"),
        ("", "is empty"),
        ("a: 9007199254740993\n", "too large"),
        ("a: 1e999\n", "too large"),
    ],
)
def test_what_policy_files_may_not_hold_is_refused(content: str, message: str) -> None:
    assert message in " ".join(errors_of(content))


def test_asking_for_another_type_names_the_place() -> None:
    root = parse_document("days: soon\ncolour: green\nlist: []\nday: 2025-02-30\nflag: 1\nempty: ''\n", "p.yaml")
    asked: list[Callable[[], object]] = [
        lambda: root.at("days").integer(),
        lambda: root.at("colour").choice(Colour),
        lambda: root.at("list").items(),
        lambda: root.at("day").date(),
        lambda: root.at("flag").boolean(),
        lambda: root.at("empty").text(),
        lambda: root.at("nowhere"),
        lambda: root.only("days", "colour", "list", "day"),
    ]
    found = []
    for ask in asked:
        with pytest.raises(InvalidPolicyError) as caught:
            ask()
        found.append(str(caught.value))
    assert found == [
        "p.yaml:1: days: expected a whole number, found 'soon'",
        "p.yaml:2: colour: 'green' is not known; expected one of: red, blue",
        "p.yaml:3: list: expected a mapping, found a list",
        "p.yaml:4: day: 2025-02-30 is not a day of the calendar",
        "p.yaml:5: flag: expected true or false, found the number 1",
        "p.yaml:6: empty: expected text, found ''",
        "p.yaml:1: 'nowhere' is missing",
        (
            "p.yaml:5: flag: unknown key; expected one of: days, colour, list, day\n"
            "p.yaml:6: empty: unknown key; expected one of: days, colour, list, day"
        ),
    ]


def test_all_mistakes_of_a_compilation_are_reported_together_in_order() -> None:
    root = parse_document("- 1\n- x\n- 3\n- y\n", "p.yaml")
    problems = Problems()
    numbers = []
    for element in reversed(root.elements()):
        with problems.gathered():
            numbers.append(element.integer())
    assert numbers == [3, 1]
    with pytest.raises(InvalidPolicyError) as caught:
        problems.raise_if_any()
    assert [error.line for error in caught.value.errors] == [2, 4]


def test_the_digest_ignores_layout_and_folder_but_not_content_or_name(tmp_path: Path) -> None:
    def written(folder: str, name: str, content: str) -> Path:
        (tmp_path / folder).mkdir(exist_ok=True)
        path = tmp_path / folder / name
        path.write_text(content, encoding="utf-8")
        return path

    first = written("one", "a.yaml", "a: 1\nb: [x]\n")
    other = written("one", "b.yaml", "c: 1\n")
    same = written("two", "a.yaml", "# a comment\nb:\n  - x\na: 1\n")
    changed = written("three", "a.yaml", "a: 2\nb: [x]\n")
    renamed = written("three", "c.yaml", "a: 1\nb: [x]\n")
    assert digest([first]) == digest([same])
    assert digest([first, other]) == digest([other, same])
    assert len({digest([first]), digest([changed]), digest([renamed]), digest([first, other])}) == 4


def test_a_file_that_is_not_there_is_an_error_of_policy(tmp_path: Path) -> None:
    with pytest.raises(InvalidPolicyError, match="cannot be read"):
        load_document(tmp_path / "absent.yaml")
