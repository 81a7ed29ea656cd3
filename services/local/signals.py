"""How a supervisor hears that it is to stop, and wakes when a child dies."""

import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Self

_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopRequests:
    """Counts SIGTERM, SIGINT and SIGHUP while the `with` block lasts. Main thread only."""

    def __init__(self) -> None:
        self.count = 0
        self._reader, self._writer = socket.socketpair()

    def __enter__(self) -> Self:
        """Takes the signals over."""
        self._reader.settimeout(0)
        self._writer.settimeout(0)
        self._before = {number: signal.signal(number, self._counted) for number in _STOP}
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _heard)
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gives them back."""
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()

    def pause(self, seconds: float) -> None:
        """Waits for `seconds`, or until a signal comes or a child ends."""
        readable, _, _ = select.select([self._reader], [], [], seconds)
        if readable:
            self._reader.recv(4096)

    def _counted(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.count += 1


def _heard(number: int, frame: FrameType | None) -> None:
    del number, frame
