"""Reads a trace of system calls and says which answers "202" were sent before what they promise was on disk.

The trace is that of one `strace -f -yy` over the web server and PostgreSQL, in the order in which the calls came back.
An answer names its receipt, which is the id of the event. It is in time when all of this happened before it, each step
after the one before:

1. a thread of the web server (not always the one that answers: several posts may share a commit) handed that id to a
   database connection, to be written,
2. the server process at the other end of that connection received a COMMIT,
3. a flush of the write-ahead log began (by any process: one flush serves all who wait for it) and came back,
4. that server process said that it had committed, and the web server heard it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_LINE = re.compile(r"(?P<process>\d+) +(?:[\d.]+ )?(?P<rest>.*)")
_BEGUN = re.compile(r"(?P<begun>.*?) *<unfinished \.\.\.>$")
_RESUMED = re.compile(r"<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)")
_CALL = re.compile(r"(?P<name>\w+)\((?P<file>\d+(?:<.*?>(?=[,)]))?)(?P<rest>.*)")
_SOCKET = re.compile(r"UNIX-STREAM:\[(?P<near>\d+)->(?P<far>\d+)")
_FAILED = re.compile(r"= -1 E\w+")
_SENDS = frozenset({"sendto", "sendmsg", "write", "writev"})
_RECEIVES = frozenset({"recvfrom", "recvmsg", "read"})
_WRITES = frozenset({"pwrite64", "pwritev", "write", "writev"})
_ASKED, _SAID, _ANSWERED = "COMMIT\\0", "C\\0\\0\\0\\vCOMMIT\\0", '"HTTP/1.1 202 '
_RECEIPT = re.compile(r"/v1/events/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")

CALLS = ("fdatasync", "fsync", *sorted(_SENDS | _RECEIVES | _WRITES))
"""The system calls that a trace must hold."""


@dataclass(frozen=True, slots=True)
class Call:
    """A system call: who made it, on what file, what else strace wrote of it, and the places in the trace at which it
    began and came back.
    """

    process: int
    name: str
    file: str
    said: str
    began: int
    ended: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many answers were sent, and of those that came too early, why."""

    answers: int
    early: tuple[str, ...]
    flushes: int


def calls_of(lines: Iterable[str]) -> Iterator[Call]:
    """The calls of a trace, in the order in which they came back; those that failed are left out."""
    unfinished: dict[tuple[int, str], tuple[int, str]] = {}
    for place, line in enumerate(lines):
        if (parts := _LINE.match(line.rstrip("\n"))) is None:
            continue
        process, rest, began = int(parts["process"]), parts["rest"], place
        if stopped := _BEGUN.match(rest):
            if call := _CALL.match(stopped["begun"]):
                unfinished[process, call["name"]] = place, stopped["begun"]
            continue
        if resumed := _RESUMED.match(rest):
            began, head = unfinished.pop((process, resumed["name"]), (place, f"{resumed['name']}(0"))
            rest = head + resumed["rest"]
        call = _CALL.match(rest)
        if call is not None and not _FAILED.search(call["rest"]):
            yield Call(process, call["name"], call["file"], call["rest"], began, place)


def judge(lines: Iterable[str], sync_method: str = "fdatasync") -> Verdict:
    """Which answers of a trace came too early. ``sync_method`` is PostgreSQL's ``wal_sync_method``."""
    calls = list(calls_of(lines))
    flushes = [call for call in calls if _flushes(call, sync_method)]
    answers = [call for call in calls if call.name in _SENDS and _ANSWERED in call.said]
    early = [why for answer in answers if (why := _why_early(answer, calls, flushes))]
    return Verdict(len(answers), tuple(early), len(flushes))


def _flushes(call: Call, sync_method: str) -> bool:
    if "/pg_wal/" not in call.file:
        return False
    return call.name in (_WRITES if sync_method.startswith("open_") else {"fdatasync", "fsync"})


def _why_early(answer: Call, calls: Sequence[Call], flushes: Sequence[Call]) -> str | None:
    who = f"the answer at line {answer.began + 1}"
    if (receipt := _RECEIPT.search(answer.said)) is None:
        return f"{who} names no receipt"
    before = [call for call in calls if call.ended < answer.began]
    written = _last(before, _SENDS, receipt[1])
    socket = _SOCKET.search(written.file) if written else None
    if written is None or socket is None:
        return f"{who} was sent before its event was handed to the database"
    other_end = [call for call in before if call.ended > written.began and _is_end(call.file, near=socket["far"])]
    asked = _first(other_end, _RECEIVES, _ASKED)
    if asked is None:
        return f"{who} was sent before a commit was asked for"
    said = _first([call for call in other_end if call.began > asked.ended], _SENDS, _SAID)
    if said is None:
        return f"{who} was sent before its commit was done"
    if not any(asked.ended < flush.began and flush.ended < said.began for flush in flushes):
        return f"{who} was sent with nothing flushed between lines {asked.ended + 1} and {said.began + 1}"
    this_end = [call for call in before if call.ended > said.began and _is_end(call.file, near=socket["near"])]
    if _first(this_end, _RECEIVES, _SAID) is None:
        return f"{who} was sent before its commit was heard of"
    return None


def _last(calls: Sequence[Call], names: frozenset[str], holding: str) -> Call | None:
    return _first(calls[::-1], names, holding)


def _first(calls: Iterable[Call], names: frozenset[str], holding: str) -> Call | None:
    return next((call for call in calls if call.name in names and holding in call.said), None)


def _is_end(file: str, near: str) -> bool:
    socket = _SOCKET.search(file)
    return socket is not None and socket["near"] == near
