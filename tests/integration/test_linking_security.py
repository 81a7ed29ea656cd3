"""The second net under linking: what the database lets the web role see of events that match no case (Settled 7)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Row, text
from sqlalchemy.exc import ProgrammingError

from services.domain.actors import Actor, system_actor
from services.storage import event_log
from services.storage.database import DatabaseRole
from tests.alder import Alder
from tests.integration.test_receive_events import INCIDENT

TEST = system_actor("test")
OF_EVENT = {
    "event_log": "SELECT id FROM event_log WHERE id = :event",
    "event_payloads": "SELECT event_id FROM event_payloads WHERE event_id = :event",
}


@pytest.fixture
def receipt(county: Alder) -> UUID:
    """An incident that the police report under a number that means nothing here."""
    county.open_case("probation")
    event = county.accept("police", "le.dv_incident", INCIDENT, subject="24-unknown")
    county.work()
    return event


def seen(county: Alder, agency: str, query: str, **values: object) -> Sequence[Row[Any]]:
    """What an agency's own web processes find."""
    database = county.system.database.as_role(DatabaseRole.WEB)
    with database.begin(replace(county.senders[agency], administrates=False)) as connection:
        return connection.execute(text(query), values).all()


def of_event(county: Alder, agency: str, event: UUID) -> Mapping[str, int]:
    return {table: len(seen(county, agency, query, event=event)) for table, query in OF_EVENT.items()}


def key_of(county: Alder, agency: str, event: UUID) -> bytes | None:
    [row] = seen(county, agency, "SELECT app_key_of(:event) AS key", event=event)
    key: bytes | None = row.key
    return key


def loaded(county: Alder, agency: str, event: UUID) -> bool:
    database = county.system.database.as_role(DatabaseRole.WEB)
    with database.begin(county.senders[agency]) as connection:
        return event in event_log.load(connection, county.system.keys, [event])


NOTHING = {"event_log": 0, "event_payloads": 0}
THE_EVENT = {"event_log": 1, "event_payloads": 1}


def test_only_the_sender_and_the_agency_that_is_asked_see_an_event_of_no_case(county: Alder, receipt: UUID) -> None:
    assert of_event(county, "cps", receipt) == THE_EVENT
    assert of_event(county, "police", receipt) == THE_EVENT
    for agency in ("probation", "programme", "clinic"):
        assert of_event(county, agency, receipt) == NOTHING
        assert key_of(county, agency, receipt) is None
    assert loaded(county, "cps", receipt)
    assert not loaded(county, "probation", receipt)


@pytest.mark.parametrize("state", ["declined", "done", "withdrawn"])
def test_with_the_task_the_sight_of_it_ends(county: Alder, receipt: UUID, state: str) -> None:
    with county.system.database.begin(TEST) as connection:
        connection.execute(text("UPDATE tasks SET state = :state WHERE kind = 'link_event'"), {"state": state})
    assert of_event(county, "cps", receipt) == NOTHING
    assert key_of(county, "cps", receipt) is None


def test_another_task_of_the_agency_opens_nothing(county: Alder, receipt: UUID) -> None:
    with county.system.database.begin(TEST) as connection:
        connection.execute(text("UPDATE tasks SET kind = 'safety_call' WHERE kind = 'link_event'"))
    assert of_event(county, "cps", receipt) == NOTHING


def test_whoever_is_asked_sees_neither_the_rest_of_that_intake_nor_its_stream(county: Alder, receipt: UUID) -> None:
    other = county.accept("police", "le.dv_incident", INCIDENT, subject="24-other")
    assert of_event(county, "cps", other) == NOTHING, "nobody has been asked about this one yet"
    streams = "SELECT streams.id FROM streams JOIN agencies a ON a.id = streams.agency_id WHERE a.slug = 'police'"
    assert seen(county, "cps", streams) == []
    assert seen(county, "cps", "SELECT 1 FROM event_outcomes WHERE event_id = :event", event=receipt) == []
    assert seen(county, "cps", "SELECT 1 FROM intake_conflicts") == []


def test_sight_is_no_touch(county: Alder, receipt: UUID) -> None:
    for statement in (
        "UPDATE event_payloads SET sealed = ''",
        "DELETE FROM event_payloads",
        "UPDATE event_log SET actor = ''",
    ):
        with pytest.raises(ProgrammingError):
            seen(county, "cps", statement)


def test_a_linked_event_is_seen_by_the_agencies_of_its_case_and_no_longer_than_it_is_linked(
    county: Alder, receipt: UUID
) -> None:
    county.accept("cps", "event.linked", {"linked_event": str(receipt)})
    county.work()
    for agency in ("cps", "probation"):
        assert of_event(county, agency, receipt) == THE_EVENT
        assert loaded(county, agency, receipt)
    assert of_event(county, "programme", receipt) == NOTHING
    county.accept("cps", "event.unlinked", {"linked_event": str(receipt), "why": "Another family."})
    county.work()
    assert of_event(county, "probation", receipt) == NOTHING
    assert key_of(county, "probation", receipt) is None
    assert of_event(county, "cps", receipt) == THE_EVENT, "the desk is asked about it again"


def test_the_sender_sees_nothing_of_what_is_done_with_its_event(county: Alder, receipt: UUID) -> None:
    county.accept("cps", "event.linked", {"linked_event": str(receipt)})
    county.work()
    for table in ("tasks", "notifications", "event_links", "cases", "deadlines", "cautions"):
        assert seen(county, "police", f"SELECT 1 FROM {table}") == [], table


def test_the_agency_whose_case_it_is_sees_who_was_told_and_others_see_their_own(county: Alder, receipt: UUID) -> None:
    county.accept("cps", "event.linked", {"linked_event": str(receipt)})
    county.work()
    told = (
        "SELECT DISTINCT a.slug FROM notifications n JOIN agencies a ON a.id = n.agency_id WHERE n.case_id IS NOT NULL"
    )
    assert {row.slug for row in seen(county, "cps", told)} == {"cps", "probation"}
    assert {row.slug for row in seen(county, "probation", told)} == {"probation"}
    hidden = "UPDATE notifications SET state = 'acknowledged' WHERE agency_id <> app_agency() RETURNING id"
    assert seen(county, "cps", hidden) == []


@pytest.mark.parametrize("function", ["app_asked_about", "app_linked_here", "app_key_of", "app_on_case"])
def test_functions_that_act_for_all_look_nowhere_but_where_they_were_made_for(county: Alder, function: str) -> None:
    query = "SELECT prosecdef, proconfig FROM pg_proc WHERE proname = :name"
    with county.system.database.begin(TEST) as connection:
        [row] = connection.execute(text(query), {"name": function}).all()
    assert row.prosecdef
    assert row.proconfig == ["search_path=pg_catalog, public"]


def test_a_transaction_that_does_not_say_for_whom_sees_nothing(county: Alder, receipt: UUID) -> None:
    database = county.system.database.as_role(DatabaseRole.WEB)
    with database.begin(Actor(name="staff:nobody")) as connection:
        assert connection.execute(text("SELECT app_key_of(:event)"), {"event": receipt}).scalar() is None
        assert connection.execute(text(OF_EVENT["event_log"]), {"event": receipt}).all() == []
