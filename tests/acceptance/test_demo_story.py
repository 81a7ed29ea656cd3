"""The demo's story through the real pipeline, row by row: everybody told, every task and date, every refusal."""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from services.domain.status import ReasonCode, Status
from services.local.machine import LocalStores
from tests.acceptance.demo_checks import WORDS, differences
from tests.acceptance.demo_story import Played, expected_rows, play
from tests.conftest import TEMPLATE

ROWS = expected_rows()
READERS = tuple(
    sorted({name for row in ROWS.values() for words in ("shown", "withheld") for name in row.get(words, ())})
)
NewDatabase = Callable[[str], str]
FIRST, LAST = date(2025, 2, 21), date(2025, 10, 17)
VIEWS = ("internal", "attorney", "court", "subject")


@pytest.fixture(scope="session")
def new_database(stores: LocalStores) -> Iterator[NewDatabase]:
    """Makes fresh databases for the session; its argument is a name."""
    made: list[str] = []

    def create(name: str) -> str:
        stores.postgres.create_from_template(name, TEMPLATE)
        made.append(name)
        return stores.dsn_app(name)

    yield create
    for name in made:
        stores.postgres.drop_database(name)


@pytest.fixture(scope="session")
def played(new_database: NewDatabase) -> Played:
    """The story, played once."""
    return play(new_database("demo_story"), READERS)


def test_the_expectations_speak_of_all_57_rows_and_say_nothing_that_is_not_checked() -> None:
    assert sorted(ROWS) == list(range(1, 58))
    assert {word for row in ROWS.values() for word in row} <= WORDS


def test_every_line_of_the_story_is_accepted_and_no_work_is_set_aside(played: Played) -> None:
    assert played.not_accepted == ()
    assert played.report["set_aside"] == []
    assert {event["state"] for event in played.report["events"]} == {"processed", "refused", "quarantined"}


@pytest.mark.parametrize("number", sorted(ROWS))
def test_each_row_comes_out_as_the_practice_asks(number: int, played: Played) -> None:
    row = ROWS[number]
    if wrong := differences(row, played):
        said = (f"Row {number} · {row['row']}", f"  must: {row['must']}", *(f"  - {line}" for line in wrong))
        pytest.fail("\n".join(said), pytrace=False)


def test_each_row_has_its_events_in_the_story_or_the_system_makes_them(played: Played) -> None:
    told = {line.get("storyrow") for line in played.lines.values()}
    assert {number for number, row in ROWS.items() if str(number) not in told} == {27, 50, 56}
    assert all(ROWS[number].get("made") for number in (27, 50, 56))


def test_the_survivor_and_the_subject_are_never_told(played: Played) -> None:
    assert {one["role"] for one in played.report["notifications"]}.isdisjoint({"SURVIVOR", "SUBJECT"})
    assert {one["role"] for one in played.report["tasks"]}.isdisjoint({"SURVIVOR", "SUBJECT"})


def test_the_ledger_of_the_story_is_whole(played: Played) -> None:
    assert played.ledger.breaks == ()
    assert played.ledger.events == len(played.report["events"])


def test_a_second_replay_gives_the_same_answer(played: Played, new_database: NewDatabase) -> None:
    assert play(new_database("demo_story_again")).said() == played.said()


def days() -> Iterator[str]:
    return ((FIRST + timedelta(days=number)).isoformat() for number in range((LAST - FIRST).days + 1))


def contradicted_on(played: Played, goal: str, view: str, day: str) -> date:
    one = played.statuses(day)[goal, view]
    [reason] = one.assessment.reasons
    assert reason.code is ReasonCode.CONTRADICTED_ON_DAY
    return one.state.goal.day_zero + timedelta(days=reason.figures[0])


@pytest.mark.parametrize("view", VIEWS)
def test_g2_is_contradicted_by_the_calls_where_her_word_is_known_and_by_the_threat_elsewhere(
    view: str, played: Played
) -> None:
    hers = view in {"internal", "attorney"}
    assert contradicted_on(played, "G2", view, "2025-10-17") == date(2025, 9, 13 if hers else 6)
    assert contradicted_on(played, "G1", view, "2025-10-17") == date(2025, 9, 6)


def test_the_certificate_and_the_override_change_nothing(played: Played) -> None:
    for day, before in (("2025-07-11", "2025-07-10"), ("2025-09-22", "2025-09-21")):
        then, now = played.statuses(before), played.statuses(day)
        assert {name: now[name].assessment for name in now if name[0] == "G6"} == {
            name: then[name].assessment for name in then if name[0] == "G6"
        }
    refused = [one for one in played.report["refusals"] if one["event"] == "override-requested"]
    assert [one["code"] for one in refused] == ["status_is_computed"]


def test_what_was_said_of_a_goal_at_the_end_of_every_day_is_what_is_computed_of_that_day_today(played: Played) -> None:
    said = sorted(
        (
            (played.local(event["accepted"]) or "", event["says"])
            for event in played.report["events"]
            if event["type"] == "goal.status_changed"
        ),
        key=lambda one: one[0],
    )
    wrong = []
    for day in days():
        for (goal, view), one in played.statuses(day).items():
            if one.view.recorded:
                last = [says for at, says in said if at[:10] <= day and (says["goal_id"], says["view"]) == (goal, view)]
                there = last[-1]["to_status"] if last else "NOT_ASSESSED"
                if there != one.assessment.status.value:
                    wrong.append((day, goal, view, there, one.assessment.status.value))
    assert wrong == []


def test_the_report_ends_with_the_goals_as_they_stand(played: Played) -> None:
    found = {line["goal"]: line["views"] for line in played.report["goals"]}
    last = played.statuses(LAST.isoformat())
    assert set(found) == {"G1", "G2", "G3", "G4", "G5", "G6", "G7"}
    assert {(goal, view): said["status"] for goal, views in found.items() for view, said in views.items()} == {
        name: one.assessment.status.value for name, one in last.items()
    }


def test_part_2_records_stop_counting_on_the_day_after_their_consent_has_ended(played: Played) -> None:
    assert played.statuses("2025-09-14")["G5", "internal"].assessment.status.value == "VERIFIED"
    assert played.statuses("2025-09-15")["G5", "internal"].assessment.status.value == "PARTIALLY_SUPPORTED"
    court = played.statuses("2025-09-14")["G5", "court"]
    assert {item.observed.emitter for item in court.items} == {"VISIT"}


def test_the_table_of_six_goals_by_reader_in_the_docs_is_how_they_stand(played: Played) -> None:
    page = (Path(__file__).parents[2] / "docs" / "verification.md").read_text(encoding="utf-8")
    table = page.partition("<!-- six goals -->")[2].partition("<!-- end -->")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()[2:]]
    said = {(row[0].split()[0], view): status for row in rows for view, status in zip(VIEWS, row[1:], strict=True)}
    found = played.statuses(LAST.isoformat())
    assert len(said) == 6 * len(VIEWS)
    assert said == {name: found[name].assessment.status.value for name in said}


def test_the_subject_is_shown_no_status_and_nothing_of_what_is_served_on_nobody(played: Played) -> None:
    papers = {line["goal"]: line["subject_is_shown"] for line in played.report["goals"]}
    assert {one.value for one in Status}.isdisjoint(json.dumps(papers).replace('"', " ").split())
    assert {paper["as_of"] for name, paper in papers.items() if name != "G7"} == {"2025-08-25"}
    assert papers["G4"]["received"] == []
    agencies = {line["agency"] for paper in papers.values() for line in paper["received"]}
    assert not any("Amara" in name or "School" in name or "Kin" in name for name in agencies)
    assert papers["G3"]["received"]
