"""Events that several requests bring at the same moment are kept in one commit.

A commit waits for the disk, and what is asked of the database before it costs the same for one event as for eight. So
the first request goes at once; those that come while it is under way wait for it and then go together, led by one of
them, whoever they are from. Nobody waits for company: a request that is alone is as quick as ever. Each gets the answer
to its own event, after the commit that holds it; one that cannot be dealt with together with others goes alone.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from services.actions.receive_events import Outcome, receive_events
from services.actions.receive_plainly import Post, receive_plainly
from services.domain.actors import Actor
from services.domain.events import Envelope
from services.storage.access_tokens import Claims
from services.storage.database import DATABASE_AWAY
from services.system import System

_AT_MOST = 64
_HELD_UP = frozenset({"40P01", "55P03", "57014"})
"""Deadlock, lock timeout, statement timeout: somebody else was in the way of one of them."""


@dataclass(slots=True, eq=False)
class _Request:
    """One event that waits: for its outcome, for what went wrong, or for its turn to lead or to go alone."""

    post: Post
    ready: threading.Event = field(default_factory=threading.Event)
    outcome: Outcome | None = None
    error: Callable[[], Exception] | None = None
    leads: bool = False


class Gathering:
    """The requests of one process that bring an event. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = False
        self._waiting: list[_Request] = []

    def receive(self, system: System, actor: Actor, envelope: Envelope, claims: Claims | None = None) -> Outcome:
        """Receive one event, as `receive_events` does, and raise as it does; together with others where there are any.

        What one brings is not felt by another.
        """
        mine = _Request(Post(actor, claims, envelope))
        with self._lock:
            if self._under_way:
                self._waiting.append(mine)
            else:
                self._under_way = mine.leads = True
        if not mine.leads:
            mine.ready.wait()
        if mine.leads:
            self._lead(system, mine)
        if mine.error is not None:
            raise mine.error()
        if mine.outcome is None:
            [mine.outcome] = receive_events(system, actor, [envelope], claims=claims)
        return mine.outcome

    def _lead(self, system: System, mine: _Request) -> None:
        """Go for oneself and for all who wait, and hand the lead on to one who came meanwhile."""
        with self._lock:
            together, self._waiting = [mine, *self._waiting[:_AT_MOST]], self._waiting[_AT_MOST:]
        try:
            _receive(system, together)
        finally:
            with self._lock:
                following = self._waiting.pop(0) if self._waiting else None
                if following is None:
                    self._under_way = False
                else:
                    following.leads = True
            for request in together[1:]:
                request.ready.set()
            if following is not None:
                following.ready.set()


def _receive(system: System, together: list[_Request]) -> None:
    """Give each request its outcome, or what went wrong for all alike; neither where it has to go alone, as all have
    where the database refuses something of one. Whatever else is raised is a fault of ours and the leader's to tell;
    the others go alone then too.
    """
    try:
        outcomes = receive_plainly(system, [request.post for request in together])
    except DATABASE_AWAY as error:
        if getattr(getattr(error, "orig", None), "sqlstate", None) not in _HELD_UP:
            for request in together:
                request.error = _again(error)
    except SQLAlchemyError:
        pass
    else:
        for request, outcome in zip(together, outcomes, strict=True):
            request.outcome = outcome


def _again(error: Exception) -> Callable[[], Exception]:
    """The same error, once for each who is told of it."""
    return lambda: error
