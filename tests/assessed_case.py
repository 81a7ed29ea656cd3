"""A case on which goals are assessed as events come, for tests of what is said of them, and to whom."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.actions.play_story import agency_actors
from services.actions.read.timeline import shown_event
from services.actions.set_up import SetUpDone, set_up
from services.clock import StoryClock
from services.domain.actors import Actor, system_actor
from services.domain.disclosure import Purpose, Reader
from services.domain.registry import NewAgency, NewStaff
from services.domain.roles import Role
from services.domain.set_up import SetUp
from services.storage import event_log
from tests.alder import Alder
from tests.payloads import minimal_payload

READER = system_actor("test")
DAY_0 = date(2024, 10, 1)
MORE = SetUp(
    agencies=(
        NewAgency("court", "Courthouse", frozenset({Role.JUV_COURT})),
        NewAgency("attorney", "Agency attorney", frozenset({Role.AG_ATTY})),
        NewAgency("guardian", "Guardian", frozenset({Role.GAL})),
    ),
    staff=(
        NewStaff("cps", "manager", "Manager"),
        NewStaff("court", "clerk", "Clerk"),
        NewStaff("attorney", "counsel", "Counsel"),
        NewStaff("guardian", "stone", "Stone"),
    ),
)
OUTSIDE = {"clerk", "stone", "officer", "facilitator", "counsellor", "sergeant"}
VIEWS = ("internal", "attorney", "court", "subject")


def iso(day: int) -> str:
    """A day of the goals."""
    return (DAY_0 + timedelta(days=day)).isoformat()


@dataclass(frozen=True, slots=True)
class Case:
    """Case C-1, on which goals are assessed. Its clock stands on day 109 of the goals, 18 January 2025."""

    county: Alder
    clock: StoryClock

    def send(self, agency: str, event_type: str, subject: str = "C-1", **fields: Any) -> UUID:
        """One event, with all that follows from it."""
        receipt = self.county.accept(agency, event_type, {**minimal_payload(event_type), **fields}, subject=subject)
        self.county.work()
        return receipt

    def goal(self, goal_id: str, *codes: str, kind: str = "positive") -> None:
        """A goal of Trent's in force since day 0."""
        words: dict[str, Any] = {
            "statement": "Trent reads to Cody at each visit and stays for the whole visit.",
            "goal_codes": list(codes),
        }
        written: dict[str, Any] = {"kind": kind, "person_ref": "trent", "day_0": iso(0), "baseline_item_refs": ["i-1"]}
        self.send("cps", "goal.created", goal_id=goal_id, **words, **written)
        self.send("cps", "caseplan.adopted", goals=[goal_id])

    def seen(self, goal_id: str, day: int, agency: str = "probation", subject: str = "C-1", **fields: Any) -> UUID:
        """One observation, for the goal where nothing else is said."""
        said = {"direction": "+", "basis": "direct", "observed_from": iso(day), **fields}
        return self.send(agency, "evidence.submitted", subject, goal_id=goal_id, **said)

    def consent_to_clinic(self, *, expires: str) -> None:
        """Trent consents that the clinic tells child welfare, and nobody in criminal justice."""
        signed: dict[str, Any] = {
            "consent_ref": "c-1",
            "person_ref": "trent",
            "recipients": [{"role": "CPS_WORKER"}],
            "signed_on": "2024-09-14",
            "expires": expires,
            "criminal_justice": False,
        }
        self.send("clinic", "sud.consent_signed", **signed)

    def verify(self, goal_id: str) -> None:
        """All that verifies a positive goal today; the last of it was seen two days ago."""
        for day in (0, 40, 80, 107):
            self.seen(goal_id, day)
        self.seen(goal_id, 20, "police", basis="record")

    def rows(self, query: str, **values: object) -> list[Any]:
        """What a query answers."""
        with self.county.system.database.begin(READER) as connection:
            return list(connection.execute(text(query), values).all())

    def statuses(self, goal_id: str = "G") -> dict[str, str]:
        """What was last said of a goal, by view; ``!`` after it where a review is required."""
        found = self.rows("SELECT * FROM goal_statuses WHERE goal_id = :goal", goal=goal_id)
        return {row.view: f"{row.status}{'!' if row.review_required else ''}" for row in found}

    def said(self, since: Collection[UUID] = ()) -> list[Any]:
        """The events that said that a status changed, in their order, without those of before: their rows."""
        query = "SELECT * FROM event_log WHERE type = 'goal.status_changed' ORDER BY sequence"
        return [row for row in self.rows(query) if row.id not in since]

    def data(self, events: Collection[Any]) -> list[dict[str, Any]]:
        """Their payloads."""
        with self.county.system.database.begin(READER) as connection:
            loaded = event_log.load(connection, self.county.system.keys, [row.id for row in events])
        return [dict(loaded[row.id].data) for row in events]

    def told(self, events: Collection[Any]) -> dict[str, set[str]]:
        """Who was told of these events, by view."""
        told: dict[str, set[str]] = {}
        for row, data in zip(events, self.data(events), strict=True):
            query = (
                "SELECT s.username FROM notifications n JOIN staff s ON s.id = n.recipient_id WHERE n.event_id = :id"
            )
            told.setdefault(data["view"], set()).update(one.username for one in self.rows(query, id=row.id))
        return told

    def shown_to(self, role: Role, events: Collection[Any]) -> int:
        """How many of these events anybody in this role would see on the case's timeline."""
        system = self.county.system
        reader = Reader(party_id=None, agency_id=None, roles=frozenset({role}), purpose=Purpose.CASE_WORK)
        with system.database.begin(READER) as connection:
            loaded = event_log.load(connection, system.keys, [row.id for row in events])
        seen = [shown_event(system, reader, frozenset({"marisol"}), event, system.clock()) for event in loaded.values()]
        return sum(one is not None for one in seen)

    def jobs(self) -> list[Any]:
        """The jobs that assess goals."""
        return self.rows("SELECT * FROM jobs WHERE kind = 'assess' ORDER BY id")

    def failed(self) -> int:
        """How many jobs could not be done."""
        return int(self.rows("SELECT count(*) FROM jobs WHERE state = 'set_aside' OR error_code IS NOT NULL")[0][0])


def assessed_case(county: Alder, clock: StoryClock) -> Case:
    """The case with all agencies on it, and the family."""
    done = set_up(county.system, Actor(name="system:test", administrates=True), MORE)
    assert isinstance(done, SetUpDone), done
    everybody = Alder(county.system, agency_actors(county.system))
    everybody.open_case("police", "probation", "programme", "clinic")
    for agency, role, person in (
        ("court", "JUV_COURT", "clerk"),
        ("attorney", "AG_ATTY", "counsel"),
        ("guardian", "GAL", "stone"),
    ):
        everybody.accept("cps", "case.identifier_linked", {"agency": agency, "value": "C-1"})
        everybody.seat(role, agency, person)
    for person, kind in (("trent", "subject"), ("marisol", "protective_parent")):
        everybody.accept("cps", "case.person_added", {"person_ref": person, "kind": kind, "name": "A person"})
    everybody.work()
    return Case(everybody, clock)
