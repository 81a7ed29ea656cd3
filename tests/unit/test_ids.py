"""Ids: those that begin with their instant, and those that follow from another."""

from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from services.domain.ids import beside
from services.ids import new_id

IDS = st.uuids()


def instant_of(one: UUID) -> datetime:
    return datetime.fromtimestamp((one.int >> 80) / 1000, UTC)


def test_a_new_id_says_when_it_was_made_and_is_never_made_twice() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    made = [new_id() for _ in range(10_000)]
    assert all(type(one) is UUID and one.version == 7 and one.variant == RFC_4122 for one in made)
    assert all(before <= instant_of(one) <= datetime.now(UTC) for one in made)
    assert len(set(made)) == len(made)


def test_what_stands_behind_the_instant_is_left_to_chance() -> None:
    # Two ids of one millisecond share what comes before the last 32 bits, but for a count.
    assert len({new_id().int & (1 << 32) - 1 for _ in range(10_000)}) > 9_990


@given(IDS, st.text())
def test_the_id_beside_another_is_always_the_same_and_begins_as_that_does(parent: UUID, name: str) -> None:
    one = beside(parent, name)
    assert one == beside(parent, name)
    assert (one.version, one.variant) == (8, RFC_4122)
    assert one.int >> 80 == parent.int >> 80


@given(IDS, IDS, st.text(), st.text())
def test_another_parent_or_another_name_makes_another_id(first: UUID, second: UUID, name: str, other: str) -> None:
    assert (beside(first, name) == beside(first, other)) == (name == other)
    if first != second:
        assert beside(first, name) != beside(second, name)
