"""Short-lived processes that do the real work and may be told to die at a crash point.

They are forked from a process that has everything imported, so that hundreds of them can be made in a minute; each
makes its own connections. One that is told to die gets the variable that a process of its own would get.
"""

import logging
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from werkzeug.serving import make_server

from benchmarks.stage import KEYS
from services import crash_points
from services.actions.acknowledge_notification import Acknowledged, AlreadyAcknowledged, acknowledge_notification
from services.actions.run_jobs import run_jobs
from services.channels.webhook import WebhookChannel
from services.clock import shifted_clock
from services.domain.actors import Actor
from services.domain.urgency import Lane
from services.policy.book import PolicyBook
from services.storage.database import DatabaseRole, connect
from services.system import Bells, Limits, NoBells, System
from services.web.app import create_app
from services.web.settings import web_settings

TOKEN_KEY = b"t" * 32


@dataclass(frozen=True, slots=True)
class Ground:
    """What the children of one run stand on: a database, the policy, how far their clock is ahead, how many jobs they
    lease at once, and their bells.
    """

    database_url: str
    policy: PolicyBook
    ahead: timedelta = timedelta()
    jobs_a_lease: int = 5
    bells: Callable[[], Bells] = NoBells

    def system(self, role: DatabaseRole) -> System:
        """A system in a role, with connections of its own."""
        return System(
            database=connect(self.database_url, role, pool_size=4),
            clock=shifted_clock(self.ahead),
            keys=KEYS,
            policy=self.policy,
            bells=self.bells(),
            channels={"webhook": WebhookChannel(allow_private=True)},
            limits=replace(Limits(), jobs_a_lease=self.jobs_a_lease),
        )


class Child:
    """A forked process that does ``body``, and dies at the ``nth`` coming to ``point`` where that is given."""

    def __init__(self, body: Callable[[], None], point: str | None = None, nth: int = 1) -> None:
        self.pid = os.fork()
        self._status: int | None = None
        if not self.pid:
            _become(body, point, nth)

    def ended(self) -> bool:
        """Whether it has ended by now."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    def wait(self) -> int:
        """Its exit code, when it has ended: minus SIGKILL where it died at its point."""
        if self._status is None:
            _, self._status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(self._status)

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        if not self.ended():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
        return self.wait()


def _become(body: Callable[[], None], point: str | None, nth: int) -> None:
    """In the child: do it, and end without any of what the parent would do at its end."""
    code = 1
    try:
        if point is not None:
            os.environ[crash_points.VARIABLE] = f"{point}:{nth}"
            crash_points.reached = crash_points.crash_at(os.environ, crash_points.SOURCE)
        body()
        code = 0
    except BaseException:  # noqa: BLE001 (whatever it is, it ends here and is told)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def served(ground: Ground, listener: socket.socket, public_url: str) -> Callable[[], None]:
    """Answer HTTP on a socket that the parent holds, until killed."""

    def serve() -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        app = create_app(ground.system(DatabaseRole.WEB), web_settings(TOKEN_KEY, public_url))
        host, port = listener.getsockname()
        make_server(host, port, app, fd=listener.fileno()).serve_forever()

    return serve


def worked(ground: Ground, kinds: Collection[str]) -> Callable[[], None]:
    """Do all jobs of these kinds that are due."""

    def work() -> None:
        system = ground.system(DatabaseRole.WORKER)
        while sum(run_jobs(system, lane, kinds) for lane in Lane):
            pass

    return work


def acknowledged(ground: Ground, person: Actor, notification: UUID) -> Callable[[], None]:
    """Acknowledge a notification as a person. Raises TypeError where it is not theirs."""

    def acknowledge() -> None:
        outcome = acknowledge_notification(ground.system(DatabaseRole.WEB), person, notification)
        if not isinstance(outcome, Acknowledged | AlreadyAcknowledged):
            raise TypeError(f"not acknowledged: {outcome}")

    return acknowledge


def pause() -> None:
    """Wait a little for leases of the dead to run out."""
    time.sleep(0.25)
