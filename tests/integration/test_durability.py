"""strace over the running web server and PostgreSQL: every 202 comes after the flush that holds its commit."""

import pytest

from benchmarks.durability import STRACE, NotTracedError, traces
from benchmarks.flushes import judge
from benchmarks.options import Options

POSTS = 8


@pytest.mark.skipif(STRACE is None, reason="NOT PROVEN HERE: strace is not at hand, so flushes cannot be watched")
def test_no_202_is_sent_before_its_flush() -> None:
    try:
        alone, together, sync_method = traces(Options(seed=1, share=0.1), POSTS)
    except NotTracedError as refused:
        pytest.skip(f"NOT PROVEN HERE: strace may not trace here: {refused}")
    for trace in (alone, together):
        verdict = judge(trace, sync_method)
        assert (verdict.answers, verdict.early) == (POSTS, ())
    _goes_red(alone, sync_method)


def _goes_red(trace: list[str], sync_method: str) -> None:
    """The same trace with one answer moved before its flush, and without flushes, is found out."""
    answer = max(at for at, line in enumerate(trace) if '"HTTP/1.1 202 ' in line)
    flush = max(at for at, line in enumerate(trace[:answer]) if "sync(" in line and "/pg_wal/" in line)
    moved = [*trace[:flush], trace[answer], *trace[flush:answer], *trace[answer + 1 :]]
    assert len(judge(moved, sync_method).early) == 1
    assert len(judge([line for line in trace if "sync" not in line], sync_method).early) == POSTS
