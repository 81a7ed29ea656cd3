"""Ringing apart: whoever rings goes on at once, and nothing that was rung is forgotten."""

import threading
import time
from collections.abc import Iterable

from services.domain.urgency import Lane
from services.system import BellsApart


class SlowBells:
    """Bells that ring when they are let."""

    def __init__(self) -> None:
        self.rung: list[set[Lane]] = []
        self.let = threading.Event()
        self.began = threading.Event()

    def ring(self, lanes: Iterable[Lane]) -> None:
        self.began.set()
        assert self.let.wait(10)
        self.rung.append(set(lanes))


def until(what: object, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.005)


def test_who_rings_does_not_wait_and_what_is_rung_meanwhile_is_rung_together() -> None:
    slow = SlowBells()
    bells = BellsApart(slow)
    bells.ring([Lane.URGENT])
    assert slow.began.wait(5)
    for lane in (Lane.BULK, Lane.ROUTINE, Lane.BULK, Lane.URGENT):
        bells.ring([lane])
    assert slow.rung == []
    slow.let.set()
    until(lambda: len(slow.rung) == 2)
    assert slow.rung == [{Lane.URGENT}, {Lane.URGENT, Lane.ROUTINE, Lane.BULK}]


def test_nothing_rung_is_nothing_to_ring() -> None:
    slow = SlowBells()
    slow.let.set()
    bells = BellsApart(slow)
    bells.ring([])
    bells.ring([Lane.BULK])
    until(lambda: slow.rung)
    assert slow.rung == [{Lane.BULK}]
