"""Intake on a real database: kept once, in order, in one commit with its job; never told more than the token allows."""

from dataclasses import replace

from sqlalchemy import text

from services.actions.receive_events import Accepted, Conflict, Forbidden, Invalid, receive_events
from services.domain.actors import Actor
from services.storage import event_log
from services.storage.database import DatabaseRole
from tests.alder import Alder

INCIDENT = {
    "incident_no": "24-101",
    "offence_codes": ["ASSAULT"],
    "children_present": True,
    "weapons": False,
    "injuries": "visible",
    "pattern_codes": ["strangulation"],
}


def count(county: Alder, someone: Actor, query: str) -> int:
    with county.system.database.begin(someone) as connection:
        return int(connection.execute(text(query)).scalar_one())


def test_the_same_event_sent_twice_is_kept_once_and_gets_the_same_receipt(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    first = county.send("police", "le.dv_incident", INCIDENT, event_id="a")
    again = county.send("police", "le.dv_incident", INCIDENT, event_id="a")
    assert isinstance(first, Accepted)
    assert again == first
    assert count(county, someone, "SELECT count(*) FROM event_log WHERE type = 'le.dv_incident'") == 1
    assert count(county, someone, "SELECT count(*) FROM jobs WHERE key LIKE 'route:%' AND lane = 'urgent'") >= 1


def test_the_same_id_with_another_body_is_a_conflict_that_a_person_looks_at(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    first = county.accept("police", "le.dv_incident", INCIDENT, event_id="a")
    assert county.send("police", "le.dv_incident", {**INCIDENT, "weapons": True}, event_id="a") == Conflict(first)
    assert county.send("police", "le.dv_incident", {**INCIDENT, "weapons": True}, event_id="a") == Conflict(first)
    county.work()
    assert count(county, someone, "SELECT count(*) FROM tasks WHERE kind = 'compare_versions'") == 1


def test_a_case_that_the_sender_is_not_on_is_like_an_unknown_one(county: Alder, someone: Actor) -> None:
    county.open_case()
    with county.system.database.begin(someone) as connection:
        token = connection.execute(text("SELECT token FROM cases")).scalar_one()
    known = county.accept("police", "le.dv_incident", INCIDENT, subject=token)
    unknown = county.accept("police", "le.dv_incident", INCIDENT, subject="case-of-nobody")
    county.work()
    with county.system.database.begin(someone) as connection:
        rows = connection.execute(text("SELECT event_id, state, code, case_id FROM event_outcomes")).all()
        told = connection.execute(text("SELECT event_id, rule_id, recipient_id, urgency FROM notifications")).all()
    states = {row.event_id: (row.state, row.code, row.case_id) for row in rows}
    assert states[known] == states[unknown] == ("unmatched", "unknown_case", None)
    assert {row[1:] for row in told if row.event_id == known} == {row[1:] for row in told if row.event_id == unknown}


def test_a_sender_is_refused_for_its_type_alone(county: Alder) -> None:
    assert county.send("police", "caseplan.adopted", {}, subject="nothing") == Forbidden("type_not_allowed")


def test_bad_fields_are_named_and_nothing_is_kept(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    before = count(county, someone, "SELECT count(*) FROM event_log")
    outcome = county.send("police", "le.dv_incident", {**INCIDENT, "weapons": "maybe", "colour": "red"})
    assert isinstance(outcome, Invalid)
    assert {problem.field for problem in outcome.problems} == {"data.weapons", "data.colour"}
    assert count(county, someone, "SELECT count(*) FROM event_log") == before


def test_each_event_of_a_batch_is_answered_for_itself(county: Alder) -> None:
    county.open_case("police")
    good = county.envelope("police", "le.dv_incident", INCIDENT)
    bad = county.envelope("police", "le.dv_incident", {})
    outcomes = receive_events(county.system, county.senders["police"], [good, bad, good])
    assert [type(outcome) for outcome in outcomes] == [Accepted, Invalid, Accepted]
    assert outcomes[0] == outcomes[2]


def test_a_case_born_in_a_batch_is_there_for_the_events_after_it(county: Alder, someone: Actor) -> None:
    opened = county.envelope(
        "cps",
        "case.opened",
        {"track": "investigation", "county": "alder", "zone": "America/New_York", "opened_on": "2025-01-18"},
    )
    seat = county.envelope(
        "cps", "case.role_given", {"role": "CPS_SUP", "agency": "cps", "person": "supervisor", "since": "2025-01-18"}
    )
    receive_events(county.system, county.senders["cps"], [opened, seat])
    assert count(county, someone, "SELECT count(*) FROM event_log WHERE case_id IS NOT NULL") == 2
    assert count(county, someone, "SELECT count(*) FROM case_seats") == 1


def test_location_leaves_the_payload_for_the_vault(county: Alder, someone: Actor) -> None:
    county.open_case()
    receipt = county.accept(
        "cps",
        "survivor.safe_contact_set",
        {
            "person_ref": "p-marisol",
            "channel": "phone",
            "windows": [{"days": ["tue"], "start": "10:00", "end": "12:00"}],
            "no_message": True,
            "if_released": "any_hour",
            "reach": "555-0100",
            "expires": "2025-03-01",
        },
    )
    with county.system.database.begin(someone) as connection:
        event = event_log.load(connection, county.system.keys, [receipt])[receipt]
        places = set(connection.execute(text("SELECT path FROM vault")).scalars())
    assert str(event.data["reach"]).startswith("vault:")
    assert "555-0100" not in str(event.data)
    assert {"reach", "channel", "windows", "expires"} <= places


def test_intake_works_in_the_web_role_under_row_security(county: Alder, someone: Actor) -> None:
    county.open_case("police")
    web = Alder(replace(county.system, database=county.system.database.as_role(DatabaseRole.WEB)), county.senders)
    web.accept("police", "le.dv_incident", INCIDENT)
    web.accept("police", "le.dv_incident", INCIDENT, subject="unknown")


def test_an_agency_gets_no_role_in_which_it_does_not_speak(county: Alder) -> None:
    county.open_case()
    seat = {"role": "AG_ATTY", "agency": "programme", "person": "facilitator", "since": "2025-01-18"}
    outcome = county.send("cps", "case.role_given", seat)
    assert isinstance(outcome, Invalid)
    assert [(problem.field, problem.code) for problem in outcome.problems] == [("data.role", "not_the_agencys")]


def test_a_repeat_of_what_was_refused_in_the_same_batch_is_refused_alike(county: Alder) -> None:
    county.open_case()
    seat = {"role": "PROB", "agency": "probation", "person": "nobody", "since": "2025-01-18"}
    envelope = county.envelope("cps", "case.role_given", seat)
    first, second = receive_events(county.system, county.senders["cps"], [envelope, envelope])
    assert isinstance(first, Invalid)
    assert second == first


def test_a_narrowed_consent_never_covers_more(county: Alder, someone: Actor) -> None:
    county.open_case("clinic")
    granted = {
        "consent_ref": "k-1",
        "by_ref": "p-1",
        "scope": ["attendance"],
        "recipients": [{"role": "CPS_WORKER"}, {"role": "CPS_SUP"}],
        "purpose": "plan_monitoring",
        "expires": "2025-09-14",
    }
    county.accept("cps", "consent.granted", granted)
    wider = {
        "consent_ref": "k-1",
        "scope": ["attendance"],
        "recipients": [{"role": "CPS_WORKER"}, {"role": "BIP"}],
        "expires": "2199-01-01",
    }
    county.accept("cps", "consent.narrowed", wider)
    with county.system.database.begin(someone) as connection:
        row = connection.execute(text("SELECT recipients, expires_on FROM releases")).one()
    assert (row.recipients, str(row.expires_on)) == (["CPS_WORKER"], "2025-09-14")
