"""The checker of the chaos runs is checked itself: one fault planted into a good run is found, every time."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.chaotic.checker import Done, Evidence, Expected, Heard, Kept, Said, Step, Verdict, check, learn

EACH = {"alarm": frozenset({"told alarm worker inbox", "told alarm worker hook"}), "report": frozenset({"told report"})}
A_CASE = {"alarm": frozenset[str](), "report": frozenset({"open ruling"})}
EXPECTED = Expected(EACH, A_CASE, may=("escalated",))


def good_run(cases: int = 2, rounds: int = 2) -> Evidence:
    """Events of two kinds in turn about each case, everything kept and told; one answer was lost on its way, one
    message went out twice, and one alarm was escalated.
    """
    said: list[Said] = []
    kept: list[Kept] = []
    done: list[Done] = []
    heard: list[Heard] = []
    for case in range(cases):
        for number in range(2 * rounds):
            kind = ("alarm", "report")[number % 2]
            name = f"police/{case}-{number}"
            event = f"e-{case}-{number}"
            at = 100.0 * case + number
            lane = "urgent" if kind == "alarm" else "routine"
            said += [Said(Step.ATTEMPT, name, kind, str(case)), Said(Step.ACK, name, kind, str(case), event)]
            kept.append(Kept(event, name, kind, str(case), lane, number + 1, at))
            for effect in sorted(EACH[kind]):
                hook = "hook" if effect.endswith("hook") else None
                row = Done(f"n-{event}-{effect}", event, effect, effect, at + 0.1, hook, inbox=hook is None)
                done.append(row)
                heard += [Heard(hook, row.id, took=True)] if hook else []
            if number == 1:
                done.append(Done(f"t-{event}", event, "open ruling", "open ruling", at + 0.1))
    said.insert(1, Said(Step.UNKNOWN, said[0].name, said[0].kind, said[0].case))
    heard.insert(0, replace(heard[0], took=False))
    done.append(Done("n-up", "e-0-0", "escalated chief inbox", "escalated chief", 400.0))
    return Evidence(said, heard, kept, done)


GOOD = good_run()


def drop_kept(run: Evidence, at: int) -> Evidence:
    """An accepted event is gone, with everything that came of it."""
    gone = run.kept[at % len(run.kept)]
    kept = [one for one in run.kept if one is not gone]
    done = [one for one in run.done if one.event != gone.id]
    sent = {one.id for one in done}
    return replace(run, kept=kept, done=done, heard=[one for one in run.heard if one.message in sent])


def drop_entry(run: Evidence, at: int) -> Evidence:
    """Somebody was not told in their inbox."""
    entries = [one for one in run.done if one.inbox]
    return replace(run, done=[one for one in run.done if one is not entries[at % len(entries)]])


def drop_task(run: Evidence, at: int) -> Evidence:
    """The one task of a case was not opened."""
    tasks = [one for one in run.done if one.effect == "open ruling"]
    return replace(run, done=[one for one in run.done if one is not tasks[at % len(tasks)]])


def never_take(run: Evidence, at: int) -> Evidence:
    """A receiver never took its message."""
    message = run.heard[at % len(run.heard)].message
    return replace(run, heard=[replace(one, took=False) if one.message == message else one for one in run.heard])


def forget_deciding(run: Evidence, at: int) -> Evidence:
    """An event was kept and nobody decided on it."""
    which = at % len(run.kept)
    kept = [replace(one, decided=False) if place == which else one for place, one in enumerate(run.kept)]
    return replace(run, kept=kept)


def change_receipt(run: Evidence, at: int) -> Evidence:
    """A sender was given a receipt of something that is not there."""
    acks = [one for one in run.said if one.step is Step.ACK]
    changed = acks[at % len(acks)]
    return replace(run, said=[replace(one, receipt="other") if one is changed else one for one in run.said])


def leave_work(run: Evidence, at: int) -> Evidence:
    """A job was never done."""
    return replace(run, left=[f"job route {at} queued"])


def keep_more(run: Evidence, at: int) -> Evidence:
    """There is an event that nobody sent."""
    one = run.kept[at % len(run.kept)]
    return replace(run, kept=[*run.kept, Kept("ghost", "police/ghost", "nothing", one.case, "bulk", 99, 0.0)])


def keep_refused(run: Evidence, at: int) -> Evidence:
    """What the sender was told to be refused is there."""
    one = run.kept[at % len(run.kept)]
    said = [one for one in run.said if one.step is not Step.ACK]
    return replace(run, said=[*said, Said(Step.REFUSED, one.name, one.kind, one.case)])


def tell_more(run: Evidence, at: int) -> Evidence:
    """Somebody was told whom no rule names."""
    event = run.kept[at % len(run.kept)].id
    return replace(run, done=[*run.done, Done("n-more", event, "told alarm landlord", "more", 1000.0)])


def hear_more(run: Evidence, at: int) -> Evidence:
    """A receiver heard something that the database knows nothing of."""
    return replace(run, heard=[*run.heard, Heard("hook", f"n-{at}-unknown", took=True)])


def hear_elsewhere(run: Evidence, at: int) -> Evidence:
    """A message came to a receiver whose it is not."""
    return replace(run, heard=[*run.heard, replace(run.heard[at % len(run.heard)], endpoint="other")])


def open_twice(run: Evidence, at: int) -> Evidence:
    """What is opened once a case was opened by a second event of it too."""
    task = [one for one in run.done if one.effect == "open ruling"][at % 2]
    case = next(one.case for one in run.kept if one.id == task.event)
    other = next(one for one in run.kept if one.case == case and one.kind == "report" and one.id != task.event)
    return replace(run, done=[*run.done, replace(task, id="t-2", event=other.id)])


def keep_twice(run: Evidence, at: int) -> Evidence:
    """An event that was sent again was kept again, and told again."""
    one = run.kept[at % len(run.kept)]
    again = replace(one, id="again", sequence=50)
    done = [replace(each, id=f"{each.id}-2", event="again") for each in run.done if each.event == one.id]
    heard = [Heard(each.endpoint, each.id, took=True) for each in done if each.endpoint]
    return replace(run, kept=[*run.kept, again], done=[*run.done, *done], heard=[*run.heard, *heard])


def tell_twice(run: Evidence, at: int) -> Evidence:
    """Somebody was told twice of the same, under two ids."""
    row = run.done[at % len(run.done)]
    again = replace(row, id=f"{row.id}-2")
    heard = [Heard(row.endpoint, again.id, took=True)] if row.endpoint else []
    return replace(run, done=[*run.done, again], heard=[*run.heard, *heard])


def swap(run: Evidence, at: int) -> Evidence:
    """The second event of a case and lane was told before the first."""
    lane = ("urgent", "routine")[at % 2]
    case = str(at // 2 % 2)
    first, second = (one for one in run.kept if (one.case, one.lane) == (case, lane))
    told = {one.id: replace(one, written=first.accepted - 0.5) for one in run.done if one.event == second.id}
    return replace(run, done=[told.get(one.id, one) for one in run.done])


FAULTS: dict[Callable[[Evidence, int], Evidence], str] = {
    drop_kept: "lost",
    drop_entry: "lost",
    drop_task: "lost",
    never_take: "lost",
    forget_deciding: "lost",
    change_receipt: "lost",
    leave_work: "lost",
    keep_more: "unexpected",
    keep_refused: "unexpected",
    tell_more: "unexpected",
    hear_more: "unexpected",
    hear_elsewhere: "unexpected",
    open_twice: "unexpected",
    keep_twice: "doubled",
    tell_twice: "doubled",
    swap: "out_of_order",
}
places = st.integers(0, 1000)


def found(verdict: Verdict) -> set[str]:
    """What is not as it should be."""
    return {name for name in ("lost", "unexpected", "doubled", "out_of_order") if getattr(verdict, name)}


def test_a_good_run_is_clean() -> None:
    verdict = check(GOOD, EXPECTED)
    assert verdict.clean, verdict
    assert (verdict.attempted, verdict.acked, verdict.recovered, verdict.refused) == (8, 8, 1, 0)
    assert verdict.doubled_on_wire == 1
    assert len(verdict.urgent) == 4
    assert verdict.urgent_at(0.99) == pytest.approx(0.1)


def test_no_failure_among_so_many_effects_bounds_the_share_that_fails() -> None:
    verdict = check(GOOD, EXPECTED)
    assert verdict.checked == 8 + 4 * 2 + 4 + 2
    assert verdict.bound == 3 / verdict.checked
    assert check(leave_work(GOOD, 0), EXPECTED).bound == float("inf")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.__name__))
@given(at=places)
def test_one_planted_fault_is_found_wherever_it_is(fault: Callable[[Evidence, int], Evidence], at: int) -> None:
    assert FAULTS[fault] in found(check(fault(GOOD, at), EXPECTED))


@pytest.mark.parametrize(
    "fault", [drop_entry, never_take, leave_work, hear_more, swap], ids=lambda it: str(it.__name__)
)
@given(at=places)
def test_a_fault_of_one_sort_is_not_taken_for_another(fault: Callable[[Evidence, int], Evidence], at: int) -> None:
    assert found(check(fault(GOOD, at), EXPECTED)) == {FAULTS[fault]}


@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_and_lines_does_not_matter(random: Random) -> None:
    mixed = replace(
        GOOD,
        **{name: random.sample(getattr(GOOD, name), len(getattr(GOOD, name))) for name in ("heard", "kept", "done")},
    )
    assert check(mixed, EXPECTED).clean


@given(st.sets(st.integers(0, 15), max_size=16))
def test_messages_that_go_out_again_are_counted_and_harm_nothing(which: set[int]) -> None:
    again = [GOOD.heard[at % len(GOOD.heard)] for at in which]
    verdict = check(replace(GOOD, heard=[*GOOD.heard, *again]), EXPECTED)
    assert verdict.clean
    assert verdict.doubled_on_wire == 1 + len(again)


def test_what_an_unknown_outcome_left_behind_need_not_be_there() -> None:
    said = [*GOOD.said, Said(Step.ATTEMPT, "police/x", "alarm", "0"), Said(Step.UNKNOWN, "police/x", "alarm", "0")]
    verdict = check(replace(GOOD, said=said), EXPECTED)
    assert (verdict.clean, verdict.recovered) == (True, 1)


def test_what_comes_of_a_kind_is_learned_from_two_of_it() -> None:
    kept = [one for one in GOOD.kept if one.case == "0"]
    learned = learn(kept, GOOD.done, may=("escalated",))
    assert learned == EXPECTED


def test_nothing_is_learned_from_runs_that_differ_or_say_nothing() -> None:
    kept = [one for one in GOOD.kept if one.case == "0"]
    for done in ([], tell_more(GOOD, 2).done, drop_entry(GOOD, 0).done):
        with pytest.raises(ValueError, match="cannot be told"):
            learn(kept, done)
