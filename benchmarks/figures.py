"""Figures beside goals, as values: what a benchmark reports and how it is printed."""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A goal that is met from ``bound`` upwards."""

    bound: float

    def met_by(self, value: float) -> bool:
        """Whether ``value`` meets it."""
        return value >= self.bound

    def __str__(self) -> str:
        return f"≥ {self.bound:,g}"


@dataclass(frozen=True, slots=True)
class AtMost:
    """A goal that is met up to ``bound``."""

    bound: float

    def met_by(self, value: float) -> bool:
        """Whether ``value`` meets it."""
        return value <= self.bound

    def __str__(self) -> str:
        return f"≤ {self.bound:,g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. ``unit`` is written behind it; without a goal it is told for information."""

    name: str
    value: float
    unit: str = ""
    goal: AtLeast | AtMost | None = None

    @property
    def met(self) -> bool | None:
        """Whether its goal is met; None where it has none. What is not a number meets no goal."""
        return None if self.goal is None else self.goal.met_by(self.value)


@dataclass(frozen=True, slots=True)
class Report:
    """What one benchmark found. ``setting`` says how it was measured (counts, seconds, processes)."""

    name: str
    question: str
    seed: int
    figures: Sequence[Figure]
    setting: Mapping[str, object] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether every goal is met."""
        return all(figure.met is not False for figure in self.figures)

    def document(self) -> dict[str, object]:
        """As a JSON value."""
        return {
            "name": self.name,
            "question": self.question,
            "seed": self.seed,
            "met": self.met,
            "setting": dict(self.setting),
            "figures": [
                {
                    "name": figure.name,
                    "value": figure.value if math.isfinite(figure.value) else str(figure.value),
                    "unit": figure.unit,
                    "goal": str(figure.goal) if figure.goal else None,
                    "met": figure.met,
                }
                for figure in self.figures
            ],
        }


def as_table(report: Report) -> str:
    """A report as a Markdown section: question, setting, and a table of figures beside goals."""
    setting = ", ".join(f"{name} {value}" for name, value in report.setting.items())
    lines = [
        f"### {report.name}",
        "",
        report.question,
        f"Seed {report.seed}{', ' + setting if setting else ''}.",
        "",
        "| figure | measured | goal | met |",
        "|---|---|---|---|",
    ]
    for figure in report.figures:
        met = {True: "yes", False: "**no**", None: ""}[figure.met]
        lines.append(f"| {figure.name} | {_written(figure)} | {figure.goal or ''} | {met} |")
    return "\n".join(lines) + "\n"


def _written(figure: Figure) -> str:
    digits = 0 if abs(figure.value) >= 100 or figure.value == int(figure.value) else 2
    return f"{figure.value:,.{digits}f} {figure.unit}".strip() if math.isfinite(figure.value) else str(figure.value)


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest of ``values`` that a ``share`` (0–1) of them does not exceed; not a number where there is none."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median_ratio(
    ours: Callable[[], float], theirs: Callable[[], float], rounds: int
) -> tuple[float, list[float], list[float]]:
    """Run two measurements in turn, ``rounds`` times each. Returns the median of the rounds' ratios ours/theirs, and
    both series. Each round begins with the other side, so that drift of the machine falls on both.
    """
    mine: list[float] = []
    others: list[float] = []
    for number in range(rounds):
        for measure, series in ((ours, mine), (theirs, others))[:: 1 if number % 2 else -1]:
            series.append(measure())
    return statistics.median(one / other for one, other in zip(mine, others, strict=True)), mine, others
