"""How the parts of a routing decision are made from a rule and a seat."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from services.domain.predicates import values_at
from services.domain.routing_decision import NotificationDraft, Reason, TaskDraft
from services.domain.routing_facts import Seat
from services.domain.routing_people import roles_in
from services.domain.routing_rules import Audience, RoutingPolicy, StandingRule
from services.domain.urgency import Urgency


def notification(
    rule_id: str, seat: Seat, urgency: Urgency, caution: Literal["do_not_raise"] | None, reason: Reason
) -> NotificationDraft:
    """Tell the holder of a seat."""
    return NotificationDraft(rule_id, seat.role, seat.party_id, seat.agency_id, urgency, caution, reason)


def standing_task(
    rule_id: str, rule: StandingRule, seat: Seat, urgency: Urgency, key: str, policy: RoutingPolicy
) -> TaskDraft:
    """A task that opens whatever the type of the event, for the holder of a seat."""
    kind = policy.kinds[rule.kind]
    return TaskDraft(
        rule_id,
        kind.name,
        kind.title,
        seat.role,
        seat.party_id,
        seat.agency_id,
        urgency,
        rule.due[urgency],
        key,
        kind.single,
    )


def task_key(parts: Iterable[tuple[str, str]], data: Mapping[str, object]) -> str:
    """``name=value`` for each part, joined by ``;``. A missing field gives an empty value."""
    return ";".join(f"{name}={','.join(str(value) for value in values_at(data, path))}" for name, path in parts)


def completed_keys(parts: tuple[tuple[str, str], ...], data: Mapping[str, object]) -> Iterator[str]:
    """The keys of the tasks that an event completes: where one field names several things, one key for each."""
    if len(parts) == 1:
        [(name, path)] = parts
        yield from [f"{name}={value}" for value in values_at(data, path)] or [f"{name}="]
    else:
        yield task_key(parts, data)


def missing_role(audience: Audience, data: Mapping[str, object]) -> str:
    """The role, as a code, that would have to be given so that an audience has somebody; else the entry's name."""
    named = roles_in(data, audience.role_in) if audience.role_in else ()
    for roles in (named, *audience.choices):
        for role in roles:
            return role.value
    return audience.name


def items_of(per: str | None, data: Mapping[str, object]) -> Iterator[tuple[Mapping[str, object], str]]:
    """The payload itself; or, for a rule that opens a task per element, each element with what tells it apart."""
    if per is None:
        yield data, ""
        return
    for number, item in enumerate(values_at(data, per), start=1):
        if isinstance(item, Mapping):
            yield item, f"{per}={number}"
