"""The rules of verification, held against a second and slow implementation that was written from their text alone."""

from hypothesis import given

from tests.verification_cases import Case, answer, cases, looked_at_long, nearly_verified, supporting
from tests.verification_oracle import oracle


@looked_at_long
@given(cases())
def test_both_implementations_say_the_same_of_any_evidence(document: Case) -> None:
    assert answer(document) == oracle(document)


@looked_at_long
@given(cases(supporting(10), closed=False))
def test_both_implementations_say_the_same_of_much_support(document: Case) -> None:
    assert answer(document) == oracle(document)


@looked_at_long
@given(cases(nearly_verified(), closed=False))
def test_both_implementations_say_the_same_of_what_is_nearly_verified(document: Case) -> None:
    assert answer(document) == oracle(document)
