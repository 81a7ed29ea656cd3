"""Playing a story: references between its lines, and what people do in it that no agency's system sends."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.actions.play_story import ACKNOWLEDGED, DONE, StoryEvent, play_story
from services.clock import StoryClock
from services.domain.actors import system_actor
from tests.alder import Alder
from tests.payloads import minimal_payload

MINUTE = timedelta(minutes=1)


def _line(
    county: Alder, number: int, agency: str, event_type: str, data: Mapping[str, Any], at: datetime, **said: str
) -> StoryEvent:
    """One line of a story; ``subject`` may be said, and the story's own extensions."""
    envelope = county.envelope(agency, event_type, data, event_id=f"l-{number}", time=at)
    subject = said.pop("subject", envelope.subject)
    return StoryEvent(number, county.senders[agency], replace(envelope, subject=subject, extensions=said))


def _rows(county: Alder, query: str) -> list[Any]:
    with county.system.database.begin(system_actor("test")) as connection:
        return list(connection.execute(text(query)).scalars())


@pytest.fixture
def start(county: Alder, clock: StoryClock) -> datetime:
    """The instant after which the story goes on: the case is open, and police and probation are on it."""
    county.open_case("police", "probation")
    county.work()
    return clock()


def test_a_reference_stands_for_the_receipt_of_an_earlier_line(
    county: Alder, clock: StoryClock, start: datetime
) -> None:
    incident = minimal_payload("le.dv_incident")
    story = [
        _line(county, 1, "police", "le.dv_incident", incident, start + MINUTE, subject="unknown"),
        _line(county, 2, "cps", "event.linked", {"linked_event": "urn:agency:police:test#l-1"}, start + 2 * MINUTE),
    ]
    play_story(county.system, clock, story)
    on_case = "SELECT o.state FROM event_outcomes AS o JOIN event_log AS e ON e.id = o.event_id"
    assert _rows(county, f"{on_case} WHERE e.source_id = 'l-1' AND o.case_id IS NOT NULL") == ["processed"]


def test_a_reference_to_a_line_that_was_not_accepted_before_names_the_line(
    county: Alder, clock: StoryClock, start: datetime
) -> None:
    lost = {"linked_event": "urn:agency:police:test#l-9"}
    with pytest.raises(ValueError, match="line 7: linked_event names no event"):
        play_story(county.system, clock, [_line(county, 7, "cps", "event.linked", lost, start + MINUTE)])


def test_desks_acknowledge_when_the_story_says_so_and_the_ladder_is_quiet(
    county: Alder, clock: StoryClock, start: datetime
) -> None:
    violated = minimal_payload("order.violated")
    story = [_line(county, 1, "police", "order.violated", violated, start + MINUTE, **{ACKNOWLEDGED: "3"})]
    play_story(county.system, clock, story, until=start + 60 * MINUTE)
    acknowledged = _rows(county, "SELECT DISTINCT acknowledged_at FROM notifications WHERE acknowledged_at IS NOT NULL")
    assert acknowledged == [start + 4 * MINUTE]
    assert _rows(county, "SELECT id FROM event_log WHERE type = 'notification.escalated'") == []


def test_whoever_has_tasks_of_the_kinds_that_the_story_says_has_done_them_by_then(
    county: Alder, clock: StoryClock, start: datetime
) -> None:
    violated = minimal_payload("order.violated")
    effort = minimal_payload("efforts.recorded")
    story = [
        _line(county, 1, "police", "order.violated", violated, start + MINUTE),
        _line(county, 2, "cps", "efforts.recorded", effort, start + 2 * MINUTE, **{DONE: "report_violation"}),
    ]
    play_story(county.system, clock, story)
    assert _rows(county, "SELECT state FROM tasks WHERE kind = 'report_violation'") == ["done"]
    assert _rows(county, "SELECT type FROM event_log WHERE type LIKE 'task.%' ORDER BY sequence") == [
        "task.accepted",
        "task.done",
    ]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({DONE: "report_violation"}, "line 3: nobody has an open task of the kind report_violation"),
        ({ACKNOWLEDGED: "soon"}, "line 3: storyacknowledged must be a whole number of minutes"),
    ],
)
def test_what_people_cannot_do_names_the_line(
    said: dict[str, str], wrong: str, county: Alder, clock: StoryClock, start: datetime
) -> None:
    effort = minimal_payload("efforts.recorded")
    with pytest.raises(ValueError, match=wrong):
        play_story(county.system, clock, [_line(county, 3, "cps", "efforts.recorded", effort, start + MINUTE, **said)])
