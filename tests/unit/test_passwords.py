"""Which passwords people may choose, and how they are kept."""

import pytest

from services.domain.passwords import password_problems
from services.storage.secrets import (
    hash_password,
    hash_token,
    is_outdated,
    new_token,
    new_webhook_secret,
    verify_password,
)


@pytest.mark.parametrize(
    "password", ["seven-quiet-lanterns", "correct horse battery staple", "käse-und-brötchen-für-alle"]
)
def test_a_long_password_is_good_enough(password: str) -> None:
    assert password_problems(password, "okafor") == []


@pytest.mark.parametrize(
    ("password", "codes"),
    [
        ("", {"malformed"}),
        ("x" * 257, {"malformed"}),
        ("fourteen chars", {"too_short"}),
        ("aaaaaaaaaaaaaaa", {"too_simple"}),
        ("i-am-Okafor-of-alder", {"too_simple"}),
    ],
)
def test_a_weak_password_is_refused(password: str, codes: set[str]) -> None:
    assert {problem.code for problem in password_problems(password, "okafor")} == codes


def test_a_demo_may_have_a_weak_password_but_not_none() -> None:
    assert password_problems("demo", "okafor", demo=True) == []
    assert password_problems("", "okafor", demo=True) != []


def test_a_password_is_kept_salted_by_argon2id() -> None:
    kept = hash_password("seven-quiet-lanterns")
    assert kept.startswith("$argon2id$")
    assert hash_password("seven-quiet-lanterns") != kept
    assert verify_password(kept, "seven-quiet-lanterns")
    assert not verify_password(kept, "seven-loud-lanterns")
    assert not is_outdated(kept)


def test_nobody_and_a_broken_hash_match_no_password() -> None:
    assert not verify_password(None, "seven-quiet-lanterns")
    assert not verify_password("not a hash", "seven-quiet-lanterns")


def test_a_hash_of_other_parameters_is_outdated() -> None:
    older = "$argon2id$v=19$m=1024,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + "A" * 43
    assert is_outdated(older)


def test_tokens_are_random_and_kept_as_32_bytes() -> None:
    first, second = new_token(), new_token()
    assert first != second
    assert len(first) == 43
    assert len(hash_token(first)) == 32
    assert new_webhook_secret().startswith("whsec_")
