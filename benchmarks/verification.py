"""How many goals one process evaluates in a second, and how long the nightly sweep of a state's goals takes."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.figures import AtLeast, AtMost, Figure, Report
from benchmarks.goal_sweep import GOALS_A_CASE, ITEMS_A_GOAL, PROCESSES, Swept, swept
from benchmarks.options import Options
from benchmarks.stage import stores
from services.domain.evidence import Basis, Direction, Evidence, ObserverRole, Ruling
from services.domain.goals import GoalFacts, GoalKind
from services.domain.verification import evaluate

ITEMS = 15
GOALS = 500
ROUNDS = 9
EVALUATIONS_A_ROUND = 20_000
GOAL = AtLeast(10_000)
SWEEPS = (3_000, 30_000, 100_000)
"""Goals; 30,000 are those of a large state (practice.md §9)."""

_PROFESSIONAL = ObserverRole.PROFESSIONAL
_SORTS = (
    *((Basis.DIRECT, _PROFESSIONAL, Direction.SUPPORT),) * 5,
    *((Basis.RECORD, _PROFESSIONAL, Direction.SUPPORT),) * 2,
    *((Basis.NEGCHECK, _PROFESSIONAL, Direction.SUPPORT),) * 2,
    *((Basis.FIRSTHAND, ObserverRole.SURVIVOR, Direction.SUPPORT),) * 2,
    (Basis.ATTENDANCE, _PROFESSIONAL, Direction.SUPPORT),
    (Basis.CERTIFICATE, _PROFESSIONAL, Direction.SUPPORT),
    (Basis.SELF, ObserverRole.SUBJECT, Direction.SUPPORT),
    (Basis.RECORD, _PROFESSIONAL, Direction.LAPSE),
    (Basis.RECORD, _PROFESSIONAL, Direction.AGAINST),
)
_RULINGS = (*(None,) * 12, Ruling.CONTEXT, Ruling.REJECTED, Ruling.COUNTS)


@dataclass(frozen=True, slots=True)
class Asked:
    """One goal with its evidence, and the day for which its status is asked."""

    goal: GoalFacts
    evidence: tuple[Evidence, ...]
    as_of: int


def run(options: Options) -> Report:
    """Evaluate the same goals again and again, in one process; then sweep counties of three sizes."""
    asked = goals(options.random(), options.scaled(GOALS, 50))
    rounds = [evaluations_a_second(asked, options.scaled(EVALUATIONS_A_ROUND, 500)) for _ in range(ROUNDS)]
    sweeps = [_swept(options.scaled(size, 300)) for size in SWEEPS]
    small, usual, large = sweeps
    return Report(
        name="verification",
        question="Is a status so cheap that it can be computed whenever somebody asks, and for every goal each night?",
        seed=options.seed,
        figures=[
            Figure("evaluations a second in one process, median of the rounds", statistics.median(rounds), "/s", GOAL),
            Figure("the slowest round", min(rounds), "/s"),
            *(Figure(f"nightly sweep of {one.goals:,} goals", one.seconds, "s") for one in (small, large)),
            Figure(f"nightly sweep of {usual.goals:,} goals", usual.seconds, "s", AtMost(60)),
            Figure(
                "rate of the largest sweep, of that of the smallest",
                100 * _rate(large) / _rate(small),
                "%",
                AtLeast(80),
            ),
            Figure("statuses that a sweep without news says", max(one.said for one in sweeps), "", AtMost(0)),
        ],
        setting={
            "goals": len(asked),
            "items each": ITEMS,
            "rounds": ROUNDS,
            "statuses": _statuses(asked),
            "sweep": f"{GOALS_A_CASE} goals a case with {ITEMS_A_GOAL} items each, {PROCESSES} processes, PostgreSQL",
        },
    )


def _swept(goals: int) -> Swept:
    with stores() as running:
        return swept(running, goals)


def _rate(one: Swept) -> float:
    return one.goals / one.seconds


def goals(random: Random, count: int) -> list[Asked]:
    """Goals of half a year and more, with ``ITEMS`` items each, asked of a few days after the last."""
    return [_goal(random) for _ in range(count)]


def evaluations_a_second(asked: Sequence[Asked], count: int) -> float:
    """Evaluate ``count`` goals, each of them in turn, and say at which rate."""
    began = time.perf_counter()
    for number in range(count):
        one = asked[number % len(asked)]
        evaluate(one.goal, one.evidence, one.as_of, "internal")
    return count / (time.perf_counter() - began)


def _goal(random: Random) -> Asked:
    kind = random.choice(tuple(GoalKind))
    days = sorted(random.sample(range(250), ITEMS))
    evidence = [_item(random, number, day) for number, day in enumerate(days)]
    random.shuffle(evidence)
    goal = GoalFacts(
        kind=kind,
        no_opportunity=((100, 110),) if random.random() < 0.2 else (),
        opportunities=tuple(days[::3]) if kind is GoalKind.CESSATION else (),
    )
    as_of = max(item.recorded for item in evidence) + random.randint(0, 60)
    return Asked(goal, tuple(evidence), as_of)


def _item(random: Random, number: int, day: int) -> Evidence:
    basis, observer, direction = random.choice(_SORTS)
    end = day + (random.randint(20, 90) if basis is Basis.NEGCHECK else random.choice((0, 0, 0, 30)))
    return Evidence(
        id=f"e{number}",
        basis=basis,
        observer=observer,
        group=random.choice(("school", "therapist", "probation", "police")),
        start=day,
        end=end,
        direction=direction,
        recorded=end + random.choice((0, 0, 5)),
        count=random.randint(1, 3),
        ruling=random.choice(_RULINGS),
        withheld_from=frozenset({"court"}) if random.random() < 0.1 else frozenset(),
    )


def _statuses(asked: Sequence[Asked]) -> int:
    """How many different statuses there are among them: a benchmark of one status would measure one path."""
    return len({evaluate(one.goal, one.evidence, one.as_of, "internal").status for one in asked})
