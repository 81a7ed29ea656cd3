"""Log lines: JSON on standard error, one word for what happened, with ids and codes, and nothing of a case.

Held by a list and not by care: a field that is not on the list, or does not look like an id or a code, does not reach
the line. What libraries say is written as the words that stand in their source; what they filled in when they ran is
not, since the text of an error quotes rows and requests (PostgreSQL: "Key (subject)=(…) already exists").
"""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final
from uuid import UUID

import structlog
from structlog.typing import EventDict, WrappedLogger

FIELDS: Final = frozenset(
    {
        "agency",
        "at",
        "attempt",
        "attempts",
        "cause",
        "client",
        "code",
        "endpoint",
        "error",
        "job",
        "jobs",
        "kind",
        "lane",
        "notification",
        "receipt",
        "ref",
        "request",
        "rung",
        "thread",
    }
)
"""What a line may carry beside its word: ids, codes, counts, places in the source."""

_ADDED: Final = frozenset({"event", "level", "timestamp", "trace", "logger", "said"})
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,60}")
_ID_OR_CODE: Final = re.compile(r"[A-Za-z0-9_.:/<>@-]{1,120}")
_FRAMES: Final = 6
_INSTALLED: Final = "site-packages"
"""Stands in the path of what is a library's."""

_log = structlog.get_logger()


def configure(trace_of_now: Callable[[], str | None] | None = None) -> None:
    """Write every log line of this process this way, those of libraries and of uncaught errors too.

    ``trace_of_now`` gives the id of the trace that is under way, where there is one.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            *([_with_trace(trace_of_now)] if trace_of_now else []),
            keep_to_the_list,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    _take_over_libraries()
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def keep_to_the_list(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:  # noqa: ARG001 (structlog's form)
    """Leave out of a line what may not be on it, and say how many fields that were."""
    kept = {name: _plain(value) for name, value in line.items() if _may_stay(name, value)}
    if "event" not in kept:
        kept["event"] = "unnamed"
    dropped = len(line.keys() - kept.keys()) + ("event" in line and kept["event"] != line["event"])
    return {**kept, "dropped": dropped} if dropped else kept


def place_of(error: BaseException) -> dict[str, object]:
    """What may be written down of an error: its class, its cause's, and the lines of ours that it came through. Never
    its text: it may quote what somebody sent, or a row of a case.
    """
    lines: Sequence[traceback.FrameSummary] = traceback.extract_tb(error.__traceback__)
    lines = [line for line in lines if _INSTALLED not in line.filename] or lines
    return {
        "error": type(error).__name__,
        "cause": type(error.__cause__).__name__ if error.__cause__ else None,
        "at": [f"{line.filename.rpartition('/')[2]}:{line.lineno}" for line in lines[-_FRAMES:]],
    }


def _may_stay(name: str, value: object) -> bool:
    if name == "event":
        return isinstance(value, str) and bool(_WORD.fullmatch(value))
    if name == "said":
        return value is None or isinstance(value, str)
    return name in FIELDS | _ADDED and _is_id_or_code(value)


def _is_id_or_code(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_id_or_code(one) for one in value)
    if isinstance(value, str):
        return bool(_ID_OR_CODE.fullmatch(value))
    return value is None or isinstance(value, int | float | UUID)


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, UUID) else value


def _with_trace(trace_of_now: Callable[[], str | None]) -> structlog.typing.Processor:
    def add(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:  # noqa: ARG001 (structlog's form)
        trace = trace_of_now()
        return {**line, "trace": trace} if trace else line

    return add


class _OfLibraries(logging.Handler):
    """Writes what libraries say through `logging` as a line of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        place = place_of(error) if error else {"at": [f"{record.filename}:{record.lineno}"]}
        line = structlog.get_logger().bind(logger=record.name, said=_words_in_source(record))
        line.log(record.levelno, "library", **place)


def _words_in_source(record: logging.LogRecord) -> str | None:
    """The text of a library's line, with its holes unfilled; None where it was put together when the library ran."""
    frame = sys._getframe()
    while frame.f_back and not (frame.f_code.co_filename == record.pathname and frame.f_lineno == record.lineno):
        frame = frame.f_back
    text = record.msg
    if not isinstance(text, str):
        return None
    # gunicorn's own logger stands between its words and `logging`.
    near = [one for one in (frame, frame.f_back) if one is not None]
    known = any(text in one.f_code.co_consts or any(text is value for value in one.f_globals.values()) for one in near)
    return text if known else None


def _take_over_libraries() -> None:
    """One handler for all: those that write to a stream of their own would write whole messages there."""
    for logger in (logging.root, *logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            for handler in [one for one in logger.handlers if type(one) is logging.StreamHandler]:
                logger.removeHandler(handler)
                logger.propagate = True
    if not any(isinstance(one, _OfLibraries) for one in logging.root.handlers):
        logging.root.addHandler(_OfLibraries())


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _log.critical("uncaught", **place_of(error))


def _uncaught_in_thread(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
        name = failed.thread.name if failed.thread else None
        _log.critical("uncaught", thread=name, **place_of(failed.exc_value))
