"""The demo's story, played once through the real pipeline, and what came of it, as the checks of its rows read it."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import yaml
from sqlalchemy import text

from services.actions.assess_goals import read_cases
from services.actions.play_story import StoryEvent, play_story
from services.actions.read.story_report import story_report
from services.actions.read.timeline import timeline
from services.actions.receive_events import Accepted, Outcome
from services.actions.verify_ledger import Verified, verify_ledger
from services.cli.story import PreparedStory, prepared_story
from services.domain.actors import Actor, system_actor
from services.domain.case_goals import CaseContext
from services.domain.disclosure import Purpose
from services.domain.goal_views import Assessed, assess_case
from services.domain.known_events import KnownEvent
from services.domain.roles import Role
from services.domain.verification_policy import VerificationPolicy
from services.system import System

DEMO = Path(__file__).parents[2] / "config" / "demo"
POLICY = DEMO.parent / "policy"
STORY = DEMO / "calloway_vega.ndjson"
EXPECTED = DEMO / "expected.yaml"
_REPLAY = system_actor("replay")


@dataclass(frozen=True, slots=True)
class Played:
    """What came of the story. ``lines`` are its own events by id; ``timelines`` what each reader is shown of the case
    on the last day, as one text; ``audited`` the audit lines (act, event, outcome) about routing.
    """

    zone: ZoneInfo
    report: dict[str, list[dict[str, Any]]]
    lines: dict[str, dict[str, Any]]
    not_accepted: tuple[str, ...]
    ledger: Verified
    audited: frozenset[tuple[str, str, str]]
    timelines: dict[str, str] = field(default_factory=dict)
    events: tuple[KnownEvent, ...] = ()
    context: CaseContext = field(default_factory=lambda: CaseContext(ZoneInfo("UTC")))
    policy: VerificationPolicy = field(default_factory=lambda: VerificationPolicy(""))

    def statuses(self, day: str) -> dict[tuple[str, str], Assessed]:
        """How each goal stood at the end of a day, as known then, by goal and view."""
        assessed = assess_case(self.events, date.fromisoformat(day), self.context, self.policy)
        return {(one.state.goal.id, one.view.name): one for one in assessed}

    def local(self, instant: str | None) -> str | None:
        """An instant of the report on the clock of the county: ``2025-01-18 22:04``."""
        if instant is None:
            return None
        return datetime.fromisoformat(instant).astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def said(self) -> bytes:
        """The whole report as JSON, to be compared."""
        return orjson.dumps(self.report, option=orjson.OPT_SORT_KEYS)


def expected_rows() -> dict[int, dict[str, Any]]:
    """What must come of each row, by its number."""
    return dict(yaml.safe_load(EXPECTED.read_text(encoding="utf-8"))["rows"])


def play(database_url: str, readers: Sequence[str] = ()) -> Played:
    """Play the story on a migrated, empty database, and read its timeline as each of these people (user names)."""
    refused: list[dict[str, Any]] = []

    def heard(event: StoryEvent, outcome: Outcome) -> None:
        if not isinstance(outcome, Accepted):
            refused.append({"line": event.line, "event": event.envelope.id, "outcome": type(outcome).__name__})

    with _prepared(database_url) as story:
        play_story(story.system, story.clock, story.events, heard=heard)
        report = json.loads(orjson.dumps(story_report(story.system, _REPLAY, refused)))
        return Played(
            zone=story.zone,
            report=report,
            lines={line["id"]: line for line in map(json.loads, STORY.read_text(encoding="utf-8").splitlines())},
            not_accepted=tuple(str(one["event"]) for one in refused),
            ledger=verify_ledger(story.system, replace(_REPLAY, administrates=True)),
            audited=_audited(story.system),
            timelines={name: _timeline(story.system, name) for name in readers},
            **_goals(story.system),
        )


def _goals(system: System) -> dict[str, Any]:
    """Everything that bears on the goals of the story's case."""
    with system.database.begin(_REPLAY) as connection:
        case_id = connection.execute(text("SELECT id FROM cases")).scalar_one()
        case = read_cases(system, connection, [case_id])[case_id]
    return {"events": tuple(case.events), "context": case.context, "policy": system.policy.verification}


@contextmanager
def _prepared(database_url: str) -> Iterator[PreparedStory]:
    story = prepared_story(database_url, POLICY, STORY, DEMO / "agencies.yaml")
    try:
        yield story
    finally:
        story.system.database.close()


def _audited(system: System) -> frozenset[tuple[str, str, str]]:
    with system.database.begin(_REPLAY) as connection:
        rows = connection.execute(
            text(
                "SELECT a.act, e.source_id, a.outcome FROM audit_log AS a"
                " JOIN event_log AS e ON a.object = 'event:' || e.id WHERE a.act = 'route_event'"
            )
        )
        return frozenset((row[0], row[1], row[2]) for row in rows)


def _timeline(system: System, username: str) -> str:
    """Everything that a person is shown of the case, as one text; empty where they may not open it."""
    with system.database.begin(_REPLAY) as connection:
        staff = connection.execute(
            text(
                "SELECT s.id, s.agency_id, a.roles FROM staff AS s JOIN agencies AS a ON a.id = s.agency_id"
                " WHERE s.username = :username"
            ),
            {"username": username},
        ).one()
        case_id = connection.execute(text("SELECT id FROM cases")).scalar_one()
    actor = Actor(f"staff:{username}", staff.agency_id, frozenset(map(Role, staff.roles)), party_id=staff.id)
    page = timeline(system, actor, case_id, Purpose.CASE_WORK, limit=10_000)
    entries = page.entries if page else ()
    return "\n".join(f"{entry.title} {json.dumps(entry.data, ensure_ascii=False)}" for entry in entries)
