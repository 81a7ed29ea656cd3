"""Consents as a case knew them on a day: who may have which records (practice.md §5.1; events 51 and 62)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from services.domain.disclosure import DataClass
from services.domain.known_events import Known
from services.domain.roles import Role

PART_2: Final = "42CFR2"


@dataclass(frozen=True, slots=True)
class ConsentOnRecord:
    """A consent under a law, to roles, for classes (all of its kind where none is named), from and to a last day.
    ``person`` is whose records it is about.
    """

    law: str
    roles: frozenset[str]
    classes: frozenset[str]
    first: date
    last: date | None
    person: str | None = None

    def is_about(self, person: str | None) -> bool:
        """Whether it is about the records of this person; of somebody unknown it may be."""
        return person is None or self.person in {None, person}

    def covers(self, data_class: DataClass, law: str, roles: frozenset[Role], day: date) -> bool:
        """Whether it lets this class go to one of these roles on a day."""
        named = not self.classes or data_class.value in self.classes
        lasts = self.first <= day and (self.last is None or day <= self.last)
        return named and lasts and self.law == law and not self.roles.isdisjoint(roles)


def consents_of(known: Iterable[Known]) -> tuple[ConsentOnRecord, ...]:
    """The consents that a case knew of, as they stand after all that is known. One that was taken back ended the day
    before: nothing flows from that moment on.
    """
    found: dict[str, ConsentOnRecord] = {}
    for one in known:
        reference = str(one.data.get("consent_ref"))
        match one.event.type:
            case "consent.granted" | "sud.consent_signed":
                found[reference] = _granted(one)
            case "consent.narrowed" if reference in found:
                found[reference] = _narrowed(found[reference], one)
            case "consent.revoked" | "sud.consent_revoked" if reference in found:
                found[reference] = _until(found[reference], _day_before(one))
            case "sud.consent_expired" if reference in found:
                found[reference] = _until(found[reference], one.day("expires") or one.happened_on)
    return tuple(found.values())


def _granted(one: Known) -> ConsentOnRecord:
    substance = one.event.type == "sud.consent_signed"
    return ConsentOnRecord(
        law=PART_2 if substance else str(one.data.get("law", "")),
        roles=frozenset(_roles(one.data.get("recipients"))),
        classes=frozenset({DataClass.P2.value}) if substance else _texts(one.data.get("classes")),
        first=one.day("signed_on") or one.happened_on,
        last=one.day("expires"),
        person=one.text("person_ref") if substance else one.text("for_ref") or one.text("by_ref"),
    )


def _narrowed(consent: ConsentOnRecord, one: Known) -> ConsentOnRecord:
    """Never wider than before: no role, class or day is added. Where no class is left, it has ended."""
    roles, classes = frozenset(_roles(one.data.get("recipients"))), _texts(one.data.get("classes"))
    left = consent.classes & classes if consent.classes else classes
    if "classes" not in one.data:
        left = consent.classes
    elif not left:
        return _until(consent, _day_before(one))
    return replace(
        _until(consent, one.day("expires")), roles=consent.roles & roles if roles else consent.roles, classes=left
    )


def _day_before(one: Known) -> date:
    return date.fromordinal(one.on.toordinal() - 1)


def _until(consent: ConsentOnRecord, last: date | None) -> ConsentOnRecord:
    days = [day for day in (consent.last, last) if day is not None]
    return replace(consent, last=min(days) if days else None)


def _roles(value: object) -> Iterable[str]:
    recipients = value if isinstance(value, list) else []
    return (str(one["role"]) for one in recipients if isinstance(one, dict) and "role" in one)


def _texts(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()
