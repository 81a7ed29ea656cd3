"""Registry events: those that say what a case is and who is on it. They are applied in the commit that keeps them.

A case, its people, its roster and the agencies' numbers are births by event; the very next event may rest on them, and
may come from another agency and in another lane, so nothing here waits for a worker.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from secrets import token_hex
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from services.actions.append_events import Draft
from services.domain.errors import FieldProblem
from services.domain.events import Event
from services.storage import cases, event_log, releases, tasks
from services.storage.sealing import seal
from services.system import System

OPENING = "case.opened"
PART_2 = "42CFR2"

Problems = tuple[FieldProblem, ...]


@dataclass(frozen=True, slots=True)
class _Act:
    """One registry event about to be applied: ``said`` is its payload before locations went to the vault."""

    system: System
    connection: Connection
    event: Event
    case_id: UUID
    said: Mapping[str, Any]

    def day(self, *names: str) -> date:
        """The day in the first of these fields, else the event's own day in the case's zone."""
        for name in names:
            if self.said.get(name):
                return date.fromisoformat(self.said[name][:10])
        zone = cases.zone_of(self.connection, self.case_id)
        return self.event.time.astimezone(ZoneInfo(zone)).date()


def open_case(system: System, connection: Connection, draft: Draft, *, already: bool) -> UUID | Problems:
    """Open the case that a ``case.opened`` asks for, under the sender's own number, with a stream and a key of its
    own. Returns its id, or what is wrong.
    """
    if already:
        return _wrong("subject", "already_open", "This number is linked to a case already.")
    county = str(draft.data["county"])
    zone = cases.zone_of_county(connection, county)
    if zone is None:
        return _wrong("data.county", "unknown", "There is no county of this name here.")
    if draft.data["zone"] != zone:
        return _wrong("data.zone", "differs", "Must be the zone of the county.")
    case_id = uuid4()
    cases.open_case(
        connection,
        cases.NewCase(
            id=case_id,
            token=f"case-{token_hex(10)}",
            agency_id=draft.agency_id,
            number=draft.subject,
            county=county,
            zone=zone,
            track=str(draft.data["track"]),
            opened_on=date.fromisoformat(str(draft.data["opened_on"])),
            event_id=draft.id,
        ),
    )
    event_log.open_stream(connection, system.keys, case_id=case_id)
    return case_id


def apply_registry_event(system: System, connection: Connection, event: Event, said: Mapping[str, Any]) -> Problems:
    """Apply one registry event to the case it was appended to. Returns what is wrong; then it must not be kept."""
    if event.case_id is None:
        return ()
    return _APPLY[event.type](_Act(system, connection, event, event.case_id, said))


def _wrong(field: str, code: str, message: str) -> Problems:
    return (FieldProblem(field, code, message),)


def _opened(_: _Act) -> Problems:
    return ()


def _closed(act: _Act) -> Problems:
    cases.close_case(act.connection, act.case_id, act.day("closed_on"))
    return ()


def _person_added(act: _Act) -> Problems:
    ref = act.said["person_ref"]
    name = seal(
        event_log.case_key(act.connection, act.system.keys, act.case_id),
        act.said["name"].encode(),
        cases.place_of_name(act.case_id, ref),
    )
    cases.add_person(act.connection, act.case_id, ref, act.said["kind"], name, act.event.id)
    return ()


def _party(act: _Act) -> cases.Party | Problems:
    agencies = cases.agency_ids(act.connection, [act.said["agency"]])
    agency_id = agencies.get(act.said["agency"])
    if agency_id is None:
        return _wrong("data.agency", "unknown", "There is no agency of this name here.")
    person, team = act.said.get("person"), act.said.get("team")
    found = cases.find_party(act.connection, agency_id, person=person, team=team)
    field = "data.person" if person else "data.team"
    return found or _wrong(field, "unknown", "The agency has nobody of this name.")


def _role_given(act: _Act) -> Problems:
    party = _party(act)
    if not isinstance(party, cases.Party):
        return party
    if act.said["role"] not in cases.roles_of(act.connection, party.agency_id):
        return _wrong("data.role", "not_the_agencys", "The agency does not speak in this role.")
    until = date.fromisoformat(act.said["until"]) if act.said.get("until") else None
    cases.give_seat(act.connection, act.case_id, act.said["role"], party, act.day("since"), until, act.event.id)
    return ()


def _role_ended(act: _Act) -> Problems:
    party = _party(act)
    if not isinstance(party, cases.Party):
        return party
    ended = cases.end_seats(act.connection, act.case_id, act.said["role"], party, act.day("until"), act.event.id)
    return () if ended else _wrong("data.role", "not_held", "The role is not held like that.")


def _reassigned(act: _Act) -> Problems:
    agency_id, first = act.event.agency_id, act.day("effective")
    leaving = cases.find_party(act.connection, agency_id, person=act.said["from_worker"], team=None)
    coming = cases.find_party(act.connection, agency_id, person=act.said["to_worker"], team=None)
    if coming is None:
        return _wrong("data.to_worker", "unknown", "The agency has nobody of this name.")
    if leaving is None or not cases.end_seats(
        act.connection, act.case_id, "CPS_WORKER", leaving, first - timedelta(days=1), act.event.id
    ):
        return _wrong("data.from_worker", "not_held", "This person is not the worker of the case.")
    cases.give_seat(act.connection, act.case_id, "CPS_WORKER", coming, first, None, act.event.id)
    tasks.hand_over(act.connection, act.case_id, leaving.id, coming.id)
    return ()


def _linked(act: _Act) -> Problems:
    agency_id = cases.agency_ids(act.connection, [act.said["agency"]]).get(act.said["agency"])
    if agency_id is None:
        return _wrong("data.agency", "unknown", "There is no agency of this name here.")
    if not cases.link_number(act.connection, act.case_id, agency_id, act.said["value"], act.event.id):
        return _wrong("data.value", "already_linked", "This number of the agency is linked already.")
    cases.put_on_case(act.connection, act.case_id, agency_id, act.day())
    return ()


def _unlinked(act: _Act) -> Problems:
    agency_id = cases.agency_ids(act.connection, [act.said["agency"]]).get(act.said["agency"])
    if agency_id is None or not cases.unlink_number(
        act.connection, act.case_id, agency_id, act.said["value"], act.event.id
    ):
        return _wrong("data.value", "not_linked", "This number of the agency is not linked to the case.")
    cases.take_off_case(act.connection, act.case_id, agency_id, act.day())
    return ()


def _safe_contact(act: _Act) -> Problems:
    never = act.said["channel"] == "none"
    expires = date.fromisoformat(act.said["expires"])
    cases.set_safe_contact(act.connection, act.case_id, never=never, expires_on=expires, event_id=act.event.id)
    return ()


def _part_2_signed(act: _Act) -> Problems:
    return _granted(act, PART_2)


def _consent_granted(act: _Act) -> Problems:
    return _granted(act, act.said.get("law") or "STATE")


def _granted(act: _Act, law: str) -> Problems:
    releases.grant(
        act.connection,
        releases.NewRelease(
            case_id=act.case_id,
            reference=act.said["consent_ref"],
            law=law,
            recipients=[recipient["role"] for recipient in act.said["recipients"]],
            purpose=act.said["purpose"],
            expires_on=date.fromisoformat(act.said["expires"]),
            event_id=act.event.id,
        ),
    )
    return ()


def _narrowed(act: _Act) -> Problems:
    releases.narrow(
        act.connection,
        act.case_id,
        act.said["consent_ref"],
        recipients=[one["role"] for one in act.said["recipients"]] if act.said.get("recipients") else None,
        expires_on=date.fromisoformat(act.said["expires"]) if act.said.get("expires") else None,
    )
    return ()


def _consent_ended(act: _Act) -> Problems:
    releases.end(act.connection, act.case_id, act.said["consent_ref"], act.day(), act.event.id)
    return ()


_APPLY: Mapping[str, Callable[[_Act], Problems]] = {
    OPENING: _opened,
    "case.closed": _closed,
    "case.person_added": _person_added,
    "case.role_given": _role_given,
    "case.role_ended": _role_ended,
    "case.worker_reassigned": _reassigned,
    "case.identifier_linked": _linked,
    "case.identifier_unlinked": _unlinked,
    "survivor.safe_contact_set": _safe_contact,
    "sud.consent_signed": _part_2_signed,
    "sud.consent_revoked": _consent_ended,
    "sud.consent_expired": _consent_ended,
    "consent.granted": _consent_granted,
    "consent.narrowed": _narrowed,
    "consent.revoked": _consent_ended,
}

REGISTRY_TYPES = frozenset(_APPLY)
"""The types of event that are applied in the commit that keeps them."""
