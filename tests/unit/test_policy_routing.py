"""The routing policy is compiled with file and line for every mistake, and what is settled cannot be written away."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.catalogue import CATALOGUE
from services.domain.predicates import (
    ALWAYS,
    AllOf,
    AnyOf,
    AtLeast,
    Equals,
    Negation,
    OneOf,
    Predicate,
    Present,
    holds,
)
from services.domain.roles import Role
from services.domain.routing import route, urgency_of
from services.domain.routing_facts import SafeContact
from services.domain.routing_rules import SurvivorRule, TaskRule, TellRule
from services.domain.urgency import Urgency
from services.policy.routing import compile_routing
from services.policy.source import InvalidPolicyError
from tests.payloads import minimal_payload
from tests.routing import AT, CASE, FOLDER, POLICY, event_of

ROUTING = (FOLDER / "routing.yaml").read_text(encoding="utf-8")
TASKS = (FOLDER / "tasks.yaml").read_text(encoding="utf-8")

RULES: list[TellRule | TaskRule | SurvivorRule] = []
for _entry in POLICY.types.values():
    RULES += [*_entry.tells]
    RULES += [*_entry.tasks]
    RULES += [*_entry.survivor]
URGENCIES = [(entry.event_type, place) for entry in POLICY.types.values() for place in range(len(entry.urgencies))]


def compile_changed(folder: Path, old: str, new: str, tasks: str = TASKS) -> list[str]:
    """The mistakes in the shipped policy after one change of its text, as ``line: message``."""
    assert ROUTING.count(old) >= 1, old
    return compile_texts(folder, ROUTING.replace(old, new, 1), tasks)


def compile_texts(folder: Path, routing: str, tasks: str) -> list[str]:
    (folder / "routing.yaml").write_text(routing, encoding="utf-8")
    (folder / "tasks.yaml").write_text(tasks, encoding="utf-8")
    with pytest.raises(InvalidPolicyError) as caught:
        compile_routing(folder / "routing.yaml", folder / "tasks.yaml", CATALOGUE)
    return [f"{error.line}: {error.message}" for error in caught.value.errors]


def line_of(text: str, start: str = "") -> int:
    """The line of the shipped routing policy on which a text first stands, after another one."""
    return ROUTING[: ROUTING.index(text, ROUTING.index(start))].count("\n") + 1


def test_every_type_of_the_catalogue_has_an_entry() -> None:
    assert POLICY.types.keys() == CATALOGUE.keys()


def test_every_kind_of_task_is_opened_by_something() -> None:
    opened = {rule.kind for rule in RULES if isinstance(rule, TaskRule)}
    opened |= {rule.kind for rule in POLICY.safe_contact.values()}
    opened |= {rule.kind for rule in (POLICY.unfilled_role, POLICY.late_fact, POLICY.unmatched)}
    assert opened == POLICY.kinds.keys()


def test_every_rule_has_an_id_of_its_own() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_titles_of_tasks_are_distinct_and_without_full_stop() -> None:
    titles = [kind.title for kind in POLICY.kinds.values()]
    assert len(set(titles)) == len(titles)
    assert not [title for title in titles if title.endswith(".")]


def test_each_state_of_safe_contact_has_a_kind_of_its_own() -> None:
    assert len({POLICY.safe_contact[state].kind for state in SafeContact}) == len(SafeContact)


def payload_where(event_type: str, when: Predicate) -> dict[str, Any]:
    """The smallest payload of a type, changed so that a condition holds."""
    data: dict[str, Any] = minimal_payload(event_type)
    for field, value in wanted(event_type, when, true=True).items():
        data.pop(field, None)
        if value is not None:
            data[field] = value
    assert holds(when, data)
    return data


def wanted(event_type: str, when: Predicate, *, true: bool) -> dict[str, Any]:
    """What fields must have so that a condition holds, or does not hold; None where a field must be missing."""
    match when:
        case AllOf(parts) | AnyOf(parts):
            needed = parts if isinstance(when, AllOf) is true else parts[:1]
            return {field: value for part in needed for field, value in wanted(event_type, part, true=true).items()}
        case Negation(part):
            return wanted(event_type, part, true=not true)
        case Present(field):
            return {field: [{"direction": "+"}] if true else None}
        case AtLeast(field, value):
            return {field: value if true else value - 1}
        case Equals(field, value):
            return {field: value if true else another(event_type, field, (value,))}
        case OneOf(field, values):
            return {field: values[0] if true else another(event_type, field, values)}


def another(event_type: str, field: str, values: tuple[object, ...]) -> object:
    """Another value that the field may have, where it is a code; None otherwise."""
    [fact] = [fact for fact in CATALOGUE[event_type].field_paths() if fact.path == field]
    return next((code for code in fact.codes if code not in values), None)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_reachable(rule: TellRule | TaskRule | SurvivorRule) -> None:
    event_type = rule.id.partition("/")[0]
    data = payload_where(event_type, rule.when) | {"provider": "turning-point", "to_agency": "turning-point"}
    data |= {"task_id": "t1", "role": "PROB", "decisions": [{"decision": "x", "owner_role": "PROB"}]}
    emitter = min(rule.emitters or CATALOGUE[event_type].type.emitters)
    requester = CASE.agencies["turning-point"]
    facts = replace(
        CASE,
        released=True,
        task_requesters={"t1": requester},
        task_assignees={"t1": CASE.seats[0].party_id},
        task_kinds={"t1": "share_goals"},
        incident_at=AT,
        removed=("cody",),
    )
    event = replace(event_of(event_type, emitter), data=data)
    decision = route(event, facts, POLICY)
    done = {draft.rule_id for draft in decision.notifications} | {task.rule_id for task in decision.tasks}
    assert rule.id in done


@pytest.mark.parametrize(("event_type", "place"), URGENCIES)
def test_every_urgency_is_reachable(event_type: str, place: int) -> None:
    rules = POLICY.types[event_type].urgencies
    others = tuple(Negation(rule.when) for rule in rules[:place])
    data = payload_where(event_type, AllOf((*others, rules[place].when)))
    assert urgency_of(event_type, data, POLICY) is rules[place].urgency


def test_the_digest_names_the_content_and_not_the_comments(tmp_path: Path) -> None:
    def digest_of(routing: str) -> str:
        (tmp_path / "routing.yaml").write_text(routing, encoding="utf-8")
        (tmp_path / "tasks.yaml").write_text(TASKS, encoding="utf-8")
        return compile_routing(tmp_path / "routing.yaml", tmp_path / "tasks.yaml", CATALOGUE).digest

    assert digest_of(ROUTING + "\n# a note\n") == POLICY.digest
    assert digest_of(ROUTING.replace("due: 10 BD", "due: 9 BD")) != POLICY.digest


def test_a_type_without_an_entry_is_named(tmp_path: Path) -> None:
    gone = ROUTING.replace("\n  le.predominant_aggressor_found:", "\n  le.nothing_of_the_kind:")
    errors = compile_texts(tmp_path, gone, TASKS)
    assert (
        f"{line_of('  intake.referral_received:')}: types: has no entry for: le.predominant_aggressor_found" in errors
    )
    assert errors[-1].startswith(
        f"{line_of('  le.predominant_aggressor_found:')}: types.le.nothing_of_the_kind: unknown key"
    )


@pytest.mark.parametrize(
    ("old", "new", "at", "message"),
    [
        ("to: [CPS_MGR]}", "to: [CPS_BOSS]}", "to: [CPS_MGR]}", "'CPS_BOSS' is not a role, a group or a special"),
        ("to: [CPS_MGR]}", "to: [SURVIVOR]}", "to: [CPS_MGR]}", "SURVIVOR never gets a message: write a rule under"),
        ("to: [CPS_MGR]}", 'to: ["SUBJECT?"]}', "to: [CPS_MGR]}", "SUBJECT never gets a message: open a task for"),
        ("for: CPS_MGR, due", "for: SURVIVOR, due", "for: CPS_MGR, due", "SURVIVOR never gets a message"),
        ("for: CPS_MGR, due: 2 BD", "for: CPS_MGR, due: 2 days", "for: CPS_MGR, due", "'2 days' is not a limit"),
        ("for: CPS_MGR, due", "for: COUNSEL, due", "for: CPS_MGR, due", "stands for several audiences"),
        ("open: decide_override", "open: decide_all", "open: decide_override", "there is no kind of task 'decide_all'"),
        ("key: {override: override_ref}", "key: {goal: goal_id}", "key: {override: override_ref}", "unknown key"),
        ("key: {override: override_ref}", "key: {override: why}", "key: {override: override_ref}",
         "why of goal.override_requested is a text"),
        ("when: {field: cross_allegation, equals: true}", "when: {field: cross, equals: true}",
         "when: {field: cross_allegation", "intake.referral_received has no field 'cross'"),
        ("when: {field: cross_allegation, equals: true}", "when: {field: cross_allegation, equals: yes}",
         "when: {field: cross_allegation", "is never 'yes'"),
        ("when: {field: kind, equals: location_seeking}", "when: {field: kind, equals: anything}",
         "when: {field: kind, equals: location_seeking}", "kind of visitctr.critical_incident is never 'anything'"),
        ("{field: days_late, at_least: 5}", '{field: period, at_least: 5}', "{field: days_late, at_least: 5}",
         "period of provider.report_missing is a month, not a number"),
        ("from: [BIP, MH]", "from: [BIP, DA]", "from: [BIP, MH]", "DA never sends this type of event"),
        ("due_by: due, key: {request", "due_by: question, key: {request", "due_by: due, key: {request",
         "question of court.status_requested is a text"),
        ("per: decisions", "per: minutes.general", "per: decisions", "meeting.held has no list of objects"),
        ("{role_in: owner_role}", "{role_in: decision}", "{role_in: owner_role}", "decision of meeting.held is a text"),
        ("- {is: U2, when: {field: month_over, equals: true}}", "- {is: U2}",
         "- {is: U2, when: {field: month_over", "only the last urgency has no condition"),
        ("urgency: U1\n    when_closed: as_usual\n    tell:\n      - {id: privacy_officer",
         "urgency: U7\n    when_closed: as_usual\n    tell:\n      - {id: privacy_officer",
         "urgency: U1\n    when_closed: as_usual\n    tell:\n      - {id: privacy_officer", "'U7' is not known"),
        ("- {id: late, open: make_visit", "- {id: this_month, open: make_visit", "- {id: late, open: make_visit",
         "the rule id visit.caseworker_missed/this_month is given twice"),
        ("when_closed: as_usual", "when_closed: never", "when_closed: as_usual", "expected as_usual"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(tmp_path: Path, old: str, new: str, at: str, message: str) -> None:
    errors = compile_changed(tmp_path, old, new)
    [error] = [error for error in errors if message in error]
    assert int(error.partition(":")[0]) == pytest.approx(line_of(at), abs=1)


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    broken = ROUTING.replace("to: [CPS_MGR]}", "to: [CPS_BOSS]}").replace("due: 10 CD", "due: soon")
    assert len(compile_texts(tmp_path, broken, TASKS)) == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    public_record: {required: true, presumed_from: [LE, CRIM_COURT, JUV_COURT, DA, JAIL, PROB]}\n", "",
         "public_record: must be required here (Settled 1)"),
        ("public_record: {required: true, presumed_from: [LE, CRIM_COURT, JUV_COURT, DA, JAIL, PROB]}",
         "public_record: always", "public_record: must be required here (Settled 1)"),
        ("    public_record: {required: true, presumed_from: [LE]}\n    caution: opens\n",
         "    public_record: {required: true, presumed_from: [LE]}\n", "caution: must be opens"),
        ("    survivor:\n      - {id: her_safety, due: 30 min}\n", "", "survivor: is missing; her safety call opens"),
        ("- {id: tell_her_of_release, due: 30 min}", "- {id: tell_her_of_release, due: 4 h}",
         "survivor: must be due within 30 min of a release"),
        ("to: [CPS, CPS_SUP, AG_ATTY]}", "to: [\"CPS?\", \"CPS_SUP?\", AG_ATTY]}",
         "is U0 and does not always tell the child-welfare agency"),
        ("    because: Nobody holds a role yet; each is told when a role is given.\n", "",
         "tells nobody, or only under conditions: say why under because"),
    ],
)  # fmt: skip
def test_what_is_settled_cannot_be_written_away(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert any(message in error for error in compile_changed(tmp_path, old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Fill a role that nobody holds", "title: ''", "expected text"),
        ("title: Fill a role that nobody holds", f"title: {'x' * 121}", "is longer than 120 characters"),
        ("for: desk", "for: everybody", "expected one of: person, desk"),
        ("{event: case.role_given}", "{event: case.role_taken}", "there is no event type 'case.role_taken'"),
        ("key: {event: linked_event}", "key: {event: why}", "why of event.linked is a text"),
        ("key: [version]", "key: [versions]", "has no field 'versions'"),
    ],
)
def test_a_mistake_in_a_kind_of_task_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert any(message in error for error in compile_texts(tmp_path, ROUTING, TASKS.replace(old, new, 1)))


def test_no_rule_looks_at_what_goes_to_the_vault(tmp_path: Path) -> None:
    looking = ROUTING.replace(
        "- {id: ask_again, open: reconfirm_safe_contact, for: CPS, due: 30 CD}",
        "- {id: ask_again, open: reconfirm_safe_contact, for: CPS, due: 30 CD, when: {field: channel, equals: phone}}",
    )
    assert "survivor.safe_contact_set has no field 'channel'" in compile_texts(tmp_path, looking, TASKS)[0]


def test_u0_is_for_what_the_rows_say() -> None:
    u0 = {name for name, rules in POLICY.types.items() if any(rule.urgency is Urgency.U0 for rule in rules.urgencies)}
    assert u0 == {
        "child.removed",
        "crim.arraigned",
        "crim.bail_changed",
        "custody.escaped",
        "custody.released",
        "evidence.submitted",
        "firearm.relinquishment_status",
        "le.arrest",
        "le.dv_incident",
        "notification.undelivered",
        "order.issued",
        "order.modified",
        "order.vacated",
        "order.violated",
        "prob.violation_filed",
        "provider.new_violence_or_threat",
        "safety.location_seeking_detected",
        "safety.worker_alert",
        "visitctr.critical_incident",
    }


def test_every_conditional_rule_names_a_condition() -> None:
    assert all(rule.when != ALWAYS for entry in POLICY.types.values() for rule in entry.urgencies[:-1])


def test_a_programme_for_substance_use_is_told_of_nothing_but_its_own() -> None:
    told = {
        entry.event_type
        for entry in POLICY.types.values()
        for rule in entry.tells
        for audience in rule.audiences
        if any(Role.SUD in choice for choice in audience.choices)
    }
    assert told == {"sud.consent_expired", "case.worker_reassigned", "case.closed"}
