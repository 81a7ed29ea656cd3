"""Cases of verification, as documents of the fixture format (verification.md §6): made by hand, and by chance."""

from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st

from schemas.evaluation_cases import EvaluationCase, load_case
from services.domain.goals import DEFAULTS, Thresholds
from services.domain.verification import evaluate
from tests.conftest import RELEASE

Item = dict[str, Any]
Case = dict[str, Any]
Answer = tuple[str, list[str]]

looked_at_long = settings(max_examples=10_000 if RELEASE else 200, deadline=None)
"""How long each law of verification is looked at."""

RANKS: Final = {
    "NOT_ASSESSED": 0,
    "SELF_REPORTED_ONLY": 1,
    "ATTENDANCE_ONLY": 1,
    "PARTIALLY_SUPPORTED": 2,
    "STALE": 3,
    "VERIFIED_BY_WAIVER": 3,
    "VERIFIED": 4,
}
"""The statuses that support alone decides between, from the lowest."""

LAST_DAY: Final = 400
_PERIODS = (67, 68, 75, 89, 90, 91, 120, 134, 135, 150, 179, 180, 181, 200)
_BORDERS = (0, 1, 2, 15, 29, 30, 31, 44, 45, 46, 47, 67, 68, 75, 89, 90, 91, 119, 120, 121, 135, 179, 180, 181)


def item(start: int, to: int | None = None, *, direction: str = "+", **said: Any) -> Item:
    """A professional's direct observation by the school, unless it says otherwise. Its id follows from all it says."""
    made: Item = {"basis": "direct", "observer_role": "professional", "group": "school", "direction": direction}
    made |= {"from": start, **({} if to is None else {"to": to}), **said}
    return {"id": ",".join(f"{name}={made[name]}" for name in sorted(made)), **made}


def case(*evidence: Item, as_of: int, view: str = "internal", kind: str = "positive", **goal: Any) -> Case:
    """A case; what is said beyond evidence, day and view is said of its goal."""
    return {
        "id": "case",
        "goal": {"kind": kind, **goal},
        "as_of": as_of,
        "view": view,
        "evidence": list(evidence),
    }


def good(start: int = 0, last: int = 90) -> list[Item]:
    """Two independent sources, three observations, 90 days: all that a positive goal asks."""
    return [item(start, last, group="school", count=2), item(last, group="therapist")]


def positive(*more: Item, as_of: int = 90, **said: Any) -> Case:
    """A positive goal that lacks nothing on day 90, with more evidence."""
    return case(*good(), *more, as_of=as_of, **said)


def cessation(last: int = 180, opportunities: tuple[int, ...] = (0, 90, 180), **goal: Any) -> Case:
    """A cessation goal that lacks nothing on day 180."""
    kept = {"opportunities": list(opportunities), **goal}
    return case(*good(0, last), as_of=last, kind="cessation", **kept)


def loaded(document: Case) -> EvaluationCase:
    """The case as the schemas let it through."""
    found = load_case(document)
    assert isinstance(found, EvaluationCase), found
    return found


def answer(document: Case, thresholds: Thresholds = DEFAULTS) -> Answer:
    """What the rules say of it."""
    found = loaded(document)
    said = evaluate(found.goal, found.evidence, found.as_of, found.view, thresholds)
    return said.status.value, list(map(str, said.reasons))


def end_of(one: Item) -> int:
    """The last day that an item covers."""
    last: int = one["to"] if "to" in one else one["from"]
    return last


def with_more(document: Case, *more: Item) -> Case:
    """The same case with more evidence."""
    return {**document, "evidence": [*document["evidence"], *more]}


def renamed(items: list[Item]) -> list[Item]:
    """The same items, each with an id of its own."""
    return [{**one, "id": f"e{number}"} for number, one in enumerate(items)]


_gaps = st.sampled_from(_BORDERS) | st.integers(-60, 130)
_lengths = st.sampled_from((0, 0, 0, 1, 30, 45, 68, 90, 180)) | st.integers(0, 200)
_observers = st.sampled_from(("professional",) * 6 + ("survivor", "child", "kin", "subject", "aligned", "adverse"))
_bases = st.sampled_from(
    ("direct",) * 4
    + ("record", "test", "negcheck", "negcheck", "firsthand", "firsthand")
    + ("attendance", "certificate", "opinion", "self", "aligned")
)
_rulings = st.sampled_from((None,) * 10 + ("counts", "context", "rejected", "coerced", "disputed"))
_directions = st.sampled_from(("+",) * 8 + ("-", "0"))
_in_any_direction = st.sampled_from(("+", "+", "-", "0", "0"))
_signs = st.sampled_from((-1, 1))
_views = st.sampled_from(("internal", "court", "subject"))

_SUPPORTING = {
    "basis": st.sampled_from(("direct", "direct", "direct", "record", "negcheck", "firsthand")),
    "observer_role": st.sampled_from(("professional",) * 4 + ("survivor",)),
    "direction": st.just("+"),
    "ruling": st.none(),
    "vantage": st.sampled_from((True,)),
    "late": st.just(0),
    "withheld_from": st.just([]),
}
_OF_ANY_KIND = {
    "basis": _bases,
    "observer_role": _observers,
    "direction": _directions,
    "ruling": _rulings,
    "vantage": st.sampled_from((True,) * 6 + (False,)),
    "late": st.sampled_from((0,) * 6 + (1, 30, 60)),
    "withheld_from": st.sampled_from(([],) * 6 + (["court"], ["internal"], ["court", "subject"])),
}


@st.composite
def items(draw: st.DrawFn, /, start: int, **kinds: st.SearchStrategy[Any]) -> Item:
    """An item that begins on this day, of any kind, or of those that are named."""
    drawn = {name: draw(strategy) for name, strategy in {**_OF_ANY_KIND, **kinds}.items()}
    to = start + draw(_lengths)
    late, ruling = drawn.pop("late"), drawn.pop("ruling")
    made = {
        **drawn,
        "group": draw(st.sampled_from(("school", "school", "therapist", "therapist", "police", "survivor"))),
        "from": start,
        "to": to,
        "count": draw(st.sampled_from((1, 1, 1, 2, 3))),
        "recorded": to + late,
        **({"ruling": ruling} if ruling else {}),
    }
    return {"id": "", **made}


@st.composite
def evidence(draw: st.DrawFn, /, most: int = 7, **kinds: st.SearchStrategy[Any]) -> list[Item]:
    """Items one after the other, with holes on both sides of every border between them; some given twice."""
    made: list[Item] = []
    reached = draw(st.integers(-20, 20))
    for _ in range(draw(st.integers(0, most))):
        made.append(draw(items(max(-LAST_DAY, min(LAST_DAY, reached + draw(_gaps))), **kinds)))
        reached = draw(st.sampled_from((made[-1]["from"], made[-1]["to"], made[-1]["to"])))
    made = renamed(made)
    return made + (draw(st.lists(st.sampled_from(made), max_size=2)) if made else [])


def supporting(most: int = 7) -> st.SearchStrategy[list[Item]]:
    """Evidence that is all for the goal, and counts."""
    return evidence(most, **_SUPPORTING)


@st.composite
def nearly_verified(draw: st.DrawFn) -> list[Item]:
    """Two sources over a period at one of its borders, and a few items of any kind before, among and after them."""
    start, length = draw(st.integers(-20, 20)), draw(st.sampled_from(_PERIODS))
    first = item(
        start, start + length - draw(st.sampled_from((0, 0, 0, 45, 46))), count=draw(st.sampled_from((1, 2, 2)))
    )
    base = [first | {"recorded": end_of(first)}, item(start + length, group="therapist", recorded=start + length)]
    near = st.builds(lambda day, by, sign: day + sign * by, st.sampled_from((start, start + length)), _gaps, _signs)
    more = [draw(items(draw(near), direction=_in_any_direction)) for _ in range(draw(st.integers(0, 4)))]
    return renamed([*base, *more])


@st.composite
def goals(draw: st.DrawFn, /, days: list[int], as_of: int, **fixed: Any) -> dict[str, Any]:
    """A goal of any kind; what is dated lies near these days, or near a border away from one, or near the day asked."""
    near = st.builds(lambda day, by, sign: day + sign * by, st.sampled_from(days), _gaps, _signs)
    blocks = st.builds(lambda first, length: [first, first + length], near, _lengths)
    seldom = st.sampled_from((False,) * 14 + (True,))
    expires = st.sampled_from((as_of - 1, as_of, as_of, as_of + 30))
    approvers = st.sampled_from((("one", "two"),) * 4 + (("one", "one"), ("one", None), ("", "two")))
    made = {
        "kind": draw(st.sampled_from(("positive", "positive", "cessation"))),
        "closed": draw(seldom),
        "hold": draw(seldom),
        "safety_critical": draw(seldom),
        "opportunity": draw(st.sampled_from(("documented", "documented", "liberty"))),
        "no_opportunity": draw(st.just([]) | st.lists(blocks, max_size=3)),
        "opportunities": draw(st.lists(st.sampled_from(days), min_size=3, max_size=6) | st.lists(near, max_size=6)),
    }
    if draw(st.booleans()):
        approver, second = draw(approvers)
        made["waiver"] = {"approver": approver, "second_approver": second, "expires": draw(expires)}
    return {**made, **fixed}


@st.composite
def cases(draw: st.DrawFn, /, found: st.SearchStrategy[list[Item]] | None = None, **goal: Any) -> Case:
    """A case whose day lies on either side of a border after one of the days of its evidence."""
    listed = draw(evidence() if found is None else found)
    days = sorted({one[name] for one in listed for name in ("from", "to", "recorded") if name in one}) or [0]
    as_of = draw(st.sampled_from(days[-3:])) + draw(_gaps)
    return {
        "id": "case",
        "goal": draw(goals(days, as_of, **goal)),
        "as_of": as_of,
        "view": draw(_views),
        "evidence": listed,
    }
