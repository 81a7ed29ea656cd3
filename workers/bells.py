"""Ringing for work: a message that says "there is work in this lane" and nothing else, sent after the commit.

A ring that is lost delays work until the sweeper looks; it never loses any. So nothing here waits for a broker: a try
takes at most 200 ms, and after a failure none is made for a second.
"""

import threading
import time
from collections.abc import Callable, Iterable

import redis
import structlog
from celery import Celery
from kombu.exceptions import OperationalError as BrokerError

from services import crash_points
from services.domain.urgency import Lane

WORK = "tallystick.work"
"""The name of the Celery task that works a lane."""

SOCKET_SECONDS = 0.2
_COALESCED_MILLISECONDS = 1000
_SILENT_SECONDS = 1.0
_log = structlog.get_logger()


def broker_options() -> dict[str, float | int | bool]:
    """Options of the connection to the broker that keep a frozen one from holding anybody up."""
    return {
        "socket_timeout": SOCKET_SECONDS,
        "socket_connect_timeout": SOCKET_SECONDS,
        "retry_on_timeout": False,
        "max_retries": 0,
    }


def connect(broker_url: str, not_rung: Callable[[Lane], None] = lambda _: None) -> "CeleryBells":
    """Bells that ring over this broker; ``not_rung`` is told of those that it did not take."""
    app = Celery("tallystick-bells", broker=broker_url, set_as_current=False)
    app.conf.update(
        broker_transport_options=broker_options(),
        broker_connection_timeout=SOCKET_SECONDS,
        broker_connection_retry_on_startup=False,
        task_ignore_result=True,
        task_serializer="json",
        task_store_errors_even_if_ignored=False,
    )
    return CeleryBells(app, coalescing_store(broker_url), not_rung)


def coalescing_store(broker_url: str) -> "redis.Redis | None":
    """The Redis behind the broker URL, where rings are coalesced; None where the broker is not Redis."""
    if broker_url.startswith("redis+socket://"):
        path = broker_url.removeprefix("redis+socket://").partition("?")[0]
        url = f"unix://{path}"
    elif broker_url.startswith(("redis://", "rediss://")):
        url = broker_url
    else:
        return None
    return redis.Redis.from_url(url, socket_timeout=SOCKET_SECONDS, socket_connect_timeout=SOCKET_SECONDS, retry=None)


class CeleryBells:
    """Rings lanes by Celery messages; rings that nobody has answered yet are coalesced."""

    def __init__(
        self, app: Celery, store: "redis.Redis | None", not_rung: Callable[[Lane], None] = lambda _: None
    ) -> None:
        self._app = app
        self._store = store
        self._not_rung = not_rung
        self._silent_until = 0.0
        self._lock = threading.Lock()

    def ring(self, lanes: Iterable[Lane]) -> None:
        """Ring once for each lane. Never raises; silent for a second after the broker did not answer."""
        for lane in sorted(set(lanes)):
            if time.monotonic() < self._silent_until:
                self._not_rung(lane)
                continue
            try:
                if self._first(lane):
                    crash_points.reached("ring.coalesced")
                    self._app.send_task(WORK, args=[lane.value], queue=lane.value, retry=False, ignore_result=True)
                    crash_points.reached("ring.sent")
            except (redis.RedisError, BrokerError, OSError) as error:
                with self._lock:
                    self._silent_until = time.monotonic() + _SILENT_SECONDS
                self._not_rung(lane)
                _log.warning("bell_not_rung", lane=lane.value, code=type(error).__name__)

    def _first(self, lane: Lane) -> bool:
        """Whether no unanswered ring for this lane is out."""
        if self._store is None:
            return True
        return bool(self._store.set(_key(lane), b"1", nx=True, px=_COALESCED_MILLISECONDS))

    def answer(self, lane: Lane) -> None:
        """Somebody is at work in this lane now: the next ring is sent again."""
        if self._store is not None:
            try:
                self._store.delete(_key(lane))
            except redis.RedisError as error:
                _log.warning("bell_not_answered", lane=lane.value, code=type(error).__name__)


def _key(lane: Lane) -> str:
    return f"tallystick:bell:{lane.value}"
