"""The goals of a case as they stand on a day: everything that was known, folded into what `evaluate` asks for.

Items, rulings, holds, waivers, blocks, groups, briefings and designations are each folded by the day on which they
became known (verification.md §5, *Past days*). What a reader may know of it is decided by `goal_views`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.domain.disclosure import DataClass
from services.domain.evidence import Basis, Direction, Evidence, ObserverRole, Ruling, Weight, weight_of
from services.domain.evidence_origin import Origins
from services.domain.evidence_sources import BRINGING, Observed, Sources
from services.domain.goal_plan import PlannedGoal, planned_goals
from services.domain.goal_rulings import Decisions, decisions_of
from services.domain.goals import GoalFacts, GoalKind, Thresholds
from services.domain.incidents_against import Incident, incidents_of, observed_in
from services.domain.known_events import Known, KnownEvent, known_on
from services.domain.reporting_lines import ReportingLines
from services.domain.roles import CHILD_WELFARE
from services.domain.verification import is_adverse
from services.domain.verification_policy import VerificationPolicy

PROVIDERS: Final = frozenset({"BIP", "SUD", "MH", "CHILD_TX", "VISIT", "SCHOOL"})
"""The roles whose observations count from the day on which they acknowledged the pattern and the goals."""

DECIDING: Final = frozenset(
    {
        "goal.created",
        "caseplan.adopted",
        "caseplan.revised",
        "evidence.ruled",
        "review.hold_set",
        "review.hold_lifted",
        "goal.override_requested",
        "goal.override_decided",
        "group.changed",
        "briefing.sent",
        "briefing.acknowledged",
        "provider.referral_sent",
        "pattern.approved",
        "pattern.carried_over",
        "pattern.designation_set",
        "case.person_added",
        "custody.booked",
        "custody.released",
        "custody.escaped",
        "goal.opportunity_blocked",
        "consent.granted",
        "consent.narrowed",
        "consent.revoked",
        "sud.consent_signed",
        "sud.consent_revoked",
        "sud.consent_expired",
    }
)


def types_read(incidents: Iterable[str]) -> frozenset[str]:
    """The types of event that bear on goals; ``incidents`` are those of incidents, by policy."""
    return DECIDING | BRINGING | frozenset(incidents)


@dataclass(frozen=True, slots=True)
class CaseContext:
    """What else is known of a case: its zone, who decides in it, and the roles of agencies by short name."""

    zone: ZoneInfo
    lines: ReportingLines = field(default_factory=ReportingLines)
    agency_roles: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Correction:
    """A later item that corrects one: the classes that it carries, and whether it takes something against a goal back,
    which is a dispute until two people have ruled.
    """

    classes: frozenset[DataClass]
    disputes: bool


@dataclass(frozen=True, slots=True)
class Item:
    """An item of evidence as it stands: what `evaluate` is given of it, and what it was observed as. ``corrections``
    hold in the views that may know of them.
    """

    evidence: Evidence
    observed: Observed
    inherited: bool = False
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class GoalState:
    """A goal on a day. ``incidents`` are the serious ones that are not about it, since its review was last cleared."""

    goal: PlannedGoal
    facts: GoalFacts
    thresholds: Thresholds
    items: tuple[Item, ...]
    incidents: tuple[Incident, ...] = ()
    briefed: frozenset[str] = frozenset()

    def day(self, on: date) -> int:
        """A day of the calendar as a day of the goal."""
        return (on - self.goal.day_zero).days


@dataclass(frozen=True, slots=True)
class CaseGoals:
    """The goals of a case on a day, with the events that were known by then."""

    as_of: date
    goals: Mapping[str, GoalState]
    known: tuple[Known, ...]


def goals_on(events: Iterable[KnownEvent], as_of: date, context: CaseContext, policy: VerificationPolicy) -> CaseGoals:
    """The goals of a case at the end of the day ``as_of``, as known then."""
    known = known_on(events, as_of, context.zone)
    planned = planned_goals(known, policy)
    if not planned:
        return CaseGoals(as_of, {}, known)
    sources = Sources(planned, _origins(known, context), policy, _providers(known))
    decisions = decisions_of(known, as_of, context.lines, policy)
    incidents = incidents_of(known, sources)
    observed = [item for one in known for item in sources.observed(one)]
    observed.extend(item for incident in incidents for item in observed_in(incident, sources))
    case = _Case(known, as_of, planned, decisions, _briefings(known, planned), policy)
    items = case.items(observed)
    return CaseGoals(as_of, {goal_id: case.state(goal_id, items, incidents) for goal_id in planned}, known)


def _origins(known: Sequence[Known], context: CaseContext) -> Origins:
    persons = {str(one.data["person_ref"]): str(one.data["kind"]) for one in known if one.event.type == _PERSON}
    designated: dict[str, str] = {}
    approved: set[str | None] = set()
    for one in known:
        match one.event.type:
            case "pattern.approved" | "pattern.carried_over":
                approved.add(one.text("person_ref"))
            case "pattern.designation_set" if approved & {None, one.text("person_ref")}:
                designated[str(one.data["person_ref"])] = str(one.data["value"])
            case "le.arrest" if one.data.get("dual_arrest") is True:
                for name in ("person_ref", "other_arrested_ref"):
                    if person := one.text(name):
                        designated[person] = "undetermined"
    adverse = frozenset(person for person, value in designated.items() if value in {"subject", "undetermined"})
    return Origins(persons, adverse, context.agency_roles)


_PERSON: Final = "case.person_added"


def _providers(known: Iterable[Known]) -> dict[str, str]:
    return {
        str(one.data["service_ref"]): str(one.data["provider"])
        for one in known
        if one.event.type == "provider.referral_sent" and "provider" in one.data
    }


def _briefings(known: Iterable[Known], planned: Mapping[str, PlannedGoal]) -> dict[tuple[str, str], date]:
    """Since when an agency has known the pattern and each goal: the day on which it acknowledged a briefing on it. One
    that names no goal was about those that there were.
    """
    sent: dict[str, Known] = {}
    since: dict[tuple[str, str], date] = {}
    for one in known:
        if one.event.type == "briefing.sent":
            sent[str(one.data["briefing_ref"])] = one
        elif one.event.type == "briefing.acknowledged":
            briefing = sent.get(str(one.data["briefing_ref"]))
            if briefing is None:
                continue
            agency = str(briefing.data["to_agency"])
            if agency != one.agency and (one.emitter not in CHILD_WELFARE or one.text("agency") not in {None, agency}):
                continue
            day = max(one.day("acknowledged_on") or one.happened_on, briefing.happened_on)
            named = briefing.data.get("goal_ids")
            for goal in planned.values():
                there = goal.adopted_on is not None and goal.adopted_on <= briefing.on
                if goal.id in named if isinstance(named, list) else there:
                    since.setdefault((agency, goal.id), day)
    return since


@dataclass(frozen=True, slots=True)
class _Case:
    """A case with all that was folded of it."""

    known: Sequence[Known]
    as_of: date
    planned: Mapping[str, PlannedGoal]
    decisions: Decisions
    briefings: Mapping[tuple[str, str], date]
    policy: VerificationPolicy

    def items(self, observed: Sequence[Observed]) -> dict[str, tuple[Item, ...]]:
        """The items of each goal, once each, on the goal's own days, with what corrects them."""
        once: dict[tuple[str, str], Observed] = {}
        for one in observed:
            once.setdefault((one.goal_id, one.id), one)
        corrections = self._corrections(once)
        found: dict[str, list[Item]] = {goal_id: [] for goal_id in self.planned}
        for key, one in once.items():
            item = self._item(one, self.planned[one.goal_id])
            if item is not None:
                corrected = tuple(corrections.get(key, ()))
                found[one.goal_id].append(replace(item, corrections=corrected) if corrected else item)
        return {goal_id: (*items, *self._inherited(goal_id, found)) for goal_id, items in found.items()}

    def state(self, goal_id: str, items: Mapping[str, tuple[Item, ...]], incidents: Sequence[Incident]) -> GoalState:
        """One goal."""
        goal = self.planned[goal_id]
        facts = GoalFacts(
            kind=goal.kind,
            closed=goal.closed_on is not None and goal.closed_on <= self.as_of,
            hold=goal_id in self.decisions.holds,
            safety_critical=goal.safety_critical,
            waiver=self.decisions.waiver_of(goal_id, goal.day_zero),
            opportunity=goal.opportunity,
            no_opportunity=tuple(self._blocks(goal)),
        )
        return GoalState(
            goal=goal,
            facts=facts,
            thresholds=goal.thresholds(self.policy.thresholds, lowered=goal_id in self.decisions.lowered),
            items=items[goal_id],
            incidents=tuple(one for one in incidents if self._asks_for_review(one, goal, items[goal_id])),
            briefed=frozenset(agency for agency, of in self.briefings if of == goal_id),
        )

    def _item(self, one: Observed, goal: PlannedGoal) -> Item | None:
        """An item on the days of its goal; None for what lies before its first day: baseline, not evidence."""
        start, end = (one.start - goal.day_zero).days, (one.end - goal.day_zero).days
        if end < 0:
            return None
        start, vantage = self._briefed(one, goal, start, end)
        evidence = Evidence(
            id=one.id,
            basis=one.basis,
            observer=one.origin.observer,
            group=self.decisions.group_of(one),
            start=max(start, 0),
            end=end,
            direction=one.direction,
            recorded=(one.known_on - goal.day_zero).days,
            count=one.count,
            vantage=vantage,
            ruling=self.decisions.ruling_on(one),
        )
        return Item(evidence, one)

    def _briefed(self, one: Observed, goal: PlannedGoal, start: int, end: int) -> tuple[int, bool]:
        """From which day an item is from vantage: a provider's from the day on which it acknowledged its briefing."""
        if one.direction is not Direction.SUPPORT:
            return start, one.vantage
        providers = {one.agency} if one.emitter in PROVIDERS else set()
        if one.origin.observer is ObserverRole.PROFESSIONAL and not PROVIDERS.isdisjoint(one.origin.kinds):
            providers.add(one.origin.group)
        for agency in providers:
            since = self.briefings.get((agency, goal.id))
            if since is None or (first := (since - goal.day_zero).days) > end:
                return start, False
            start = max(start, first)
        return start, one.vantage

    def _corrections(self, once: Mapping[tuple[str, str], Observed]) -> dict[tuple[str, str], list[Correction]]:
        """What corrects items: later ones of the same agency. What was against the goal, and is less so now, is
        disputed until two people have ruled on it (a lapse, which a dispute would take out of the count, stays);
        anything else is replaced.
        """
        found: dict[tuple[str, str], list[Correction]] = {}
        places = {str(one.event.id): one.place for one in self.known}
        for one in once.values():
            if one.corrects is None or one.known_on > self.as_of:
                continue
            for key, earlier in once.items():
                same = earlier.agency == one.agency and earlier.goal_id == one.goal_id
                if same and one.corrects in earlier.names and places[earlier.event_id] < places[one.event_id]:
                    disputes = _softens(one, earlier)
                    if not disputes or earlier.direction is Direction.AGAINST:
                        found.setdefault(key, []).append(Correction(one.classes, disputes))
        return found

    def _inherited(self, goal_id: str, found: Mapping[str, Sequence[Item]]) -> list[Item]:
        """What was firm against the goals whose place this one takes, before its own first day."""
        goal, inherited = self.planned[goal_id], []
        earlier, seen = goal.supersedes, {goal_id}
        while earlier is not None and earlier in self.planned and earlier not in seen:
            seen.add(earlier)
            shift = (goal.day_zero - self.planned[earlier].day_zero).days
            for item in found[earlier]:
                evidence = item.evidence
                if evidence.start - shift < 0 and is_firm(evidence):
                    moved = replace(
                        evidence,
                        id=f"{earlier}/{evidence.id}",
                        start=evidence.start - shift,
                        end=evidence.end - shift,
                        recorded=evidence.recorded - shift,
                    )
                    inherited.append(Item(moved, item.observed, inherited=True))
            earlier = self.planned[earlier].supersedes
        return inherited

    def _blocks(self, goal: PlannedGoal) -> Iterable[tuple[int, int]]:
        """The days on which the person of a goal had no opportunity: for what he is to stop, in custody (practice.md §3
        row 38); else as recorded for the goal.
        """
        if goal.kind is GoalKind.CESSATION:
            yield from (self._days(goal, first, last) for first, last in self._in_custody(goal.person))
        recorded: dict[date, date] = {}
        for one in self.known:
            if one.event.type == "goal.opportunity_blocked" and goal.id in one.texts("goal_ids"):
                first = one.day("blocked_from") or one.happened_on
                recorded[first] = max(first, one.day("blocked_to") or self.as_of)
        yield from (self._days(goal, first, last) for first, last in recorded.items())

    def _in_custody(self, person: str | None) -> Iterable[tuple[date, date]]:
        """From when to when somebody was in custody, in whatever order it became known."""
        moves = [one for one in self.known if one.event.type in _CUSTODY and person in {None, one.text("person_ref")}]
        since: date | None = None
        for one in sorted(moves, key=lambda one: datetime.fromisoformat(str(one.data["at"]))):
            day = one.day("at") or one.happened_on
            if one.event.type == "custody.booked":
                since = since or day
            elif since is not None:
                yield since, day
                since = None
        if since is not None:
            yield since, max(since, self.as_of)

    def _days(self, goal: PlannedGoal, first: date, last: date) -> tuple[int, int]:
        return (first - goal.day_zero).days, (last - goal.day_zero).days

    def _asks_for_review(self, incident: Incident, goal: PlannedGoal, items: Sequence[Item]) -> bool:
        """Whether a serious incident of this person, not about this goal, came after its review was last cleared."""
        if not incident.serious or (incident.person is not None and goal.person not in {None, incident.person}):
            return False
        if any(item.observed.event_id == str(incident.known.event.id) for item in items):
            return False
        cleared = self.decisions.cleared.get(goal.id)
        return cleared is None or incident.known.place > cleared


_CUSTODY: Final = frozenset({"custody.booked", "custody.released", "custody.escaped"})


def _softens(later: Observed, earlier: Observed) -> bool:
    """Whether a correction would leave less against the goal than there was."""
    if earlier.direction is Direction.SUPPORT:
        return False
    weaker = _stands(earlier) and not _stands(later)
    return later.direction is not earlier.direction or later.end < earlier.end or weaker


def _stands(one: Observed) -> bool:
    context = one.basis in {Basis.ATTENDANCE, Basis.CERTIFICATE, Basis.OPINION}
    return not context and one.origin.observer is not ObserverRole.ADVERSE


def is_firm(item: Evidence) -> bool:
    """Whether an item is firm against its goal (verification.md §2)."""
    against = item.direction is Direction.AGAINST and weight_of(item) is not Weight.C
    kept = item.ruling not in {Ruling.DISPUTED, Ruling.REJECTED, Ruling.COERCED}
    return against and kept and not is_adverse(item)
