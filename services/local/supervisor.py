"""Runs services in order, starts again what dies, and leaves nothing behind.

Start: each service once what it `needs` is ready. Stop: by `stop_stage`, the highest first. A supervisor that is itself
killed takes its children along (services/local/guardian.py). One thread; probes are short.
"""

import os
import time
from collections.abc import Callable, Sequence

from rich.console import Console

from services.clock import machine_clock
from services.local.announcer import Announcer
from services.local.folders import DataFolder
from services.local.guardian import Guardian
from services.local.processes import trim_log
from services.local.service import RestartPolicy, Service
from services.local.signals import StopRequests
from services.local.status import ServiceStatus, State, write_status
from services.local.watched import Watched

__all__ = ["RestartPolicy", "Service", "Supervisor"]

_TICK = 0.1
_TRIM_EVERY = 60.0
_QUICK_TIMEOUT = 6.0


class Supervisor:
    """Runs `services` on a data folder whose lock the caller holds. Use it in the main thread: it takes signals."""

    def __init__(self, services: Sequence[Service], folder: DataFolder, console: Console | None = None) -> None:
        """`services`: in the order in which a person reads them. Raises ValueError for a need that nobody meets."""
        names = {service.name for service in services}
        for service in services:
            if unmet := set(service.needs) - names:
                raise ValueError(f"{service.name} needs {', '.join(sorted(unmet))}, which is not among the services")
        self._services = tuple(services)
        self._folder = folder
        self._announcer = Announcer(console or Console(), folder)
        self._watched: dict[str, Watched] = {}
        self._since = machine_clock()
        self._written: list[ServiceStatus] = []
        self._trimmed = time.monotonic()

    def run(self, when_ready: Callable[[], None] | None = None) -> int:
        """Runs everything until SIGTERM, SIGINT or SIGHUP, or until a service cannot be started; then stops it all.

        `when_ready` is called once, when every service has become ready; it must return soon. A second signal makes the
        stop a quick one. Returns the exit code: 0 after a signal, 1 after a failure, which has been said to the person.
        """
        self._announcer.begins()
        with StopRequests() as requests:
            guardian = Guardian()
            self._watched = {service.name: self._watch(service, guardian) for service in self._services}
            try:
                self._keep_running(guardian, requests, when_ready)
            finally:
                self._stop(requests)
                guardian.dismiss()
        failure = self._failure()
        self._announcer.ended(failure)
        return 0 if failure is None else 1

    def _watch(self, service: Service, guardian: Guardian) -> Watched:
        essential = any(service.name in other.needs for other in self._services)
        return Watched(service, self._folder, guardian, self._announcer, essential=essential)

    def _failure(self) -> str | None:
        return next((watched.failure for watched in self._watched.values() if watched.failure), None)

    def _keep_running(self, guardian: Guardian, requests: StopRequests, when_ready: Callable[[], None] | None) -> None:
        said = False
        while not requests.count and self._failure() is None:
            for watched in self._watched.values():
                watched.step(needs_met=self._needs_met(watched.service))
            if not said and all(watched.was_ready for watched in self._watched.values()):
                said = True
                self._announcer.runs(self._services)
                if when_ready is not None:
                    when_ready()
            guardian.keep_alive()
            self._trim_logs()
            self._write()
            requests.pause(_TICK)

    def _needs_met(self, service: Service) -> bool:
        return all(self._watched[name].state in (State.READY, State.DONE) for name in service.needs)

    def _stop(self, requests: StopRequests) -> None:
        self._announcer.stops()
        for stage in sorted({service.stop_stage for service in self._services}, reverse=True):
            self._stop_stage([w for w in self._watched.values() if w.service.stop_stage == stage], requests)
        self._write()

    def _stop_stage(self, stage: Sequence[Watched], requests: StopRequests) -> None:
        """Asks all of a stage to stop and waits for their ends; a second request ends everything at once."""
        for watched in stage:
            watched.ask_to_stop()
        while requests.count < 2 and any(watched.running for watched in stage):
            for watched in stage:
                if watched.stop_is_overdue():
                    self._announcer.stop_is_late(watched.service)
                    watched.end_now()
            self._write()
            requests.pause(_TICK)
        if requests.count >= 2:
            self._stop_quickly(requests)
        for watched in stage:
            watched.stopped()

    def _stop_quickly(self, requests: StopRequests) -> None:
        left = [watched for watched in self._watched.values() if watched.running]
        for watched in left:
            watched.ask_to_stop_quickly()
        limit = time.monotonic() + _QUICK_TIMEOUT
        while any(watched.running for watched in left) and time.monotonic() < limit:
            requests.pause(_TICK)
        for watched in left:
            watched.end_now()

    def _write(self) -> None:
        statuses = [watched.status() for watched in self._watched.values()]
        if statuses != self._written:
            write_status(self._folder.run / "status.json", os.getpid(), self._since, statuses)
            self._written = statuses

    def _trim_logs(self) -> None:
        if time.monotonic() - self._trimmed >= _TRIM_EVERY:
            self._trimmed = time.monotonic()
            for service in self._services:
                trim_log(self._folder.log(service.name))
