"""Holding what came of the demo's story against one row of what is expected of it (config/demo/expected.yaml).

Each check yields one readable line for everything that is not as it should be: what was expected, and what there is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from services.domain.predicates import values_at
from tests.acceptance.demo_story import Played

Rows = Sequence[Mapping[str, Any]]
_DAY = len("2025-01-18")


def differences(row: Mapping[str, Any], played: Played) -> list[str]:
    """Everything in which a row came out otherwise than expected."""
    return [line for name, check in _CHECKS.items() if name in row for line in check(row[name], played)]


def _events(expected: Mapping[str, Mapping[str, Any]], played: Played) -> Iterator[str]:
    for name, wanted in expected.items():
        found = [event for event in played.report["events"] if event["id"] == name]
        if not found:
            yield f"event {name}: was not accepted"
        for event in found:
            wants = {"state": "processed", "code": None, **wanted}
            yield from _unlike(f"event {name}", wants, event)


def _carries(expected: Mapping[str, Mapping[str, Any]], played: Played) -> Iterator[str]:
    for name, paths in expected.items():
        data = played.lines[name]["data"]
        for path, wanted in paths.items():
            found = list(values_at(data, path))
            missing = [value for value in wanted if value not in found]
            if missing:
                yield f"event {name}: {path} should say {missing}, says {found}"


def _made(expected: Rows, played: Played) -> Iterator[str]:
    for wanted in expected:
        of_type = _made_here(played, wanted["type"])
        if not any(_is_that(played, event, wanted) for event in of_type):
            there = [f"{played.local(event['time'])} {event['says']}" for event in of_type]
            yield f"the system should have said {wanted['type']} at {wanted['at']}: {wanted['says']}; said {there}"


def _is_that(played: Played, event: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return played.local(event["time"]) == wanted["at"] and bool(wanted["says"].items() <= event["says"].items())


def _not_made(expected: Rows, played: Played) -> Iterator[str]:
    for unwanted in expected:
        for event in _made_here(played, unwanted["type"]):
            if unwanted["says"].items() <= event["says"].items():
                yield f"the system should not have said {unwanted['type']}: {event['says']}"


def _made_here(played: Played, event_type: str) -> list[dict[str, Any]]:
    return [event for event in played.report["events"] if event["type"] == event_type and "says" in event]


def _told(expected: Rows, played: Played) -> Iterator[str]:
    for wanted in expected:
        notices = _of(played.report["notifications"], wanted["of"])
        for recipient in wanted["to"]:
            theirs = [one for one in notices if one["recipient"] == recipient]
            if not any(_is_told_so(played, one, wanted) for one in theirs):
                there = [f"{played.local(one['at'])} {one['urgency']} {one['caution'] or ''}".strip() for one in theirs]
                how = " ".join(str(wanted[name]) for name in ("at", "urgency", "caution") if name in wanted)
                yield f"{recipient} should be told of {wanted['of']} {how}: is told {there or 'nothing'}"


def _is_told_so(played: Played, notice: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    caution = None if wanted.get("caution") == "none" else wanted.get("caution")
    return (
        wanted.get("at", played.local(notice["at"])) == played.local(notice["at"])
        and wanted.get("urgency", notice["urgency"]) == notice["urgency"]
        and ("caution" not in wanted or caution == notice["caution"])
    )


def _not_told(expected: Rows, played: Played) -> Iterator[str]:
    for unwanted in expected:
        for one in _of(played.report["notifications"], unwanted["of"]):
            then = unwanted.get("at", played.local(one["at"])) == played.local(one["at"])
            if then and {one["recipient"], one["agency"]} & set(unwanted["to"]):
                yield f"{one['recipient']} should not be told of {unwanted['of']} ({one['rule']})"


def _nobody_told(expected: Sequence[str], played: Played) -> Iterator[str]:
    for name in expected:
        yield from (f"{one['recipient']} should not be told of {name}" for one in _of(_notices(played), name))


def _only(expected: Rows, played: Played) -> Iterator[str]:
    for wanted in expected:
        agencies = wanted["agencies"]
        for one in _of(_notices(played), wanted["of"]):
            if one["agency"] not in agencies:
                yield f"{one['recipient']} should not be told of {wanted['of']}: only {agencies} ({one['rule']})"


def _tasks(expected: Rows, played: Played) -> Iterator[str]:
    for wanted in expected:
        of_kind = [one for one in _of(played.report["tasks"], wanted["of"]) if one["kind"] == wanted["kind"]]
        mine = [one for one in of_kind if wanted.get("for", one["assignee"]) == one["assignee"]]
        name = f"task {wanted['kind']} of {wanted['of']}"
        if not mine:
            there = [one["assignee"] for one in of_kind]
            yield f"{name}: should be put to {wanted.get('for', 'somebody')}, is put to {there}"
        for one in mine:
            found = {
                "due": _due(played, one, "due_at", wanted.get("due")),
                "state": one["state"],
                "by": one["done_by"],
            }
            yield from _unlike(name, {key: value for key, value in wanted.items() if key in found}, found)


def _no_task(expected: Rows, played: Played) -> Iterator[str]:
    for unwanted in expected:
        for one in _of(played.report["tasks"], unwanted["of"]):
            if one["kind"] == unwanted["kind"]:
                yield f"task {one['kind']} of {unwanted['of']}: should not be there"


def _deadlines(expected: Rows, played: Played) -> Iterator[str]:
    for wanted in expected:
        named = {key: wanted[key] for key in ("rule", "key", "trigger") if key in wanted}
        candidates = [one for one in played.report["deadlines"] if named.items() <= one.items()]
        found = [_deadline(played, one, wanted) for one in candidates]
        wants = {key: value for key, value in wanted.items() if key not in named}
        if not any(wants.items() <= one.items() for one in found):
            there = [{key: one[key] for key in wants} for one in found if wants["due"] == one["due"]] or found
            yield f"deadline {named}: should be {wants}, is {there or 'not there'}"


def _deadline(played: Played, one: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "due": _due(played, one, "rolled_due", wanted.get("due")),
        "internal": _last_day(played.local(one["internal_due"])),
        "state": one["state"],
        "met": played.local(one["met_at"]),
        "overdue_since": one["overdue_since"],
    }


def _last_day(minute: str | None) -> str | None:
    """The day that ends at this minute, where it is midnight; else the minute's day."""
    if minute is None or not minute.endswith("00:00"):
        return minute and minute[:_DAY]
    return (date.fromisoformat(minute[:_DAY]) - timedelta(days=1)).isoformat()


def _due(played: Played, one: Mapping[str, Any], instant: str, wanted: str | None) -> str | None:
    """The due date as it is expected: by its day, or by the minute."""
    return one["due_on"] if wanted is None or len(wanted) == _DAY else played.local(one[instant])


def _shown(expected: Mapping[str, Sequence[str]], played: Played) -> Iterator[str]:
    for reader, words in expected.items():
        yield from (f"{reader} should see {word!r}" for word in words if word not in played.timelines[reader])


def _withheld(expected: Mapping[str, Sequence[str]], played: Played) -> Iterator[str]:
    for reader, words in expected.items():
        yield from (f"{reader} must not see {word!r}" for word in words if word in played.timelines[reader])


def _audited(expected: Rows, played: Played) -> Iterator[str]:
    for wanted in expected:
        if ("route_event", wanted["event"], wanted["outcome"]) not in played.audited:
            yield f"the audit log should show {wanted['event']} as {wanted['outcome']}"


def _goals(expected: Mapping[str, Mapping[str, Any]], played: Played) -> Iterator[str]:
    """By day and goal: the status in each view, REVIEW after it where a review is required; or in all of them."""
    for day, goals in expected.items():
        found = played.statuses(str(day))
        for goal, views in goals.items():
            everywhere = views if isinstance(views, str) else None
            for (of, view), one in found.items():
                wanted = everywhere or (views.get(view) if of == goal else None)
                there = f"{one.assessment.status.value}{' REVIEW' if one.review_required else ''}"
                if of == goal and wanted is not None and wanted != there:
                    yield f"{goal} should be {wanted} on {day} in the view {view}: is {there}"


def _notices(played: Played) -> list[dict[str, Any]]:
    return played.report["notifications"]


def _of(rows: Rows, event: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["event"] == event]


def _unlike(name: str, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    for key, value in wanted.items():
        if found[key] != value:
            yield f"{name}: {key} should be {value}, is {found[key]}"


_CHECKS: Mapping[str, Callable[[Any, Played], Iterator[str]]] = {
    "events": _events,
    "carries": _carries,
    "made": _made,
    "not_made": _not_made,
    "told": _told,
    "not_told": _not_told,
    "nobody_told": _nobody_told,
    "only": _only,
    "tasks": _tasks,
    "no_task": _no_task,
    "deadlines": _deadlines,
    "shown": _shown,
    "withheld": _withheld,
    "audited": _audited,
    "goals": _goals,
}
WORDS = frozenset(_CHECKS) | {"row", "must", "later"}
"""What a row of the expectations may say."""
