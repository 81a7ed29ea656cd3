"""Which links take effect: only what waits is linked, and only what is linked to a case is taken off it."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.domain.events import Event
from services.domain.linking import LINKED, NOT_LINKED, NOT_WAITING, UNLINKED, linking, target_of
from services.domain.roles import Role

AT = datetime(2025, 1, 20, tzinfo=UTC)
EVENTS = [UUID(int=number) for number in range(1, 4)]
CASES = [UUID(int=number) for number in range(10, 13)]

_ACTS = st.lists(st.tuples(st.sampled_from([LINKED, UNLINKED]), st.sampled_from(EVENTS), st.sampled_from(CASES)))


def act(event_type: str, target: object, case_id: UUID | None) -> Event:
    data = {"linked_event": str(target)}
    return Event(uuid4(), event_type, case_id, 1, "s", "1", UUID(int=9), Role.CPS_SUP, AT, AT, AT, data)


@given(acts=_ACTS)
def test_an_event_is_on_one_case_at_most_and_what_is_taken_back_was_made(
    acts: list[tuple[str, UUID, UUID]],
) -> None:
    links = linking(EVENTS, {})
    codes = [links.take(act(*one)) for one in acts]
    assert set(codes) <= {None, NOT_WAITING, NOT_LINKED}
    assert len(links.changes) == codes.count(None)
    on: dict[UUID, UUID] = {}
    for change in links.changes:
        if change.made:
            assert change.event_id not in on
            on[change.event_id] = change.case_id
        else:
            assert on.pop(change.event_id) == change.case_id
    assert links.on == on
    assert links.waiting == set(EVENTS) - set(on)


def test_what_does_not_wait_is_not_linked() -> None:
    links = linking([EVENTS[0]], {EVENTS[1]: CASES[0]})
    assert links.take(act(LINKED, EVENTS[1], CASES[1])) == NOT_WAITING
    assert links.take(act(LINKED, EVENTS[2], CASES[1])) == NOT_WAITING
    assert links.take(act(LINKED, "urn:not-an-id", CASES[1])) == NOT_WAITING
    assert links.take(act(LINKED, EVENTS[0], CASES[1])) is None


def test_an_event_is_taken_off_its_own_case_alone() -> None:
    links = linking([], {EVENTS[1]: CASES[0]})
    assert links.take(act(UNLINKED, EVENTS[1], CASES[1])) == NOT_LINKED
    assert links.take(act(UNLINKED, EVENTS[1], CASES[0])) is None
    assert links.take(act(UNLINKED, EVENTS[1], CASES[0])) == NOT_LINKED


def test_an_act_that_itself_matches_no_case_links_nothing() -> None:
    links = linking(EVENTS, {})
    assert links.take(act(LINKED, EVENTS[0], None)) is None
    assert links.changes == []


def test_other_events_speak_of_no_link() -> None:
    assert target_of(act("le.arrest", EVENTS[0], CASES[0])) is None
    assert linking(EVENTS, {}).take(act("le.arrest", EVENTS[0], CASES[0])) is None
