"""Rates that one process counts for itself: a window holds so many, then begins anew; nothing is kept for ever."""

import threading

import pytest
from limits import RateLimitItemPerMinute

from services.web import limits
from services.web.kinds import ProblemError
from services.web.limits import CountedHere, Rates


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The hand of the clock by which rates are counted; change it to let time pass."""
    hand = [1000.0]
    monkeypatch.setattr(limits, "monotonic", lambda: hand[0])
    return hand


def test_more_than_the_rate_is_refused_until_a_minute_is_over(now: list[float]) -> None:
    rates = Rates.counted_in("memory://")
    rates.take_events("a", 10, 10)
    with pytest.raises(ProblemError):
        rates.take_events("a", 10, 1)
    rates.take_events("b", 10, 1)
    now[0] += 60
    rates.take_events("a", 10, 10)


def test_no_count_is_lost_between_threads() -> None:
    storage = CountedHere()
    threads = [threading.Thread(target=lambda: [storage.incr("a", 60) for _ in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert storage.get("a") == 4000


def test_what_is_over_is_forgotten(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_COUNTS_AT_MOST", 2)
    storage = CountedHere()
    for key in ("a", "b"):
        storage.incr(key, 60)
    now[0] += 61
    storage.incr("c", 60)
    assert storage.reset() == 1


def test_a_count_can_be_read_and_cleared() -> None:
    rates = Rates.counted_in("memory://")
    minute = RateLimitItemPerMinute(2)
    assert rates.limiter.hit(minute, "a")
    assert rates.limiter.get_window_stats(minute, "a").remaining == 1
    rates.limiter.clear(minute, "a")
    assert rates.limiter.get_window_stats(minute, "a").remaining == 2
