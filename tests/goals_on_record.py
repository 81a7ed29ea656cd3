"""Goals of the demo's case on a real database, through the front that serves them, for tests of who reads what."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from services.actions.read.goals import NotYet, ShownGoal, ShownGoals, case_goals
from services.clock import StoryClock
from services.domain.actors import Actor
from services.domain.disclosure import Purpose
from services.domain.roles import Role
from services.storage.database import DatabaseRole
from services.storage.tables import agencies, staff
from tests.payloads import minimal_payload
from tests.web_world import ADMINISTRATOR, CASE_NUMBER, PROBATION_NUMBER, START, World, event

CPS, PROBATION, PROGRAMME = "alder-cps-records", "alder-probation-supervision", "turning-point-records"
COURT = "alder-juvenile-court-filing"
SECRET = "She said that he waits near the bakery."
SINCE = "2025-01-18"
SEATS = (
    ("AG_ATTY", "alder-attorney", "feldman"),
    ("JUV_COURT", "alder-juvenile-court", "osei"),
    ("GAL", "stone-gal", "stone"),
    ("COUNSEL_SUBJECT", "pike-law", "pike"),
    ("LE", "alder-police", "kowalski"),
    ("VISIT", "halfway-house", "novak"),
    ("SCHOOL", "alder-schools", "greenlee"),
)


def send(world: World, *events: dict[str, Any], client: str = CPS) -> None:
    world.send(client, *events)
    world.work()


def move(world: World, to: str) -> None:
    clock = world.system.clock
    assert isinstance(clock, StoryClock)
    clock.move_to(datetime.combine(date.fromisoformat(to), START.time(), START.tzinfo))


def goal(goal_id: str, number: str = CASE_NUMBER, **fields: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "goal_id": goal_id,
        "kind": "positive",
        "statement": "Trent pays support in full and on time.",
    }
    said |= {"person_ref": "trent", "label": f"Goal {goal_id}", "baseline_item_refs": ["i-01"], "day_0": SINCE}
    return event("goal.created", said | fields, number)


def adopted(*goals: str, number: str = CASE_NUMBER) -> dict[str, Any]:
    return event("caseplan.adopted", minimal_payload("caseplan.adopted") | {"goals": goals, "effective": SINCE}, number)


def planned(world: World, **fields: Any) -> None:
    """Goals G and H of Trent, adopted; the programme and probation are briefed on G, and have read it."""
    send(
        world,
        event("case.person_added", {"person_ref": "trent", "kind": "subject", "name": "Trent"}),
        event("case.person_added", {"person_ref": "marisol", "kind": "protective_parent", "name": "Marisol"}),
        goal("G", **fields),
        goal("H", vantage=["LE"]),
        adopted("G", "H"),
    )
    for agency in ("turning-point", "alder-probation"):
        reference = f"b-{agency}"
        send(
            world,
            event("briefing.sent", {"briefing_ref": reference, "to_agency": agency, "goal_ids": ["G"]}),
            event("briefing.acknowledged", {"briefing_ref": reference, "acknowledged_on": SINCE, "agency": agency}),
        )


def seated(world: World) -> None:
    """More people hold roles on the case."""
    gives = [
        event("case.role_given", {"role": role, "agency": agency, "person": person, "since": SINCE})
        for role, agency, person in SEATS
    ]
    send(world, *gives)


def seen(day: str, number: str = CASE_NUMBER, goal_id: str = "G", **fields: Any) -> dict[str, Any]:
    said = {"goal_id": goal_id, "direction": "+", "behaviour": "Paid.", "basis": "direct", "observed_from": day}
    return event("evidence.submitted", said | fields, number)


def hers(day: str) -> dict[str, Any]:
    """A statement of the survivor against the goal."""
    return seen(day, direction="-", basis="firsthand", observer_role="survivor", behaviour=SECRET)


def verified(world: World) -> None:
    """G is verified in May: by the worker and by probation."""
    planned(world)
    for day in ("2025-01-20", "2025-02-20", "2025-03-09"):
        send(world, seen(day))
    send(world, seen("2025-03-01", PROBATION_NUMBER), client=PROBATION)
    move(world, "2025-04-20")
    send(world, seen("2025-04-20"))


def get(world: World, path: str, client: str = CPS, **query: str) -> Any:
    return world.client().get(path, headers=world.bearer(client), query_string=query)


def read(world: World, goal_id: str = "G", client: str = CPS, number: str = CASE_NUMBER, **query: str) -> Any:
    return get(world, f"/v1/cases/{number}/goals/{goal_id}", client, **query).get_json()


def person(world: World, username: str) -> Actor:
    with world.system.database.begin(ADMINISTRATOR) as connection:
        row = connection.execute(
            select(staff.c.id, staff.c.agency_id, agencies.c.roles)
            .join(agencies, agencies.c.id == staff.c.agency_id)
            .where(staff.c.username == username)
        ).one()
    return Actor(f"staff:{username}", row.agency_id, frozenset(map(Role, row.roles)), party_id=row.id)


def shown(world: World, username: str, **asked: Any) -> ShownGoals | NotYet | None:
    """What somebody is shown, in the role of the web."""
    web = replace(world.system, database=world.system.database.as_role(DatabaseRole.WEB))
    return case_goals(web, person(world, username), world.case_id(), Purpose.CASE_WORK, **asked)


def one(world: World, username: str, goal_id: str = "G", **asked: Any) -> ShownGoal:
    found = shown(world, username, goal_id=goal_id, **asked)
    assert isinstance(found, ShownGoals)
    [only] = found.goals
    return only
