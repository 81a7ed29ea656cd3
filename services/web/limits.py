"""How often somebody may ask. Events are let through when rates cannot be counted; look-ups and sign-ins are not.

Rates are counted with `limits`, the engine of Flask-Limiter: a batch of events costs as many as it holds, and every
client has a rate of its own, which decorators cannot say safely with threads.
"""

from dataclasses import dataclass

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from services.web.kinds import ProblemError, unavailable

SIGN_INS_A_MINUTE = 20
"""Attempts from one address; an account itself waits after five wrong ones (``services/domain/sign_in.py``)."""
TOKENS_A_MINUTE = 60
"""Access tokens asked for from one address."""
LOOKUPS_A_MINUTE = 240
"""Reads of cases, inboxes and tasks by one client or person."""

_TOO_MANY = {"Retry-After": "60"}


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of one web process, or of all of them where they count in Redis."""

    limiter: FixedWindowRateLimiter

    @classmethod
    def counted_in(cls, url: str) -> "Rates":
        """Count in ``memory://`` or in a Redis at ``redis://…``."""
        patience = {} if url.startswith("memory:") else {"socket_connect_timeout": 0.2, "socket_timeout": 0.2}
        storage = storage_from_string(url, wrap_exceptions=True, **patience)
        if not isinstance(storage, Storage):
            raise TypeError(f"rates cannot be counted in {url.partition(':')[0]}")
        return cls(FixedWindowRateLimiter(storage))

    def take_events(self, client: str, a_minute: int, count: int) -> None:
        """Take ``count`` events off the client's rate. Raises ProblemError (429); where nothing counts, they pass."""
        try:
            allowed = self.limiter.hit(RateLimitItemPerMinute(a_minute), "events", client, cost=count)
        except StorageError:
            return
        if not allowed:
            raise ProblemError("too-many-requests", headers=_TOO_MANY)

    def take(self, what: str, who: str, a_minute: int) -> None:
        """Take one off the rate of ``who``. Raises ProblemError: 429, or 503 where it cannot be counted."""
        try:
            allowed = self.limiter.hit(RateLimitItemPerMinute(a_minute), what, who)
        except StorageError as error:
            raise unavailable() from error
        if not allowed:
            raise ProblemError("too-many-requests", headers=_TOO_MANY)
