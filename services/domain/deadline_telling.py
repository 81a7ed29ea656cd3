"""Who is told by a step of a deadline, and which tasks it opens: the step is a routing rule, applied to the event that
opened the deadline.

So all that is settled holds for reminders too: a role that nobody holds goes to the supervisor, the subject and the
survivor are never recipients, what the survivor said stays within the child-welfare agency, a U0 reaches the duty desk,
and while a caution stands nobody outside is told without it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.domain.deadline_rules import DeadlineRule
from services.domain.deadlines import Deadline
from services.domain.events import Event
from services.domain.ladders import Emit, OpenTask, Step, Tell
from services.domain.roles import Role
from services.domain.routing import route
from services.domain.routing_decision import RoutingDecision, TaskDraft
from services.domain.routing_facts import CaseFacts
from services.domain.routing_rules import (
    Audience,
    Caution,
    PublicRecord,
    RoutingPolicy,
    TaskKind,
    TaskRule,
    TellRule,
    TypeRules,
    UrgencyRule,
)
from services.domain.urgency import Lane, Urgency, most_urgent

_CARRYING = frozenset({Role.CPS_INTAKE, Role.CPS_INV, Role.CPS_WORKER})


def step_rule_id(deadline: Deadline, at: datetime) -> str:
    """How notifications and tasks name the step of a deadline: the rule and the minute (UTC) of the step."""
    return f"deadline.{deadline.rule_id}.{at.astimezone(UTC):%Y%m%dT%H%MZ}"


def decide_step(
    deadline: Deadline,
    rule: DeadlineRule,
    steps: Sequence[Step],
    trigger: Event,
    facts: CaseFacts,
    policy: RoutingPolicy,
) -> RoutingDecision | None:
    """What the steps of one instant tell and open; None where they do neither. ``trigger`` is on the deadline's case.

    The decision's digest is that of the policy that the rule was read from.
    """
    tells = sorted((step.action for step in steps if isinstance(step.action, Tell)), key=lambda tell: tell.urgency)
    openings = [step.action for step in steps if isinstance(step.action, OpenTask)]
    if not tells and not openings:
        return None
    rule_id = step_rule_id(deadline, steps[0].at)
    known = policy.types.get(trigger.type)
    rules = TypeRules(
        trigger.type,
        (UrgencyRule(most_urgent(*(tell.urgency for tell in tells), *(one.urgency for one in openings))),),
        tells=tuple(TellRule(rule_id, _audiences(tell.roles, policy), urgency=tell.urgency) for tell in tells),
        tasks=tuple(_task_rule(rule_id, opening, policy) for opening in openings),
        public_record=known.public_record if known else PublicRecord(),
        caution=Caution.WHILE_OPEN if known and known.caution is not Caution.NO else Caution.NO,
        as_usual_when_closed=True,
    )
    decision = route(trigger, facts, replace(policy, digest=rule.version, types={trigger.type: rules}, completions={}))
    own = {opening.kind: policy.kinds[opening.kind] for opening in openings}
    tasks = (_keyed(draft, deadline, own[draft.kind]) if draft.kind in own else draft for draft in decision.tasks)
    return replace(decision, tasks=tuple(tasks))


def lane_of_steps(steps: Iterable[Step], policy: RoutingPolicy) -> Lane:
    """The lane in which a deadline is to be checked at whose next instant these steps are: urgent where one is U0."""
    return Lane.URGENT if any(_urgency(step, policy) is Urgency.U0 for step in steps) else Lane.ROUTINE


def _urgency(step: Step, policy: RoutingPolicy) -> Urgency | None:
    match step.action:
        case Tell() | OpenTask() as action:
            return action.urgency
        case Emit(event_type, _) if event_type in policy.types:
            return most_urgent(*(rule.urgency for rule in policy.types[event_type].urgencies))
        case _:
            return None


def _audiences(roles: Iterable[Role], policy: RoutingPolicy) -> tuple[Audience, ...]:
    """Each role by itself. Before a case has an ongoing worker, and after its investigator has left, whoever carries it
    answers for the work of either.
    """
    carried = policy.worker.choices
    return tuple(Audience(role.value, ((role,), *(carried if role in _CARRYING else ()))) for role in roles)


def _task_rule(rule_id: str, opening: OpenTask, policy: RoutingPolicy) -> TaskRule:
    [audience] = _audiences((opening.role,), policy)
    return TaskRule(rule_id, opening.kind, audience, opening.limit, urgency=opening.urgency)


def _keyed(draft: TaskDraft, deadline: Deadline, kind: TaskKind) -> TaskDraft:
    """The task of a deadline is about what the deadline is about."""
    key = deadline.basis.key
    return replace(draft, key=f"{kind.key_names[0]}={key}" if len(kind.key_names) == 1 else key)
