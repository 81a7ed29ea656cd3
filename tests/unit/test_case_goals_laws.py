"""What holds of goals for whatever a case came to know, in whatever order."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.catalogue import CATALOGUE
from services.domain.evidence import Ruling
from services.domain.known_events import KnownEvent
from services.domain.roles import Role
from services.domain.status import ReasonCode, Status
from services.domain.verification import Assessment
from tests.conftest import RELEASE
from tests.goal_story import AGENCIES, POLICY, GoalStory, iso, story
from tests.payloads import payload_for

looked_at = settings(
    max_examples=2_000 if RELEASE else 100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
LAST = 150
DAYS = st.integers(-5, LAST)
NAMES: dict[str, tuple[str, ...]] = {
    "goal_id": ("G", "S", "X"),
    "supersedes": ("G", "S", "X"),
    "person_ref": ("trent", "marisol"),
    "origin_person": ("trent", "marisol", "ivy", "june"),
    "aggressor_ref": ("trent", "marisol"),
    "evidence_id": ("n-1", "n-2"),
    "corrects": ("n-1", "n-2"),
    "incident_no": ("R-1", "R-2"),
    "hold_ref": ("h-1", "review-required-G"),
    "override_ref": ("o-1",),
    "briefing_ref": ("b-1",),
    "consent_ref": ("c-1",),
    "service_ref": ("bip",),
    "to_agency": ("programme", "clinic"),
    "provider": ("programme", "clinic"),
    "observer_organisation": ("programme", "probation", "nobody"),
    "into": ("police", "programme"),
    "ruled_by": ("okafor", "ndiaye"),
    "second_approver": ("okafor", "price"),
}
"""What the fields of a payload may mean, so that events meet."""
SCORES = {Status.PARTIALLY_SUPPORTED: 1, Status.STALE: 2, Status.VERIFIED_BY_WAIVER: 2, Status.VERIFIED: 4}
"""Statuses that say that change was seen, from the lowest."""


def two_goals() -> GoalStory:
    """A goal of each kind."""
    return story("21", services=["bip"]).goal("S", "1", kind="cessation")


def meeting(draw: st.DrawFn, value: Any, name: str) -> Any:
    """A payload whose names are, now and then, those of this story."""
    if isinstance(value, dict):
        return {key: meeting(draw, one, key) for key, one in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [meeting(draw, one, name) for one in value]
    if name in {"goals", "goal_ids"} and draw(st.booleans()):
        return ["G", "S"]
    return draw(st.sampled_from(NAMES[name])) if name in NAMES and draw(st.integers(0, 3)) else value


@st.composite
def any_acts(draw: st.DrawFn) -> Callable[[GoalStory], None]:
    """A few events of any types that bear on goals, with any good payloads, known in any order."""
    said = []
    for event_type in draw(st.lists(st.sampled_from(sorted(POLICY.bearing)), min_size=1, max_size=6)):
        emitters = sorted(role for role in CATALOGUE[event_type].type.emitters if role in AGENCIES)
        by = draw(st.sampled_from(emitters)) if emitters else Role.CPS_WORKER
        data = meeting(draw, draw(payload_for(event_type)), "")
        staff = draw(st.sampled_from((None, "okafor", "price")))
        said.append((event_type, draw(DAYS), by, staff, data, draw(st.none() | DAYS)))

    def tell(told: GoalStory) -> None:
        for event_type, on, by, staff, data, until in said:
            known = _lenient(told, event_type, on, by, staff, data)
            if known is not None and until is not None:
                told.until(known, until)

    return tell


def _lenient(
    told: GoalStory, event_type: str, on: int, by: Role, staff: str | None, data: dict[str, Any]
) -> str | None:
    """Tell it where it can be sent: names that meet may break a rule across fields."""
    try:
        CATALOGUE[event_type].load(data)
    except ValueError:
        return None
    return told.tell(event_type, on, by, staff=staff, **data)


Act = tuple[str, int, dict[str, Any]]
_GOALS = st.sampled_from(("G", "S"))
_SEERS = st.sampled_from((Role.PROB, Role.LE, Role.CPS_WORKER, Role.JUV_COURT))
_RULINGS = st.sampled_from([one.value for one in Ruling])


@st.composite
def observations(draw: st.DrawFn) -> Act:
    """Somebody saw something, or reports an incident."""
    at, on = draw(st.integers(-5, 120)), draw(st.integers(0, LAST))
    fields: dict[str, Any] = {"by": draw(_SEERS), "on": max(on, at)}
    if draw(st.integers(0, 7)) == 0:
        return "order.violated", at, fields | {"severity": draw(st.sampled_from(("contact_only", "violence")))}
    origin = draw(st.sampled_from((None, None, None, "trent", "june", "marisol")))
    fields |= {"goal_id": draw(_GOALS), "direction": draw(st.sampled_from("+++++-0"))}
    fields |= {"basis": draw(st.sampled_from(("direct", "direct", "record", "attendance", "self")))}
    fields |= {"opportunity_days": [iso(at)] * draw(st.integers(0, 2))}
    return "evidence.submitted", at, fields | ({"origin_person": origin} if origin else {})


def tell(told: GoalStory, act: Act) -> str:
    """Tell one act; the id of its event."""
    event_type, at, fields = act
    said = {name: value for name, value in fields.items() if name not in {"on", "by", "goal_id"}}
    if event_type == "evidence.submitted":
        return told.seen(fields["goal_id"], at, fields["by"], on=fields["on"], **said)
    return told.tell(event_type, fields["on"], fields["by"], person_ref="trent", violated_from=iso(at), **said)


@st.composite
def stories(draw: st.DrawFn) -> GoalStory:
    """Goals with observations, half of the time enough of them to be verified, some of them ruled on."""
    told = two_goals()
    if draw(st.booleans()):
        told.verify("G")
    for act in draw(st.lists(observations(), max_size=8)):
        event = tell(told, act)
        if draw(st.integers(0, 3)) == 0:
            people: dict[str, Any] = {"ruled_by": "okafor"} | (
                {"second_approver": "price"} if draw(st.booleans()) else {}
            )
            told.tell("evidence.ruled", draw(st.integers(0, LAST)), evidence_id=event, ruling=draw(_RULINGS), **people)
    return told


def answers(told: GoalStory, on: int, *views: str) -> dict[tuple[str, str], Any]:
    """What is said of every goal on a day, in these views or in all."""
    return {
        name: (one.assessment, one.review_required, one.last_status, frozenset(one.items))
        for name, one in told.assessed(on).items()
        if not views or name[1] in views
    }


@looked_at
@given(any_acts(), DAYS)
def test_nothing_that_the_schemas_let_through_raises_in_any_order(act: Callable[[GoalStory], None], on: int) -> None:
    told = two_goals()
    act(told)
    told.assessed(on)


@looked_at
@given(any_acts(), any_acts(), st.integers(0, LAST))
def test_what_becomes_known_later_changes_no_earlier_day(
    first: Callable[[GoalStory], None], later: Callable[[GoalStory], None], on: int
) -> None:
    told = two_goals()
    first(told)
    before = told.assessed(on)
    afterwards = GoalStory(events=list(told.events))
    later(afterwards)
    added = afterwards.events[len(told.events) :]
    days = [LAST - on + 1 + index for index, _ in enumerate(added)]
    told.events += [_moved(known, shift) for known, shift in zip(added, days, strict=True)]
    assert told.assessed(on) == before


def _moved(known: KnownEvent, days: int) -> KnownEvent:
    """The same event, known after the last day of the story."""
    shift = known.since.replace(year=known.since.year + 1) - known.since
    return replace(known, since=known.since + shift + days * (shift / 365), until=None)


@looked_at
@given(stories(), st.data())
def test_the_order_of_what_becomes_known_on_one_day_changes_nothing(told: GoalStory, data: st.DataObject) -> None:
    on = data.draw(st.integers(0, LAST))
    before = answers(told, on)
    fixed, loose = told.events[:8], told.events[8:]
    by_day: dict[Any, list[KnownEvent]] = {}
    for known in loose:
        by_day.setdefault(known.since.date(), []).append(known)
    mixed = list(fixed)
    for same_day in by_day.values():
        order = data.draw(st.permutations(same_day))
        mixed += [replace(one, since=place.since) for one, place in zip(order, same_day, strict=True)]
    again = GoalStory(events=data.draw(st.permutations(mixed)))
    assert answers(again, on) == before


_PROTECTED = st.sampled_from(
    [
        (Role.SCHOOL, {"origin_person": "marisol"}),
        (Role.COUNSEL_SURVIVOR, {}),
        (Role.CPS_WORKER, {"origin_person": "ivy"}),
        (Role.CHILD_TX, {}),
        (Role.LE, {"victim_sourced": True}),
    ]
)


@looked_at
@given(stories(), _PROTECTED, st.integers(0, 120), _GOALS, st.sampled_from("+-0"), st.booleans(), st.data())
def test_what_a_view_may_not_know_changes_nothing_in_it(
    told: GoalStory,
    source: tuple[Role, dict[str, Any]],
    at: int,
    goal_id: str,
    direction: str,
    incident: bool,
    data: st.DataObject,
) -> None:
    on = data.draw(st.integers(at, LAST))
    before = answers(told, on, "court", "subject", "probation", "programme")
    by, said = source
    if incident and by is not Role.CHILD_TX:
        told.tell("order.violated", at, by, severity="violence", person_ref="trent", **said)
    else:
        told.brief(by, 0, read=0)
        item = told.seen(goal_id, at, by, direction=direction, opportunity_days=[iso(at)] * 3, **said)
        told.tell("evidence.ruled", at, evidence_id=item, ruling="counts", ruled_by="okafor", second_approver="price")
    assert answers(told, on, "court", "subject", "probation", "programme") == before


@looked_at
@given(stories(), st.data())
def test_no_act_of_one_person_raises_a_status(told: GoalStory, data: st.DataObject) -> None:
    on = data.draw(st.integers(1, LAST))
    told.tell("review.hold_set", on, hold_ref="h-1", goal_id="G", expires=iso(on + 9))
    before = told.assessed(on)
    items = [str(known.event.id) for known in told.events if known.event.type == "evidence.submitted"]
    said: list[tuple[str, Role, dict[str, Any]]] = [
        ("review.hold_lifted", Role.CPS_SUP, {"hold_ref": "h-1", "second_approver": "price"}),
        ("review.hold_lifted", Role.CPS_SUP, {"hold_ref": "review-required-G", "second_approver": "price"}),
        ("group.changed", Role.CPS_SUP, {"action": "split", "groups": ["a", "b"], "into": "police"}),
        ("group.changed", Role.CPS_SUP, {"action": "merge", "groups": ["probation", "police"], "into": "police"}),
    ]
    for item in items:
        ruling = {"evidence_id": item, "ruling": data.draw(_RULINGS), "second_approver": "price"}
        said.append(("evidence.ruled", Role.CPS_SUP, ruling))
    event_type, by, fields = data.draw(st.sampled_from(said))
    if event_type == "evidence.ruled":
        told.events = [one for one in told.events if one.event.data.get("evidence_id") != fields["evidence_id"]]
        before = told.assessed(on)
    told.tell(event_type, on, by, staff="okafor", **fields)
    told.tell(event_type, on, by, staff="tan", **fields)
    for name, one in told.assessed(on).items():
        was = before[name].assessment
        assert score(one.assessment) <= score(was), (name, was, one.assessment)


def score(said: Assessment) -> int:
    """How much change a status says that there was; one that is held back lies right below what it would be."""
    held_back = said.reasons and said.reasons[0].code in {ReasonCode.SUPERVISOR_HOLD, ReasonCode.REVIEW_REQUIRED}
    return 3 if held_back else SCORES.get(said.status, 0)
