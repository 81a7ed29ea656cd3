"""The whole policy of an installation, compiled: every file of the policy folder as domain values, with its digest."""

from dataclasses import dataclass
from pathlib import Path

from services.domain.disclosure import Matrix
from services.policy.disclosure import load_disclosure


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """The compiled policy."""

    folder: Path
    disclosure: Matrix


def load_policy_book(folder: Path) -> PolicyBook:
    """Read and check every policy file in ``folder``."""
    return PolicyBook(folder, disclosure=load_disclosure(folder / "disclosure.yaml"))
