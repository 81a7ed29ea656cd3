"""One service under a supervisor: from its start over its deaths to its end."""

import signal
import time

from services.clock import machine_clock
from services.local.announcer import Announcer
from services.local.errors import StartError
from services.local.folders import DataFolder
from services.local.guardian import Guardian
from services.local.processes import Child
from services.local.service import Service
from services.local.status import ServiceStatus, State

PROBE_EVERY = 5.0
"""Seconds between two probes of a service that is ready."""

GIVE_UP_AFTER = 4
"""Deaths in a row after which a service that has never been ready is given up."""


class Watched:
    """A service and what has become of it.

    `failure` is set, for a person to read, when it cannot be started at all. `was_ready` stays true once it has been
    ready (or, for a one-shot, has ended). `essential`: others need it, so that a one-shot's failure is everybody's.
    """

    def __init__(
        self, service: Service, folder: DataFolder, guardian: Guardian, announcer: Announcer, *, essential: bool
    ) -> None:
        self.service = service
        self.state = State.WAITING
        self.was_ready = False
        self.failure: str | None = None
        self._folder, self._guardian, self._announcer, self._essential = folder, guardian, announcer, essential
        self._child: Child | None = None
        self._since = machine_clock()
        self._entered = self._started = self._probed = time.monotonic()
        self._restarts = self._deaths = 0
        self._healthy = False

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self._child is not None and self._child.code is None

    def step(self, *, needs_met: bool) -> None:
        """Does what is due: starts it once its needs are met, sees whether it is ready or has died, starts it again."""
        try:
            match self.state:
                case State.WAITING if needs_met:
                    self._start()
                case State.BACKING_OFF if self._in_state() >= self.service.restart.wait(self._deaths):
                    self._restarts += 1
                    self._start()
                case State.STARTING if self._child is not None:
                    self._look_while_starting(self._child)
                case State.READY if self._child is not None:
                    self._look_while_ready(self._child)
        except (StartError, OSError) as error:
            self.end_now()
            if self.was_ready:
                self._back_off(str(error))
            else:
                self._fail(str(error))

    def ask_to_stop(self) -> None:
        """Sends the signal for an orderly end."""
        if self._child is not None and self.running:
            self._enter(State.STOPPING)
            self._child.send(self.service.stop_signal)

    def ask_to_stop_quickly(self) -> None:
        """Sends the signal for an end without order."""
        if self._child is not None:
            self._child.send(self.service.quick_signal)

    def end_now(self) -> None:
        """Ends the process and its group, whatever it takes, and forgets them."""
        if self._child is not None:
            if self.running:
                self._child.stop(quickly=True)
            self._forget(self._child)

    def stopped(self) -> None:
        """Records the end of a service that was asked to stop, or was never started."""
        if self._child is not None:
            self._forget(self._child)
        if self.state is not State.DONE:
            self._enter(State.STOPPED)

    def stop_is_overdue(self) -> bool:
        """Whether it was asked to stop and has had its time."""
        return self.state is State.STOPPING and self.running and self._in_state() > self.service.stop_timeout

    def status(self) -> ServiceStatus:
        """What is told about it."""
        return ServiceStatus(
            name=self.service.name,
            state=self.state,
            pid=self._child.pid if self._child is not None and self.running else None,
            since=self._since,
            restarts=self._restarts,
            healthy=self._healthy,
            log=str(self._folder.log(self.service.name)),
            look=self.service.look,
        )

    def _enter(self, state: State) -> None:
        self.state, self._since, self._entered = state, machine_clock(), time.monotonic()
        self._healthy = state in (State.READY, State.DONE)

    def _in_state(self) -> float:
        return time.monotonic() - self._entered

    def _start(self) -> None:
        self._started = time.monotonic()
        if self.service.prepare is not None:
            self.service.prepare()
        self._child = Child(self.service, self._folder.log(self.service.name))
        self._guardian.add(self._child.pid, self.service.quick_signal)
        self._enter(State.STARTING)
        if self._restarts:
            self._announcer.starts_again(self.service)

    def _look_while_starting(self, child: Child) -> None:
        seconds = time.monotonic() - self._started
        if child.code is not None:
            self._ended(child, child.code)
        elif self._is_ready(seconds):
            self.was_ready = True
            self._probed = time.monotonic()
            self._enter(State.READY)
            self._announcer.ready(self.service, seconds)
        elif seconds > self.service.ready_within:
            self.end_now()
            self._died(child, f"was not ready after {self.service.ready_within:.0f} s")

    def _is_ready(self, seconds: float) -> bool:
        if self.service.one_shot:
            return False
        return self.service.ready() if self.service.ready is not None else seconds >= self.service.steady_after

    def _look_while_ready(self, child: Child) -> None:
        if child.code is not None:
            self._ended(child, child.code)
            return
        if self._deaths and self._in_state() >= self.service.restart.healthy_after:
            self._deaths = 0
        probe = self.service.healthy or self.service.ready
        if probe is not None and time.monotonic() - self._probed >= PROBE_EVERY:
            self._healthy = probe()
            self._probed = time.monotonic()

    def _ended(self, child: Child, code: int) -> None:
        self._forget(child)
        if self.service.one_shot and code == 0:
            self.was_ready = True
            self._enter(State.DONE)
            self._announcer.done(self.service, time.monotonic() - self._started)
        else:
            self._died(child, f"ended with code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}")

    def _died(self, child: Child, how: str) -> None:
        hopeless = self.service.one_shot or self._deaths + 1 >= GIVE_UP_AFTER
        if self.service.one_shot and not self._essential:
            self.was_ready = True
            self._enter(State.STOPPED)
            self._announcer.died(self.service, how, None)
        elif hopeless and not self.was_ready:
            self._fail(f"{how}. Its last words ({child.log}):\n{child.output()}")
        else:
            self._back_off(how)

    def _back_off(self, how: str) -> None:
        self._deaths += 1
        self._enter(State.BACKING_OFF)
        self._announcer.died(self.service, how, self.service.restart.wait(self._deaths))

    def _fail(self, why: str) -> None:
        self._enter(State.STOPPED)
        self.failure = f"{self.service.name}: {why}"

    def _forget(self, child: Child) -> None:
        """Nothing of the group of a process that has ended may stay, and its number may soon be another's."""
        child.sweep_group()
        self._guardian.remove(child.pid)
        self._child = None
