"""How pages say things: instants and days in the county's own time, names of fields and codes in plain words."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint

from services.domain.goal_words import upper_first
from services.web import context

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
_CODE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
_ACRONYMS = {"Dv": "DV", "Bip": "BIP", "Icwa": "ICWA", "Id": "ID"}
_STATES = {
    "proposed": "waiting for an answer",
    "accepted": "accepted",
    "declined": "declined",
    "done": "done",
    "withdrawn": "withdrawn",
    "open": "open",
    "missed": "missed",
}
_ROLES = {
    "CPS_INTAKE": "child-welfare intake",
    "CPS_INV": "investigator",
    "CPS_WORKER": "caseworker",
    "CPS_SUP": "supervisor",
    "CPS_MGR": "manager",
    "AG_ATTY": "agency attorney",
    "JUV_COURT": "juvenile court",
    "CRIM_COURT": "criminal court",
    "DA": "prosecutor",
    "PROB": "probation",
    "JAIL": "jail",
    "LE": "police",
    "BIP": "programme for people who use violence",
    "SUD": "substance-use treatment",
    "MH": "mental-health treatment",
    "CHILD_TX": "child's therapist",
    "VISIT": "visit centre",
    "SCHOOL": "school",
    "GAL": "guardian ad litem",
    "TRIBE": "tribe",
    "CARER": "carer",
    "IVD": "child-support agency",
    "COUNSEL_SUBJECT": "defence counsel",
    "COUNSEL_SURVIVOR": "counsel of the survivor",
    "PRIVACY": "privacy officer",
    "ADMIN": "administrator",
}
_REASONS = {
    "duty_desk": "You are the desk behind somebody who must know tonight.",
    "role_unfilled": "Nobody holds the role that must be told.",
    "late_fact": "The case is closed; this came later.",
    "unmatched": "It belongs to no case that its sender is on: somebody has to look at it.",
    "escalated": "Nobody has acknowledged it in time.",
    "no_rule": "No rule says who is to be told.",
}
_URGENCIES = {"U0": "Urgent", "U1": "Today"}
_MARKS = {"U0": "tonight", "U1": "today"}


def add_to(blueprint: APIBlueprint) -> None:
    """Give templates these words."""
    filters: Mapping[str, Callable[..., object]] = {
        "instant": instant,
        "day": day,
        "due": due,
        "label": label,
        "capitalize_first": upper_first,
        "words": lambda code: str(code).replace("_", " "),
        "plain": plain,
        "state": state,
        "urgency": _URGENCIES.get,
        "mark": _MARKS.get,
        "role": lambda code: _ROLES.get(code, code),
        "reason": _REASONS.get,
        "person": lambda name: name.partition(":")[2],
    }
    for name, filter_ in filters.items():
        blueprint.add_app_template_filter(filter_, name)
    blueprint.add_app_template_test(lambda value: isinstance(value, Mapping), "record")
    blueprint.app_context_processor(lambda: {"session_in_force": context.signed_in()})


def instant(value: datetime, zone: str | None) -> str:
    """``Mon 20 Jan 2025, 17:30``, in a zone; UTC, and said so, where none is known."""
    local = value.astimezone(ZoneInfo(zone) if zone else UTC)
    return f"{_day(local)}, {local:%H:%M}" + ("" if zone else " UTC")


def day(value: date) -> str:
    """``Mon 20 Jan 2025``."""
    return _day(value)


def due(at: datetime, on: date, zone: str) -> str:
    """The last day; with its hour where the limit counts hours. A limit of days ends with its local day."""
    local = at.astimezone(ZoneInfo(zone))
    return _day(on) if local.time() == time(0) and local.date() > on else f"{_day(on)}, {local:%H:%M}"


def _day(value: date) -> str:
    return f"{value:%a} {value.day} {value:%b %Y}"


def label(name: str) -> str:
    """A field's name in plain words: ``children_present`` → ``Children present``."""
    words = name.removesuffix("_ref").removesuffix("_refs").replace("_", " ").strip().capitalize().split(" ")
    return " ".join(_ACRONYMS.get(word.capitalize(), word) for word in words)


def plain(value: object, zone: str) -> str:
    """A single value in plain words. Codes lose their underscores; roles, days and instants are written out."""
    match value:
        case bool():
            return "Yes" if value else "No"
        case str() if _DAY.fullmatch(value):
            return _day(date.fromisoformat(value))
        case str() if _INSTANT.match(value):
            return instant(datetime.fromisoformat(value), zone)
        case str() if value in _ROLES:
            return _ROLES[value]
        case str() if _CODE.fullmatch(value):
            return value.replace("_", " ")
        case _:
            return str(value)


def state(value: str) -> str:
    """Where a task or a due date stands."""
    return _STATES.get(value, value)
