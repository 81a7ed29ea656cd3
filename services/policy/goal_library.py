"""Compiles ``config/policy/goals.yaml`` into the library of goals of ``services.domain.goal_library``.

The library is held to the rules that plans are held to: every statement passes the language check, goals 1 to 6 are
safety-critical (practice.md §6.6), and every behaviour of the map is answered to, or is listed with the reason why not.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from schemas.catalogue import CATALOGUE
from schemas.vocabulary import BEHAVIOURS
from services.domain.goal_library import NAME, GoalLibrary, LibraryGoal
from services.domain.goals import GoalKind, Opportunity
from services.domain.language import Language, check_goal
from services.policy.source import Node, Problems, digest, load_document

SAFETY_CRITICAL = range(1, 7)
_FACTS = {fact.path: fact for fact in CATALOGUE["goal.created"].field_paths()}
CODES, OBSERVERS = _FACTS["goal_codes"].codes, _FACTS["vantage"].codes
"""The numbers that a goal may name, and the kinds of observer: those of goal.created."""
_KEYS = ("kind", "statement", "purpose", "success_test", "opportunity", "safety_critical", "speech", "presence")


def compile_goal_library(path: Path, language: Language | None) -> GoalLibrary:
    """The library of a policy file. Raises ``InvalidPolicyError`` with the file and line of every mistake.

    Without ``language``, because it has mistakes of its own, the statements are not checked.
    """
    root = load_document(path).only("version", "goals", "uncovered")
    root.at("version").integer(1, 1)
    problems = Problems()
    goals: list[LibraryGoal] = []
    for code, node in root.at("goals").items():
        with problems.gathered():
            goals.append(_goal(code, node, language))
    with problems.gathered():
        _all_there(root.at("goals"))
    uncovered = dict(_uncovered(root.at("uncovered"), goals, problems))
    problems.raise_if_any()
    return GoalLibrary(tuple(sorted(goals, key=lambda goal: goal.code)), MappingProxyType(uncovered), digest([path]))


def _goal(code: str, node: Node, language: Language | None) -> LibraryGoal:
    if code not in CODES:
        raise node.error(f"{code!r} is no number of a goal; expected 1 to {len(CODES)}")
    node.only(*_KEYS, "vantage", "behaviours")
    kind = node.at("kind").choice(GoalKind)
    goal = LibraryGoal(
        code=int(code),
        kind=kind,
        statement=_statement(node.at("statement"), language),
        purpose=node.at("purpose").text(),
        success_test=node.at("success_test").text(),
        opportunity=_opportunity(node, kind),
        safety_critical=_flag(node, "safety_critical"),
        speech=_flag(node, "speech"),
        presence=_flag(node, "presence"),
        vantage=_codes(node.at("vantage"), OBSERVERS, "kind of observer"),
        behaviours=_codes(node.at("behaviours"), BEHAVIOURS, "behaviour of the map"),
    )
    _check(node, goal)
    return goal


def _check(node: Node, goal: LibraryGoal) -> None:
    if goal.safety_critical != (goal.code in SAFETY_CRITICAL):
        raise node.error("goals 1 to 6 are safety-critical, and no others (practice.md §6.6)")
    if goal.speech and goal.behaviours:
        raise node.at("behaviours").error("what he says covers no behaviour of the map")
    if not goal.vantage:
        raise node.at("vantage").error("names nobody who could see it")


def _statement(node: Node, language: Language | None) -> str:
    text = node.text()
    if not text.startswith(NAME):
        raise node.error(f"must begin with {NAME}, whose behaviour it is")
    for objection in check_goal(language, text.replace(NAME, "Trent")) if language else ():
        raise node.error(f"the language check refuses it ({objection.code}): {objection.reason}")
    return text


def _opportunity(node: Node, kind: GoalKind) -> Opportunity | None:
    if kind is GoalKind.CESSATION:
        return node.at("opportunity").choice(Opportunity)
    found = node.find("opportunity")
    if found is not None:
        raise found.error("only a cessation goal asks for opportunity")
    return None


def _codes(node: Node, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    for entry in node.elements():
        if entry.text() not in known:
            raise entry.error(f"{entry.text()!r} is no {what}; expected one of: {', '.join(known)}")
    return node.texts()


def _flag(node: Node, key: str) -> bool:
    found = node.find(key)
    return found is not None and found.boolean()


def _all_there(node: Node) -> None:
    missing = sorted(set(CODES) - {name for name, _ in node.items()}, key=int)
    if missing:
        raise node.error(f"lacks the goals {', '.join(missing)}")


def _uncovered(node: Node, goals: list[LibraryGoal], problems: Problems) -> Iterator[tuple[str, str]]:
    """The behaviours that no goal answers to, with the reason; a refusal where that is not exactly the list."""
    covered = {behaviour for goal in goals for behaviour in goal.behaviours}
    listed: Mapping[str, Node] = dict(node.items())
    for behaviour, reason in listed.items():
        with problems.gathered():
            if behaviour not in BEHAVIOURS:
                raise reason.error(f"{behaviour!r} is no behaviour of the map")
            if behaviour in covered:
                raise reason.error("a goal answers to it")
            yield behaviour, reason.text()
    silent = [behaviour for behaviour in BEHAVIOURS if behaviour not in covered and behaviour not in listed]
    if silent and not problems.errors:
        problems.errors.extend(node.error(f"no goal answers to {', '.join(silent)}: list it with the reason").errors)
