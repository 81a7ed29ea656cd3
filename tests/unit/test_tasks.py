"""The life of a task: forward only, repeatable, and never declined without a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.tasks import OPEN, REASON_CHARACTERS, Moved, Refused, TaskState, Unchanged, Verb, answer, offered

STATES = st.sampled_from(TaskState)
VERBS = st.sampled_from(Verb)
REASONS = st.one_of(st.none(), st.text(max_size=40))

RANK = {
    TaskState.PROPOSED: 0,
    TaskState.ACCEPTED: 1,
    TaskState.DECLINED: 2,
    TaskState.DONE: 2,
    TaskState.WITHDRAWN: 2,
}


@given(STATES, VERBS, REASONS)
def test_a_task_only_moves_forward(state: TaskState, verb: Verb, reason: str | None) -> None:
    outcome = answer(state, verb, reason)
    if isinstance(outcome, Moved):
        assert RANK[outcome.state] > RANK[state]


@given(STATES, VERBS)
def test_the_same_answer_twice_changes_nothing(state: TaskState, verb: Verb) -> None:
    first = answer(state, verb, "because")
    if isinstance(first, Moved):
        assert answer(first.state, verb, "because") == Unchanged(first.state)


@given(STATES.filter(lambda state: state not in OPEN), VERBS)
def test_what_is_closed_stays_as_it_is(state: TaskState, verb: Verb) -> None:
    assert not isinstance(answer(state, verb, "because"), Moved)


@given(STATES, st.one_of(st.none(), st.text(alphabet=" \t\n", max_size=5)))
def test_declining_needs_a_reason(state: TaskState, reason: str | None) -> None:
    outcome = answer(state, Verb.DECLINE, reason)
    assert isinstance(outcome, Refused)
    assert outcome.code == "reason_required"


@given(STATES, VERBS)
def test_what_is_offered_is_what_is_possible(state: TaskState, verb: Verb) -> None:
    possible = isinstance(answer(state, verb, "because"), Moved)
    assert (verb in offered(state)) == (possible and verb is not Verb.WITHDRAW)


@pytest.mark.parametrize(
    ("state", "verb", "code"),
    [
        (TaskState.PROPOSED, Verb.COMPLETE, "not_accepted"),
        (TaskState.ACCEPTED, Verb.DECLINE, "already_accepted"),
        (TaskState.DECLINED, Verb.ACCEPT, "already_declined"),
        (TaskState.DONE, Verb.ACCEPT, "already_done"),
        (TaskState.WITHDRAWN, Verb.COMPLETE, "withdrawn"),
    ],
)
def test_an_answer_that_does_not_fit_says_why(state: TaskState, verb: Verb, code: str) -> None:
    outcome = answer(state, verb, "because")
    assert isinstance(outcome, Refused)
    assert outcome.code == code


def test_a_reason_has_a_limit() -> None:
    outcome = answer(TaskState.PROPOSED, Verb.DECLINE, "x" * (REASON_CHARACTERS + 1))
    assert isinstance(outcome, Refused)
    assert outcome.code == "reason_too_long"
