"""The hash chain of a stream: each entry is bound to the one before it, and to a salted commitment to its payload.

Hashes are SHA-256 over the canonical form of RFC 8785 (JSON Canonicalization Scheme). The salt lies with the payload,
so that erasing the payload leaves a commitment that nobody can test a guess against.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from typing import Any, cast

import orjson
import rfc8785

GENESIS = bytes(32)
"""What the first entry of a stream is bound to."""

SALT_BYTES = 16
_EXACT_INTEGERS = 2**53

_BEYOND_TWO_BYTES = re.compile(rb"[\xf0-\xff]")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
_NOT_PLAIN = re.compile(rb"\.|[0-9][eE]|[0-9]{16}")


def canonical(value: object) -> bytes:
    """The canonical bytes of a JSON value. Whole numbers beyond 2^53 become strings: JSON numbers do not hold them."""
    return _quickly(value) or rfc8785.dumps(cast(Any, _exact(value)))


def _quickly(value: object) -> bytes | None:
    """The canonical bytes, where another and much faster library is sure to write the same: it sorts names by code
    points instead of UTF-16 units, and has its own way with fractions, exponents and large numbers.
    """
    try:
        written = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return None
    return None if _BEYOND_TWO_BYTES.search(written) or _NOT_PLAIN.search(_TEXT.sub(b"", written)) else written


def _exact(value: object) -> object:
    match value:
        case bool():
            return value
        case int() if abs(value) >= _EXACT_INTEGERS:
            return str(value)
        case Mapping():
            return {key: _exact(item) for key, item in value.items()}
        case list() | tuple():
            return [_exact(item) for item in value]
        case _:
            return value


def new_salt() -> bytes:
    """Fresh randomness for one commitment."""
    return os.urandom(SALT_BYTES)


def commitment(salt: bytes, payload: bytes) -> bytes:
    """What the log keeps of a payload: 32 bytes that only the salt and the canonical payload give again."""
    return hashlib.sha256(salt + payload).digest()


def entry_hash(previous: bytes, entry: Mapping[str, object]) -> bytes:
    """The hash of an entry (its columns as JSON values), bound to the hash before it."""
    return hashlib.sha256(previous + canonical(entry)).digest()


def body_mac(key: bytes, body: Mapping[str, object]) -> bytes:
    """A keyed digest of everything a sender said in one event, to tell a repeat from a contradiction."""
    return hmac.digest(key, canonical(body), "sha256")
