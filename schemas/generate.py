"""Writes what is made from the catalogue: ``docs/events.md`` and ``docs/schemas/<type>.json``.

``python -m schemas.generate`` writes; with ``--check`` it writes nothing, names the files that are not what the
catalogue says, and ends with 1 if there are any.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

import click

from schemas.catalogue import CATALOGUE, EventSchema, FieldFact
from schemas.jsonschema import json_schema
from schemas.payload import HOLDER_CLASSES, EventPayload
from services.domain.catalogue import ANY_ROLE, ONLY_SYSTEM
from services.domain.roles import Role

DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
_MOST_CODES: Final = 12
_COMMON: Final = tuple(EventPayload._declared_fields)
_HEAD: Final = """\
# The events

Made from the schemas by `python -m schemas.generate`; do not edit. How to add one is said in
[adding-an-event.md](adding-an-event.md).

Every event is a CloudEvent (1.0) of type `org.dvcw.<name>.v1` with a JSON payload, whose fields are listed here. Fields
that are not listed are refused. A field is left out when there is nothing to say; `null` is refused.

*Row* is where the type is asked for: the number of its row in the catalogue of the practice description, `settled`
where the review added it, `internal` for what the system says of its own work, `story` for what the worked example
needs, `added` for what came later. *Emitters* are the roles that may say it. *Classes* say what kind of data a field
is: it is shown to a reader only if every one of its classes may be. Fields of class LOC leave the payload at intake and
are kept in a vault.
"""
_KINDS: Final = """\
## Kinds of field

| kind | what is accepted |
|---|---|
| token | 1 to 64 letters, digits and `. _ : -`; an opaque reference, never a name |
| slug | 1 to 64 small letters, digits and hyphens: the short name of an agency, a team or a county |
| date | `YYYY-MM-DD`, a day that exists, 1900 to 2199 |
| date and time | RFC 3339 with seconds and an offset: `2025-01-18T21:52:00-05:00` |
| date, or date and time | either of the two |
| month | `YYYY-MM` |
| time of day | `HH:MM`, 24 hours, on the clock of the case's county |
| amount | US dollars as a string with two decimals: `"412.50"` |
| whole number | a JSON number without a fraction, within the bounds of the JSON Schema |
| yes or no | `true` or `false` |
| code | one of the codes listed |
| line, text | plain words, not empty; a line has no line breaks and at most 200 characters, a text at most 8000 |
| hash | 16 to 256 characters |
| object, list | its fields are listed below it; a list holds at most 100 items unless the JSON Schema says otherwise |
"""


def documents() -> dict[Path, str]:
    """Every file that is made from the catalogue, with what must stand in it."""
    made = {DOCS / "schemas" / f"{name}.json": _json(event) for name, event in CATALOGUE.items()}
    return {**made, DOCS / "events.md": events_page()}


def events_page() -> str:
    """``docs/events.md``: a list of all types, then each with its fields."""
    parts = [_HEAD, _contents(), _KINDS, _common_fields(), _holders()]
    for domain, events in groupby(CATALOGUE.values(), key=_domain):
        parts.append(f"## `{domain}`\n")
        parts.extend(_section(event) for event in events)
    return "\n".join(parts)


def _json(event: EventSchema) -> str:
    return json.dumps(json_schema(event), indent=2, ensure_ascii=False) + "\n"


def _domain(event: EventSchema) -> str:
    return event.type.name.partition(".")[0]


def _contents() -> str:
    rows = [
        f"| {event.type.row} | [`{name}`](#{_anchor(name)}) | {event.type.title} | {_emitters(event)} |"
        for name, event in sorted(CATALOGUE.items(), key=lambda item: _order(item[1].type.row))
    ]
    head = f"## All {len(CATALOGUE)} types\n\n| row | type | title | emitters |\n|---|---|---|---|\n"
    return head + "\n".join(rows) + "\n"


def _order(row: str) -> tuple[int, str]:
    return (int(row), "") if row.isdigit() else (1000, row)


def _anchor(name: str) -> str:
    return name.replace(".", "")


def _emitters(event: EventSchema) -> str:
    emitters = event.type.emitters
    if emitters >= ANY_ROLE:
        return "any role" + (", SYSTEM" if emitters & ONLY_SYSTEM else "")
    return ", ".join(sorted(emitters))


def _common_fields() -> str:
    facts = next(event.field_paths() for event in CATALOGUE.values() if not event.schema.exclude)
    common = [fact for fact in facts if fact.path.partition(".")[0].removesuffix("[]") in _COMMON]
    declared = EventPayload._declared_fields
    own = {name for name in _COMMON if not isinstance(declared[name].metadata["classes"], frozenset)}
    table = _table(common, {fact.path: "those of the type" for fact in common if fact.path in own})
    but = "unless it lists one of the same name, or says that it does not accept it"
    return f"## Common fields\n\nEvery type has these as well, {but}.\n\n{table}"


def _holders() -> str:
    held = "; ".join(f"{role} {', '.join(sorted(classes))}" for role, classes in HOLDER_CLASSES.items())
    return (
        "### Classes by holder\n\nWhere a type says *and the class of its holder*, every field has one more class "
        f"by the role that sent it: {held}.\n"
    )


def _section(event: EventSchema) -> str:
    own = [fact for fact in event.field_paths() if _is_own(event, fact)]
    rules = [f"* {text}" for text in _rules(event)]
    about = ", ".join(sorted(event.schema.about)) + (" and the class of its holder" if event.by_holder else "")
    return "\n".join(
        [
            f"### {event.type.name}\n",
            f"{event.meaning}\n",
            f"Row {event.type.row} · `{event.type.wire}` · [JSON Schema](schemas/{event.type.name}.json)  ",
            f"Emitters: {_emitters(event)}  ",
            f"Classes: {about}\n",
            *_refused(event),
            _table(own, {}),
            *([*rules, ""] if rules else []),
        ]
    )


def _refused(event: EventSchema) -> Iterable[str]:
    """The common fields that this type does not have."""
    missing = [f"`{name}`" for name in _COMMON if name not in event.schema.load_fields]
    return [f"Not accepted here: {', '.join(missing)}.\n"] if missing else []


def _is_own(event: EventSchema, fact: FieldFact) -> bool:
    name = fact.path.partition(".")[0].removesuffix("[]")
    return name not in _COMMON or name in event.overrides


def _rules(event: EventSchema) -> Iterable[str]:
    for path, document in event.documents():
        for rule in document.rules:
            yield f"In `{path}`: {rule.text}" if path else rule.text


def _table(facts: Iterable[FieldFact], classes: Mapping[str, str]) -> str:
    rows = [
        f"| `{fact.path}` | {_kind(fact)} | {'yes' if fact.required else ''} "
        f"| {classes.get(fact.path) or ', '.join(sorted(fact.classes))} | {fact.meaning} |"
        for fact in facts
    ]
    return "\n".join(["| field | kind | required | classes | meaning |", "|---|---|---|---|---|", *rows, ""])


def _kind(fact: FieldFact) -> str:
    kind = f"list of {fact.kind}" if fact.is_list else fact.kind
    if not fact.codes:
        return kind
    if set(fact.codes) == {role.value for role in Role}:
        return f"{kind}: any role"
    if len(fact.codes) > _MOST_CODES:
        return f"{kind}: one of {len(fact.codes)}, see the JSON Schema"
    return f"{kind}: {', '.join(f'`{code}`' for code in fact.codes)}"


def stale(made: Mapping[Path, str]) -> list[Path]:
    """The files that differ from what they should be, and the schema files that no type has any more."""
    differing = [path for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text]
    left_over = [path for path in (DOCS / "schemas").glob("*.json") if path not in made]
    return sorted(differing + left_over)


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; end with 1 if a file is not what the catalogue says.")
def main(*, check: bool) -> None:
    """Write docs/events.md and docs/schemas from the catalogue of events."""
    made = documents()
    changed = stale(made)
    for path in changed:
        click.echo(path.relative_to(DOCS.parent))
        if not check:
            _settle(path, made.get(path))
    if check and changed:
        click.echo("These are not what the catalogue says. Run: python -m schemas.generate", err=True)
        sys.exit(1)


def _settle(path: Path, text: str | None) -> None:
    """Write a file, or remove one that no type has any more."""
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
