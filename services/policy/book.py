"""The whole policy of an installation, compiled: every file of the policy folder as domain values, with its digest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from schemas.catalogue import CATALOGUE
from services.domain.deadline_rules import RuleBook
from services.domain.disclosure import Matrix
from services.domain.escalation import Ladder
from services.domain.goal_library import GoalLibrary
from services.domain.language import Language
from services.domain.routing_rules import RoutingPolicy
from services.domain.verification_policy import VerificationPolicy
from services.policy.calendars import CalendarPolicy, load_calendars
from services.policy.deadlines import compile_deadlines
from services.policy.disclosure import load_disclosure
from services.policy.efforts import EffortBook, compile_efforts
from services.policy.escalation import compile_escalation
from services.policy.goal_library import compile_goal_library
from services.policy.language import compile_language
from services.policy.routing import compile_routing
from services.policy.source import Problems, digest
from services.policy.verification import compile_verification

FILES = (
    "calendars.yaml",
    "deadlines.yaml",
    "disclosure.yaml",
    "efforts.yaml",
    "escalation.yaml",
    "goals.yaml",
    "language.yaml",
    "routing.yaml",
    "tasks.yaml",
    "verification.yaml",
)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """The compiled policy. ``digest`` identifies the whole of it; ``versions`` holds the texts of the files by the
    digests that decisions remember: (digest, name of the file) to its content.
    """

    folder: Path
    digest: str
    routing: RoutingPolicy
    calendars: CalendarPolicy
    deadlines: RuleBook
    escalation: Ladder
    disclosure: Matrix
    efforts: EffortBook
    language: Language
    goal_library: GoalLibrary
    verification: VerificationPolicy
    versions: Mapping[tuple[str, str], str]


def load_policy_book(folder: Path) -> PolicyBook:
    """Read and check every policy file in ``folder``.

    Raises InvalidPolicyError with the file and line of every mistake, in all files at once.
    """
    problems = Problems()
    calendars = _gathered(problems, lambda: load_calendars(folder / "calendars.yaml"))
    disclosure = _gathered(problems, lambda: load_disclosure(folder / "disclosure.yaml"))
    escalation = _gathered(problems, lambda: compile_escalation(folder / "escalation.yaml"))
    routing = _gathered(problems, lambda: compile_routing(folder / "routing.yaml", folder / "tasks.yaml", CATALOGUE))
    kinds = routing.kinds if routing else ()
    deadlines = _gathered(problems, lambda: compile_deadlines(folder / "deadlines.yaml", CATALOGUE, kinds))
    efforts = _gathered(problems, lambda: compile_efforts(folder / "efforts.yaml", CATALOGUE))
    language = _gathered(problems, lambda: compile_language(folder / "language.yaml"))
    goal_library = _gathered(problems, lambda: compile_goal_library(folder / "goals.yaml", language))
    codes = frozenset(str(goal.code) for goal in goal_library.goals) if goal_library else frozenset()
    verification = _gathered(
        problems, lambda: compile_verification(folder / "verification.yaml", CATALOGUE, codes) if codes else None
    )
    problems.raise_if_any()
    paths = [folder / name for name in FILES]
    if not (calendars and deadlines and disclosure and efforts and escalation and goal_library and language):
        raise AssertionError("a policy file that has no problem compiles")
    if not (routing and verification):
        raise AssertionError("a policy file that has no problem compiles")
    return PolicyBook(
        folder=folder,
        digest=digest(paths),
        routing=routing,
        calendars=calendars,
        deadlines=deadlines,
        escalation=escalation,
        disclosure=disclosure,
        efforts=efforts,
        language=language,
        goal_library=goal_library,
        verification=verification,
        versions=MappingProxyType(_versions(paths, {"routing.yaml": routing.digest, "tasks.yaml": routing.digest})),
    )


def _versions(paths: Sequence[Path], shared: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """The text of each file under its own digest, or under the one that it shares with another file."""
    return {(shared.get(path.name) or digest([path]), path.name): path.read_text(encoding="utf-8") for path in paths}


def _gathered(problems: Problems, load: Callable[[], _T]) -> _T | None:
    with problems.gathered():
        return load()
    return None
