"""Threads in which receivers are called, so that none of them holds up anybody else (RELIABILITY.md §3.6).

One receiver has at most two calls under way in a process, so a receiver that hangs holds two threads and no more. The
pool belongs to the process, since the threads do.
"""

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Final, TypeVar
from uuid import UUID

_Answer = TypeVar("_Answer")

AT_ONCE_TO_ONE: Final = 2
AT_ONCE: Final = 32


class CallPool:
    """Starts calls in threads, within bounds: ``at_once`` in all, ``to_one`` to any one receiver."""

    def __init__(self, at_once: int = AT_ONCE, to_one: int = AT_ONCE_TO_ONE) -> None:
        self._at_once = at_once
        self._to_one = to_one
        self.forget()

    def forget(self) -> None:
        """Begin anew without threads: after a fork they are the parent's."""
        self._lock = Lock()
        self._under_way: Counter[UUID] = Counter()
        self._threads: ThreadPoolExecutor | None = None

    def start(self, receiver: UUID, call: Callable[[], _Answer]) -> "Future[_Answer] | None":
        """Begin a call to a receiver; None, and nothing is begun, where its places or all places are taken."""
        with self._lock:
            if self._under_way[receiver] >= self._to_one or self._under_way.total() >= self._at_once:
                return None
            self._under_way[receiver] += 1
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self._at_once, thread_name_prefix="call")
            return self._threads.submit(self._run, receiver, call)

    def _run(self, receiver: UUID, call: Callable[[], _Answer]) -> _Answer:
        try:
            return call()
        finally:
            with self._lock:
                self._under_way[receiver] -= 1
                if not self._under_way[receiver]:
                    del self._under_way[receiver]


CALLS: Final = CallPool()
"""The pool of this process."""

os.register_at_fork(after_in_child=CALLS.forget)
