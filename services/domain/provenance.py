"""Where a fact comes from, and whether it may leave the child-welfare agency (practice.md, Settled 1)."""

from collections.abc import Mapping

from services.domain.events import Event
from services.domain.predicates import values_at
from services.domain.roles import Role
from services.domain.routing_facts import CaseFacts
from services.domain.routing_rules import PublicRecord

_OBSERVATIONS = ("", "per_goal.", "items.")
"""Where a payload says by whom something was seen: of the whole of it, or of each of its parts."""

_VICTIMS = frozenset({"survivor", "child"})


def is_held_back(event: Event, facts: CaseFacts, rule: PublicRecord) -> bool:
    """Whether the event must stay within the child-welfare agency (Settled 1)."""
    if facts.released:
        return False
    if stands_on_record(event.data, event.emitter, rule):
        return False
    return rule.required or is_victim_sourced(event, facts)


def stands_on_record(data: Mapping[str, object], emitter: Role | None, rule: PublicRecord) -> bool:
    """Whether the fact is on public record: by what it is, by what the event says, or by who says it."""
    stated = data.get("public_record")
    if rule.always or stated is True:
        return True
    return stated is None and emitter in rule.presumed_from and data.get("victim_sourced") is not True


def is_victim_sourced(event: Event, facts: CaseFacts) -> bool:
    """Whether any sign says that it, or a part of it, is known from the survivor or a child."""
    reporters = set(values_at(event.data, "reported_by.role"))
    origins = set(values_at(event.data, "origin_person"))
    observers = {role for path in _OBSERVATIONS for role in values_at(event.data, f"{path}observer_role")}
    flags = [flag for path in _OBSERVATIONS for flag in values_at(event.data, f"{path}victim_sourced")]
    return (
        True in flags
        or Role.SURVIVOR.value in reporters
        or not observers.isdisjoint(_VICTIMS)
        or event.emitter is Role.COUNSEL_SURVIVOR
        or not origins.isdisjoint(facts.protected_persons)
    )
