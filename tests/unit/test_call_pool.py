"""Calls to receivers run beside each other, within bounds for each and for all."""

import os
from collections.abc import Iterator
from concurrent.futures import Future, wait
from threading import Event
from uuid import UUID

import pytest

from services.channels.calls import CallPool

ONE, OTHER = UUID(int=1), UUID(int=2)


@pytest.fixture
def go_on() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


def _started(future: "Future[object] | None") -> "Future[object]":
    assert future is not None
    return future


def test_one_receiver_has_two_places_and_leaves_the_others_theirs(go_on: Event) -> None:
    pool = CallPool(at_once=8, to_one=2)
    held = [_started(pool.start(ONE, go_on.wait)) for _ in range(2)]
    assert pool.start(ONE, go_on.wait) is None
    assert _started(pool.start(OTHER, lambda: "answer")).result(5) == "answer"
    go_on.set()
    wait(held)
    assert _started(pool.start(ONE, lambda: "again")).result(5) == "again"


def test_all_together_have_as_many_places_as_there_are_threads(go_on: Event) -> None:
    pool = CallPool(at_once=3, to_one=2)
    for number in range(3):
        _started(pool.start(UUID(int=number), go_on.wait))
    assert pool.start(UUID(int=9), go_on.wait) is None


def test_a_call_that_raises_gives_its_place_back() -> None:
    pool = CallPool(at_once=8, to_one=1)

    def fail() -> None:
        raise ConnectionError("no")

    for _ in range(3):
        assert isinstance(_started(pool.start(ONE, fail)).exception(5), ConnectionError)


def test_a_child_process_begins_with_a_pool_of_its_own(go_on: Event) -> None:
    from services.channels.calls import CALLS

    held = [_started(CALLS.start(ONE, go_on.wait)) for _ in range(2)]
    assert CALLS.start(ONE, go_on.wait) is None
    child = os.fork()
    if child == 0:
        answer = CALLS.start(ONE, lambda: 7)
        os._exit(answer.result(5) if answer else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    go_on.set()
    wait(held)
