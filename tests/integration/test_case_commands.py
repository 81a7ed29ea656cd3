"""A case is born from the command line: each command keeps one event, and says what is wrong."""

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from services.cli.casework import case
from services.domain.actors import Actor
from tests.alder import Alder

OPENING = ("open", "K-7", "--agency", "cps", "--county", "alder", "--zone", "America/New_York")
ROLE = ("give-role", "K-7", "CPS_WORKER", "--agency", "cps", "--to-agency", "cps", "--person", "worker")


def run(county: Alder, *words: str) -> Result:
    return CliRunner().invoke(case, list(words), obj=lambda: county.system)


@pytest.fixture
def opened(county: Alder) -> Alder:
    assert run(county, *OPENING, "--opened-on", "2025-01-18").exit_code == 0
    return county


def test_a_case_is_opened_with_people_roles_and_numbers(opened: Alder, someone: Actor) -> None:
    person = ("add-person", "K-7", "p-1", "--agency", "cps", "--kind", "child", "--name", "Ivy")
    number = ("link-number", "K-7", "P-99", "--agency", "cps", "--of-agency", "police")
    role = (*ROLE, "--since", "2025-01-18")
    end = ("end-role", "K-7", "CPS_WORKER", "--agency", "cps", "--of-agency", "cps", "--person", "worker")
    for words in (person, number, role, (*end, "--until", "2025-02-01")):
        assert run(opened, *words).exit_code == 0
    with opened.system.database.begin(someone) as connection:
        types = connection.execute(text("SELECT type FROM event_log ORDER BY sequence")).scalars().all()
        seat = connection.execute(text("SELECT until FROM case_seats")).scalar_one()
    assert types == [
        "case.opened",
        "case.person_added",
        "case.identifier_linked",
        "case.role_given",
        "case.role_ended",
    ]
    assert str(seat) == "2025-02-01"


def test_what_is_wrong_is_said_by_field_and_nothing_is_kept(opened: Alder, someone: Actor) -> None:
    again = run(opened, *OPENING, "--opened-on", "2025-01-18")
    assert again.exit_code == 1
    assert "subject: This number is linked to a case already." in again.output
    nobody = run(opened, *ROLE[:-1], "nobody", "--since", "2025-01-18")
    assert nobody.exit_code == 1
    assert "person: The agency has nobody of this name." in nobody.output
    with opened.system.database.begin(someone) as connection:
        assert connection.execute(text("SELECT count(*) FROM event_log")).scalar_one() == 1


def test_an_agency_that_may_not_say_it_is_refused(opened: Alder) -> None:
    refused = run(opened, "add-person", "K-7", "p", "--agency", "police", "--kind", "child", "--name", "Ivy")
    assert refused.exit_code == 1
    assert "may not say this" in refused.output
