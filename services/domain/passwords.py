"""Which passwords people may choose (NIST SP 800-63B-4 §3.1.1: long ones, without rules of composition)."""

from services.domain.errors import FieldProblem

MINIMUM = 15
"""Characters of a password that stands alone, without a second factor."""
MAXIMUM = 256
_DIFFERENT = 5


def password_problems(password: str, username: str, *, demo: bool = False) -> list[FieldProblem]:
    """What is wrong with a password. ``demo`` lifts the rules of strength, for an installation without real people."""
    if len(password) > MAXIMUM or not password:
        return [FieldProblem("password", "malformed", f"1 to {MAXIMUM} characters.")]
    if demo:
        return []
    problems = []
    if len(password) < MINIMUM:
        problems.append(FieldProblem("password", "too_short", f"At least {MINIMUM} characters."))
    if len(set(password.casefold())) < _DIFFERENT:
        problems.append(FieldProblem("password", "too_simple", f"At least {_DIFFERENT} different characters."))
    if username.casefold() in password.casefold():
        problems.append(FieldProblem("password", "too_simple", "It must not contain the user name."))
    return problems
