"""What holds of verification for any goal and any evidence that the schemas let through."""

from hypothesis import assume, given
from hypothesis import strategies as st

from services.domain.evidence import Evidence
from services.domain.status import ReasonCode, Status
from services.domain.verification import look
from tests.verification_cases import (
    RANKS,
    Case,
    Item,
    answer,
    case,
    cases,
    evidence,
    item,
    loaded,
    looked_at_long,
    nearly_verified,
    renamed,
    supporting,
    with_more,
)
from tests.verification_oracle import considered, contradicted_on, recorded, weight_of

WITHOUT_REASON = {"VERIFIED", "NOT_ASSESSED"}
BELOW_SUPPORT = {"NOT_ASSESSED", "SELF_REPORTED_ONLY", "ATTENDANCE_ONLY", "CONTRADICTED", "UNDER_REVIEW", "SUSPENDED"}
ABOVE_PARTLY = {"STALE", "VERIFIED_BY_WAIVER", "VERIFIED"}
_any = cases() | cases(supporting()) | cases(nearly_verified())
_unheld = cases(hold=False) | cases(supporting(), hold=False) | cases(nearly_verified(), hold=False)
_weak = evidence(3, basis=st.sampled_from(("attendance", "certificate", "opinion", "self", "aligned")))


@looked_at_long
@given(_any, st.data())
def test_order_and_repetition_of_evidence_change_nothing(document: Case, data: st.DataObject) -> None:
    listed = document["evidence"]
    again = data.draw(st.lists(st.sampled_from(listed), max_size=4)) if listed else []
    mixed = data.draw(st.permutations([*listed, *again]))
    assert answer({**document, "evidence": mixed}) == answer(document)


@looked_at_long
@given(_any)
def test_context_and_the_words_of_his_side_alone_never_lead_to_support(document: Case) -> None:
    weak = [one for one in document["evidence"] if weight_of(one) in "CD"]
    status, _ = answer({**document, "evidence": weak})
    assert status in BELOW_SUPPORT | {"CLOSED"}


@looked_at_long
@given(_unheld, _weak)
def test_context_and_the_words_of_his_side_never_lead_into_support(document: Case, weak: list[Item]) -> None:
    before, _ = answer(document)
    after, _ = answer(with_more(document, *_fresh(weak)))
    assert after == before or after in BELOW_SUPPORT or before in ABOVE_PARTLY


@looked_at_long
@given(_any, _weak)
def test_context_and_the_words_of_his_side_for_the_goal_change_nothing_that_stands(
    document: Case, weak: list[Item]
) -> None:
    before = answer(document)
    after = answer(with_more(document, *[{**one, "direction": "+"} for one in _fresh(weak)]))
    assert after == before or before[0] in {"NOT_ASSESSED", "SELF_REPORTED_ONLY"}


@looked_at_long
@given(_unheld, supporting(2))
def test_more_support_never_lowers_a_status(document: Case, more: list[Item]) -> None:
    """But for one thing: where it lets a negative check begin earlier, that takes the check's count along (below)."""
    richer = with_more(document, *_fresh(more))
    assume(_counts_stay(document, richer))
    before, after = answer(document)[0], answer(richer)[0]
    if before in RANKS:
        assert RANKS[after] >= RANKS[before]


def test_older_support_can_take_the_count_of_a_negative_check_with_it() -> None:
    """Why the law above has an exception: verification.md §2, "its `count` stays with the earliest piece"."""
    check = item(0, 300, basis="negcheck", group="police", count=2)
    document = case(check, item(255), as_of=300)
    assert answer(document) == ("VERIFIED", [])
    assert answer(with_more(document, item(0))) == (
        "PARTIALLY_SUPPORTED",
        ["RESTARTED_AFTER_GAP(165)", "NEED_MORE_OBSERVATIONS"],
    )


@looked_at_long
@given(_any, st.integers(0, 29))
def test_nothing_is_verified_within_thirty_days_of_a_contradiction(document: Case, after: int) -> None:
    day = contradicted_on(document["goal"], considered(document))
    against = item(document["as_of"] - after, direction="-")
    contradicted = with_more(document, against) if day is None or document["as_of"] - day >= 30 else document
    assert answer(contradicted)[0] in {"CONTRADICTED", "CLOSED"}


@looked_at_long
@given(_any, evidence(4))
def test_what_is_recorded_later_leaves_the_past_alone(document: Case, later: list[Item]) -> None:
    after = document["as_of"] + 1
    late = [{**one, "recorded": max(after, recorded(one))} for one in _fresh(later)]
    assert answer(with_more(document, *late)) == answer(document)


@looked_at_long
@given(_any)
def test_every_status_has_a_reason_but_verified_and_an_empty_not_assessed(document: Case) -> None:
    status, reasons = answer(document)
    assert reasons or status in WITHOUT_REASON
    assert status != "NOT_ASSESSED" or not reasons


@looked_at_long
@given(_any)
def test_every_reason_is_a_known_code_with_figures_of_days(document: Case) -> None:
    found = loaded(document)
    picture = look(found.goal, found.evidence, found.as_of, found.view)
    assert (picture.run is None) == (not picture.support)
    status, reasons = answer(document)
    assert status in {one.value for one in Status}
    assert all(any(reason.startswith(code.value) for code in ReasonCode) for reason in reasons)


_days = st.integers(-900_000_000, 900_000_000)


@looked_at_long
@given(st.data())
def test_evaluation_never_raises_on_anything_that_the_schemas_let_through(data: st.DataObject) -> None:
    """Days far apart, counts without measure, and every combination of codes."""
    listed = [
        {
            **one,
            "from": start,
            "to": start + length,
            "recorded": start + length,
            "count": data.draw(st.integers(1, 1_000_000_000)),
        }
        for one in data.draw(evidence(4))
        for start in [data.draw(_days)]
        for length in [data.draw(st.integers(0, 1_000_000))]
    ]
    document = {**data.draw(cases(st.just(renamed(listed)))), "as_of": data.draw(_days)}
    status, _ = answer(document)
    assert status in {one.value for one in Status}


def _fresh(items: list[Item]) -> list[Item]:
    """These items under ids that no other has; further copies of one stay that."""
    return [{**one, "id": f"more {one['id']}"} for one in items]


def _counts_stay(document: Case, richer: Case) -> bool:
    """Whether the piece of each negative check that carries its count only grew."""
    before, after = _counted(document), _counted(richer)
    return all(name in after and _holds(after[name], one) for name, one in before.items())


def _counted(document: Case) -> dict[str, Evidence]:
    found = loaded(document)
    support = look(found.goal, found.evidence, found.as_of, found.view).support
    return {one.id: one for one, weight in support if weight == "N" and one.count}


def _holds(larger: Evidence, smaller: Evidence) -> bool:
    return larger.start <= smaller.start <= larger.end
