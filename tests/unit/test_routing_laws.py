"""What holds of routing for every type of event, every payload and every case (practice.md, *Settled after review*)."""

from dataclasses import replace
from random import Random
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.catalogue import CATALOGUE
from services.domain.events import Event
from services.domain.provenance import is_victim_sourced
from services.domain.roles import CHILD_WELFARE, FACING_THE_SUBJECT, WITHOUT_LOGIN, Role
from services.domain.routing import route, urgency_of
from services.domain.routing_decision import DO_NOT_RAISE
from services.domain.routing_facts import CaseFacts, SafeContact, Seat
from services.domain.routing_rules import RoutingPolicy
from services.domain.urgency import Urgency
from tests.payloads import payload_for
from tests.routing import ADMIN, AT, COUNTY_AGENCY, POLICY, agency_of, party

_PARTIES = [party(f"party {number}") for number in range(6)]
_SURVIVOR_TASKS = frozenset(rule.kind for rule in POLICY.safe_contact.values())


_ANY_ROLE = sorted(set(Role) - {Role.SYSTEM, Role.ADMIN})
_OFTEN_TOLD = [Role.CPS_WORKER, Role.CPS_INV, Role.CPS_SUP, Role.PROB, Role.DA, Role.BIP, Role.GAL]


@st.composite
def seats(draw: st.DrawFn) -> tuple[Seat, ...]:
    """Seats of any role, the survivor's and the subject's too, held by few parties, so that they share them."""
    made = st.builds(
        lambda role, party_id, kind: Seat(role, party_id, kind, agency_of(role)),
        st.sampled_from(_OFTEN_TOLD) | st.sampled_from(sorted(WITHOUT_LOGIN)) | st.sampled_from(_ANY_ROLE),
        st.sampled_from(_PARTIES),
        st.sampled_from(["person", "team"]),
    )
    return tuple(draw(st.just([]) | st.lists(made, min_size=4, max_size=14, unique=True)))


@st.composite
def cases(draw: st.DrawFn) -> CaseFacts:
    """A case of which anything may be known, or nothing; at least an administrator exists."""
    on_call = draw(st.sampled_from([None, party("county on-call")]))
    return CaseFacts(
        case_id=party("case"),
        zone="America/Chicago",
        county="alder",
        track=draw(st.sampled_from(["investigation", "differential"])),
        closed=draw(st.booleans()),
        seats=draw(seats()),
        desks=draw(st.dictionaries(st.sampled_from([COUNTY_AGENCY, agency_of(Role.PROB)]), st.just(party("desk")))),
        supervisors=draw(st.dictionaries(st.sampled_from(_PARTIES), st.sampled_from(_PARTIES))),
        on_call=on_call,
        on_call_agency=COUNTY_AGENCY if on_call else None,
        safe_contact=draw(st.sampled_from(SafeContact)),
        cautioned=draw(st.booleans()),
        admins=(ADMIN,),
        protected_persons=frozenset({"marisol"}),
        released=draw(st.booleans()),
    )


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Any good event of any type, sent by anybody who may; some of them say that they come from the survivor."""
    name = draw(st.sampled_from(sorted(CATALOGUE)))
    data = draw(payload_for(name))
    if draw(st.booleans()):
        data |= draw(
            st.sampled_from(
                [{"victim_sourced": True}, {"reported_by": {"role": "SURVIVOR"}}, {"origin_person": "marisol"}]
            )
        )
    emitter = draw(st.sampled_from(sorted(CATALOGUE[name].type.emitters)))
    return Event(party("event"), name, party("case"), 1, "t", "1", agency_of(emitter), emitter, AT, AT, AT, data)


@given(events(), cases())
@settings(max_examples=400)
def test_where_a_rule_tells_somebody_silence_is_never_the_outcome(event: Event, facts: CaseFacts) -> None:
    decision = route(event, facts, POLICY)
    rules = POLICY.types[event.type]
    applied = rules.as_usual_when_closed or not facts.closed
    assert decision.notifications or (applied and rules.because is not None)
    assert all(gap.told for gap in decision.gaps)


@given(events(), cases())
@settings(max_examples=100)
def test_every_role_that_nobody_holds_gives_a_task_to_fill_it(event: Event, facts: CaseFacts) -> None:
    decision = route(event, facts, POLICY)
    fill = [task for task in decision.tasks if task.kind == POLICY.unfilled_role.kind]
    assert bool(fill) == bool(decision.gaps)


@given(events(), cases())
@settings(max_examples=100)
def test_the_survivor_and_the_subject_are_never_recipients_nor_get_tasks(event: Event, facts: CaseFacts) -> None:
    decision = route(event, facts, POLICY)
    reached = {draft.recipient for draft in decision.notifications} | {task.assignee for task in decision.tasks}
    assert reached.isdisjoint(held.party_id for held in facts.seats if held.role in WITHOUT_LOGIN)
    assert WITHOUT_LOGIN.isdisjoint(draft.role for draft in decision.notifications)
    assert WITHOUT_LOGIN.isdisjoint(task.role for task in decision.tasks)


@given(events(), cases())
@settings(max_examples=150)
def test_nothing_from_the_survivor_faces_the_subject_without_record_or_release(event: Event, facts: CaseFacts) -> None:
    rule = POLICY.types[event.type].public_record
    presumed = event.emitter in rule.presumed_from and "victim_sourced" not in event.data
    on_record = event.data.get("public_record", presumed) is True
    if rule.always or facts.released or on_record or not is_victim_sourced(event, facts):
        return
    decision = route(event, facts, POLICY)
    reached = {draft.role for draft in decision.notifications} | {task.role for task in decision.tasks}
    assert reached.isdisjoint(FACING_THE_SUBJECT)
    assert reached <= CHILD_WELFARE | {Role.ADMIN}


@given(events(), cases())
@settings(max_examples=100)
def test_an_order_violation_from_no_public_source_is_an_internal_u0(event: Event, facts: CaseFacts) -> None:
    data = {"order_ref": "o1", "how": "phone", "severity": "threat", "evidence_basis": "firsthand"}
    violated = replace(event, type="order.violated", emitter=Role.BIP, data=data)
    decision = route(violated, replace(facts, released=False), POLICY)
    assert decision.urgency is Urgency.U0
    assert decision.held_back
    assert {draft.role for draft in decision.notifications} <= CHILD_WELFARE | {Role.ADMIN}


@given(events(), cases())
@settings(max_examples=100)
def test_nobody_is_told_twice_by_one_rule_and_no_task_is_put_twice(event: Event, facts: CaseFacts) -> None:
    decision = route(event, facts, POLICY)
    pairs = [(draft.rule_id, draft.recipient) for draft in decision.notifications]
    assert len(pairs) == len(set(pairs))
    named = [(task.rule_id, task.kind, task.key, task.assignee) for task in decision.tasks]
    assert len(named) == len(set(named))


@given(events(), cases(), st.randoms(use_true_random=False))
@settings(max_examples=100)
def test_the_order_in_which_seats_were_read_does_not_matter(event: Event, facts: CaseFacts, random: Random) -> None:
    shuffled = list(facts.seats)
    random.shuffle(shuffled)
    assert route(event, facts, POLICY) == route(event, replace(facts, seats=tuple(shuffled)), POLICY)


@given(events(), cases())
@settings(max_examples=100)
def test_whoever_gets_a_task_is_told(event: Event, facts: CaseFacts) -> None:
    decision = route(event, facts, POLICY)
    assert {task.assignee for task in decision.tasks} <= {draft.recipient for draft in decision.notifications}


@given(events(), cases())
@settings(max_examples=100)
def test_at_u0_a_person_is_told_together_with_the_duty_desk(event: Event, facts: CaseFacts) -> None:
    decision = route(event, facts, POLICY)
    people = {held.party_id for held in facts.seats if held.party_kind == "person"}
    reached: dict[str, set[UUID]] = {}
    for draft in decision.notifications:
        reached.setdefault(draft.rule_id, set()).add(draft.recipient)
    for draft in decision.notifications:
        alone = draft.urgency is Urgency.U0 and draft.recipient in people and draft.reason == "rule"
        desk = facts.desks.get(draft.agency_id)
        teams = {held.party_id for held in facts.seats if held.party_kind == "team"}
        if alone and desk is not None and draft.recipient not in teams:
            assert desk in reached[draft.rule_id]


@given(events(), cases())
@settings(max_examples=100)
def test_what_she_must_hear_is_a_task_of_the_agency_by_what_is_known_of_reaching_her(
    event: Event, facts: CaseFacts
) -> None:
    decision = route(event, facts, POLICY)
    hers = [task for task in decision.tasks if task.kind in _SURVIVOR_TASKS]
    assert {task.kind for task in hers} <= {POLICY.safe_contact[facts.safe_contact].kind}
    assert {task.role for task in hers} <= CHILD_WELFARE | {Role.ADMIN}


@given(events(), cases())
@settings(max_examples=100)
def test_where_a_caution_begins_her_safety_task_opens_with_it(event: Event, facts: CaseFacts) -> None:
    decision = route(event, replace(facts, closed=False), POLICY)
    if not decision.raises_caution:
        return
    assert any(task.kind in _SURVIVOR_TASKS for task in decision.tasks)
    for draft in decision.notifications:
        if draft.role in FACING_THE_SUBJECT:
            assert draft.caution == DO_NOT_RAISE


@given(events(), cases())
@settings(max_examples=100)
def test_urgency_depends_on_type_and_payload_alone(event: Event, facts: CaseFacts) -> None:
    assert route(event, facts, POLICY).urgency is urgency_of(event.type, event.data, POLICY)


@given(events(), cases())
@settings(max_examples=150)
def test_a_fact_about_a_closed_case_still_reaches_a_person(event: Event, facts: CaseFacts) -> None:
    decision = route(event, replace(facts, closed=True), POLICY)
    if POLICY.types[event.type].as_usual_when_closed:
        return
    assert decision.notifications
    assert {task.kind for task in decision.tasks} == {POLICY.late_fact.kind}
    if decision.urgency is Urgency.U0 and facts.on_call is not None:
        assert facts.on_call in {draft.recipient for draft in decision.notifications}


@given(events(), cases())
@settings(max_examples=100)
def test_a_type_that_the_policy_does_not_know_goes_to_a_person_today(event: Event, facts: CaseFacts) -> None:
    empty: RoutingPolicy = replace(POLICY, types={})
    decision = route(event, facts, empty)
    assert decision.urgency is Urgency.U1
    assert {draft.reason for draft in decision.notifications} == {"no_rule"}


def test_where_there_is_nobody_at_all_the_gap_says_so() -> None:
    nobody = CaseFacts(party("case"), "UTC", "alder", "investigation", closed=False, seats=())
    event = Event(
        party("event"), "custody.released", party("case"), 1, "t", "1", agency_of(Role.JAIL), Role.JAIL, AT, AT, AT, {}
    )
    decision = route(event, nobody, POLICY)
    assert decision.notifications == ()
    assert decision.gaps
    assert not any(gap.told for gap in decision.gaps)
