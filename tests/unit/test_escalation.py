"""The ladder that an unacknowledged alert climbs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.escalation import Alert, EscalationFacts, Ladder, Rung, Whom, climb, next_check, next_rung
from services.domain.roles import Role
from services.domain.routing_decision import DO_NOT_RAISE, NotificationDraft, Reason
from services.domain.routing_facts import Seat
from services.domain.urgency import Urgency
from services.policy.escalation import compile_escalation
from services.policy.source import InvalidPolicyError
from tests.routing import ADMIN, COUNTY_AGENCY, FOLDER, agency_of, party

LADDER: Ladder = compile_escalation(FOLDER / "escalation.yaml")
TOLD_AT = datetime(2025, 9, 6, 23, 16, tzinfo=UTC)
ALERT = Alert(TOLD_AT, Urgency.U0)
ALL = (Whom.DESK_ON_CALL, Whom.SUPERVISOR, Whom.MANAGER, Whom.COUNTY_ON_CALL)

TO_WORKER = NotificationDraft(
    "order.violated/informed", Role.CPS_WORKER, party("worker"), COUNTY_AGENCY, Urgency.U0, None, Reason.RULE
)
TO_OFFICER = NotificationDraft(
    "order.violated/informed", Role.PROB, party("officer"), agency_of(Role.PROB), Urgency.U0, DO_NOT_RAISE, Reason.RULE
)
COUNTY = Seat(Role.CPS_INTAKE, party("county on-call"), "team", COUNTY_AGENCY)
FACTS = EscalationFacts(
    desks={COUNTY_AGENCY: party("desk"), agency_of(Role.PROB): party("probation desk")},
    on_shift={party("desk"): party("on shift")},
    supervisors={
        party("worker"): party("supervisor"),
        party("supervisor"): party("manager"),
        party("officer"): party("chief"),
    },
    worker=Seat(Role.CPS_WORKER, party("worker"), "person", COUNTY_AGENCY),
    county_on_call=COUNTY,
    admins=(ADMIN,),
)


def at(minutes: float) -> datetime:
    return TOLD_AT + timedelta(minutes=minutes)


def climbed(minutes: float, alert: Alert = ALERT) -> tuple[int, tuple[Whom, ...]] | None:
    rung = next_rung(alert, LADDER, at(minutes))
    return None if rung is None else (rung.number, rung.whom)


def test_each_rung_is_climbed_at_its_minute() -> None:
    assert climbed(4.9) is None
    assert climbed(5) == (1, (Whom.DESK_ON_CALL,))
    assert climbed(10, replace(ALERT, climbed=1)) == (2, (Whom.SUPERVISOR,))
    assert climbed(15, replace(ALERT, climbed=2)) == (3, (Whom.MANAGER,))
    assert climbed(30, replace(ALERT, climbed=3)) == (4, (Whom.COUNTY_ON_CALL,))


def test_after_the_last_rung_all_are_told_every_30_minutes_for_24_hours() -> None:
    assert climbed(59, replace(ALERT, climbed=4)) is None
    assert climbed(60, replace(ALERT, climbed=4)) == (5, ALL)
    assert climbed(90, replace(ALERT, climbed=5)) == (6, ALL)
    assert climbed(24 * 60, replace(ALERT, climbed=50)) == (51, ALL)
    assert climbed(48 * 60, replace(ALERT, climbed=51)) is None
    assert next_check(replace(ALERT, climbed=51), LADDER) is None


def test_rungs_that_came_due_while_nobody_looked_are_climbed_as_one() -> None:
    assert climbed(16) == (3, (Whom.DESK_ON_CALL, Whom.SUPERVISOR, Whom.MANAGER))


def test_an_acknowledged_alert_climbs_no_further() -> None:
    heard = replace(ALERT, acknowledged_at=at(3))
    assert climbed(60, heard) is None
    assert next_check(heard, LADDER) is None


def test_only_u0_climbs() -> None:
    assert climbed(60, replace(ALERT, urgency=Urgency.U1)) is None


@given(st.integers(0, 60), st.floats(0, 60 * 30))
def test_what_is_due_now_is_what_the_next_check_was_set_for(rungs: int, minutes: float) -> None:
    alert = replace(ALERT, climbed=rungs)
    check = next_check(alert, LADDER)
    assert (next_rung(alert, LADDER, at(minutes)) is not None) == (check is not None and check <= at(minutes))


@given(st.lists(st.floats(0.1, 400), max_size=40))
def test_however_seldom_one_looks_no_rung_is_climbed_twice_and_the_ladder_ends(pauses: list[float]) -> None:
    minutes, done, seen = 0.0, 0, list[int]()
    for pause in [*pauses, 3000.0, 1.0]:
        minutes += pause
        rung = next_rung(replace(ALERT, climbed=done), LADDER, at(minutes))
        if rung is not None:
            done = rung.number
            seen.append(done)
    assert seen == sorted(set(seen))
    assert done == 51


def people(rung: Rung, told: NotificationDraft, facts: EscalationFacts = FACTS) -> list[str]:
    names = ["on shift", "desk", "probation desk", "supervisor", "manager", "chief", "county on-call", "person ADMIN"]
    known = {party(name): name for name in names}
    return [known[draft.recipient] for draft in climb(rung, told, facts)]


def test_the_way_up_from_a_worker() -> None:
    found = [people(rung, TO_WORKER) for rung in LADDER.rungs]
    assert found == [["on shift"], ["supervisor"], ["manager"], ["county on-call"]]


def test_the_way_up_from_another_agency_ends_at_the_county() -> None:
    found = [people(rung, TO_OFFICER) for rung in LADDER.rungs]
    assert found == [["probation desk"], ["chief"], ["county on-call"], ["county on-call"]]


def test_a_rung_on_which_nobody_stands_is_the_next_ones() -> None:
    bare = EscalationFacts(county_on_call=COUNTY, admins=(ADMIN,))
    assert [people(rung, TO_WORKER, bare) for rung in LADDER.rungs] == [["county on-call"]] * 4
    assert people(LADDER.rungs[0], TO_WORKER, EscalationFacts(admins=(ADMIN,))) == ["person ADMIN"]


def test_the_managers_of_the_case_stand_in_for_the_supervisors_supervisor() -> None:
    manager = Seat(Role.CPS_MGR, party("manager"), "person", COUNTY_AGENCY)
    facts = replace(FACTS, supervisors={party("worker"): party("supervisor")}, managers=(manager,))
    assert people(LADDER.rungs[2], TO_WORKER, facts) == ["manager"]


def test_whoever_is_the_subject_of_the_case_is_passed_over() -> None:
    assert people(LADDER.rungs[1], TO_WORKER, replace(FACTS, barred=frozenset({party("supervisor")}))) == ["manager"]


def test_each_is_told_once_under_the_first_rule_and_the_number_of_the_rung() -> None:
    [*drafts] = climb(Rung(5, timedelta(hours=1), ALL), TO_WORKER, FACTS)
    assert len({draft.recipient for draft in drafts}) == len(drafts) == 4
    assert {draft.rule_id for draft in drafts} == {"order.violated/informed+5"}
    assert {draft.reason for draft in drafts} == {Reason.ESCALATED}


def test_the_caution_goes_along_with_the_alert() -> None:
    chief, county = climb(Rung(2, timedelta(), (Whom.SUPERVISOR, Whom.COUNTY_ON_CALL)), TO_OFFICER, FACTS)
    assert (chief.role, chief.caution) == (Role.PROB, DO_NOT_RAISE)
    assert (county.role, county.caution) == (Role.CPS_INTAKE, None)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("after: 10 min", "after: 4 min", "must be later than the rung before it"),
        ("after: 5 min", "after: 5 BD", "is not a length of time"),
        ("tell: [manager]", "tell: [director]", "'director' is not known"),
        ("tell: [manager]", "tell: []", "tells nobody"),
        ("until: 24 h", "until: 20 min", "must be later than the last rung"),
        ("urgency: U0", "urgency: U9", "'U9' is not known"),
    ],
)
def test_a_mistake_in_the_ladder_is_named_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (FOLDER / "escalation.yaml").read_text(encoding="utf-8")
    changed = tmp_path / "escalation.yaml"
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InvalidPolicyError) as caught:
        compile_escalation(changed)
    [error] = caught.value.errors
    assert message in error.message
    assert error.line == text[: text.index(old)].count("\n") + 1
