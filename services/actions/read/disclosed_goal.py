"""What of an explanation, or of the subject's paper, may be shown: its parts with their classes, and what is left.

A status and its reasons are of class STA and PLN-S; who is on the case is case information besides; by which id an
observation is ruled on, and which event brought it, is for those who may see evidence (EVI).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from services.domain.disclosure import DataClass, Disclosed, Field
from services.domain.explained import Explanation
from services.domain.subject_paper import Received, SubjectPaper

_PLAN: Final = frozenset({DataClass.PLN_S})
_STATUS: Final = frozenset({DataClass.STA, DataClass.PLN_S})
_STATUS_PATH: Final = "status"
_PAPER_PATH: Final = "paper"


def fields_of_status(explanation: Explanation) -> tuple[Field, ...]:
    """The parts of an explanation that are decided on."""
    return (
        Field(_STATUS_PATH, explanation.status, _STATUS),
        Field("observers", explanation.observers, _STATUS | {DataClass.CASE}),
        Field("evidence", explanation.items, _STATUS | {DataClass.EVI}),
    )


def explanation_left(explanation: Explanation, decision: Disclosed) -> Explanation | None:
    """The explanation as far as it may be shown; None where the status may not be."""
    paths = {one.path for one in decision.shown}
    if _STATUS_PATH not in paths:
        return None
    left = explanation
    if "observers" not in paths:
        left = replace(left, observers=(), gap=None)
    return left if "evidence" in paths else _without_ids(left)


def _without_ids(explanation: Explanation) -> Explanation:
    """Observations by their place in the list alone."""
    places: Mapping[str, str] = {one.id: str(at) for at, one in enumerate(explanation.items, start=1)}
    items = tuple(replace(one, id=places[one.id], event_id="") for one in explanation.items)
    reasons = tuple(
        replace(one, items=tuple(places[item] for item in one.items if item in places)) for one in explanation.reasons
    )
    return replace(explanation, items=items, reasons=reasons)


def fields_of_paper(paper: SubjectPaper) -> Iterator[Field]:
    """The parts of a paper: what was received is as open as it itself is."""
    yield Field(_PAPER_PATH, paper.what_counts, _PLAN)
    for at, line in enumerate(paper.received):
        yield Field(f"received[{at}]", line.agency, _PLAN | line.classes)


def paper_left(paper: SubjectPaper, decision: Disclosed) -> SubjectPaper | None:
    """The paper as far as it may be shown; None where not even what would count may be."""
    paths = {one.path for one in decision.shown}
    if _PAPER_PATH not in paths:
        return None
    received = (line for at, line in enumerate(paper.received) if f"received[{at}]" in paths)
    return replace(paper, received=tuple(_once(received)))


def _once(lines: Iterable[Received]) -> Iterator[Received]:
    """One line a day and agency, whatever was received of it."""
    seen = set()
    for line in lines:
        if (line.on, line.agency) not in seen:
            seen.add((line.on, line.agency))
            yield line


def both(one: Disclosed, other: Disclosed | None) -> Disclosed:
    """Two decisions about one event, written down as one."""
    if other is None:
        return one
    rules = tuple(sorted({*one.rules, *other.rules}))
    return replace(one, shown=one.shown + other.shown, withheld=one.withheld + other.withheld, rules=rules)
