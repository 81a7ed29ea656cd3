"""The demo's story through the real pipeline, row by row: everybody told, every task and date, every refusal."""

from collections.abc import Callable, Iterator

import pytest

from services.local.machine import LocalStores
from tests.acceptance.demo_checks import WORDS, differences
from tests.acceptance.demo_story import Played, expected_rows, play
from tests.conftest import TEMPLATE

ROWS = expected_rows()
READERS = tuple(
    sorted({name for row in ROWS.values() for words in ("shown", "withheld") for name in row.get(words, ())})
)
NewDatabase = Callable[[str], str]


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
