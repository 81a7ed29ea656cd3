"""The demo family until the end of April: its efforts as each reads them (practice.md §1.8, §8 rows 1 to 30)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from services.actions.play_story import play_story
from services.actions.read.efforts import CaseEfforts, case_efforts
from services.actions.read.parity import case_parity
from services.actions.read.supervision import silent_cases
from services.cli.story import PreparedStory, prepared_story
from services.domain.actors import Actor, system_actor
from services.domain.disclosure import Purpose
from services.domain.efforts import Toward
from services.domain.roles import Role
from services.storage.tables import agencies, cases, staff
from tests.acceptance.demo_story import DEMO, POLICY, STORY

UNTIL = datetime(2025, 4, 30, 20, tzinfo=UTC)


@pytest.fixture
def story(database_url: str) -> Iterator[PreparedStory]:
    """The story, played until the end of April."""
    prepared = prepared_story(database_url, POLICY, STORY, DEMO / "agencies.yaml")
    play_story(prepared.system, prepared.clock, prepared.events, until=UNTIL)
    yield prepared
    prepared.system.database.close()


def reader(story: PreparedStory, username: str) -> Actor:
    with story.system.database.begin(system_actor("test")) as connection:
        row = connection.execute(
            select(staff.c.id, staff.c.agency_id, agencies.c.roles)
            .join(agencies, agencies.c.id == staff.c.agency_id)
            .where(staff.c.username == username)
        ).one()
    return Actor(f"staff:{username}", row.agency_id, frozenset(map(Role, row.roles)), party_id=row.id)


def read(story: PreparedStory, username: str) -> CaseEfforts | None:
    with story.system.database.begin(system_actor("test")) as connection:
        case_id = connection.execute(select(cases.c.id)).scalar_one()
    return case_efforts(story.system, reader(story, username), case_id, Purpose.CASE_WORK)


def test_the_efforts_of_the_family_as_each_reads_them(story: PreparedStory) -> None:
    for_worker = read(story, "okafor")
    assert for_worker is not None
    groups = {group.toward: [shown.effort for shown in group.efforts] for group in for_worker.groups}
    on = [effort.on for effort in groups[Toward.SUBJECT]]
    assert on == [
        date(2025, 1, 23),  # row 9: the visit centre
        date(2025, 1, 27),  # row 11: the programme
        date(2025, 2, 21),  # row 18: the plan
        date(2025, 2, 25),
        date(2025, 3, 10),  # substance-use treatment
        date(2025, 3, 27),
    ]
    barriers = [(effort.on, effort.barrier) for effort in groups[Toward.SYSTEM] if effort.barrier]
    assert barriers == [
        (date(2025, 4, 11), "report_missing"),  # row 27, said twice and counted once
        (date(2025, 4, 14), "ineffective_coordination"),  # row 28
        (date(2025, 4, 17), "report_missing"),  # row 29
    ]
    assert groups[Toward.SURVIVOR]
    assert groups[Toward.CHILD]
    every = [(effort.event_id, effort.toward) for group in groups.values() for effort in group]
    assert len(every) == len(set(every))

    for username in ("fontaine", "reyes", "pike"):
        theirs = read(story, username)
        said = [shown.effort for group in theirs.groups for shown in group.efforts] if theirs else []
        assert not [effort for effort in said if effort.toward in {Toward.SURVIVOR, Toward.CHILD}], username
        assert not [effort for effort in said if "Okafor" in effort.action + (effort.outcome or "")], username

    listed = silent_cases(story.system, reader(story, "lindqvist"), Purpose.CASE_WORK).cases
    assert [(one.silence.last, one.silence.days) for one in listed] == [(date(2025, 3, 27), 34)]
    assert silent_cases(story.system, reader(story, "hollis"), Purpose.CASE_WORK).cases == ()

    parity = case_parity(story.system, reader(story, "lindqvist"), for_worker.case.id, Purpose.CASE_WORK)
    assert parity is not None
    assert [(parent.person_ref, parent.required, parent.mapped) for parent in parity.parity.parents] == [
        ("P-4411", 6, True),
        ("P-4412", 0, False),
    ]
    assert parity.parity.imbalances == ()
