"""What goes out of the system, and what came of sending it. Outward messages are thin: fixed words, an id, a link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from services.domain.urgency import Urgency

ATTENTION: Final = "Something needs your attention. Sign in to read it."
"""The words of every outward message, whatever it is about (practice.md §0 rule 7)."""


class Way(StrEnum):
    """The ways on which somebody is told, as they stand in ``notifications.channel``."""

    INBOX = "inbox"
    """The in-app inbox: written with the decision itself, so it is never tried twice and never lost."""
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class OutwardMessage:
    """One thin message. ``id`` is the notification's and stays the same when the message is repeated.

    ``address`` is the URL, number or mailbox; ``secrets`` the signing secrets in force, newest first; ``body`` the
    fixed words, ids and link that disclosure let through; ``sent_at`` the real time of this attempt.
    """

    id: UUID
    address: str
    urgency: Urgency
    body: Mapping[str, object]
    secrets: Sequence[str]
    sent_at: datetime


def thin_body(notification_id: UUID, urgency: Urgency, link: str) -> dict[str, object]:
    """The whole body of an outward message: fixed words, an id, how urgent it is, and where to sign in and read."""
    return {
        "type": "notification",
        "id": str(notification_id),
        "urgency": urgency.value,
        "link": link,
        "text": ATTENTION,
    }


@dataclass(frozen=True, slots=True)
class Delivered:
    """The receiver took it."""


@dataclass(frozen=True, slots=True)
class NotDelivered:
    """The receiver did not take it this time. ``code`` names why; ``retry_after`` is in seconds, where it asked."""

    code: str
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The receiver, or a rule of ours, says never (410, a forbidden address)."""

    code: str


SendResult = Delivered | NotDelivered | Refused


class Channel(Protocol):
    """A way out. Sends one message within its own wall-clock limit; never raises for what a receiver does."""

    def send(self, message: OutwardMessage) -> SendResult:
        """Send it once."""
        ...
