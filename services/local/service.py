"""What the supervisor runs, as values."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from services.local.account import Account


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How long to wait before a service that died is started again. Seconds.

    The wait grows by `factor` with every death, up to `longest`, and is short again after `healthy_after` in health.
    """

    first: float = 0.25
    factor: float = 2.0
    longest: float = 15.0
    healthy_after: float = 10.0

    def wait(self, deaths: int) -> float:
        """Seconds to wait after the `deaths`-th death in a row (1 is the first)."""
        return min(self.longest, self.first * self.factor ** min(deaths - 1, 32))


@dataclass(frozen=True, slots=True)
class Service:
    """One program that is started, watched and stopped.

    `command` and `environment` (added to ours where `inherit`, else all there is) start it, under `account`.
    `prepare` runs before every start. `ready` is asked until it says True, from when on `needs` of others are met;
    None means that it has lived for `steady_after` seconds. Both may raise StartError. `healthy` (default: `ready`)
    is asked from time to time afterwards. A `one_shot` is ready when it has ended with code 0, and stays ended.
    `stop_signal` asks for an orderly end within `stop_timeout` seconds; `quick_signal` is sent when there is no time,
    also by the kernel when the supervisor dies. Services of a higher `stop_stage` are stopped first.
    `look` says where a person finds it (an address). `niceness` from 1 to 19 leaves the processors to others first.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    inherit: bool = True
    account: Account | None = None
    needs: tuple[str, ...] = ()
    prepare: Callable[[], None] | None = None
    ready: Callable[[], bool] | None = None
    healthy: Callable[[], bool] | None = None
    ready_within: float = 60.0
    steady_after: float = 1.0
    one_shot: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    quick_signal: signal.Signals = signal.SIGKILL
    stop_timeout: float = 10.0
    stop_stage: int = 0
    restart: RestartPolicy = RestartPolicy()
    niceness: int = 0
    look: str | None = None
