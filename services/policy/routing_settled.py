"""What no routing policy may change (practice.md, *Settled after review*), checked when a policy is read.

``services.domain.routing`` holds most of it by itself, whatever a policy says. These checks refuse policies that would
run against it, or leave somebody in silence, before they are used.
"""

from datetime import timedelta

from services.domain.due_dates import Elapsed
from services.domain.predicates import ALWAYS
from services.domain.roles import CHILD_WELFARE
from services.domain.routing_rules import Audience, Caution, TypeRules
from services.domain.urgency import Urgency
from services.policy.source import Node

CAUTIONED_TYPES = frozenset({"le.dv_incident", "order.violated", "provider.new_violence_or_threat"})
"""Violence that reaches people who may phone him: rows 24, 31 and 48 (Settled 2)."""

RELEASES = frozenset({"custody.released", "custody.escaped"})
"""She hears of these within half an hour (row 37; practice.md §8 row 7)."""

AT_ONCE = timedelta(minutes=30)


def check_settled(rules: TypeRules, node: Node) -> None:
    """Refuse the rules of a type that are against what is settled; the message says which."""
    _check_survivor(rules, node)
    _check_public_record(rules, node)
    _check_silence(rules, node)


def _check_survivor(rules: TypeRules, node: Node) -> None:
    if rules.event_type in CAUTIONED_TYPES and rules.caution is not Caution.OPENS:
        raise node.error("caution: must be opens, so that nobody raises it with him first (Settled 2)")
    if rules.event_type in CAUTIONED_TYPES and rules.caution_when != ALWAYS:
        raise node.error("caution: has no condition here (Settled 2)")
    if rules.caution is Caution.OPENS and not rules.survivor:
        raise node.error("survivor: is missing; her safety call opens in the same decision (Settled 2)")
    if rules.event_type in RELEASES and not any(_is_at_once(rule.due) for rule in rules.survivor):
        raise node.error("survivor: must be due within 30 min of a release (practice.md §3 row 37)")


def _check_public_record(rules: TypeRules, node: Node) -> None:
    if rules.event_type == "order.violated" and not rules.public_record.required:
        raise node.error("public_record: must be required here (Settled 1)")
    if rules.event_type in CAUTIONED_TYPES and rules.public_record.always:
        raise node.error("public_record: cannot be always here; some of these come from the survivor (Settled 1)")


def _check_silence(rules: TypeRules, node: Node) -> None:
    """Somebody is always told; or the entry says why nobody is."""
    unconditional = [rule for rule in rules.tells if rule.when == ALWAYS and not rule.emitters]
    always_told = [audience for rule in unconditional for audience in rule.audiences]
    if not always_told and rules.because is None:
        raise node.error("tells nobody, or only under conditions: say why under because")
    if any(rule.urgency is Urgency.U0 for rule in rules.urgencies) and not any(map(_is_inside, always_told)):
        raise node.error("is U0 and does not always tell the child-welfare agency")


def _is_inside(audience: Audience) -> bool:
    """Whether the audience is one of the child-welfare agency's own, and may not be missing."""
    roles = {role for choice in audience.choices for role in choice}
    return bool(roles) and roles <= CHILD_WELFARE and not audience.if_held


def _is_at_once(due: object) -> bool:
    return isinstance(due, Elapsed) and due.length <= AT_ONCE
