"""A way out that leads nowhere: it keeps what it would have sent, since a replay sends nothing outward."""

from collections.abc import Sequence
from threading import Lock

from services.channels.message import Delivered, OutwardMessage, SendResult


class RehearsalChannel:
    """Stands in for any channel, takes everything, and says that it was delivered."""

    def __init__(self) -> None:
        self._sent: list[OutwardMessage] = []
        self._lock = Lock()

    def send(self, message: OutwardMessage) -> SendResult:
        """Keep the message."""
        with self._lock:
            self._sent.append(message)
        return Delivered()

    @property
    def sent(self) -> Sequence[OutwardMessage]:
        """What would have been sent, in order."""
        with self._lock:
            return tuple(self._sent)
