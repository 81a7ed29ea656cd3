"""What policy files may say about payloads: the kinds and codes of fields, taken from the catalogue of schemas."""

from collections.abc import Iterator, Mapping

from schemas.catalogue import EventSchema, FieldFact
from services.policy.predicates import Payloads


def payloads_of(catalogue: Mapping[str, EventSchema]) -> Payloads:
    """The fields of every event type, by dotted path; a path through a list has no brackets (``per_goal.basis``).

    What leaves the payload for the vault at intake is not among them: no rule could ever see it.
    """
    fields = {
        (name, fact.path.replace("[]", "")): fact
        for name, schema in catalogue.items()
        for fact in _seen_by_rules(schema)
    }

    def field_type(event_type: str, path: str) -> str | None:
        known = fields.get((event_type, path))
        return None if known is None else known.kind

    def field_codes(event_type: str, path: str) -> frozenset[str] | None:
        known = fields.get((event_type, path))
        return frozenset(known.codes) if known is not None and known.codes else None

    return Payloads(field_type, field_codes)


def _seen_by_rules(schema: EventSchema) -> Iterator[FieldFact]:
    vault = schema.location_paths()
    for fact in schema.field_paths():
        if not any(fact.path == gone or fact.path.startswith((f"{gone}.", f"{gone}[")) for gone in vault):
            yield fact
