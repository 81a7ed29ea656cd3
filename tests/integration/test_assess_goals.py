"""Goals are assessed as events come and days pass: what is said of them, in which lane, and to whom."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.actions.assess_goals import assess_goals
from services.actions.play_story import agency_actors, let_time_pass
from services.actions.read.timeline import shown_event
from services.actions.run_jobs import TRIES, run_jobs
from services.actions.set_up import SetUpDone, set_up
from services.clock import StoryClock
from services.domain.actors import Actor, system_actor
from services.domain.disclosure import Purpose, Reader
from services.domain.registry import NewAgency, NewStaff
from services.domain.roles import Role
from services.domain.set_up import SetUp
from services.domain.urgency import Lane
from services.storage import event_log, jobs
from services.storage.jobs import NewJob
from tests.alder import STORY_START, Alder
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


@pytest.fixture
def case(county: Alder, clock: StoryClock) -> Case:
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


def test_evidence_leads_to_a_status_in_each_view_and_to_an_event_for_each_change(case: Case) -> None:
    case.goal("G", "21")
    assert case.statuses() == dict.fromkeys(VIEWS, "NOT_ASSESSED")
    assert case.said() == []
    case.seen("G", 0)
    assert case.statuses() == dict.fromkeys(VIEWS, "PARTIALLY_SUPPORTED")
    first = case.said()
    assert {row.urgency for row in first} == {"U3"}
    assert {(data["from_status"], data["to_status"]) for data in case.data(first)} == {
        ("NOT_ASSESSED", "PARTIALLY_SUPPORTED")
    }
    case.verify("G")
    assert case.statuses() == dict.fromkeys(VIEWS, "VERIFIED")
    later = case.said({row.id for row in first})
    changed = {
        data["view"]: (row.urgency, data["to_status"], data["as_of"])
        for row, data in zip(later, case.data(later), strict=True)
    }
    assert changed == {
        "internal": ("U1", "VERIFIED", "2025-01-18"),
        "attorney": ("U1", "VERIFIED", "2025-01-18"),
        "court": ("U1", "VERIFIED", "2025-01-18"),
        "subject": ("U3", "VERIFIED", "2025-01-18"),
    }
    assert {data["ruleset_version"] for data in case.data(later)} == {case.county.system.policy.verification.digest}
    told = case.told(later)
    assert told["internal"] == {"worker", "supervisor"}
    assert "stone" in told["court"]
    assert not told["subject"] & OUTSIDE
    assert case.failed() == 0


def test_nothing_is_assessed_for_a_case_without_goals(case: Case) -> None:
    case.county.accept(
        "probation",
        "evidence.submitted",
        {**minimal_payload("evidence.submitted"), "goal_id": "G", "observed_from": iso(0)},
    )
    case.county.accept("police", "order.violated", minimal_payload("order.violated"))
    for lane in Lane:
        while run_jobs(case.county.system, lane, ("route",)):
            pass
    assert case.jobs() == []
    assert case.rows("SELECT 1 FROM goal_statuses") == []


def test_an_event_that_bears_on_no_goal_assesses_nothing(case: Case) -> None:
    case.goal("G", "21")
    before = len(case.jobs())
    case.county.accept("police", "order.served", minimal_payload("order.served"))
    for lane in Lane:
        while run_jobs(case.county.system, lane, ("route",)):
            pass
    assert len(case.jobs()) == before


def test_an_incident_flags_every_verified_goal_in_one_pass_of_work(case: Case) -> None:
    """practice.md §6.7, T3."""
    for goal_id in "GH":
        case.goal(goal_id, "21")
        case.verify(goal_id)
    case.goal("S", "1", kind="cessation")
    before = {row.id for row in case.said()}
    incident = minimal_payload("order.violated") | {"person_ref": "trent", "severity": "violence"}
    case.county.accept("police", "order.violated", incident)
    done = {lane: run_jobs(case.county.system, lane) for lane in (Lane.URGENT, Lane.ROUTINE)}
    assert done[Lane.URGENT] == 1
    flagged = {"internal": "VERIFIED!", "attorney": "VERIFIED!", "court": "UNDER_REVIEW!", "subject": "UNDER_REVIEW!"}
    assert (case.statuses("G"), case.statuses("H")) == (flagged, flagged)
    assert set(case.statuses("S").values()) == {"CONTRADICTED"}
    said = case.data(case.said(before))
    assert len(said) == 12
    assert {data["view"] for data in said if data.get("review_required")} == set(VIEWS)
    case.county.work()
    assert case.failed() == 0


def test_a_review_is_cleared_by_two_people(case: Case) -> None:
    case.goal("G", "21")
    case.verify("G")
    case.send("police", "order.violated", person_ref="trent", severity="violence")
    lift = {"hold_ref": "review-required-G", "why": "looked at", "lifted_by": "supervisor"}
    case.send("cps", "review.hold_lifted", **lift, second_approver="worker")
    assert case.statuses()["court"] == "UNDER_REVIEW!"
    case.send("cps", "review.hold_lifted", **lift, second_approver="manager")
    assert case.statuses() == dict.fromkeys(VIEWS, "VERIFIED")


def test_what_is_known_from_the_survivor_alone_changes_the_agencys_views_and_is_told_to_nobody_outside(
    case: Case,
) -> None:
    """practice.md §5.5 and §6.7, T4."""
    case.goal("G", "21")
    case.goal("H", "23")
    case.verify("G")
    case.verify("H")
    before, said = case.statuses(), {row.id for row in case.said()}
    case.seen("G", 108, "cps", direction="-", origin_person="marisol", observer_role="survivor")
    case.send("cps", "order.violated", origin_person="marisol", person_ref="trent", severity="violence")
    assert case.statuses() == {**before, "internal": "CONTRADICTED", "attorney": "CONTRADICTED"}
    assert case.statuses("H") == {**before, "internal": "VERIFIED!", "attorney": "VERIFIED!"}
    later = case.said(said)
    told = case.told(later)
    assert set(told) == {"internal", "attorney"}
    assert not set().union(*told.values()) & OUTSIDE
    assert {case.shown_to(role, later) for role in (Role.GAL, Role.JUV_COURT, Role.TRIBE, Role.PROB)} == {0}
    assert case.shown_to(Role.CPS_WORKER, later) == len(later)
    since = case.rows(
        "SELECT s.username FROM notifications n JOIN staff s ON s.id = n.recipient_id"
        " JOIN event_log e ON e.id = n.event_id WHERE e.type IN ('evidence.submitted', 'order.violated')"
        " AND e.agency_id = (SELECT id FROM agencies WHERE slug = 'cps')"
    )
    assert not {row.username for row in since} & OUTSIDE
    case.seen("G", 108, "police", direction="-", basis="record")
    assert case.statuses()["court"] == "CONTRADICTED"


def test_a_view_without_part_2_records_says_nothing_of_tests(case: Case) -> None:
    """practice.md §6.7, T5."""
    signed: dict[str, Any] = {
        "consent_ref": "c-1",
        "person_ref": "trent",
        "recipients": [{"role": "CPS_WORKER"}],
        "expires": "2025-09-14",
    }
    case.send("clinic", "sud.consent_signed", **signed, signed_on="2024-09-14", criminal_justice=False)
    case.goal("G", "25")
    case.send("cps", "briefing.sent", briefing_ref="b-1", to_agency="clinic", goal_ids=["G"])
    case.send("clinic", "briefing.acknowledged", briefing_ref="b-1")
    case.seen("G", 0)
    case.clock.move_to(STORY_START + timedelta(days=90))
    said = {row.id for row in case.said()}
    for day in (110, 140, 170, 198):
        case.seen("G", day, "clinic", basis="test", behaviour="Clean test")
    case.seen("G", 190, basis="record")
    case.seen("G", 105)
    later = case.said(said)
    views = [data["view"] for data in case.data(later)]
    assert "internal" in views
    assert (case.statuses()["internal"], case.statuses()["court"]) == ("VERIFIED", "PARTIALLY_SUPPORTED")
    kept = case.rows("SELECT reasons FROM goal_statuses WHERE view = 'court'")
    told = [data for data in case.data(case.said()) if data["view"] == "court"]
    assert told
    words = json.dumps([told, [row.reasons for row in kept]]).lower()
    assert not [word for word in ("test", "clinic", "p2", "substance", "withheld", "sober", "urine") if word in words]


def test_a_consent_that_ends_is_noticed_by_the_day_alone_in_the_views_that_it_opened(case: Case) -> None:
    signed: dict[str, Any] = {
        "consent_ref": "c-1",
        "person_ref": "trent",
        "recipients": [{"role": "CPS_WORKER"}],
        "expires": "2025-01-20",
    }
    case.send("clinic", "sud.consent_signed", **signed, signed_on="2024-09-14", criminal_justice=False)
    case.goal("G", "21")
    case.send("cps", "briefing.sent", briefing_ref="b-1", to_agency="clinic", goal_ids=["G"])
    case.county.accept("cps", "briefing.acknowledged", {"briefing_ref": "b-1"})
    case.county.work()
    case.clock.move_to(STORY_START)
    case.verify("G")
    before = case.statuses()
    case.seen("G", 109, "clinic", basis="test", direction="-")
    assert (case.statuses()["internal"], case.statuses()["court"]) == ("CONTRADICTED", before["court"])
    let_time_pass(case.county.system, case.clock, datetime(2025, 1, 21, 12, tzinfo=UTC))
    assert case.statuses()["internal"] == "VERIFIED"


def test_time_alone_makes_a_goal_stale_by_the_job_of_the_day_which_there_is_once(case: Case) -> None:
    case.goal("G", "21")
    case.verify("G")
    [tomorrow] = case.jobs()
    assert tomorrow.lane == "bulk"
    assert tomorrow.due_at == datetime(2025, 1, 19, 5, 5, tzinfo=UTC)
    case.seen("G", 100)
    assert [row.key for row in case.jobs()] == [tomorrow.key]
    said = {row.id for row in case.said()}
    let_time_pass(case.county.system, case.clock, datetime(2025, 3, 3, 5, 4, tzinfo=UTC))
    assert case.statuses() == dict.fromkeys(VIEWS, "VERIFIED")
    assert case.said(said) == []
    let_time_pass(case.county.system, case.clock, datetime(2025, 3, 3, 12, tzinfo=UTC))
    assert case.statuses() == dict.fromkeys(VIEWS, "STALE")
    changed = case.data(case.said(said))
    assert {(data["from_status"], data["to_status"], data["as_of"]) for data in changed} == {
        ("VERIFIED", "STALE", "2025-03-03")
    }
    assert len(changed) == len(VIEWS)
    assert len(case.jobs()) == 1
    assert case.failed() == 0


def test_a_job_that_runs_twice_writes_nothing_new(case: Case) -> None:
    case.goal("G", "21")
    case.verify("G")
    system = case.county.system
    before = case.rows("SELECT * FROM goal_statuses ORDER BY view"), len(case.said())
    [waiting] = case.jobs()
    for number in (1, 2):
        new = NewJob(f"assess:again:{number}", Lane.ROUTINE, "assess", waiting.case_id, system.clock(), waiting.case_id)
        with system.database.begin(READER) as connection:
            jobs.add(connection, [new])
            leased = jobs.lease(connection, Lane.ROUTINE, ("assess",), system.clock(), 10)
        assess_goals(system, leased)
    assert (case.rows("SELECT * FROM goal_statuses ORDER BY view"), len(case.said())) == before
    assert [row.key for row in case.jobs()] == [waiting.key]


def test_two_changes_at_one_instant_are_two_events(case: Case) -> None:
    case.goal("G", "21")
    case.seen("G", 100)
    case.seen("G", 101, "police", direction="-")
    case.county.work()
    assert case.failed() == 0
    assert {data["to_status"] for data in case.data(case.said())} == {"PARTIALLY_SUPPORTED", "CONTRADICTED"}
    assert set(case.statuses().values()) == {"CONTRADICTED"}


def test_evidence_that_a_person_links_is_assessed_and_no_more_when_that_is_taken_back(case: Case) -> None:
    case.goal("G", "21")
    case.verify("G")
    stray = case.seen("G", 108, "police", "nobody-s", direction="-", basis="record")
    assert set(case.statuses().values()) == {"VERIFIED"}
    case.send("cps", "event.linked", linked_event=str(stray))
    assert set(case.statuses().values()) == {"CONTRADICTED"}
    case.send("cps", "event.unlinked", linked_event=str(stray), why="another family")
    assert set(case.statuses().values()) == {"VERIFIED"}
    assert case.failed() == 0


def test_a_report_that_is_put_in_quarantine_brings_nothing_even_where_a_person_linked_it(case: Case) -> None:
    case.goal("G", "21")
    seen = {"goal_id": "G", "direction": "-", "behaviour": "x", "observed_from": iso(108), "basis": "test"}
    fields: dict[str, Any] = {"period": "2025-01", "per_goal": [seen], "statements": []}
    case.send("clinic", "provider.progress_report", **fields)
    stray = case.send("clinic", "provider.progress_report", "nobody-s", **fields)
    case.send("cps", "event.linked", linked_event=str(stray))
    signed: dict[str, Any] = {
        "consent_ref": "c-1",
        "person_ref": "trent",
        "recipients": [{"role": "CPS_WORKER"}],
        "expires": "2025-09-14",
    }
    case.send("clinic", "sud.consent_signed", **signed, signed_on="2024-09-14", criminal_justice=False)
    assert case.statuses()["internal"] == "NOT_ASSESSED"


def test_a_closed_goal_is_looked_at_no_more(case: Case) -> None:
    case.goal("G", "21")
    case.verify("G")
    diff = [{"op": "closed", "goal_id": "G"}]
    case.send("cps", "caseplan.revised", diff=diff, reason="done", effective="2025-01-18")
    assert set(case.statuses().values()) == {"CLOSED"}
    let_time_pass(case.county.system, case.clock, datetime(2025, 1, 20, 12, tzinfo=UTC))
    assert case.jobs() == []


def test_where_goals_cannot_be_assessed_people_are_told_of_which_event(case: Case) -> None:
    case.goal("G")
    receipt = case.county.accept(
        "probation",
        "evidence.submitted",
        {
            **minimal_payload("evidence.submitted"),
            "goal_id": "G",
            "direction": "+",
            "basis": "direct",
            "observed_from": iso(5),
        },
        subject="C-1",
    )
    for lane in Lane:
        run_jobs(case.county.system, lane, ["route"])
    zone = "UPDATE cases SET zone = :zone RETURNING id"
    case.rows(zone, zone="Nowhere/At_All")
    for _ in range(TRIES):
        for lane in Lane:
            run_jobs(case.county.system, lane, ["assess"])
        case.clock.move_to(case.clock() + timedelta(minutes=1))
    case.rows(zone, zone="America/New_York")
    assert case.rows("SELECT kind FROM jobs WHERE state = 'set_aside'") == [("assess",)]
    case.county.work()
    asked = "SELECT event_id FROM tasks WHERE kind = 'see_to_set_aside'"
    assert [row.event_id for row in case.rows(asked)] == [receipt]
