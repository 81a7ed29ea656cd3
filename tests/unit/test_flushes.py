"""The reader of traces goes red for every answer that came too early, and for none that came in time."""

import pytest

from benchmarks.flushes import judge

WEB, BACKEND, OTHER = 10, 20, 21
REQUEST = (
    f'{WEB} recvfrom(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, "POST /v1/events HTTP/1.1\\r\\n", 8192, 0, NULL, NULL) = 900'
)
ASKS = f'{WEB} sendto(11<UNIX-STREAM:[7->8]>, "Q\\0\\0\\0\\vCOMMIT\\0", 12, MSG_NOSIGNAL, NULL, 0) = 12'
ASKED = f'{BACKEND} recvfrom(5<UNIX-STREAM:[8->7,"/s/5432"]>, "Q\\0\\0\\0\\vCOMMIT\\0", 8192, 0, NULL, NULL) = 12'
WRITES = f'{BACKEND} pwrite64(6</data/pg_wal/000000010000000000000001>, "..."..., 8192, 0) = 8192'
FLUSHES = f"{BACKEND} fdatasync(6</data/pg_wal/000000010000000000000001>) = 0"
SAYS = f'{BACKEND} sendto(5<UNIX-STREAM:[8->7,"/s/5432"]>, "C\\0\\0\\0\\vCOMMIT\\0Z\\0\\0\\0\\5I", 18, 0) = 18'
HEARS = f'{WEB} recvfrom(11<UNIX-STREAM:[7->8]>, "C\\0\\0\\0\\vCOMMIT\\0Z\\0\\0\\0\\5I", 16384, 0, NULL, NULL) = 18'
ANSWERS = f'{WEB} sendto(9<TCP:[127.0.0.1:1->127.0.0.1:2]>, "HTTP/1.1 202 ACCEPTED\\r\\n"..., 600, 0, NULL, 0) = 600'
GOOD = [REQUEST, ASKS, ASKED, WRITES, FLUSHES, SAYS, HEARS, ANSWERS]


def early(lines: list[str], sync_method: str = "fdatasync") -> int:
    return len(judge(lines, sync_method).early)


def test_an_answer_after_its_flush_is_in_time() -> None:
    verdict = judge(GOOD)
    assert (verdict.answers, verdict.early, verdict.flushes) == (1, (), 1)


def test_an_answer_may_rest_on_the_flush_of_another_process() -> None:
    shared = FLUSHES.replace(str(BACKEND), str(OTHER), 1)
    assert early([REQUEST, ASKS, ASKED, shared, SAYS, HEARS, ANSWERS]) == 0


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param([REQUEST, ASKS, ASKED, WRITES, SAYS, HEARS, ANSWERS], id="no flush"),
        pytest.param([REQUEST, ASKS, ASKED, WRITES, SAYS, HEARS, ANSWERS, FLUSHES], id="flushed after the answer"),
        pytest.param([REQUEST, ASKS, ASKED, WRITES, SAYS, FLUSHES, HEARS, ANSWERS], id="said before the flush"),
        pytest.param([REQUEST, FLUSHES, ASKS, ASKED, WRITES, SAYS, HEARS, ANSWERS], id="flushed before the commit"),
        pytest.param([REQUEST, ANSWERS, ASKS, ASKED, WRITES, FLUSHES, SAYS, HEARS], id="answered before the commit"),
        pytest.param([REQUEST, ANSWERS], id="no commit at all"),
        pytest.param([*GOOD, REQUEST, ANSWERS], id="the second of two rests on the commit of the first"),
        pytest.param([REQUEST, ASKS, WRITES, FLUSHES, HEARS, ANSWERS], id="a commit that nobody said"),
        pytest.param(
            [REQUEST, ASKS, ASKED, f"{BACKEND} fdatasync(6</data/base/5/1259>) = 0", SAYS, HEARS, ANSWERS],
            id="flushed something else",
        ),
        pytest.param(
            [REQUEST, ASKS, ASKED, FLUSHES.replace("= 0", "= -1 EIO (Input/output error)"), SAYS, HEARS, ANSWERS],
            id="a flush that failed",
        ),
    ],
)
def test_an_answer_that_came_too_early_is_found(planted: list[str]) -> None:
    assert early(planted) == 1


def test_a_flush_counts_from_its_beginning_to_its_end() -> None:
    begun = FLUSHES.replace(") = 0", " <unfinished ...>")
    back = f"{BACKEND} <... fdatasync resumed>) = 0"
    assert early([REQUEST, ASKS, ASKED, begun, back, SAYS, HEARS, ANSWERS]) == 0
    assert early([REQUEST, ASKS, begun, ASKED, back, SAYS, HEARS, ANSWERS]) == 1
    assert early([REQUEST, ASKS, ASKED, begun, SAYS, HEARS, back, ANSWERS]) == 1


def test_a_log_that_is_written_through_needs_no_flush() -> None:
    through = [REQUEST, ASKS, ASKED, WRITES, SAYS, HEARS, ANSWERS]
    assert early(through, "open_datasync") == 0
    assert early([line for line in through if line != WRITES], "open_datasync") == 1
