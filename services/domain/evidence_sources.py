"""Which observations an event brings, goal by goal: reports, logs, ledgers, checks, certificates (verification.md §5).

What comes out is raw: dated on the calendar, with its origin and the classes that decide which views hold it. Rulings,
groups and briefings are folded in by `case_goals`. What incidents contradict is in `incidents_against`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.domain.calendars import month_end
from services.domain.disclosure import DataClass
from services.domain.evidence import Basis, Direction, ObserverRole
from services.domain.evidence_origin import Origin, Origins, reporter_of
from services.domain.goal_plan import PlannedGoal
from services.domain.goals import GoalKind
from services.domain.known_events import Known, day_of
from services.domain.verification_policy import VerificationPolicy

_CONDUCT_COUNSEL: Final = frozenset({"COUNSEL_SUBJECT", "COUNSEL_SURVIVOR"})


@dataclass(frozen=True, slots=True)
class Observed:
    """One observation about one goal, before anybody ruled on it. ``names`` are those by which a ruling may mean it;
    ``vantage`` says whether this kind of observer is placed to see the behaviour.
    """

    id: str
    names: frozenset[str]
    goal_id: str
    basis: Basis
    origin: Origin
    direction: Direction
    start: date
    end: date
    known_on: date
    event_id: str
    event_type: str
    agency: str
    emitter: str
    classes: frozenset[DataClass]
    count: int = 1
    vantage: bool = True
    opportunity_days: tuple[date, ...] = ()
    corrects: str | None = None
    serious: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What an event says of one observation: of which basis and direction, on which days, how often."""

    basis: Basis
    direction: Direction
    start: date
    end: date
    count: int = 1
    opportunity_days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """What is needed to read events for observations: the goals by id, who there is, and the policy. ``providers``
    maps a service of the plan to the short name of the agency that gives it.
    """

    goals: Mapping[str, PlannedGoal]
    origins: Origins
    policy: VerificationPolicy
    providers: Mapping[str, str]

    def observed(self, known: Known) -> Iterator[Observed]:
        """The observations that an event brings."""
        read = _READERS.get(known.event.type)
        if read is not None:
            yield from read(self, known)

    def make(self, known: Known, said: Mapping[str, object], goal: PlannedGoal, place: str, found: Found) -> Observed:
        """One observation of an event about a goal. ``place`` tells it from others of the same event."""
        origin = self.origins.of(known, said, goal)
        basis = found.basis
        if goal.speech and _is_heard(basis, origin, known):
            basis, origin = Basis.DIRECT, self.origins.professional(known, said, origin.person)
        start, end = found.start, found.end
        if found.direction is not Direction.SUPPORT:
            # What was done cannot lie after the day on which it is known; a slip in a date must not put it off.
            start, end = min(start, known.on), min(end, known.on)
        own = said.get("evidence_id")
        named = own if isinstance(own, str) else f"{known.event.id}{place}"
        classes = origin.classes
        if goal.codes and goal.codes <= self.policy.payments and basis is Basis.RECORD:
            classes = (classes - {DataClass.EDU}) | {DataClass.FIN}
        return Observed(
            id=f"{known.agency}/{named}" if isinstance(own, str) else named,
            names=frozenset({named, f"{known.event.id}{place}"}),
            goal_id=goal.id,
            basis=basis,
            origin=origin,
            direction=found.direction,
            start=start,
            end=max(start, end),
            known_on=max(known.on, start, end),
            event_id=str(known.event.id),
            event_type=known.event.type,
            agency=known.agency,
            emitter=known.emitter.value,
            classes=classes,
            count=max(1, found.count),
            vantage=not goal.vantage or bool(origin.kinds & goal.vantage),
            opportunity_days=found.opportunity_days,
            corrects=said["corrects"] if isinstance(said.get("corrects"), str) else None,  # type: ignore[arg-type]
        )


def _is_heard(basis: Basis, origin: Origin, known: Known) -> bool:
    """Whether somebody heard him say it. Where the goal is what he says, whoever heard it observed it (verification.md
    §5, goals 17 to 19); what comes through counsel was written, and stays his word.
    """
    if not _CONDUCT_COUNSEL.isdisjoint({known.emitter.value, reporter_of(known).get("role")}):
        return False
    if origin.observer is ObserverRole.PROFESSIONAL:
        return basis is Basis.SELF
    return origin.observer is ObserverRole.SUBJECT and basis in {Basis.SELF, Basis.DIRECT, Basis.FIRSTHAND}


def _been_there(
    basis: Basis, direction: Direction, goal: PlannedGoal, policy: VerificationPolicy
) -> tuple[Basis, Direction]:
    """Where being there is the behaviour, a sign-in log is a record and a missed one a lapse (goals 22, 24, 26)."""
    if basis is not Basis.ATTENDANCE or not goal.codes or not goal.codes <= policy.presence:
        return basis, direction
    missed = direction is Direction.AGAINST and goal.kind is GoalKind.POSITIVE
    return Basis.RECORD, Direction.LAPSE if missed else direction


def _submitted(sources: Sources, known: Known) -> Iterator[Observed]:
    yield from _stated(sources, known, known.data, "")


def _per_goal(sources: Sources, known: Known) -> Iterator[Observed]:
    """The observations of a report, goal by goal."""
    for at, said in enumerate(_mappings(known.data.get("per_goal"))):
        yield from _stated(sources, known, said, f":{at}")


def _stated(sources: Sources, known: Known, said: Mapping[str, object], place: str) -> Iterator[Observed]:
    """An observation whose sender says what it is."""
    goal = sources.goals.get(str(said.get("goal_id")))
    start = day_of(said.get("observed_from"), known.zone)
    if goal is None or start is None:
        return
    days = said.get("opportunity_days")
    opportunities = tuple(day for one in days if (day := day_of(one, known.zone))) if isinstance(days, list) else ()
    basis, direction = Basis(str(said["basis"])), Direction(str(said["direction"]))
    basis, direction = _been_there(basis, direction, goal, sources.policy)
    found = Found(
        basis=basis,
        direction=direction,
        start=start,
        end=day_of(said.get("observed_to"), known.zone) or start,
        count=_count(said),
        opportunity_days=opportunities,
    )
    yield sources.make(known, said, goal, place, found)


def _progress_report(sources: Sources, known: Known) -> Iterator[Observed]:
    yield from _per_goal(sources, known)
    attendance = known.data.get("attendance")
    if isinstance(attendance, Mapping) and attendance.get("attended"):
        first = date.fromisoformat(f"{known.data['period']}-01")
        last = min(month_end(first), max(first, known.on))
        yield from _context(sources, known, Basis.ATTENDANCE, first, last, known.agency)


def _certificate(sources: Sources, known: Known) -> Iterator[Observed]:
    day = known.day("issued") or known.happened_on
    yield from _context(sources, known, Basis.CERTIFICATE, day, day, None)


def _discharged(sources: Sources, known: Known) -> Iterator[Observed]:
    if known.data.get("discharge_type") == "requirements_met":
        day = known.day("discharged_on") or known.happened_on
        yield from _context(sources, known, Basis.CERTIFICATE, day, day, known.agency)


def _context(
    sources: Sources, known: Known, basis: Basis, first: date, last: date, provider: str | None
) -> Iterator[Observed]:
    """What is shown, and never counts, beside the goals that this provider's service supports (any service, where it is
    not known whose it is).
    """
    for goal in _of_person(sources, known):
        givers = {sources.providers.get(service) for service in goal.services}
        if goal.services and (provider is None or provider in givers or None in givers):
            said = {key: value for key, value in known.data.items() if key == "origin_person"}
            yield sources.make(known, said, goal, f":{basis.value}", Found(basis, Direction.SUPPORT, first, last))


def _treatment(sources: Sources, known: Known) -> Iterator[Observed]:
    """A therapist's yes or no."""
    goal = sources.goals.get(str(known.data.get("goal_id")))
    if goal is None:
        return
    start = known.day("observed_from") or known.happened_on
    against = known.data.get("interference") is True
    found = Found(
        basis=Basis.DIRECT,
        direction=Direction.AGAINST if against else Direction.SUPPORT,
        start=start,
        end=known.day("observed_to") or start,
        count=_count(known.data),
        opportunity_days=tuple(_days(known, "opportunity_days")),
    )
    yield sources.make(known, known.data, goal, "", found)


def _payment(sources: Sources, known: Known) -> Iterator[Observed]:
    """A payment on the ledger; late or partial, it is a lapse. One that was due and did not come, too."""
    missed = known.event.type == "ivd.payment_missed"
    if missed:
        day = known.day("due") or month_end(date.fromisoformat(f"{known.data['period']}-01"))
        day = min(day, known.on)
    else:
        day = known.day("posted_on") or known.happened_on
    lapse = missed or known.data.get("in_full") is False or known.data.get("on_time") is False
    direction = Direction.LAPSE if lapse else Direction.SUPPORT
    for goal in _named_or(sources, known, sources.policy.payments):
        yield sources.make(known, {}, goal, "", Found(Basis.RECORD, direction, day, day))


def _checkin_missed(sources: Sources, known: Known) -> Iterator[Observed]:
    if known.data.get("excused") is True:
        return
    day = known.day("due") or known.happened_on
    for goal in _with_codes(sources, known, sources.policy.supervision):
        yield sources.make(known, {}, goal, "", Found(Basis.RECORD, Direction.LAPSE, day, day))


def _visit(sources: Sources, known: Known) -> Iterator[Observed]:
    """A supervised visit: what was seen of each goal; and the log of coming in time, where that is the goal."""
    yield from _per_goal(sources, known)
    on_time = known.data.get("on_time")
    day = known.day("in_at") or known.happened_on
    if isinstance(on_time, bool):
        direction = Direction.SUPPORT if on_time else Direction.LAPSE
        named = {str(said.get("goal_id")) for said in _mappings(known.data.get("per_goal"))}
        for goal in _with_codes(sources, known, sources.policy.punctuality):
            if goal.id not in named:
                yield sources.make(known, {}, goal, ":log", Found(Basis.RECORD, direction, day, day))


_READERS: Final[Mapping[str, Callable[[Sources, Known], Iterator[Observed]]]] = {
    "evidence.submitted": _submitted,
    "provider.progress_report": _progress_report,
    "prob.contact_report": _per_goal,
    "visit.caseworker_made": _per_goal,
    "visitctr.visit_completed": _visit,
    "provider.certificate_received": _certificate,
    "provider.discharged": _discharged,
    "childtx.treatment_interference": _treatment,
    "ivd.payment_posted": _payment,
    "ivd.payment_missed": _payment,
    "prob.checkin_missed": _checkin_missed,
}

BRINGING = frozenset(_READERS)
"""The types of event that bring observations."""


def _of_person(sources: Sources, known: Known) -> Iterator[PlannedGoal]:
    """The goals of whom an event is about; of everybody where it names nobody."""
    person = known.text("person_ref")
    return (goal for goal in sources.goals.values() if person is None or goal.person in {None, person})


def _with_codes(sources: Sources, known: Known, codes: frozenset[str]) -> Iterator[PlannedGoal]:
    return (goal for goal in _of_person(sources, known) if goal.codes and goal.codes <= codes)


def _named_or(sources: Sources, known: Known, codes: frozenset[str]) -> Iterable[PlannedGoal]:
    """The goal that an event names; where it names none, those made of these goals of the library alone."""
    if "goal_id" in known.data:
        named = sources.goals.get(str(known.data["goal_id"]))
        return () if named is None else (named,)
    return _with_codes(sources, known, codes)


def _days(known: Known, name: str) -> Iterator[date]:
    days = known.data.get(name)
    if isinstance(days, list):
        yield from (day for one in days if (day := day_of(one, known.zone)))


def _count(said: Mapping[str, object]) -> int:
    count = said.get("count", 1)
    return count if isinstance(count, int) else 1


def _mappings(value: object) -> Iterable[Mapping[str, object]]:
    return (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else ()
