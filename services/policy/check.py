"""Checks a folder of policy files as a whole, for ``tallystick policy check``."""

from dataclasses import dataclass
from pathlib import Path

from services.policy.book import load_policy_book
from services.policy.source import InvalidPolicyError, PolicyError


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """What a check found: the mistakes, in the order of the files; or the digest of a policy that can be used."""

    errors: tuple[PolicyError, ...]
    digest: str | None
    types: int = 0
    rules: int = 0

    def as_lines(self) -> tuple[str, ...]:
        """One mistake a line, as ``file:line: message``; or one line that says what was read."""
        if self.errors:
            return tuple(str(error) for error in self.errors)
        return (f"{self.types} types of event, {self.rules} rules, no mistakes; policy {self.digest}",)


def check_policy(folder: Path) -> PolicyCheck:
    """Read every policy file in a folder. Mistakes are an answer, not an exception."""
    try:
        book = load_policy_book(folder)
    except InvalidPolicyError as invalid:
        return PolicyCheck(invalid.errors, None)
    types = book.routing.types.values()
    rules = sum(len(entry.tells) + len(entry.tasks) + len(entry.survivor) for entry in types)
    return PolicyCheck((), book.digest, len(book.routing.types), rules)
