"""The in-app inbox. It needs no call: the row that routing writes *is* the delivery, in the commit of the decision.

So a notification in the inbox is delivered exactly once, even when everything after that commit fails. Every other way
out begins ``pending`` and becomes a job. What e-mail, SMS or a calendar have to bring stands in
``docs/adding-a-channel.md``.
"""

from datetime import datetime

from services.channels.message import Way
from services.domain.delivery import NotificationState


def first_state(way: Way, now: datetime) -> tuple[NotificationState, datetime | None]:
    """The state in which a notification is written, and since when it is delivered (business time), if it is."""
    if way is Way.INBOX:
        return NotificationState.DELIVERED, now
    return NotificationState.PENDING, None
