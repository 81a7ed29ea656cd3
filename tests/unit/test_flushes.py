"""The reader of traces goes red for every answer that came too early, and for none that came in time."""

import pytest

from benchmarks.flushes import judge

WEB, BACKEND, OTHER = 10, 20, 21
FOLLOWER = 11
RECEIPT = "6f1c1c9e-0000-4000-8000-000000000001"
SECOND = "6f1c1c9e-0000-4000-8000-000000000002"
REQUEST = (
    f'{WEB} recvfrom(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, "POST /v1/events HTTP/1.1\\r\\n", 8192, 0, NULL, NULL) = 900'
)
HANDS = f'{WEB} sendto(11<UNIX-STREAM:[7->8]>, "B[{{\\"id\\":\\"{RECEIPT}\\"}}]", 900, MSG_NOSIGNAL, NULL, 0) = 900'
ASKS = f'{WEB} sendto(11<UNIX-STREAM:[7->8]>, "Q\\0\\0\\0\\vCOMMIT\\0", 12, MSG_NOSIGNAL, NULL, 0) = 12'
ASKED = f'{BACKEND} recvfrom(5<UNIX-STREAM:[8->7,"/s/5432"]>, "Q\\0\\0\\0\\vCOMMIT\\0", 8192, 0, NULL, NULL) = 12'
WRITES = f'{BACKEND} pwrite64(6</data/pg_wal/000000010000000000000001>, "..."..., 8192, 0) = 8192'
FLUSHES = f"{BACKEND} fdatasync(6</data/pg_wal/000000010000000000000001>) = 0"
SAYS = f'{BACKEND} sendto(5<UNIX-STREAM:[8->7,"/s/5432"]>, "C\\0\\0\\0\\vCOMMIT\\0Z\\0\\0\\0\\5I", 18, 0) = 18'
HEARS = f'{WEB} recvfrom(11<UNIX-STREAM:[7->8]>, "C\\0\\0\\0\\vCOMMIT\\0Z\\0\\0\\0\\5I", 16384, 0, NULL, NULL) = 18'
ANSWERS = (
    f"{WEB} sendto(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, "
    f'"HTTP/1.1 202 ACCEPTED\\r\\nLocation: /v1/events/{RECEIPT}\\r\\n"..., 600, 0, NULL, 0) = 600'
)
FOLLOWS = ANSWERS.replace(str(WEB), str(FOLLOWER), 1).replace(RECEIPT, SECOND)
HANDS_BOTH = HANDS.replace(RECEIPT, f"{RECEIPT} {SECOND}")
GOOD = [REQUEST, HANDS, ASKS, ASKED, WRITES, FLUSHES, SAYS, HEARS, ANSWERS]


def early(lines: list[str], sync_method: str = "fdatasync") -> int:
    return len(judge(lines, sync_method).early)


def test_an_answer_after_its_flush_is_in_time() -> None:
    verdict = judge(GOOD)
    assert (verdict.answers, verdict.early, verdict.flushes) == (1, (), 1)


def test_an_answer_may_rest_on_the_flush_of_another_process() -> None:
    shared = FLUSHES.replace(str(BACKEND), str(OTHER), 1)
    assert early([REQUEST, HANDS, ASKS, ASKED, shared, SAYS, HEARS, ANSWERS]) == 0


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param([REQUEST, HANDS, ASKS, ASKED, WRITES, SAYS, HEARS, ANSWERS], id="no flush"),
        pytest.param(
            [REQUEST, HANDS, ASKS, ASKED, WRITES, SAYS, HEARS, ANSWERS, FLUSHES], id="flushed after the answer"
        ),
        pytest.param([REQUEST, HANDS, ASKS, ASKED, WRITES, SAYS, FLUSHES, HEARS, ANSWERS], id="said before the flush"),
        pytest.param(
            [REQUEST, HANDS, FLUSHES, ASKS, ASKED, WRITES, SAYS, HEARS, ANSWERS], id="flushed before the commit"
        ),
        pytest.param(
            [REQUEST, ANSWERS, HANDS, ASKS, ASKED, WRITES, FLUSHES, SAYS, HEARS], id="answered before the commit"
        ),
        pytest.param([REQUEST, ANSWERS], id="no commit at all"),
        pytest.param([*GOOD, REQUEST, FOLLOWS], id="the second of two rests on the commit of the first"),
        pytest.param(
            [REQUEST, HANDS, ASKS, ASKED, FLUSHES, SAYS, ANSWERS, HEARS], id="answered before it was heard of"
        ),
        pytest.param([*GOOD[:-1], HANDS, ANSWERS], id="handed over once more after the commit"),
        pytest.param([*GOOD[:-1], ANSWERS.replace("Location", "X").replace("/v1/events/", "")], id="without a receipt"),
        pytest.param([REQUEST, HANDS, ASKS, WRITES, FLUSHES, HEARS, ANSWERS], id="a commit that nobody said"),
        pytest.param(
            [REQUEST, HANDS, ASKS, ASKED, f"{BACKEND} fdatasync(6</data/base/5/1259>) = 0", SAYS, HEARS, ANSWERS],
            id="flushed something else",
        ),
        pytest.param(
            [
                REQUEST,
                HANDS,
                ASKS,
                ASKED,
                FLUSHES.replace("= 0", "= -1 EIO (Input/output error)"),
                SAYS,
                HEARS,
                ANSWERS,
            ],
            id="a flush that failed",
        ),
    ],
)
def test_an_answer_that_came_too_early_is_found(planted: list[str]) -> None:
    assert early(planted) == 1


def test_a_commit_may_be_shared_by_those_whose_events_were_handed_over_together() -> None:
    together = [REQUEST, HANDS_BOTH, ASKS, ASKED, FLUSHES, SAYS, HEARS, FOLLOWS, ANSWERS]
    assert judge(together).answers == 2
    assert early(together) == 0
    assert early([line for line in together if line != FLUSHES]) == 2
    assert early([REQUEST, HANDS, ASKS, ASKED, FLUSHES, SAYS, HEARS, FOLLOWS, ANSWERS]) == 1


def test_a_flush_counts_from_its_beginning_to_its_end() -> None:
    begun = FLUSHES.replace(") = 0", " <unfinished ...>")
    back = f"{BACKEND} <... fdatasync resumed>) = 0"
    assert early([REQUEST, HANDS, ASKS, ASKED, begun, back, SAYS, HEARS, ANSWERS]) == 0
    assert early([REQUEST, HANDS, ASKS, begun, ASKED, back, SAYS, HEARS, ANSWERS]) == 1
    assert early([REQUEST, HANDS, ASKS, ASKED, begun, SAYS, HEARS, back, ANSWERS]) == 1


def test_a_log_that_is_written_through_needs_no_flush() -> None:
    through = [REQUEST, HANDS, ASKS, ASKED, WRITES, SAYS, HEARS, ANSWERS]
    assert early(through, "open_datasync") == 0
    assert early([line for line in through if line != WRITES], "open_datasync") == 1
