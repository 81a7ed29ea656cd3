"""Compiles the entries of ``tell:`` and ``for:`` in routing rules: roles, named groups, and recipients in the event.

An entry is a role (``PROB``), a group of the file (``CPS``), one of ``sender``, ``requester``, ``assignee`` and
``on_call``, or ``{role_in: field}`` / ``{agency_in: field}``. A question mark after it (``TRIBE?``), or
``if_held: true`` beside a field, says that it is in order that nobody holds it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from services.domain.roles import Role
from services.domain.routing_rules import Audience, Special
from services.policy.predicates import Payloads
from services.policy.source import Node
from services.policy.task_kinds import check_kind

_CODES = frozenset(role.value for role in Role)
_SPECIAL = frozenset(special.value for special in Special)
_NEVER = {
    Role.SURVIVOR.value: "never gets a message: write a rule under 'survivor:', which opens a task of the worker",
    Role.SUBJECT.value: "never gets a message: open a task for somebody who hands a paper over",
    Role.SYSTEM.value: "is nobody who can be told",
}


@dataclass(frozen=True, slots=True)
class Groups:
    """The named groups of a routing policy, each as the audiences that it stands for."""

    audiences: Mapping[str, tuple[Audience, ...]]

    def expand(self, node: Node) -> tuple[Audience, ...]:
        """The audiences of one entry that is written as a word."""
        written = node.text()
        name, optional = written.removesuffix("?"), written.endswith("?")
        return tuple(
            replace(audience, name=written if audience.name == name else audience.name, if_held=True)
            if optional
            else audience
            for audience in self._named(name, node)
        )

    def _named(self, name: str, node: Node) -> tuple[Audience, ...]:
        if name in self.audiences:
            return self.audiences[name]
        if name in _SPECIAL:
            return (Audience(name, special=Special(name)),)
        return (Audience(name, choices=((_role(name, node),),)),)


def compile_groups(node: Node) -> Groups:
    """The groups of a routing policy. A group may use those that stand above it.

    ``each: [A, B?]`` stands for its entries one by one; ``any_of: [A, B]`` is one audience, with ``otherwise: [C]``
    for the case that nobody holds A or B.
    """
    groups: dict[str, tuple[Audience, ...]] = {}
    for name, entry in node.items():
        if name in _CODES or name in _SPECIAL:
            raise entry.error(f"{name} is already the name of a recipient")
        groups[name] = _group(name, entry, Groups(dict(groups)))
    return Groups(groups)


def compile_audiences(node: Node, groups: Groups, event_type: str, payloads: Payloads) -> tuple[Audience, ...]:
    """The audiences of a ``tell:`` list."""
    return tuple(found for entry in node.elements() for found in _entry(entry, groups, event_type, payloads, ""))


def compile_assignee(node: Node, groups: Groups, event_type: str, payloads: Payloads, within: str) -> Audience:
    """The one audience of a task. ``within`` is the list in the payload whose elements its fields belong to."""
    found = _entry(node, groups, event_type, payloads, within)
    if len(found) != 1:
        raise node.error("stands for several audiences; a task has one: use a group with any_of")
    return found[0]


def compile_senders(node: Node, emitters: Collection[Role]) -> frozenset[Role]:
    """The roles of a ``from:``, each of which must be one that may send this type of event."""
    for element in node.elements():
        if element.text() not in emitters:
            allowed = ", ".join(sorted(emitters))
            raise element.error(f"{element.text()} never sends this type of event; expected one of: {allowed}")
    return frozenset(Role(element.text()) for element in node.elements())


def _group(name: str, node: Node, above: Groups) -> tuple[Audience, ...]:
    if (each := node.find("each")) is not None:
        node.only("each")
        return tuple(audience for entry in each.elements() for audience in above.expand(entry))
    node.only("any_of", "otherwise")
    otherwise = node.find("otherwise")
    choices = [node.at("any_of")] if otherwise is None else [node.at("any_of"), otherwise]
    return (Audience(name, tuple(tuple(_role(one.text(), one) for one in choice.elements()) for choice in choices)),)


def _entry(node: Node, groups: Groups, event_type: str, payloads: Payloads, within: str) -> tuple[Audience, ...]:
    if not isinstance(node.value, dict):
        return groups.expand(node)
    node.only("role_in", "agency_in", "if_held")
    optional = node.find("if_held")
    if_held = optional is not None and optional.boolean()
    if (role := node.find("role_in")) is not None:
        path = f"{within}.{role.text()}" if within else role.text()
        check_kind(role, event_type, role.text(), payloads, frozenset({"code"}), within)
        if _CODES.isdisjoint(payloads.field_codes(event_type, path) or ()):
            raise role.error(f"{path} of {event_type} never names a role")
        return (Audience(f"the role in {path}", role_in=role.text(), if_held=if_held),)
    agency = node.at("agency_in")
    check_kind(agency, event_type, agency.text(), payloads, frozenset({"slug"}), within)
    return (Audience(f"the agency in {agency.text()}", agency_in=agency.text(), if_held=if_held),)


def _role(name: str, node: Node) -> Role:
    if name in _NEVER:
        raise node.error(f"{name} {_NEVER[name]}")
    if name not in _CODES:
        raise node.error(f"{name!r} is not a role, a group or a special recipient")
    return Role(name)
