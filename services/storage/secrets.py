"""Secrets that prove who somebody is, and how they are kept.

Passwords are guessable, so they are hashed with argon2id (19 MiB, 2 passes, 1 lane: the first of OWASP's equal choices,
so that sixteen people who sign in at once take 300 MB and not a gigabyte). Tokens of sessions and secrets of clients
are 256 random bits: there is nothing to guess, a slow hash would add nothing but load, and SHA-256 is enough.
"""

import base64
import hashlib
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_PASSWORDS = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _PASSWORDS.hash(secrets.token_urlsafe(32))
_RANDOM_BYTES = 32


def hash_password(password: str) -> str:
    """An argon2id hash with its own salt and parameters, in the PHC string format."""
    return _PASSWORDS.hash(_normal(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one behind ``stored``. With None, False, after the same work."""
    try:
        return _PASSWORDS.verify(stored or _NOBODY, _normal(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's and should be made anew."""
    return _PASSWORDS.check_needs_rehash(stored)


def new_token() -> str:
    """256 random bits, in URL-safe base64: a session's token, a client's secret."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def hash_token(token: str) -> bytes:
    """The 32 bytes under which a token or secret of 256 random bits is kept."""
    return hashlib.sha256(token.encode()).digest()


def new_webhook_secret() -> str:
    """A signing secret as Standard Webhooks writes it: ``whsec_`` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_RANDOM_BYTES)).decode()


def _normal(password: str) -> str:
    # NIST SP 800-63B-4 §3.1.1.2: one form of Unicode, so that another keyboard gives the same password.
    return unicodedata.normalize("NFKC", password)
