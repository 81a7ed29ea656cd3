"""How often somebody may ask. Events are let through when rates cannot be counted; look-ups and sign-ins are not.

Rates are counted with `limits`, the engine of Flask-Limiter: a batch of events costs as many as it holds, and every
client has a rate of its own, which decorators cannot say safely with threads.
"""

from dataclasses import dataclass
from threading import Lock
from time import monotonic

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from services.clock import machine_clock
from services.web.kinds import ProblemError, unavailable

SIGN_INS_A_MINUTE = 20
"""Attempts from one address; an account itself waits after five wrong ones (``services/domain/sign_in.py``)."""
TOKENS_A_MINUTE = 60
"""Access tokens asked for from one address."""
LOOKUPS_A_MINUTE = 240
"""Reads of cases, inboxes and tasks by one client or person."""

_COUNTS_AT_MOST = 10_000
_TOO_MANY = {"Retry-After": "60"}


class CountedHere(Storage):
    """Counts in this process. The library's own storage starts a thread for almost every request, to forget what is
    over, and waits for its start.
    """

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing that could fail."""
        return StorageError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a count, which begins anew ``expiry`` seconds after it began. Returns the count."""
        now = monotonic()
        with self._lock:
            if key not in self._counts and len(self._counts) >= _COUNTS_AT_MOST:
                self._counts = {name: count for name, count in self._counts.items() if count[1] > now}
            count, until = self._counts.get(key, (0, 0.0))
            if until <= now:
                count, until = 0, now + expiry
            self._counts[key] = count + amount, until
            return count + amount

    def get(self, key: str) -> int:
        """A count as it stands."""
        count, until = self._counts.get(key, (0, 0.0))
        return count if until > monotonic() else 0

    def get_expiry(self, key: str) -> float:
        """When a count begins anew, in seconds since the epoch."""
        return machine_clock().timestamp() + max(0.0, self._counts.get(key, (0, 0.0))[1] - monotonic())

    def check(self) -> bool:
        """Always at hand."""
        return True

    def reset(self) -> int:
        """Forget every count. Returns how many there were."""
        with self._lock:
            forgotten, self._counts = len(self._counts), {}
        return forgotten

    def clear(self, key: str) -> None:
        """Forget one count."""
        self._counts.pop(key, None)


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates of one web process, or of all of them where they count in Redis."""

    limiter: FixedWindowRateLimiter

    @classmethod
    def counted_in(cls, url: str) -> "Rates":
        """Count in ``memory://`` or in a Redis at ``redis://…``."""
        if url.startswith("memory:"):
            return cls(FixedWindowRateLimiter(CountedHere()))
        storage = storage_from_string(url, wrap_exceptions=True, socket_connect_timeout=0.2, socket_timeout=0.2)
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
