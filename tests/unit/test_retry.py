"""When a message is tried again, and when that is given up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.retry import (
    URGENT_WAITS,
    WEBHOOK_WAITS,
    GiveUp,
    NeverTaken,
    NotTaken,
    TryAgain,
    decide,
)
from services.domain.urgency import Urgency

NOW = datetime(2025, 9, 7, 3, 15, tzinfo=UTC)
urgencies = st.sampled_from(Urgency)
jitters = st.floats(0, 1)


def waits_of(urgency: Urgency, jitter: float = 0.5) -> list[float]:
    """The seconds between the attempts until giving up."""
    waits: list[float] = []
    while True:
        match decide(NotTaken("http_500"), len(waits) + 1, urgency, NOW, jitter):
            case TryAgain(at):
                waits.append((at - NOW).total_seconds())
            case GiveUp(reason):
                assert reason == "exhausted"
                return waits


def test_what_can_wait_follows_the_schedule_of_standard_webhooks() -> None:
    since_start = [sum(waits_of(Urgency.U2)[: count + 1]) for count in range(9)]
    assert since_start == [5, 305, 2105, 9305, 27305, 63305, 113705, 185705, 272105]


def test_bulk_waits_like_routine() -> None:
    assert waits_of(Urgency.U3) == waits_of(Urgency.U1) == list(WEBHOOK_WAITS)


def test_an_urgent_message_is_tried_quickly_for_a_quarter_of_an_hour_and_then_for_a_day() -> None:
    waits = waits_of(Urgency.U0)
    assert waits[:6] == [2, 5, 10, 20, 30, 30]
    quick = [wait for wait in waits if wait < 1800]
    assert 14 * 60 <= sum(quick) <= 15 * 60
    assert sum(waits) - sum(quick) == timedelta(hours=24).total_seconds()


def test_a_refusal_for_good_is_not_tried_again() -> None:
    assert decide(NeverTaken("http_410"), 1, Urgency.U0, NOW, 0.0) == GiveUp("refused")


@pytest.mark.parametrize(("asked", "waited"), [(1, 300), (300, 300), (450, 450), (600, 600), (86_400, 600)])
def test_retry_after_is_kept_between_once_and_twice_the_wait(asked: int, waited: int) -> None:
    decided = decide(NotTaken("http_503", retry_after=asked), 2, Urgency.U2, NOW, 0.0)
    assert decided == TryAgain(NOW + timedelta(seconds=waited))


@given(urgencies, st.integers(1, 200), jitters, st.none() | st.integers(0, 10**9))
def test_every_wait_stays_near_its_schedule(urgency: Urgency, attempts: int, jitter: float, asked: int | None) -> None:
    waits = URGENT_WAITS if urgency is Urgency.U0 else WEBHOOK_WAITS
    decided = decide(NotTaken("timeout", asked), attempts, urgency, NOW, jitter)
    if attempts > len(waits):
        assert decided == GiveUp("exhausted")
    else:
        assert isinstance(decided, TryAgain)
        wait = (decided.at - NOW).total_seconds()
        assert waits[attempts - 1] * 0.5 <= wait <= waits[attempts - 1] * 2


@given(urgencies, st.integers(1, 9), jitters, jitters)
def test_more_jitter_is_never_sooner(urgency: Urgency, attempts: int, one: float, other: float) -> None:
    sooner, later = (decide(NotTaken("x"), attempts, urgency, NOW, jitter) for jitter in sorted((one, other)))
    assert isinstance(sooner, TryAgain)
    assert isinstance(later, TryAgain)
    assert sooner.at <= later.at
