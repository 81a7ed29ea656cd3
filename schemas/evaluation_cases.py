"""The file that `tallystick evaluate` reads (verification.md §6): goals with their evidence, with answers or without.

Days are whole numbers, counted from the goal's first day. As everywhere, unknown fields and codes are refused, and a
field is left out where there is nothing to say; only a waiver's approver may be ``null``: one that is missing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import ValidationError

from schemas.fields import Choice, Declared, Flag, JsonShape, Line, Text, Whole
from schemas.problems import problems as problems_of
from schemas.rules import Broken
from schemas.strict_json import Unreadable, flaws, read_json
from schemas.structures import Document, Many, Object
from services.domain.errors import FieldProblem
from services.domain.evidence import Basis, Direction, Evidence, ObserverRole, Ruling
from services.domain.goals import GoalFacts, GoalKind, Opportunity, Waiver

VIEWS: Final = ("internal", "court", "subject")
_FURTHEST_DAY: Final = 1_000_000_000
_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Expected:
    """The answer that a case says it should have; each reason as verification.md writes it."""

    status: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvaluationCase:
    """One goal with its evidence, the day ``as_of`` and the view for which its status is asked."""

    id: str
    goal: GoalFacts
    as_of: int
    view: str
    evidence: tuple[Evidence, ...]
    expected: Expected | None = None


@dataclass(frozen=True, slots=True)
class CaseProblem:
    """One thing wrong with a file. ``case`` is the id of the case it is in, empty where that has none."""

    case: str
    problem: FieldProblem

    def __str__(self) -> str:
        said = [f"case {self.case}" if self.case else "", self.problem.field, self.problem.message]
        return ": ".join(part for part in said if part)


@dataclass(frozen=True, slots=True)
class BadCases:
    """A file that cannot be used, and all that is wrong with it."""

    problems: tuple[CaseProblem, ...]


class Day(Whole):
    """A whole number of days from the goal's first day; what lies before it is negative."""

    kind = "day"

    def __init__(self, meaning: str, *, required: bool = False) -> None:
        super().__init__(meaning, required=required, at_least=-_FURTHEST_DAY, at_most=_FURTHEST_DAY)


class Block(Declared):
    """The first and the last of a row of days."""

    kind = "block of days"
    _day = Day("Only to check one.")

    def problem(self, value: object) -> str | None:
        if not isinstance(value, list) or len(value) != 2:
            return "Must be a list of two days: the first and the last."
        if (problem := self._day.problem(value[0]) or self._day.problem(value[1])) is not None:
            return problem
        return "The last day must not lie before the first." if value[1] < value[0] else None

    def shape(self) -> JsonShape:
        return {"type": "array", "items": self._day.shape(), "minItems": 2, "maxItems": 2}


class Approver(Declared):
    """Who approves; an empty name is none."""

    kind = "line, or nothing"
    _line = Line("Only to check one.")

    def __init__(self, meaning: str) -> None:
        super().__init__(meaning)
        self.allow_none = True

    def problem(self, value: object) -> str | None:
        return None if isinstance(value, str) and not value.strip() else self._line.problem(value)

    def shape(self) -> JsonShape:
        return {"type": ["string", "null"]}


@dataclass(frozen=True, slots=True)
class DayNotBefore:
    """``later`` may not lie before the first of ``earlier`` that is given."""

    later: str
    earlier: tuple[str, ...]

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"`{self.later}` must not lie before {' or, without it, '.join(f'`{name}`' for name in self.earlier)}."

    def broken(self, data: Mapping[str, Any]) -> Broken:
        """``later`` and a sentence, where it lies before."""
        before = next(name for name in self.earlier if name in data)
        if self.later not in data or data[self.later] >= data[before]:
            return None
        return self.later, f"Must not lie before {before}."


class WaiverDocument(Document):
    """Two people let part of the period be missing."""

    approver = Approver("Who asked for the waiver.")
    second_approver = Approver("Who agreed to it, in another reporting line.")
    expires = Day("The last day on which it holds.", required=True)


class GoalDocument(Document):
    """What is asked of the person, and how the clock of it runs."""

    kind = Choice("Whether he starts to do something or stops.", GoalKind, required=True)
    closed = Flag("Whether the goal is closed.")
    hold = Flag("Whether a supervisor holds it back.")
    safety_critical = Flag("Whether it is one that no waiver reaches.")
    waiver = Object("What lets part of the period be missing.", WaiverDocument)
    opportunity = Choice("What counts as a chance to do otherwise.", Opportunity)
    no_opportunity = Many("Blocks of days without a chance to do otherwise.", Block, at_most=_MOST)
    opportunities = Many("Days on which a chance to do otherwise is documented.", Day, at_most=_MOST)


class EvidenceDocument(Document):
    """One observation."""

    class Meta(Document.Meta):
        include = {"from": Day("The first day that it covers.", required=True)}  # noqa: RUF012 (a Python keyword)

    id = Line("The name of the item; copies have the same.", required=True)
    basis = Choice("What kind of thing it is.", Basis, required=True)
    observer_role = Choice("Whose perception it finally rests on.", ObserverRole, required=True)
    group = Line("The independent source that it comes from.", required=True)
    to = Day("The last day that it covers.")
    count = Whole("For how many observations it stands.", at_least=1, at_most=_FURTHEST_DAY)
    direction = Choice("For the goal, against it, or one instance missed.", Direction, required=True)
    vantage = Flag("Whether the goal names this kind of observer as placed to see the behaviour.")
    recorded = Day("The day on which it became known.")
    ruling = Choice("What a person said of it.", Ruling)
    withheld_from = Many("The views that lack it.", VIEWS, at_most=_MOST)

    rules = (DayNotBefore("to", ("from",)), DayNotBefore("recorded", ("to", "from")))


class ExpectedDocument(Document):
    """The answer that is expected. Any words will do: other ones than ours are a difference, not a mistake."""

    status = Text("The status.", required=True)
    reasons = Many("The reasons, in order.", Text, required=True, at_most=_MOST)


class CaseDocument(Document):
    """One goal with its evidence."""

    id = Line("The name of the case.", required=True)
    title = Text("What it is about.")
    goal = Object("The goal.", GoalDocument, required=True)
    as_of = Day("The day for which the status is asked.", required=True)
    view = Choice("What kind of reader asks.", VIEWS, required=True)
    evidence = Many("What was observed.", EvidenceDocument, required=True, at_most=_MOST)
    expected = Object("The answer.", ExpectedDocument)


_CASE: Final = CaseDocument()
_NAME: Final = Line("Only to check one.")


def read_cases(body: bytes) -> tuple[EvaluationCase, ...] | BadCases:
    """The cases of a file in its order, or everything that is wrong with it."""
    read = read_json(body)
    if isinstance(read, Unreadable):
        return BadCases((CaseProblem("", read.problem),))
    if read.suspicious and (found := tuple(CaseProblem("", flaw) for flaw in flaws(read.value))):
        return BadCases(found)
    match read.value:
        case {"cases": list(listed), **rest} if not rest:
            loaded = [load_case(document, f"cases[{number}]") for number, document in enumerate(listed)]
            bad = tuple(problem for one in loaded if isinstance(one, BadCases) for problem in one.problems)
            return BadCases(bad) if bad else tuple(one for one in loaded if isinstance(one, EvaluationCase))
        case _:
            wanted = FieldProblem("", "invalid", 'Must be an object with one field, "cases", that holds a list.')
            return BadCases((CaseProblem("", wanted),))


def load_case(document: Any, at: str = "") -> EvaluationCase | BadCases:
    """One case, or what is wrong with it, each with its path below ``at``."""
    name = document.get("id") if isinstance(document, dict) else None
    case = name if isinstance(name, str) and _NAME.problem(name) is None else ""
    try:
        found = _case(_CASE.load(document))
    except ValidationError as error:
        return BadCases(tuple(CaseProblem(case, problem) for problem in problems_of(error, at)))
    copies = tuple(CaseProblem(case, problem) for problem in _false_copies(found, at))
    return BadCases(copies) if copies else found


def _case(data: dict[str, Any]) -> EvaluationCase:
    expected = data.get("expected")
    return EvaluationCase(
        id=data["id"],
        goal=_goal(data["goal"]),
        as_of=data["as_of"],
        view=data["view"],
        evidence=tuple(map(_evidence, data["evidence"])),
        expected=Expected(expected["status"], tuple(expected["reasons"])) if expected else None,
    )


def _goal(data: dict[str, Any]) -> GoalFacts:
    waiver = data.get("waiver")
    return GoalFacts(
        kind=GoalKind(data["kind"]),
        closed=data.get("closed", False),
        hold=data.get("hold", False),
        safety_critical=data.get("safety_critical", False),
        waiver=_waiver(waiver) if waiver else None,
        opportunity=Opportunity(data.get("opportunity", Opportunity.DOCUMENTED)),
        no_opportunity=tuple((first, last) for first, last in data.get("no_opportunity", ())),
        opportunities=tuple(data.get("opportunities", ())),
    )


def _waiver(data: dict[str, Any]) -> Waiver:
    """A waiver; names are compared without the blanks around them, so that one person cannot be two."""
    one, other = ((data.get(name) or "").strip() or None for name in ("approver", "second_approver"))
    return Waiver(one, other, data["expires"])


def _evidence(data: dict[str, Any]) -> Evidence:
    end = data.get("to", data["from"])
    return Evidence(
        id=data["id"],
        basis=Basis(data["basis"]),
        observer=ObserverRole(data["observer_role"]),
        group=data["group"],
        start=data["from"],
        end=end,
        direction=Direction(data["direction"]),
        recorded=data.get("recorded", end),
        count=data.get("count", 1),
        vantage=data.get("vantage", True),
        ruling=Ruling(data["ruling"]) if "ruling" in data else None,
        withheld_from=frozenset(data.get("withheld_from", ())),
    )


def _false_copies(case: EvaluationCase, at: str) -> Iterator[FieldProblem]:
    """Items that have the id of an earlier one and say something else."""
    first: dict[str, Evidence] = {}
    for number, item in enumerate(case.evidence):
        if first.setdefault(item.id, item) != item:
            field = f"{at}.evidence[{number}].id" if at else f"evidence[{number}].id"
            yield FieldProblem(field, "invalid", f"Another item has the id {item.id}, and says something else.")
