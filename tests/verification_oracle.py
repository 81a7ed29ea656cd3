"""A second answer to "is this goal verified?", written from the text of the rules alone, to hold the first one against.

It reads a case of the fixture format (verification.md §6) and answers ``(status, reasons)``. It is slow on purpose:
days are sets of days, and every sentence of §1 to §4 is a loop of its own. It shares nothing with
`services.domain.verification`, not even the thresholds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

GROUPS, OBSERVATIONS, OPPORTUNITIES = 2, 3, 3
PERIOD = {"positive": 90, "cessation": 180}
MAX_GAP, FRESH, EXPIRES, CONTRADICTION_HOLDS, LAPSES_WITHIN = 45, 45, 120, 30, 90

Case = dict[str, Any]
Item = dict[str, Any]


@dataclass
class Piece:
    """What is left of one item of support: a row of days without a break."""

    first: int
    last: int
    count: int
    weight: str
    group: str


def oracle(case: Case) -> tuple[str, list[str]]:
    """The status of the goal, and the reasons in order."""
    goal, as_of = case["goal"], case["as_of"]
    items = considered(case)
    c = contradicted_on(goal, items)
    support = support_after(items, c)
    blocks = [] if goal.get("opportunity") == "liberty" else goal.get("no_opportunity", [])
    against = [item for item in items if is_against(item)]
    if goal.get("closed"):
        return "CLOSED", ["LIFECYCLE"]
    if c is not None and (as_of - c < CONTRADICTION_HOLDS or not [s for s in support if s.weight in "AB"]):
        return "CONTRADICTED", [f"CONTRADICTED_ON_DAY_{c}"]
    if [item for item in against if item.get("ruling") == "disputed"]:
        return "UNDER_REVIEW", ["DISPUTED_CONTRADICTION"]
    if [item for item in against if is_adverse(item)]:
        return "UNDER_REVIEW", ["UNCORROBORATED_CROSS_ALLEGATION"]
    for first, last in blocks:
        if first <= as_of <= last:
            return "SUSPENDED", ["NO_OPPORTUNITY_NOW"]
    if not support:
        return without_support(items)
    return with_support(case, support, c, lapse_days(goal, items), steps_in(blocks))


def weight_of(item: Item) -> str:
    """§1: the rows from the top; the first that fits decides."""
    basis, observer = item["basis"], item["observer_role"]
    if observer == "subject" or observer == "aligned" or basis == "self" or basis == "aligned":
        return "D"
    if basis == "attendance" or basis == "certificate" or basis == "opinion":
        return "C"
    if item.get("ruling") == "context":
        return "C"
    if item["direction"] == "+" and item.get("vantage") is False:
        return "C"
    if basis == "firsthand" or observer != "professional":
        return "B"
    return "N" if basis == "negcheck" else "A"


def considered(case: Case) -> list[Item]:
    """§2, first paragraph."""
    left: list[Item] = []
    for item in case["evidence"]:
        if item["id"] in [other["id"] for other in left]:
            continue
        if recorded(item) > case["as_of"] or item.get("ruling") in ("rejected", "coerced"):
            continue
        if case["view"] in item.get("withheld_from", []):
            continue
        left.append(item)
    return left


def end(item: Item) -> int:
    """The last day that an item covers."""
    last: int = item["to"] if "to" in item else item["from"]
    return last


def recorded(item: Item) -> int:
    """The day on which an item became known."""
    day: int = item.get("recorded", end(item))
    return day


def is_against(item: Item) -> bool:
    """Against: direction minus, and of a weight that counts as that."""
    return item["direction"] == "-" and weight_of(item) in "ABND"


def is_adverse(item: Item) -> bool:
    """Against, from an adverse party, and nobody has ruled that it counts."""
    return is_against(item) and item["observer_role"] == "adverse" and item.get("ruling") != "counts"


def lapse_days(goal: Item, items: Iterable[Item]) -> list[int]:
    """The distinct days of the lapses, in order."""
    if goal["kind"] != "positive":
        return []
    lapses = [item for item in items if item["direction"] == "0" and weight_of(item) in "ABN"]
    firm = [item for item in lapses if item.get("ruling") != "disputed" and item["observer_role"] != "adverse"]
    return sorted({end(item) for item in firm})


def contradicted_on(goal: Item, items: list[Item]) -> int | None:
    """The day C, or None."""
    days = [
        end(item) for item in items if is_against(item) and item.get("ruling") != "disputed" and not is_adverse(item)
    ]
    lapses = lapse_days(goal, items)
    pairs = [(lapses[index - 1], lapses[index]) for index in range(1, len(lapses))]
    relapses = [day for before, day in pairs if day - before <= LAPSES_WITHIN]
    return max(days + relapses, default=None)


def support_after(items: list[Item], c: int | None) -> list[Piece]:
    """Support that is left after C, the negative checks cut to what somebody saw."""
    whole: list[Piece] = []
    for item in items:
        weight = weight_of(item)
        if item["direction"] != "+" or weight not in "ABN":
            continue
        if item["observer_role"] == "adverse" or item.get("ruling") == "disputed":
            continue
        days = [day for day in range(item["from"], end(item) + 1) if c is None or day > c]
        if days:
            whole.append(Piece(days[0], days[-1], item.get("count", 1), weight, item["group"]))
    seen = [piece for piece in whole if piece.weight in "AB"]
    if not seen:
        return whole
    reached = {day for piece in seen for day in range(piece.first - MAX_GAP, piece.last + MAX_GAP + 1)}
    return seen + [part for piece in whole if piece.weight == "N" for part in cut(piece, reached)]


def cut(check: Piece, reached: set[int]) -> list[Piece]:
    """The pieces of a negative check that are left; the count stays with the earliest."""
    parts: list[Piece] = []
    for day in range(check.first, check.last + 1):
        if day not in reached:
            continue
        if parts and parts[-1].last == day - 1:
            parts[-1].last = day
        else:
            parts.append(Piece(day, day, 0 if parts else check.count, "N", check.group))
    return parts


def steps_in(blocks: Iterable[list[int]]) -> set[int]:
    """Each step from a day to the next that lies within one block, named by the day it begins on.

    Blocks that share a day join without a step missing; blocks that only touch leave the step between them free.
    """
    return {day for first, last in blocks for day in range(first, last)}


def open_days(first: int, last: int, blocked: set[int]) -> int:
    """The steps from one day to a later one, without the blocked ones."""
    return last - first - len([day for day in range(first, last) if day in blocked])


def without_support(items: list[Item]) -> tuple[str, list[str]]:
    """§4, lines 6 and 7."""
    plus = [item for item in items if item["direction"] == "+"]
    if [item for item in plus if weight_of(item) == "C"]:
        return "ATTENDANCE_ONLY", ["NO_COUNTABLE_EVIDENCE"]
    if plus:
        return "SELF_REPORTED_ONLY", ["NO_COUNTABLE_EVIDENCE"]
    return "NOT_ASSESSED", []


def newest_run(goal: Item, support: list[Piece], blocked: set[int]) -> tuple[list[Piece], int | None]:
    """§3: the run that is judged, and the hole right before it."""
    run: list[Piece] = []
    hole_before: int | None = None
    for piece in sorted(support, key=lambda piece: (piece.first, piece.last)):
        if run:
            hole = open_days(max(other.last for other in run), piece.first, blocked)
            bridged = hole <= EXPIRES and not shortfalls(goal, run, blocked)
            if hole > MAX_GAP and not bridged:
                run, hole_before = [], hole
        run.append(piece)
    return run, hole_before


def span_of(run: list[Piece], blocked: set[int]) -> int:
    """The open days from the first day of a run to its furthest."""
    return open_days(min(piece.first for piece in run), max(piece.last for piece in run), blocked)


def shortfalls(goal: Item, run: list[Piece], blocked: set[int]) -> list[str]:
    """§4, line 8: what the run lacks, in order."""
    lacks = []
    first, last = min(piece.first for piece in run), max(piece.last for piece in run)
    if len({piece.group for piece in run}) < GROUPS:
        lacks.append("NEED_SECOND_INDEPENDENT_SOURCE")
    if not [piece for piece in run if piece.weight == "A"]:
        lacks.append("NEED_NONFAMILY_DIRECT")
    if sum(piece.count for piece in run) < OBSERVATIONS:
        lacks.append("NEED_MORE_OBSERVATIONS")
    period, span = PERIOD[goal["kind"]], span_of(run, blocked)
    if span < period:
        lacks.append(f"NEED_DURATION({span}/{period})")
    chances = [day for day in goal.get("opportunities", []) if first <= day <= last]
    asks = goal["kind"] == "cessation" and goal.get("opportunity") != "liberty"
    if asks and len(chances) < OPPORTUNITIES:
        lacks.append("NEED_OPPORTUNITY")
    return lacks


def waived(case: Case, lacks: list[str], span: int) -> bool:
    """Whether a waiver in force covers what is lacking."""
    goal = case["goal"]
    waiver = goal.get("waiver")
    if not waiver or goal.get("hold") or goal.get("safety_critical"):
        return False
    one, other = waiver.get("approver"), waiver.get("second_approver")
    if not one or not other or one == other or case["as_of"] > waiver["expires"]:
        return False
    only_duration = len(lacks) == 1 and lacks[0].startswith("NEED_DURATION")
    return only_duration and span * 100 >= PERIOD[goal["kind"]] * 75


def with_support(
    case: Case, support: list[Piece], c: int | None, lapses: list[int], blocked: set[int]
) -> tuple[str, list[str]]:
    """§4, line 8."""
    goal = case["goal"]
    run, hole = newest_run(goal, support, blocked)
    age = case["as_of"] - max(piece.last for piece in run)
    said = [f"LAPSE_ON_DAY_{day}" for day in lapses if day >= min(piece.first for piece in run)]
    notes = ["RESET_BY_CONTRADICTION"] if c is not None else []
    if hole is not None:
        notes.append(f"RESTARTED_AFTER_GAP({hole})")
    lacks = shortfalls(goal, run, blocked)
    if not lacks:
        if age <= FRESH:
            return ("UNDER_REVIEW", ["SUPERVISOR_HOLD"]) if goal.get("hold") else ("VERIFIED", said)
        if age <= EXPIRES:
            return "STALE", [f"NOT_FRESH({age})", *said]
        return "PARTIALLY_SUPPORTED", [*notes, f"NOT_FRESH({age})", "EXPIRED"]
    if age > FRESH:
        lacks.append(f"NOT_FRESH({age})")
    if waived(case, lacks, span_of(run, blocked)):
        return "VERIFIED_BY_WAIVER", [*lacks, *said]
    return "PARTIALLY_SUPPORTED", [*notes, *lacks]
