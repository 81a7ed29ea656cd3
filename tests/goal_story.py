"""Made-up cases with goals, for tests of how what is known is folded into what is evaluated.

Days are counted from day 0 of the goals. Every payload is held to its schema, so that no test rests on an event that
could not be sent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from schemas.catalogue import CATALOGUE
from services.domain.case_goals import CaseContext, CaseGoals, GoalState, Item, goals_on
from services.domain.disclosure import DataClass
from services.domain.events import Event
from services.domain.evidence import Evidence
from services.domain.goal_views import Assessed, as_corrected, assess_case
from services.domain.known_events import KnownEvent
from services.domain.reporting_lines import ReportingLines, Spell
from services.domain.roles import CHILD_WELFARE, Role
from services.domain.verification_policy import VerificationPolicy, View
from services.policy.verification import compile_verification
from tests.payloads import minimal_payload

ZONE = ZoneInfo("America/New_York")
DAY_0 = date(2025, 3, 1)
FILE = Path(__file__).parents[1] / "config" / "policy" / "verification.yaml"
LIBRARY = tuple(str(number) for number in range(1, 31))
POLICY: VerificationPolicy = compile_verification(FILE, CATALOGUE, LIBRARY)

AGENCIES: Mapping[Role, str] = {
    **dict.fromkeys(CHILD_WELFARE, "cps"),
    Role.AG_ATTY: "attorney",
    Role.JUV_COURT: "court",
    Role.CRIM_COURT: "court",
    Role.PROB: "probation",
    Role.JAIL: "jail",
    Role.LE: "police",
    Role.BIP: "programme",
    Role.SUD: "clinic",
    Role.MH: "counselling",
    Role.CHILD_TX: "therapist",
    Role.VISIT: "centre",
    Role.SCHOOL: "school",
    Role.GAL: "guardian",
    Role.CARER: "carer",
    Role.IVD: "ledger",
    Role.COUNSEL_SUBJECT: "his-counsel",
    Role.COUNSEL_SURVIVOR: "her-counsel",
}
"""Who speaks in each role."""

LINES = ReportingLines(
    staff=frozenset({"okafor", "tan", "lindqvist", "bashir", "ndiaye", "price"}),
    supervised=tuple(
        Spell(who, by, date(2020, 1, 1))
        for who, by in (
            ("okafor", "lindqvist"),
            ("tan", "lindqvist"),
            ("lindqvist", "bashir"),
            ("ndiaye", "price"),
            ("price", "bashir"),
        )
    ),
    seats=(
        Spell("okafor", Role.CPS_WORKER.value, date(2020, 1, 1)),
        Spell("lindqvist", Role.CPS_SUP.value, date(2020, 1, 1)),
        Spell("bashir", Role.CPS_MGR.value, date(2020, 1, 1)),
    ),
)
"""Okafor and Tan under Lindqvist, Ndiaye under Price, both lines under Bashir, whom nobody supervises."""

PEOPLE = {"trent": "subject", "marisol": "protective_parent", "ivy": "child", "june": "kin"}


def day(number: int) -> date:
    """A day of the goals, on the calendar."""
    return DAY_0 + timedelta(days=number)


def iso(number: int) -> str:
    """A day of the goals, as payloads write it."""
    return day(number).isoformat()


def instant(number: int, hour: int = 12) -> str:
    """An instant of a day of the goals on the county's clock, as payloads write it."""
    return datetime.combine(day(number), time(hour), ZONE).isoformat()


def of_agencies() -> dict[str, frozenset[str]]:
    """The roles of each agency, by its short name."""
    slugs = set(AGENCIES.values())
    return {slug: frozenset(role.value for role, by in AGENCIES.items() if by == slug) for slug in slugs}


@dataclass
class GoalStory:
    """What a case came to know, told day by day."""

    events: list[KnownEvent] = field(default_factory=list)
    lines: ReportingLines = LINES
    policy: VerificationPolicy = POLICY

    def tell(
        self, event_type: str, on: int, by: Role = Role.CPS_SUP, *, staff: str | None = None, **fields: Any
    ) -> str:
        """An event that became known on a day; its id. ``staff`` signed in to say it, else a system did."""
        data = {**minimal_payload(event_type), **fields}
        CATALOGUE[event_type].load(data)
        number = len(self.events) + 1
        since = datetime.combine(day(on), time(12), ZONE).astimezone(UTC) + timedelta(seconds=number)
        agency = AGENCIES[by]
        event = Event(
            id=uuid5(NAMESPACE_URL, str(number)),
            type=event_type,
            case_id=uuid5(NAMESPACE_URL, "case"),
            sequence=number,
            source=f"urn:agency:{agency}:test",
            source_id=str(number),
            agency_id=uuid5(NAMESPACE_URL, agency),
            emitter=by,
            time=since,
            recorded=since,
            accepted=since,
            data=data,
        )
        actor = f"staff:{staff}" if staff else f"client:{agency}"
        self.events.append(KnownEvent(event, actor, agency, since))
        return str(event.id)

    def until(self, event_id: str, on: int) -> None:
        """Take an event off the case again, on a day."""
        ended = datetime.combine(day(on), time(18), ZONE).astimezone(UTC)
        self.events = [replace(one, until=ended) if str(one.event.id) == event_id else one for one in self.events]

    def people(self) -> "GoalStory":
        """The family is known."""
        for person, kind in PEOPLE.items():
            self.tell("case.person_added", 0, Role.CPS_WORKER, person_ref=person, kind=kind)
        return self

    def goal(self, goal_id: str, *codes: str, kind: str = "positive", on: int = 0, **fields: Any) -> "GoalStory":
        """A goal of Trent's, written and adopted on a day, its day 0."""
        written = {"person_ref": "trent", "baseline_item_refs": ["i-1"], **fields}
        if codes:
            written["goal_codes"] = list(codes)
        self.tell("goal.created", on, Role.CPS_WORKER, goal_id=goal_id, kind=kind, **written)
        self.tell("caseplan.adopted", on, Role.CPS_WORKER, goals=[goal_id], effective=iso(on))
        return self

    def seen(
        self,
        goal_id: str,
        at: int,
        by: Role = Role.PROB,
        *,
        to: int | None = None,
        on: int | None = None,
        **fields: Any,
    ) -> str:
        """One observation, for the goal and direct where nothing else is said, known on its last day."""
        said = {"direction": "+", "basis": "direct", "observed_from": iso(at), **fields}
        if to is not None:
            said["observed_to"] = iso(to)
        return self.tell("evidence.submitted", on if on is not None else to or at, by, goal_id=goal_id, **said)

    def verify(self, goal_id: str, first: int = 0, last: int = 90) -> "GoalStory":
        """All that verifies a positive goal on the last day: probation and police, in steps of 30 days."""
        for at in range(first, last + 1, 30):
            self.seen(goal_id, at, Role.PROB)
        self.seen(goal_id, first + 10, Role.LE, basis="record")
        return self

    def brief(self, role: Role, on: int, *, read: int | None = None, **fields: Any) -> None:
        """A briefing to who speaks in a role, and that it was read."""
        reference = f"b-{len(self.events)}"
        self.tell("briefing.sent", on, Role.CPS_WORKER, briefing_ref=reference, to_agency=AGENCIES[role], **fields)
        if read is not None:
            self.tell("briefing.acknowledged", read, role, briefing_ref=reference)

    def context(self) -> CaseContext:
        """What else is known of the case."""
        return CaseContext(ZONE, self.lines, of_agencies())

    def case(self, on: int) -> CaseGoals:
        """The goals on a day."""
        return goals_on(self.events, day(on), self.context(), self.policy)

    def state(self, goal_id: str, on: int) -> GoalState:
        """A goal on a day."""
        return self.case(on).goals[goal_id]

    def items(self, goal_id: str, on: int) -> dict[str, Item]:
        """The items of a goal on a day, by id."""
        return {item.evidence.id: item for item in self.state(goal_id, on).items}

    def standing(self, goal_id: str, on: int) -> tuple[Item, ...]:
        """The items of a goal on a day as they stand after every correction, whoever may know of it."""
        everything = View("everything", frozenset(), frozenset(DataClass))
        return tuple(as_corrected(self.state(goal_id, on).items, everything, day(on), ()))

    def item(self, goal_id: str, event_id: str, on: int) -> Evidence:
        """The one item of a goal that an event brought, as it stands on a day."""
        [found] = [one for one in self.standing(goal_id, on) if one.observed.event_id == event_id]
        return found.evidence

    def classes(self, goal_id: str, event_id: str, on: int) -> set[str]:
        """The classes of the one item of a goal that an event brought."""
        [found] = [one for one in self.state(goal_id, on).items if one.observed.event_id == event_id]
        return {one.value for one in found.observed.classes}

    def assessed(self, on: int) -> dict[tuple[str, str], Assessed]:
        """Every goal in every view on a day."""
        found = assess_case(self.events, day(on), self.context(), self.policy)
        return {(one.state.goal.id, one.view.name): one for one in found}

    def status(self, goal_id: str, on: int, view: str = "internal") -> str:
        """The status of a goal on a day, with its reasons."""
        shown = self.assessed(on)[goal_id, view].assessment
        return " ".join([shown.status.value, *map(str, shown.reasons)])

    def shown(
        self, goal_id: str, on: int, views: Iterable[str] = ("internal", "attorney", "court", "subject")
    ) -> list[str]:
        """The status of a goal on a day in several views, without reasons."""
        found = self.assessed(on)
        return [found[goal_id, view].assessment.status.value for view in views]


def story(*codes: str, **fields: Any) -> GoalStory:
    """A family that is known, with one goal of Trent's, G, whose day 0 is day 0."""
    return GoalStory().people().goal("G", *codes, **fields)
