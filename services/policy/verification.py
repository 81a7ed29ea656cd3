"""Compiles ``config/policy/verification.yaml``: thresholds, views, and what incidents contradict."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Final

from schemas.catalogue import EventSchema
from schemas.vocabulary import BEHAVIOURS
from services.domain.case_goals import types_read
from services.domain.disclosure import NEVER_SHOWN, DataClass
from services.domain.goals import Thresholds
from services.domain.predicates import ALWAYS
from services.domain.roles import Role
from services.domain.verification_policy import Family, IncidentRule, VerificationPolicy, View
from services.policy.payloads import payloads_of
from services.policy.predicates import Payloads, compile_predicate
from services.policy.source import Node, Problems, digest, load_document, parse_document

_GOAL_SETS: Final = ("safety_critical", "speech", "presence", "payments", "supervision", "punctuality")
_LAWS: Final = frozenset({"42CFR2", "VAWA", "HIPAA", "FERPA", "STATE"})
_REQUIRED: Final = ("internal", "court", "subject")
_LONGEST: Final = 1500


def compile_verification(
    path: Path, catalogue: Mapping[str, EventSchema], goal_codes: Collection[str]
) -> VerificationPolicy:
    """The policy of a file; ``goal_codes`` are the numbers of the goal library. Raises ``InvalidPolicyError`` with the
    file and line of every mistake.
    """
    return _compiled(load_document(path), digest([path]), catalogue, goal_codes)


def compile_past_verification(
    content: str, version: str, catalogue: Mapping[str, EventSchema], goal_codes: Collection[str]
) -> VerificationPolicy:
    """The policy of a text that was in force once, under the digest that it was kept by. Raises as the other does,
    where today's program does not understand it any more.
    """
    return _compiled(parse_document(content, "verification.yaml (past)"), version, catalogue, goal_codes)


def _compiled(
    root: Node, version: str, catalogue: Mapping[str, EventSchema], goal_codes: Collection[str]
) -> VerificationPolicy:
    root.only("version", "thresholds", "hold_days", "p2_use_after_expiry", "goals", "views", "families", "incidents")
    problems = Problems()
    thresholds, views = Thresholds(), tuple[View, ...]()
    families: Mapping[str, Family] = {}
    sets: dict[str, frozenset[str]] = {}
    with problems.gathered():
        thresholds = _thresholds(root.at("thresholds"))
    with problems.gathered():
        views = _views(root.at("views"))
    with problems.gathered():
        families = MappingProxyType(_families(root.at("families"), goal_codes))
    with problems.gathered():
        sets = {name: _codes(root.at("goals").only(*_GOAL_SETS).at(name), goal_codes) for name in _GOAL_SETS}
    problems.raise_if_any()
    incidents = _incidents(root.at("incidents"), catalogue, families)
    return VerificationPolicy(
        digest=version,
        thresholds=thresholds,
        views=views,
        families=families,
        incidents=incidents,
        bearing=types_read(incidents),
        hold_days=root.at("hold_days").integer(1, 90),
        p2_after_expiry=_one_of(root.at("p2_use_after_expiry"), ("exclude", "keep")) == "keep",
        **sets,
    )


def _thresholds(node: Node) -> Thresholds:
    names = [field.name for field in fields(Thresholds)]
    node.only(*names)
    return Thresholds(**{name: node.at(name).integer(1, _most(name)) for name in names})


def _most(name: str) -> int:
    return 100 if name == "waiver_percent" else _LONGEST


def _views(node: Node) -> tuple[View, ...]:
    views = tuple(_view(name, entry) for name, entry in node.items())
    missing = [name for name in _REQUIRED if name not in {view.name for view in views}]
    if missing:
        raise node.error(f"the view {missing[0]!r} is missing")
    seen: set[Role] = set()
    for view in views:
        if view.roles & seen:
            raise node.at(view.name).error(f"{sorted(view.roles & seen)[0]} has a view already")
        seen |= view.roles
    return views


def _view(name: str, node: Node) -> View:
    node.only("roles", "holds", "with_release", "briefed", "banner_holds", "shows_status", "recorded")
    holds = frozenset(one.choice(DataClass) for one in node.at("holds").elements())
    if holds & NEVER_SHOWN:
        raise node.at("holds").error(f"{sorted(holds & NEVER_SHOWN)[0]} is shown to nobody")
    released = node.find("with_release")
    return View(
        name=name,
        roles=frozenset(one.choice(Role) for one in node.at("roles").elements()),
        holds=holds,
        with_release=MappingProxyType(_released(released)) if released else {},
        briefed=_flag(node, "briefed", otherwise=False),
        banner_holds=_flag(node, "banner_holds", otherwise=True),
        shows_status=_flag(node, "shows_status", otherwise=True),
        recorded=_flag(node, "recorded", otherwise=True),
    )


def _released(node: Node) -> dict[DataClass, str]:
    found = {}
    for name, law in node.items():
        if name not in {one.value for one in DataClass}:
            raise law.error(f"{name!r} is no class of data")
        found[DataClass(name)] = _one_of(law, sorted(_LAWS))
    return found


def _flag(node: Node, name: str, *, otherwise: bool) -> bool:
    found = node.find(name)
    return otherwise if found is None else found.boolean()


def _families(node: Node, goal_codes: Collection[str]) -> dict[str, Family]:
    families = {}
    for name, entry in node.items():
        entry.only("behaviours", "goals")
        behaviours = entry.at("behaviours").texts()
        unknown = [one for one in behaviours if one not in BEHAVIOURS]
        if unknown:
            raise entry.at("behaviours").error(f"{unknown[0]!r} is no behaviour of the map")
        families[name] = Family(name, frozenset(behaviours), _codes(entry.at("goals"), goal_codes))
    return families


def _codes(node: Node, goal_codes: Collection[str]) -> frozenset[str]:
    codes = node.texts()
    unknown = [code for code in codes if code not in goal_codes]
    if unknown:
        raise node.error(f"{unknown[0]!r} is no goal of the library")
    return frozenset(codes)


def _incidents(
    node: Node, catalogue: Mapping[str, EventSchema], families: Mapping[str, Family]
) -> Mapping[str, tuple[IncidentRule, ...]]:
    problems, payloads = Problems(), payloads_of(catalogue)
    rules: dict[str, tuple[IncidentRule, ...]] = {}
    for entry in node.elements():
        with problems.gathered():
            rule = _incident(entry, catalogue, families, payloads)
            rules[rule.event_type] = (*rules.get(rule.event_type, ()), rule)
    problems.raise_if_any()
    return MappingProxyType(rules)


def _incident(
    node: Node, catalogue: Mapping[str, EventSchema], families: Mapping[str, Family], payloads: Payloads
) -> IncidentRule:
    node.only("event", "families", "behaviours_in", "serious", "when")
    event_type = _one_of(node.at("event"), catalogue)
    named = tuple(_one_of(one, families) for one in node.at("families").elements())
    field, when = node.find("behaviours_in"), node.find("when")
    if field is not None:
        payloads.kind(field, event_type, field.text())
    return IncidentRule(
        event_type=event_type,
        families=named,
        behaviours_in=field.text() if field else None,
        when=compile_predicate(when, [event_type], payloads) if when else ALWAYS,
        serious=_flag(node, "serious", otherwise=True),
    )


def _one_of(node: Node, known: Collection[str]) -> str:
    text = node.text()
    if text not in known:
        raise node.error(f"{text!r} is not known here")
    return text
