"""Events that several requests of one sender bring at the same moment are kept in one commit.

A commit waits for the disk, and what is asked of the database before it costs the same for one event as for eight. So
the first request of a sender goes at once; those that come while it is under way wait for it and then go together, led
by one of them. Nobody waits for company: a request that is alone is as quick as ever. Each gets the answer to its own
event, after the commit that holds it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from services.actions.receive_events import Outcome, StandingChangedError, receive_events
from services.domain.actors import Actor
from services.domain.events import Envelope
from services.storage.access_tokens import Claims
from services.storage.database import DATABASE_AWAY
from services.system import System

_AT_MOST = 64


@dataclass(slots=True, eq=False)
class _Request:
    """One event that waits: for its outcome, for what went wrong, or for its turn to lead or to go alone."""

    envelope: Envelope
    ready: threading.Event = field(default_factory=threading.Event)
    outcome: Outcome | None = None
    error: Callable[[], Exception] | None = None
    leads: bool = False


@dataclass(slots=True)
class _Sender:
    """The requests of one sender that wait while another one is under way."""

    waiting: list[_Request] = field(default_factory=list)


_Name = tuple[Actor, Claims | None]


class Gathering:
    """The senders of one process. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[_Name, _Sender] = {}

    def receive(self, system: System, actor: Actor, envelope: Envelope, claims: Claims | None = None) -> Outcome:
        """Receive one event, as `receive_events` does, and raise as it does; together with others where there are any.

        An event that cannot be dealt with together with others is dealt with alone: what one brings is not felt by
        another.
        """
        name, mine = (actor, claims), _Request(envelope)
        with self._lock:
            sender = self._under_way.get(name)
            if sender is None:
                self._under_way[name] = _Sender()
                mine.leads = True
            else:
                sender.waiting.append(mine)
        if not mine.leads:
            mine.ready.wait()
        if mine.leads:
            self._lead(system, name, mine)
        if mine.error is not None:
            raise mine.error()
        if mine.outcome is None:
            [mine.outcome] = receive_events(system, actor, [envelope], claims=claims)
        return mine.outcome

    def _lead(self, system: System, name: _Name, mine: _Request) -> None:
        """Go for oneself and for all who wait, and hand the lead on to one who came meanwhile."""
        with self._lock:
            sender = self._under_way[name]
            together, sender.waiting = [mine, *sender.waiting[:_AT_MOST]], sender.waiting[_AT_MOST:]
        try:
            _receive(system, name, together)
        finally:
            with self._lock:
                following = sender.waiting.pop(0) if sender.waiting else None
                if following is None:
                    del self._under_way[name]
                else:
                    following.leads = True
            for request in together[1:]:
                request.ready.set()
            if following is not None:
                following.ready.set()


def _receive(system: System, name: _Name, together: list[_Request]) -> None:
    """Give each request its outcome, or what went wrong for all alike; neither where the database refuses something of
    one, and each has to go alone. Whatever else is raised is a fault of ours and the leader's to tell; the others go
    alone then too.
    """
    actor, claims = name
    try:
        outcomes = receive_events(system, actor, [request.envelope for request in together], claims=claims)
    except StandingChangedError:
        for request in together:
            request.error = StandingChangedError
    except DATABASE_AWAY as error:
        for request in together:
            request.error = _again(error)
    except SQLAlchemyError:
        if len(together) == 1:
            raise
    else:
        for request, outcome in zip(together, outcomes, strict=True):
            request.outcome = outcome


def _again(error: Exception) -> Callable[[], Exception]:
    """The same error, once for each who is told of it."""
    return lambda: error
