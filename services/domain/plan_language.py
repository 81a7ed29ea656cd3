"""Which text of which event is held to the language of plans, and whether an objection keeps the event out.

What a court orders is recorded whatever its words; the objection stands beside it (practice.md, Settled 9). It is never
stored: whoever reads the event computes it again from the text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from services.domain.language import Language, Objection, Use, check_text

GOAL: Final = "goal.created"
ORDERED_SERVICE: Final = "caseplan.service_ordered"
SURVIVOR_TASK: Final = "survivor.task_required"
CHECKED: Final = frozenset({GOAL, ORDERED_SERVICE, SURVIVOR_TASK})
"""The types of event whose words are held to the language of plans."""

ORDERED_BY: Final = "ordered_by"
_ABOUT_HER = "she will"


@dataclass(frozen=True, slots=True)
class FieldObjection:
    """An objection to what stands in one field of a payload."""

    field: str
    objection: Objection


def objections_to(language: Language, event_type: str, data: Mapping[str, object]) -> tuple[FieldObjection, ...]:
    """What is to be said against the plan's words in an event's payload, as far as they are there; empty for others."""
    match event_type:
        case "goal.created":
            return tuple(_said(language, data, "statement", Use.GOAL))
        case "caseplan.service_ordered":
            alone = () if data.get("goal_ids") else (FieldObjection("goal_ids", language.service_alone),)
            return (*_said(language, data, "what", Use.SERVICE), *(alone if "what" in data else ()))
        case "survivor.task_required":
            asked = _said(language, data, "what", Use.SURVIVOR_TASK, before=_ABOUT_HER)
            return (*asked, *_said(language, data, "stated_basis", Use.SURVIVOR_BASIS))
    return ()


def keeps_out(event_type: str, data: Mapping[str, object]) -> bool:
    """Whether an objection to this event refuses it: not where a court has ordered what it says."""
    return event_type != ORDERED_SERVICE and ORDERED_BY not in data


def _said(
    language: Language, data: Mapping[str, object], field: str, use: Use, before: str = ""
) -> Iterator[FieldObjection]:
    """``before``: who the text is about, for a text that need not say so itself."""
    text = data.get(field)
    if isinstance(text, str):
        found = {one.code: one for said in (text, f"{before} {text}") for one in check_text(language, said, use)}
        yield from (FieldObjection(field, objection) for objection in found.values())
