"""The goals of a case for a reader: how each stands in the view that is theirs, why, and what comes next.

Who may open the case is decided as for any page. What is shown is what the reader's view holds, and nothing else; a
view that shows no status gets the subject's paper. Every answer is as of a day, as it was known then; who may read it
is decided now (verification.md §5).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from services.actions.assess_goals import ReadCase, read_cases
from services.actions.read import cases as reading
from services.actions.read import past_policy
from services.actions.read.approved_maps import approved_maps
from services.actions.read.cases import OpenCase, ShownCase
from services.actions.read.disclosed_goal import (
    both,
    explanation_left,
    fields_of_paper,
    fields_of_status,
    paper_left,
)
from services.actions.read.plan_gaps import placement_of
from services.actions.read.timeline import shown_event
from services.domain.actors import Actor
from services.domain.beside_goals import Items, Uncovered, uncovered_behaviours, unobserved_goals
from services.domain.calendars import local_date
from services.domain.consents import consents_of
from services.domain.disclosure import Disclosed, Purpose, Reader, disclose
from services.domain.explain import Around, classes_held, explain
from services.domain.explained import Explanation
from services.domain.goal_plan import PlannedGoal
from services.domain.goal_views import Assessed, assess_case
from services.domain.goal_words import ASK
from services.domain.hearings import HEARING_TYPES, Hearings, hearings_on
from services.domain.known_events import KnownEvent, known_on
from services.domain.observers import Placement
from services.domain.roles import CHILD_WELFARE, Role
from services.domain.subject_paper import SubjectPaper, subject_paper
from services.domain.verification_policy import VerificationPolicy, View
from services.storage import agencies, goal_events, rosters
from services.storage.agencies import AgencyLine
from services.storage.database import DatabaseRole
from services.system import System

PolicyOn = Callable[[date], VerificationPolicy]
"""The policy of verification that was in force on a day."""

_ATTORNEYS: Final = frozenset({"court", "subject"})
"""The views that the agency attorney may look at besides their own."""

_ABOUT: Final = ("label", "statement", "purpose", "success_test", "kind", "person_ref")


@dataclass(frozen=True, slots=True)
class ShownGoal:
    """A goal as its reader sees it. ``about`` is what the plan says of it. Then one of three: the ``explanation`` of
    its status, the subject's ``paper``, or ``says``, fixed words for whoever may not know how it stands.
    """

    goal_id: str
    about: Mapping[str, object]
    explanation: Explanation | None = None
    paper: SubjectPaper | None = None
    says: str | None = None


@dataclass(frozen=True, slots=True)
class ShownGoals:
    """The goals of a case in one view, as of a day. ``views`` are those that the reader may ask for, their own first.

    ``uncovered`` are mapped behaviours that no goal covers, ``unobserved`` the goals that nobody is placed to observe:
    for child welfare, as things are today.
    """

    case: ShownCase
    as_of: date
    view: str
    views: tuple[str, ...]
    goals: tuple[ShownGoal, ...]
    uncovered: tuple[Uncovered, ...] = ()
    unobserved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotYet:
    """The day that was asked for has not come."""

    today: date


def case_goals(
    system: System,
    actor: Actor,
    case: UUID | str,
    purpose: Purpose,
    *,
    as_of: date | None = None,
    view: str | None = None,
    goal_id: str | None = None,
    policy_on: PolicyOn | None = None,
) -> ShownGoals | NotYet | None:
    """The goals of a case (by id, or by a reference of the actor's agency), or one of them; None where there is no such
    case, goal or view for the actor, all alike. ``as_of`` is today where None. Audited.
    """
    asked = _asked(system, actor, case, purpose)
    if asked is None:
        return None
    views = views_open_to(asked.opened.reader, system.policy.verification)
    name = view or next(iter(views), None)
    if name is None or name not in views:
        return None
    today = local_date(asked.now, ZoneInfo(asked.opened.case.zone))
    if as_of is not None and as_of > today:
        return NotYet(today)
    rules = policy_on or _by_day(system, actor, ZoneInfo(asked.opened.case.zone))
    page = _Page(system, asked, as_of or today, name, rules, _read(system, actor, asked, as_of or today, today))
    goals = tuple(one for one in page.goals() if goal_id in {None, one.goal_id})
    if goal_id is not None and not goals:
        return None
    with system.database.begin(actor) as connection:
        reading.note_reading(connection, actor, asked.now, "read_goals", asked.opened, page.decisions)
    uncovered, unobserved = page.beside() if goal_id is None and page.as_of == today else ((), ())
    return ShownGoals(asked.shown, page.as_of, name, views, goals, uncovered, unobserved)


def _by_day(system: System, actor: Actor, zone: ZoneInfo) -> PolicyOn:
    """The policy of each day, as it was in force then."""

    def on(day: date) -> VerificationPolicy:
        with system.database.as_role(DatabaseRole.READER).begin(actor) as connection:
            return past_policy.policy_on(system, connection, day, zone)

    return on


def views_open_to(reader: Reader, policy: VerificationPolicy) -> tuple[str, ...]:
    """The views that a reader may ask for, their own first; none where no view is theirs. Child welfare answers for all
    of them, and the agency attorney for what goes to court and to the subject.
    """
    own = next((one.name for one in policy.views if one.roles & reader.roles), None)
    if own is None:
        return ()
    if reader.roles & CHILD_WELFARE:
        others = [one.name for one in policy.views]
    elif Role.AG_ATTY in reader.roles:
        others = [one.name for one in policy.views if one.name in _ATTORNEYS]
    else:
        others = []
    return (own, *(name for name in others if name != own))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A case that was opened for a reader, and the maps of it that child welfare is shown."""

    now: datetime
    opened: OpenCase
    shown: ShownCase
    maps: Mapping[str, Items]


def _asked(system: System, actor: Actor, case: UUID | str, purpose: Purpose) -> _Asked | None:
    now = system.clock()
    with system.database.begin(actor) as connection:
        case_id = case if isinstance(case, UUID) else reading.case_of_reference(connection, actor, case)
        opened = reading.open_case(connection, actor, case_id, now, purpose)
        if opened is None:
            return None
        maps: Mapping[str, Items] = {}
        if opened.of_child_welfare and actor.agency_id is not None:
            readers = {opened.case.id: (opened.reader, opened.protected)}
            maps = approved_maps(system, connection, readers, actor.agency_id, now).get(opened.case.id, {})
        return _Asked(now, opened, reading.shown_case(opened, system.policy.disclosure, now), maps)


@dataclass(frozen=True, slots=True)
class _Known:
    """All that bears on the goals of a case, with what surrounds them on the day that is asked for."""

    case: ReadCase
    courts: Sequence[KnownEvent]
    placement: Placement
    agencies: Sequence[AgencyLine]

    @property
    def names(self) -> dict[str, str]:
        """The display names of agencies by short name."""
        return {line.slug: line.name for line in self.agencies}


def _read(system: System, actor: Actor, asked: _Asked, as_of: date, today: date) -> _Known:
    """Read what bears on the goals, in the role that sees all of the case: links and what was unlinked since, and what
    other agencies sent, of which the actor's own role sees a part only. A status over a part would be another status,
    and differ from reader to reader by what lies in rows. What is shown of it is what the view holds.
    """
    case_id = asked.opened.case.id
    at = asked.now if as_of == today else datetime.combine(as_of, time(12), ZoneInfo(asked.opened.case.zone))
    with system.database.as_role(DatabaseRole.READER).begin(actor) as connection:
        lines = agencies.listed(connection)
        return _Known(
            case=read_cases(system, connection, [case_id])[case_id],
            courts=goal_events.of_cases(connection, system.keys, [case_id], HEARING_TYPES).get(case_id, ()),
            placement=placement_of(rosters.case_facts(connection, [case_id], (), at)[case_id], lines),
            agencies=lines,
        )


@dataclass(slots=True)
class _Page:
    """The goals while they are laid out; ``decisions`` gathers what was shown of which, by the event that wrote it."""

    system: System
    asked: _Asked
    as_of: date
    view: str
    policy_on: PolicyOn
    known: _Known
    decisions: dict[UUID, Disclosed] = field(default_factory=dict)

    def goals(self) -> Iterator[ShownGoal]:
        """Every adopted goal that the reader may know of."""
        policy = self.policy_on(self.as_of)
        view = policy.view(self.view)
        if view is None:
            return
        assessed = [one for one in self._assess(self.as_of, policy, view) if self._may_know(one, view)]
        if view.shows_status:
            for one in assessed:
                around = self._around(view, one.state.goal)
                yield self._shown(one.state.goal, explanation=explain(one, around))
            return
        hearings = self._hearings()
        reviewed = self._reviewed(hearings.last_review)
        for one in assessed:
            goal = one.state.goal
            then, names = reviewed.get(goal.id), self.known.names
            yield self._shown(goal, paper=subject_paper(goal, then, view.holds, names, hearings.next_review))

    def beside(self) -> tuple[tuple[Uncovered, ...], tuple[str, ...]]:
        """What stands beside the goals, for child welfare: uncovered behaviours, and goals that nobody observes."""
        if not self.asked.opened.of_child_welfare:
            return (), ()
        policy = self.policy_on(self.as_of)
        own = [one for one in policy.views if one.roles & CHILD_WELFARE][:1]
        states = [one.state for one in self._assess(self.as_of, policy, *own)]
        uncovered = uncovered_behaviours(self.asked.maps, states, self.system.policy.goal_library)
        return uncovered, tuple(state.goal.id for state in unobserved_goals(states, self.known.placement))

    def _assess(self, day: date, policy: VerificationPolicy, *views: View) -> tuple[Assessed, ...]:
        return assess_case(self.known.case.events, day, self.known.case.context, policy, views)

    def _may_know(self, one: Assessed, view: View) -> bool:
        """Whether the view may know that there is this goal: some know only those of a briefing to their own agency."""
        if not view.briefed:
            return True
        reader = self.asked.opened.reader
        theirs = {line.slug for line in self.known.agencies if line.id == reader.agency_id}
        if not view.roles & reader.roles:
            theirs = {line.slug for line in self.known.agencies if line.roles & view.roles}
        return bool(one.state.briefed & theirs)

    def _around(self, view: View, goal: PlannedGoal) -> Around:
        known = known_on(self.known.case.events, self.as_of, self.known.case.context.zone)
        consents = [one for one in consents_of(known) if one.is_about(goal.person)]
        return Around(
            placement=self.known.placement,
            names=self.known.names,
            held=classes_held(view, self.as_of, consents),
            next_hearing=self._hearings().next,
        )

    def _hearings(self) -> Hearings:
        return hearings_on(known_on(self.known.courts, self.as_of, self.known.case.context.zone), self.as_of)

    def _reviewed(self, day: date | None) -> dict[str, Assessed]:
        """The goals in the view on the day of the last review, as known then and by the policy of that day."""
        if day is None:
            return {}
        policy = self.policy_on(day)
        view = policy.view(self.view)
        return {one.state.goal.id: one for one in self._assess(day, policy, view)} if view else {}

    def _shown(
        self, goal: PlannedGoal, *, explanation: Explanation | None = None, paper: SubjectPaper | None = None
    ) -> ShownGoal:
        """A goal through disclosure. Whoever may not know how it stands is told whom to ask, whatever there is."""
        about, written = self._about(goal)
        fields = fields_of_status(explanation) if explanation else fields_of_paper(paper) if paper else ()
        decision = disclose(fields, self.asked.opened.reader, self.system.policy.disclosure, (), self.asked.now)
        self.decisions[UUID(goal.event_id)] = both(decision, written)
        left = explanation_left(explanation, decision) if explanation else None
        paper_shown = paper_left(paper, decision) if paper else None
        says = ASK if left is None and paper_shown is None else None
        return ShownGoal(goal.id, about, left, paper_shown, says)

    def _about(self, goal: PlannedGoal) -> tuple[Mapping[str, object], Disclosed | None]:
        """What the plan says of a goal, as far as the reader may see the event that wrote it."""
        opened, now = self.asked.opened, self.asked.now
        written = next((one.event for one in self.known.case.events if str(one.event.id) == goal.event_id), None)
        shown = shown_event(self.system, opened.reader, opened.protected, written, now) if written else None
        if shown is None:
            return {}, None
        return {name: shown.data[name] for name in _ABOUT if name in shown.data}, shown.decision
