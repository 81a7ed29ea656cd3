"""The rules of signing in: how often somebody may be wrong, and how long a session lives. All in real time.

Figures: RELIABILITY.md §4.5 and NIST SP 800-63B-4 §2.2.3 (reauthentication: 12 hours, or 30 minutes of idleness).
"""

from datetime import timedelta

TRIES = 5
"""Attempts that an account, or a browser that is known to it, has before it must wait."""
WAIT = timedelta(minutes=10)
"""How long an account takes no attempt after that. Attempts made meanwhile are not counted, so it always ends."""
KNOWN_BROWSER = timedelta(days=30)
"""How long a browser counts as known after a session was opened in it: it has tries of its own, so that nobody who
guesses at an account from elsewhere can keep its owner out."""
IDLE = timedelta(minutes=30)
"""A session ends this long after it was last seen."""
ABSOLUTE = timedelta(hours=12)
"""A session ends this long after it was opened, whatever happened in it."""
SEEN_EVERY = timedelta(minutes=1)
"""A session's last use is written at most this often."""
